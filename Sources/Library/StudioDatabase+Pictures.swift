import Foundation
import GRDB
import StudioCore

extension StudioDatabase {
    private static let columns = """
        path, bytes, modified, width, height, prompt, negativePrompt, seed, steps, guidance,
        temperature, decay, residualSteps, strength, model, operation, stoppedAt, problem,
        isStarred, tags, trashPath, residualGuidance, residualTemperature
        """

    /// All pictures, the newest first.
    package func pictures() throws -> [PictureEntry] {
        try writer.read { db in
            let rows = try Row.fetchCursor(
                db, sql: "SELECT \(Self.columns) FROM picture ORDER BY modified DESC, path DESC")
            var entries: [PictureEntry] = []
            while let row = try rows.next() { entries.append(PictureEntry(row)) }
            return entries
        }
    }

    /// A picture in the trash whose name another file has by now; it comes back under a new one.
    package struct Displaced: Hashable, Sendable {
        /// Its path before.
        package let path: String
        package let entry: PictureEntry
    }

    /// Adds what was read from files. Stars and tags of files that were known stay.
    @discardableResult
    package func index(_ entries: [PictureEntry]) throws -> [Displaced] {
        guard !entries.isEmpty else { return [] }
        return try writer.write { db in
            let displaced = try entries.filter { $0.trashPath == nil }
                .compactMap { try Self.displace($0.path, db) }
            let statement = try db.makeStatement(
                sql: """
                    INSERT INTO picture (\(Self.columns))
                    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
                    ON CONFLICT (path) DO UPDATE SET
                        bytes = excluded.bytes, modified = excluded.modified,
                        width = excluded.width, height = excluded.height,
                        prompt = excluded.prompt, negativePrompt = excluded.negativePrompt,
                        seed = excluded.seed, steps = excluded.steps,
                        guidance = excluded.guidance, temperature = excluded.temperature,
                        decay = excluded.decay, residualSteps = excluded.residualSteps,
                        residualGuidance = excluded.residualGuidance,
                        residualTemperature = excluded.residualTemperature,
                        strength = excluded.strength, model = excluded.model,
                        operation = excluded.operation, stoppedAt = excluded.stoppedAt,
                        problem = excluded.problem, trashPath = excluded.trashPath
                    """)
            for entry in entries { try statement.execute(arguments: entry.arguments) }
            return displaced
        }
    }

    /// Gives a picture in the trash another name if it has this one.
    private static func displace(_ path: String, _ db: Database) throws -> Displaced? {
        guard
            let row = try Row.fetchOne(
                db,
                sql: "SELECT \(columns) FROM picture WHERE path = ? AND trashPath IS NOT NULL",
                arguments: [path])
        else { return nil }
        var entry = PictureEntry(row)
        let name = path as NSString
        for number in 2... {
            entry.path = "\(name.deletingPathExtension)-\(number).\(name.pathExtension)"
            let isTaken = try Bool.fetchOne(
                db, sql: "SELECT 1 FROM picture WHERE path = ?", arguments: [entry.path])
            if isTaken == nil { break }
        }
        try db.execute(
            sql: "UPDATE picture SET path = ? WHERE path = ?", arguments: [entry.path, path])
        return Displaced(path: path, entry: entry)
    }

    /// Forgets pictures whose files are gone, but not those that have gone into the trash, or come
    /// back from it, since.
    /// - Returns: those that it forgot.
    package func forget(_ entries: [PictureEntry]) throws -> [PictureEntry] {
        guard !entries.isEmpty else { return [] }
        return try writer.write { db in
            try entries.filter { entry in
                try db.execute(
                    sql: "DELETE FROM picture WHERE path = ? AND trashPath IS ?",
                    arguments: [entry.path, entry.trashPath])
                return db.changesCount > 0
            }
        }
    }

    package func star(_ path: String, _ isStarred: Bool) throws {
        try set("isStarred", of: path, isStarred)
    }

    package func tag(_ path: String, _ tags: [String]) throws {
        try set("tags", of: path, tags.joined(separator: " "))
    }

    /// - Parameter place: where the file lies now; nil for its own path.
    package func trash(_ path: String, to place: String?) throws {
        try set("trashPath", of: path, place)
    }

    private func set(_ column: String, of path: String, _ value: (any DatabaseValueConvertible)?)
        throws
    {
        try writer.write { db in
            try db.execute(
                sql: "UPDATE picture SET \(column) = ? WHERE path = ?", arguments: [value, path])
        }
    }
}

extension PictureEntry {
    fileprivate init(_ row: Row) {
        self.init(path: row[0], bytes: row[1], modified: row[2])
        width = row[3]
        height = row[4]
        prompt = row[5]
        negativePrompt = row[6]
        seed = (row[7] as Int64?).map(UInt64.init(bitPattern:))
        steps = row[8]
        guidance = row[9]
        temperature = row[10]
        decay = row[11]
        residualSteps = row[12]
        strength = row[13]
        model = row[14]
        operation = row[15]
        stoppedAt = row[16]
        problem = row[17]
        isStarred = row[18]
        tags = (row[19] as String).split(separator: " ").map(String.init)
        trashPath = row[20]
        residualGuidance = row[21]
        residualTemperature = row[22]
    }

    fileprivate var arguments: StatementArguments {
        [
            path, bytes, modified, width, height, prompt, negativePrompt,
            seed.map(Int64.init(bitPattern:)), steps, guidance, temperature, decay, residualSteps,
            strength, model, operation, stoppedAt, problem, isStarred,
            tags.joined(separator: " "), trashPath, residualGuidance, residualTemperature
        ]
    }
}
