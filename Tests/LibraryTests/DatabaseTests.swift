import Foundation
import GRDB
import Imaging
import Library
import Requests
import StudioCore
import Synchronization
import TestSupport
import Testing

private func entry(_ path: String, modified: Int64 = 1) -> PictureEntry {
    var entry = PictureEntry(path: path, bytes: 10, modified: modified)
    entry.prompt = "a fox"
    entry.seed = .max
    entry.guidance = 4.5
    (entry.residualGuidance, entry.residualTemperature) = (0.5, 0.25)
    return entry
}

@Test func picturesComeBackAsTheyWereKept() throws {
    let folder = try TemporaryFolder()
    var starred = entry("/b.png", modified: 2)
    do {
        let database = StudioDatabase.open(in: folder.path)
        #expect(database.notice == nil)
        try database.index([entry("/a.png"), starred])
        try database.star("/b.png", true)
        try database.tag("/b.png", ["red", "best"])
    }
    (starred.isStarred, starred.tags) = (true, ["red", "best"])
    let database = StudioDatabase.open(in: folder.path)
    #expect(try database.pictures() == [starred, entry("/a.png")])
    // A file that is read again keeps what a person said of it.
    try database.index([entry("/b.png", modified: 3)])
    #expect(try database.pictures().first?.tags == ["red", "best"])
}

/// Whoever looks for a file that went into the trash meanwhile must not have it forgotten.
@Test func onlyWhatIsKnownAsItWasSeenIsForgotten() throws {
    let database = StudioDatabase.inMemory()
    try database.index([entry("/a.png"), entry("/b.png"), entry("/c.png")])
    try database.trash("/c.png", to: "/.trash/c.png")
    let seen = try database.pictures()
    try database.trash("/b.png", to: "/.trash/b.png")
    #expect(try database.forget(seen).map(\.path) == ["/c.png", "/a.png"])
    #expect(try database.pictures().map(\.trashPath) == ["/.trash/b.png"])
    #expect(try database.forget(seen).isEmpty)
}

@Test func aPictureInTheTrashIsKeptWhenItsNameIsUsedAgain() throws {
    let database = StudioDatabase.inMemory()
    try database.index([entry("/a.png"), entry("/a-2.png")])
    try database.tag("/a.png", ["red"])
    try database.trash("/a.png", to: "/.trash/a.png")
    let displaced = try database.index([entry("/a.png", modified: 2)])
    #expect(displaced.map(\.path) == ["/a.png"])
    #expect(displaced.map(\.entry.path) == ["/a-3.png"])
    let known = try database.pictures()
    #expect(known.map(\.path) == ["/a.png", "/a-3.png", "/a-2.png"])
    #expect(known.map(\.trashPath) == [nil, "/.trash/a.png", nil])
    #expect(known.map(\.tags) == [[], ["red"], []])
    #expect(try database.index([entry("/a.png", modified: 3)]).isEmpty)
}

@Test func onlyTheOwnerCanReadTheHistory() throws {
    let folder = try TemporaryFolder()
    let state = folder.file("state")
    try StudioDatabase.open(in: state).remember("a secret")
    let files = FileManager.default
    func permissions(_ path: String) throws -> Int {
        try #require(
            files.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        ).intValue
    }
    #expect(try permissions(state) == 0o700)
    for name in try files.contentsOfDirectory(atPath: state) {
        #expect(try permissions("\(state)/\(name)") == 0o600, "\(name)")
    }
}

@Test func aDatabaseThatIsBusyStaysWhereItIs() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("studio.sqlite")
    let other = try DatabaseQueue(path: path)
    try other.writeWithoutTransaction { db in
        try db.execute(sql: "CREATE TABLE kept (x); BEGIN EXCLUSIVE")
        let database = StudioDatabase.open(in: folder.path)
        #expect(
            database.notice
                == "History cannot be kept in \(folder.path): database is locked.")
        try db.execute(sql: "COMMIT")
    }
    #expect(!FileManager.default.fileExists(atPath: path + ".aside-1"))
}

@Test(arguments: [0, 1, 3])
func aDamagedDatabaseIsPutAsideAndBegunAnew(page: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("studio.sqlite")
    do {
        let database = StudioDatabase.open(in: folder.path)
        try database.index((0..<500).map { entry("/\($0).png") })
    }
    for part in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + part) }
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    try file.seek(toOffset: UInt64(4096 * page))
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    try file.close()
    let database = StudioDatabase.open(in: folder.path)
    #expect(
        database.notice
            == "The history was damaged; it was put aside as studio.sqlite.aside-1 and begun anew.")
    #expect(FileManager.default.fileExists(atPath: path + ".aside-1"))
    try database.remember("a fox")
    #expect(try database.prompts() == ["a fox"])
}

