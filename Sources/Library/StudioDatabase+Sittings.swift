import Foundation
import GRDB
import StudioCore

/// One studio's part of the database: its session, undo tree, runs and queue.
package struct Sitting: Hashable, Sendable {
    let id: Int64
}

extension StudioDatabase {
    /// Goes on with the newest sitting that no studio has open, or begins one. What other sittings
    /// that ended left comes along, so that nothing is lost.
    ///
    /// - Parameter isFresh: begins a new one in any case and leaves the others alone.
    package func sit(isFresh: Bool) throws -> (sitting: Sitting, restored: RestoredSession) {
        try writer.write { db in
            var ended: [Int64] = []
            if !isFresh {
                let all = try Int64.fetchAll(
                    db, sql: "SELECT id FROM sitting ORDER BY saved DESC, id DESC")
                ended = all.filter { locks?.isTaken($0) == false }
            }
            if let newest = ended.first, locks?.take(newest) == true {
                return try resume(newest, others: Array(ended.dropFirst()), db)
            }
            try db.execute(
                sql: "INSERT INTO sitting (saved, isOpen) VALUES (?, 1)",
                arguments: [Date().timeIntervalSince1970])
            let id = db.lastInsertedRowID
            _ = locks?.take(id)
            return (Sitting(id: id), RestoredSession())
        }
    }

    private func resume(_ id: Int64, others: [Int64], _ db: Database) throws -> (
        Sitting, RestoredSession
    ) {
        var restored = try Self.left(by: id, db)
        // What was lost is a job from now on, and not once more when this sitting is killed, too.
        let isChanged = restored.settleLostJobs()
        for other in others {
            restored.adopt(try Self.left(by: other, db))
            try db.execute(sql: "DELETE FROM sitting WHERE id = ?", arguments: [other])
        }
        let isPruned = restored.prune()
        if isChanged || isPruned || !others.isEmpty { try Self.write(restored, id, db) }
        try db.execute(
            sql: "UPDATE sitting SET isOpen = 1, isQueuePaused = ?, saved = ? WHERE id = ?",
            arguments: [restored.isQueuePaused, Date().timeIntervalSince1970, id])
        return (Sitting(id: id), restored)
    }

    /// What a sitting left, as far as it can be read.
    private static func left(by id: Int64, _ db: Database) throws -> RestoredSession {
        var restored = RestoredSession()
        let decoder = JSONDecoder()
        if let row = try Row.fetchOne(
            db, sql: "SELECT session, isOpen, isQueuePaused FROM sitting WHERE id = ?",
            arguments: [id])
        {
            // Whatever else has written there must not end the program.
            restored.wasKilled = Bool.fromDatabaseValue(row[1]) ?? true
            restored.isQueuePaused = Bool.fromDatabaseValue(row[2]) ?? false
            if let data = Data.fromDatabaseValue(row[0]) {
                restored.session = try? decoder.decode(SavedSession.self, from: data)
                if restored.session == nil {
                    restored.problem = "A session cannot be read; its pictures are kept."
                }
            }
        }
        func bodies<Body: Decodable>(_ type: Body.Type, _ table: String, _ order: String)
            throws -> [Body?]
        {
            try Data.fetchAll(
                db, sql: "SELECT body FROM \(table) WHERE sitting = ? ORDER BY \(order)",
                arguments: [id]
            ).map { try? decoder.decode(type, from: $0) }
        }
        typealias Node = SnapshotTree<StudioState.Document>.Node
        // A tree with a gap is no tree.
        let versions = try bodies(Node.self, "version", "number")
        if !versions.contains(where: { $0 == nil }) {
            restored.versions = versions.compactMap { $0 }
        }
        restored.runs = try bodies(KeptRun.self, "run", "id").compactMap { $0 }
        restored.jobs = try bodies(QueuedJob.self, "job", "place").compactMap { $0 }
        return restored
    }

    /// Replaces all that is kept of a sitting by what it and others left.
    private static func write(_ restored: RestoredSession, _ id: Int64, _ db: Database) throws {
        let encoder = JSONEncoder()
        if let session = restored.session {
            try db.execute(
                sql: "UPDATE sitting SET session = ? WHERE id = ?",
                arguments: [try encoder.encode(session), id])
        }
        try db.execute(sql: "DELETE FROM version WHERE sitting = ?", arguments: [id])
        for (number, node) in restored.versions.enumerated() {
            try db.execute(
                sql: "INSERT INTO version (sitting, number, body) VALUES (?, ?, ?)",
                arguments: [id, number, try encoder.encode(node)])
        }
        try db.execute(sql: "DELETE FROM run WHERE sitting = ?", arguments: [id])
        for run in restored.runs {
            try db.execute(
                sql: "INSERT INTO run (sitting, id, body) VALUES (?, ?, ?)",
                arguments: [id, run.id, try encoder.encode(run)])
        }
        try write(restored.jobs, id, db)
    }

    /// - Parameters:
    ///   - versions: the undo tree, its start first.
    ///   - first: the first of them that is not kept yet; nodes never change, so the others are
    ///     right as they are.
    package func save(
        _ session: SavedSession, _ versions: [SnapshotTree<StudioState.Document>.Node],
        from first: Int, of sitting: Sitting
    ) throws {
        let encoder = JSONEncoder()
        let body = try encoder.encode(session)
        let nodes = try versions.enumerated().dropFirst(first).map {
            ($0.offset, try encoder.encode($0.element))
        }
        try writer.write { db in
            try db.execute(
                sql: "UPDATE sitting SET session = ?, saved = ? WHERE id = ?",
                arguments: [body, Date().timeIntervalSince1970, sitting.id])
            for (number, node) in nodes {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO version (sitting, number, body) VALUES (?, ?, ?)",
                    arguments: [sitting.id, number, node])
            }
            try db.execute(
                sql: "DELETE FROM version WHERE sitting = ? AND number >= ?",
                arguments: [sitting.id, versions.count])
        }
    }

    package func keep(_ run: KeptRun, of sitting: Sitting) throws {
        let body = try JSONEncoder().encode(run)
        try writer.write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO run (sitting, id, body) VALUES (?, ?, ?)",
                arguments: [sitting.id, run.id, body])
        }
    }

    package func journal(_ jobs: [QueuedJob], isPaused: Bool, of sitting: Sitting) throws {
        try writer.write { db in
            try Self.write(jobs, sitting.id, db)
            try db.execute(
                sql: "UPDATE sitting SET isQueuePaused = ? WHERE id = ?",
                arguments: [isPaused, sitting.id])
        }
    }

    private static func write(_ jobs: [QueuedJob], _ sitting: Int64, _ db: Database) throws {
        let encoder = JSONEncoder()
        try db.execute(sql: "DELETE FROM job WHERE sitting = ?", arguments: [sitting])
        for (place, job) in jobs.enumerated() {
            try db.execute(
                sql: "INSERT INTO job (sitting, place, body) VALUES (?, ?, ?)",
                arguments: [sitting, place, try encoder.encode(job)])
        }
    }

    /// The sitting ends as it should.
    package func close(_ sitting: Sitting) throws {
        try writer.write { db in
            try db.execute(
                sql: "UPDATE sitting SET isOpen = 0 WHERE id = ?", arguments: [sitting.id])
        }
    }
}
