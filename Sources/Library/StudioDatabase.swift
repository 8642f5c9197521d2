import Foundation
import GRDB
import Imaging

/// The studio's memory on disk: the index of pictures, prompts, queue and session. Several studios
/// may have it open at once.
package final class StudioDatabase: Sendable {
    let writer: any DatabaseWriter
    /// What a person should know about how it was opened, such as a damaged file put aside.
    package let notice: String?
    /// Which sittings are alive, by locks that end with their process.
    let locks: SittingLocks?

    private init(_ writer: any DatabaseWriter, _ locks: SittingLocks?, notice: String?) {
        self.writer = writer
        self.locks = locks
        self.notice = notice
    }

    /// Whether it outlasts the program.
    package var isOnDisk: Bool { locks != nil }

    /// Opens `studio.sqlite` in a folder, which is made where it is missing. A database that is
    /// damaged, or was written by a newer version, is put aside and begun anew, unless another
    /// studio has it open; where no file can be used for now the memory lasts as long as the program.
    package static func open(in folder: String) -> StudioDatabase {
        let path = "\(folder)/studio.sqlite"
        do {
            try prepare(folder)
            let locks = try SittingLocks("\(folder)/studio.lock")
            // One at a time: two studios that start together must not both migrate, nor put aside
            // what the other has just begun.
            guard locks.takeOpening() else {
                throw DatabaseError(
                    resultCode: .SQLITE_BUSY, message: "another studio is opening it")
            }
            defer { locks.leaveOpening() }
            try makeFile(path)
            do {
                return StudioDatabase(try openPool(path), locks, notice: nil)
            } catch  where error is NewerDatabase || error.isDamage {
                let isNewer = error is NewerDatabase
                guard !locks.isAnyTaken else {
                    return inMemory(
                        notice: isNewer
                            ? "The history is from a newer dcar, which has it open; this sitting is "
                                + "not kept."
                            : "The history is damaged and open in another studio; this sitting is "
                                + "not kept.")
                }
                let aside = try putAside(path)
                let notice =
                    isNewer
                    ? "The history is from a newer dcar; it was put aside as \(aside)."
                    : "The history was damaged; it was put aside as \(aside) and begun anew."
                return StudioDatabase(try openPool(path), locks, notice: notice)
            }
        } catch {
            return inMemory(
                notice: "History cannot be kept in \(SanitizedText(folder)): \(error.reason).")
        }
    }

    /// A database that ends with the program.
    package static func inMemory(notice: String? = nil) -> StudioDatabase {
        do {
            let queue = try DatabaseQueue()
            try migrator.migrate(queue)
            return StudioDatabase(queue, nil, notice: notice)
        } catch {
            // SQLite without a file and with nothing in it fails only for want of memory.
            fatalError("SQLite cannot be used: \(error)")
        }
    }

    private static func prepare(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    private static func makeFile(_ path: String) throws {
        // SQLite gives its other files the permissions of this one.
        let file = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 || errno == EEXIST else { throw CocoaError(.fileWriteNoPermission) }
        if file >= 0 { Foundation.close(file) }
    }

    private static func openPool(_ path: String) throws -> DatabasePool {
        // Of what is no database SQLite would remove the journal.
        guard isDatabase(path) else { throw DatabaseError(resultCode: .SQLITE_NOTADB) }
        do {
            return try migratedPool(path)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            // A dcar that knows no lock for it may have migrated at the same time.
            return try migratedPool(path)
        }
    }

    /// Whether a file begins as SQLite's do, or is still empty.
    private static func isDatabase(_ path: String) -> Bool {
        let start = Data("SQLite format 3\0".utf8)
        guard let file = FileHandle(forReadingAtPath: path),
            let found = try? file.read(upToCount: start.count)
        else { return true }
        return found.isEmpty || found == start
    }

    private static func migratedPool(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 2
        let pool = try DatabasePool(path: path, configuration: configuration)
        if try pool.read(migrator.hasBeenSuperseded) { throw NewerDatabase() }
        try migrator.migrate(pool)
        // A page that cannot be read is found now, not in the middle of the work.
        let state = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard state == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        return pool
    }

    private struct NewerDatabase: Error {}

    /// - Returns: the new name, without its folder.
    private static func putAside(_ path: String) throws -> String {
        let names = (1...).lazy.map { "\(path).aside-\($0)" }
        let free = names.first { !FileManager.default.fileExists(atPath: $0) } ?? "\(path).aside"
        try FileManager.default.moveItem(atPath: path, toPath: free)
        for part in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: path + part) {
            try FileManager.default.moveItem(atPath: path + part, toPath: free + part)
        }
        return (free as NSString).lastPathComponent
    }

    /// The layout. Released steps never change; a new layout is a new step.
    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE picture (
                        path TEXT PRIMARY KEY NOT NULL, bytes INTEGER NOT NULL,
                        modified INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
                        prompt TEXT NOT NULL, negativePrompt TEXT NOT NULL, seed INTEGER,
                        steps INTEGER, guidance REAL, temperature REAL, decay TEXT NOT NULL,
                        residualSteps INTEGER, strength REAL, model TEXT NOT NULL,
                        operation TEXT NOT NULL, stoppedAt INTEGER, problem TEXT,
                        isStarred INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '',
                        trashPath TEXT) WITHOUT ROWID;
                    CREATE TABLE prompt (
                        text TEXT PRIMARY KEY NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE TABLE sitting (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, session BLOB, saved REAL NOT NULL,
                        isOpen INTEGER NOT NULL, isQueuePaused INTEGER NOT NULL DEFAULT 0);
                    CREATE TABLE version (
                        sitting INTEGER NOT NULL REFERENCES sitting ON DELETE CASCADE,
                        number INTEGER NOT NULL, body BLOB NOT NULL,
                        PRIMARY KEY (sitting, number)) WITHOUT ROWID;
                    CREATE TABLE run (
                        sitting INTEGER NOT NULL REFERENCES sitting ON DELETE CASCADE,
                        id INTEGER NOT NULL, body BLOB NOT NULL,
                        PRIMARY KEY (sitting, id)) WITHOUT ROWID;
                    CREATE TABLE job (
                        sitting INTEGER NOT NULL REFERENCES sitting ON DELETE CASCADE,
                        place INTEGER NOT NULL, body BLOB NOT NULL,
                        PRIMARY KEY (sitting, place)) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2") { db in
            // The files say what the new columns hold, so all are read again.
            try db.execute(
                sql: """
                    ALTER TABLE picture ADD COLUMN residualGuidance REAL;
                    ALTER TABLE picture ADD COLUMN residualTemperature REAL;
                    UPDATE picture SET modified = 0 WHERE trashPath IS NULL;
                    """)
        }
        return migrator
    }()
}

extension Error {
    /// Whether the file itself is at fault, and not the disk, its rights or another program.
    fileprivate var isDamage: Bool {
        switch (self as? DatabaseError)?.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: true
        default: false
        }
    }

    /// The system's words, without the type's name.
    package var reason: String {
        (self as? DatabaseError)?.message ?? (self as NSError).localizedDescription
    }
}