/// The first layout had no residual settings; what the files say of them is read from the files again.
@Test func aDatabaseOfTheFirstLayoutIsBroughtUpToDate() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        try database.index([entry("/a.png")])
        try database.star("/a.png", true)
    }
    do {
        let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
        try queue.write {
            try $0.execute(
                sql: """
                    ALTER TABLE picture DROP COLUMN residualGuidance;
                    ALTER TABLE picture DROP COLUMN residualTemperature;
                    DELETE FROM grdb_migrations WHERE identifier = '2';
                    """)
        }
    }
    let database = StudioDatabase.open(in: folder.path)
    #expect(database.notice == nil)
    let old = try #require(try database.pictures().first)
    #expect(old.residualTemperature == nil && old.modified == 0 && old.isStarred)
    try database.index([entry("/a.png")])
    #expect(try database.pictures().first?.residualGuidance == 0.5)
}

@Test func aDatabaseOfANewerVersionIsPutAside() throws {
    let folder = try TemporaryFolder()
    try StudioDatabase.open(in: folder.path).remember("a fox")
    do {
        let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
        try queue.write {
            try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')")
        }
    }
    let database = StudioDatabase.open(in: folder.path)
    #expect(
        database.notice
            == "The history is from a newer dcar; it was put aside as studio.sqlite.aside-1.")
    #expect(try database.prompts().isEmpty)
}

@Test func withoutAFolderTheMemoryLastsAsLongAsTheProgram() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("no folder", as: "file")
    let database = StudioDatabase.open(in: file + "/state")
    #expect(database.notice?.hasPrefix("History cannot be kept in ") == true)
    try database.remember("a fox")
    #expect(try database.prompts() == ["a fox"])
}

@Test func promptsKeepTheOrderOfTheirUse() throws {
    let database = StudioDatabase.inMemory()
    for prompt in ["a", "b", "c", "a"] { try database.remember(prompt) }
    #expect(try database.prompts() == ["b", "c", "a"])
}

@Test func theOldFileOfPromptsIsTakenOverOnce() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("\"a fox\"\nbroken\n\"a\\nb\"\n", as: "prompts.jsonl")
    let database = StudioDatabase.open(in: folder.path)
    try database.takeOverPrompts(from: path)
    #expect(try database.prompts() == ["a fox", "a\nb"])
    #expect(!FileManager.default.fileExists(atPath: path))
    try database.takeOverPrompts(from: path)
    #expect(try database.prompts().count == 2)
}

@Test func twoStudiosWriteAtOnceAndLoseNothing() throws {
    let folder = try TemporaryFolder()
    let databases = (0..<2).map { _ in StudioDatabase.open(in: folder.path) }
    DispatchQueue.concurrentPerform(iterations: 2) { studio in
        for number in 0..<100 {
            try? databases[studio].remember("\(studio) \(number)")
            _ = try? databases[studio].index([entry("/\(studio)-\(number).png")])
        }
    }
    #expect(try databases[0].prompts().count == 200)
    #expect(try databases[1].pictures().count == 200)
}

@Test func onlySoManyPromptsAreKept() throws {
    let database = StudioDatabase.inMemory()
    for prompt in ["a", "b", "c", "a"] { try database.remember(prompt, atMost: 2) }
    #expect(try database.prompts() == ["c", "a"])
}

/// The first layout, as an earlier version left it.
private func makeFirstLayout(in folder: TemporaryFolder, rows: Int = 1) throws {
    do {
        let database = StudioDatabase.open(in: folder.path)
        try database.index((0..<rows).map { entry("/\($0).png") })
    }
    let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
    try queue.write {
        try $0.execute(
            sql: """
                ALTER TABLE picture DROP COLUMN residualGuidance;
                ALTER TABLE picture DROP COLUMN residualTemperature;
                DELETE FROM grdb_migrations WHERE identifier = '2';
                """)
    }
}

@Test func studiosThatStartTogetherAfterAnUpgradeShareTheHistory() throws {
    for _ in 0..<5 {
        let folder = try TemporaryFolder()
        try makeFirstLayout(in: folder, rows: 5_000)
        let opened = Mutex<[StudioDatabase]>([])
        let path = folder.path
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let database = StudioDatabase.open(in: path)
            opened.withLock { $0.append(database) }
        }
        for database in opened.withLock({ $0 }) {
            #expect(database.notice == nil)
            #expect(try database.pictures().count == 5_000)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("studio.sqlite.aside-1")))
    }
}

