import Foundation
import GRDB
import Library
import StudioCore
import TestSupport
import Testing

/// What belongs to a database that was put aside must not be taken for the new one's.
@Test func theJournalGoesAsideWithItsDatabase() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("studio.sqlite")
    do {
        let database = StudioDatabase.open(in: folder.path)
        try database.remember("a fox")
    }
    _ = try folder.write([UInt8](repeating: 0xA5, count: 8_192), as: "studio.sqlite")
    _ = try folder.write([UInt8](repeating: 0x5A, count: 4_096), as: "studio.sqlite-wal")
    let database = StudioDatabase.open(in: folder.path)
    #expect(database.notice?.contains("studio.sqlite.aside-1") == true)
    #expect(FileManager.default.contents(atPath: path + ".aside-1")?.first == 0xA5)
    #expect(FileManager.default.contents(atPath: path + ".aside-1-wal")?.first == 0x5A)
    try database.remember("a dog")
    #expect(try database.prompts() == ["a dog"])
}

@Test func aTreeWithAVersionThatCannotBeReadIsNone() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        var state = StudioState()
        for width in [64, 96, 128] {
            var document = state.history.value
            document.prompt = "\(width)"
            state.history.record(document, "\(width)")
        }
        try database.save(SavedSession(state), state.history.nodes, from: 0, of: sitting)
        try database.close(sitting)
    }
    do {
        let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
        let count = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM version") }
        #expect(count == 4)
        try queue.write { try $0.execute(sql: "UPDATE version SET body = '{' WHERE number = 2") }
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.versions == [] && restored.session != nil)
}