/// A layout that does not fit is no damage: what is in it may be all that a person has.
@Test func aStrangeLayoutStaysWhereItIs() throws {
    let folder = try TemporaryFolder()
    do {
        let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
        try queue.write { try $0.execute(sql: "CREATE TABLE picture (path TEXT)") }
    }
    let database = StudioDatabase.open(in: folder.path)
    #expect(database.notice?.hasPrefix("History cannot be kept in ") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("studio.sqlite.aside-1")))
}

@Test func whatAnotherStudioHasOpenIsNotPutAside() throws {
    let folder = try TemporaryFolder()
    let newer = StudioDatabase.open(in: folder.path)
    let (sitting, _) = try newer.sit(isFresh: false)
    let other = try DatabaseQueue(path: folder.file("studio.sqlite"))
    try other.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
    let database = StudioDatabase.open(in: folder.path)
    #expect(
        database.notice
            == "The history is from a newer dcar, which has it open; this sitting is not kept.")
    try database.remember("a fox")
    #expect(!FileManager.default.fileExists(atPath: folder.file("studio.sqlite.aside-1")))
    try newer.close(sitting)
    #expect(try newer.prompts().isEmpty)
}

// MARK: Trash

@Test func aLockedDatabaseLeavesThePictureWhereItIs() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    try ImageFile.save(picture(), to: path)
    let known = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    let database = StudioDatabase.open(in: folder.file("state"))
    try database.index([known])
    try database.star(path, true)
    let other = try DatabaseQueue(path: folder.file("state/studio.sqlite"))
    try other.writeWithoutTransaction { db in
        try db.execute(sql: "BEGIN IMMEDIATE")
        #expect(throws: DatabaseError.self) { try database.take(known) }
        try db.execute(sql: "COMMIT")
    }
    #expect(FileManager.default.fileExists(atPath: path))
    #expect(try database.pictures().map(\.trashPath) == [nil])
    let place = try database.take(known)
    #expect(try database.pictures().map(\.trashPath) == [place])
    #expect(FileManager.default.fileExists(atPath: place))
}

@Test func whatCannotBeMovedIsNotKnownInTheTrash() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    try ImageFile.save(picture(), to: path)
    let known = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    let database = StudioDatabase.inMemory()
    try database.index([known])
    var calls = FileCalls()
    calls.link = { _, _, _ in
        errno = EACCES
        return -1
    }
    #expect(throws: TrashError.self) { try database.take(known, calls: calls) }
    #expect(try database.pictures().map(\.trashPath) == [nil])
}

/// The program ended between what it wrote down and what it did.
@Test func aTrashThatWasNotCompletedIsTakenBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    try ImageFile.save(picture(), to: path)
    var known = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    known.trashPath = folder.file(".trash/a.png")
    let difference = PictureScan.compare(folder.path, with: [known])
    #expect(difference.returned == [known])
    #expect(difference.vanished.isEmpty && difference.missing.isEmpty)
    #expect(difference.unread.isEmpty)
    // Another file of that name is another picture.
    try ImageFile.save(picture(seed: 2, prompt: "longer"), to: path, overwrite: true)
    let later = PictureScan.compare(folder.path, with: [known])
    #expect(later.returned.isEmpty && later.unread.map(\.path) == [path])
}

// MARK: Refused writes

@Test func whatWasRefusedIsWrittenLater() throws {
    struct Full: Error {}
    let isFull = Mutex(true)
    let database = StudioDatabase.inMemory()
    var writes = RefusedWrites<StudioDatabase>()
    func remember(_ prompt: String, _ subject: String) throws {
        try writes.perform(subject, on: database) {
            if isFull.withLock({ $0 }) { throw Full() }
            try $0.remember(prompt)
        }
    }
    for (prompt, subject) in [("a", "one"), ("b", "two"), ("c", "one"), ("d", "three")] {
        #expect(throws: Full.self) { try remember(prompt, subject) }
    }
    writes.performAgain(on: database)
    #expect(!writes.isEmpty)
    #expect(try database.prompts() == [])
    isFull.withLock { $0 = false }
    // What is written anew in the meantime is not written as it was.
    try remember("e", "two")
    writes.forget("three")
    writes.performAgain(on: database)
    #expect(writes.isEmpty)
    #expect(try database.prompts() == ["e", "c"])
}
