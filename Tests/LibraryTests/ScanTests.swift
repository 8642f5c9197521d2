import Foundation
import Imaging
import Library
import StudioCore
import TestSupport
import Testing

/// The bytes of a small picture that says how it was made.
func picture(seed: UInt64 = 1, prompt: String = "a fox") throws -> [UInt8] {
    var record = ImageRecord()
    (record.prompt, record.seed, record.steps) = (prompt, seed, 9)
    let image = RGBImage(width: 64, height: 32, red: 200, green: 80, blue: 40)
    return try PNG.encode(image, text: GenerationMetadata(record: record).text)
}

@Test func aFolderIsReadIntoTheIndex() throws {
    let folder = try TemporaryFolder()
    try ImageFile.save(picture(seed: 42), to: folder.file("one.png"))
    try FileManager.default.createDirectory(
        atPath: folder.file("deep/er"), withIntermediateDirectories: true)
    try ImageFile.save(picture(seed: 43), to: folder.file("deep/er/two.png"))
    _ = try folder.write("no picture", as: "broken.png")
    _ = try folder.write("a text", as: "notes.txt")
    let found = PictureScan.read(PictureScan.compare(folder.path, with: []).unread)
    #expect(Set(found.map(\.name)) == ["one.png", "two.png", "broken.png"])
    let one = try #require(found.first { $0.name == "one.png" })
    #expect(one.seed == 42 && one.steps == 9 && one.prompt == "a fox")
    #expect(one.width == 64 && one.height == 32)
    let broken = try #require(found.first { $0.name == "broken.png" })
    #expect(broken.problem?.contains("PNG") == true)
}

@Test func onlyWhatChangedIsReadAgain() throws {
    let folder = try TemporaryFolder()
    for name in ["a.png", "b.png", "c.png"] {
        try ImageFile.save(picture(), to: folder.file(name))
    }
    let known = PictureScan.read(PictureScan.compare(folder.path, with: []).unread)
    #expect(PictureScan.compare(folder.path, with: known).unread.isEmpty)
    try ImageFile.save(
        picture(seed: 2, prompt: "longer"), to: folder.file("b.png"), overwrite: true)
    try FileManager.default.removeItem(atPath: folder.file("c.png"))
    let difference = PictureScan.compare(folder.path, with: known)
    #expect(difference.unread.map(\.path) == [folder.file("b.png")])
    #expect(difference.vanished.map(\.path) == [folder.file("c.png")])
}

@Test func foldersTellWhenFilesCameOrWent() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
        atPath: folder.file("deep/er"), withIntermediateDirectories: true)
    // Times of files are counted in ticks of the system's clock, of which one is a while ago.
    let earlier = Date(timeIntervalSinceNow: -60)
    func folders() throws -> PictureScan.FolderTimes {
        for path in [folder.path, folder.file("deep"), folder.file("deep/er")] {
            try FileManager.default.setAttributes(
                [.modificationDate: earlier], ofItemAtPath: path)
        }
        return PictureScan.compare(folder.path, with: []).folders
    }
    var before = try folders()
    #expect(before.areCurrent)
    try ImageFile.save(picture(), to: folder.file("deep/er/a.png"))
    #expect(!before.areCurrent)
    before = try folders()
    #expect(before.areCurrent)
    try FileManager.default.removeItem(atPath: folder.file("deep/er/a.png"))
    #expect(!before.areCurrent)
    before = try folders()
    try FileManager.default.removeItem(atPath: folder.file("deep"))
    #expect(!before.areCurrent)
    let missing = PictureScan.compare(folder.file("later"), with: []).folders
    #expect(missing.areCurrent)
    try FileManager.default.createDirectory(
        atPath: folder.file("later"), withIntermediateDirectories: true)
    #expect(!missing.areCurrent)
}

@Test func aPictureGoesIntoTheTrashAndComesBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    let bytes = try picture()
    try ImageFile.save(bytes, to: path)
    var entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    entry.trashPath = try Trash.take(entry)
    #expect(!FileManager.default.fileExists(atPath: path))
    // It stays listed, and is not found as a new picture.
    let difference = PictureScan.compare(folder.path, with: [entry])
    #expect(difference.unread.isEmpty && difference.vanished.isEmpty)
    // A second one of that name does not replace it.
    try ImageFile.save(bytes, to: path)
    var second = entry
    second.trashPath = nil
    #expect(try Trash.take(second) != entry.trashPath)
    try Trash.putBack(entry)
    #expect(try ImageFile.read(path) == bytes)
}

@Test func nothingIsReplacedWhenAPictureComesBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    try ImageFile.save(picture(), to: path)
    var entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    entry.trashPath = try Trash.take(entry)
    let newer = try picture(seed: 2)
    try ImageFile.save(newer, to: path)
    #expect(throws: TrashError.taken(path: path)) { try Trash.putBack(entry) }
    #expect(try ImageFile.read(path) == newer)
}

/// A link that is not absolute leads to the same file from the trash, and from where it was again.
@Test func aLinkGoesIntoTheTrashAndComesBack() throws {
    let folder = try TemporaryFolder()
    let bytes = try picture()
    try FileManager.default.createDirectory(
        atPath: folder.file("deep"), withIntermediateDirectories: true)
    try ImageFile.save(bytes, to: folder.file("deep/a.png"))
    for target in ["deep/a.png", folder.file("deep/a.png")] {
        let path = folder.file("link.png")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        var entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
        entry.trashPath = try Trash.take(entry)
        #expect(try ImageFile.read(entry.place) == bytes)
        #expect(throws: (any Error).self) {
            try FileManager.default.destinationOfSymbolicLink(atPath: path)
        }
        try Trash.putBack(entry)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == target)
        try FileManager.default.removeItem(atPath: path)
    }
    #expect(try ImageFile.read(folder.file("deep/a.png")) == bytes)
}

@Test func thumbnailsFollowTheirFiles() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    let cache = ThumbnailCache(folder: folder.file("cache/thumbs"))
    try ImageFile.save(picture(), to: path)
    let entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    let small = try #require(cache.thumbnail(of: entry, side: 32))
    #expect(small.width == 32 && small.height == 16)
    try FileManager.default.removeItem(atPath: path)
    #expect(cache.thumbnail(of: entry, side: 32) == small)
    #expect(cache.thumbnail(of: entry, side: 16) == nil)
    let blue = RGBImage(width: 10, height: 10, red: 0, green: 0, blue: 255)
    try ImageFile.save(PNG.encode(blue), to: path)
    let changed = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    #expect(cache.thumbnail(of: changed, side: 32) == blue)
}

/// Prints the figures that the gallery is held to; they are no test of this machine's moods.
@Test(.enabled(if: ProcessInfo.processInfo.environment["DCAR_MEASURE_GALLERY"] != nil))
func tenThousandPictures() throws {
    let folder = try TemporaryFolder()
    let bytes = try ImageFile.read(
        ProcessInfo.processInfo.environment["DCAR_MEASURE_GALLERY"] ?? "")
    for number in 0..<10_000 {
        #expect(
            FileManager.default.createFile(
                atPath: folder.file("\(number).png"), contents: Data(bytes)))
    }
    let clock = ContinuousClock()
    let database = StudioDatabase.open(in: folder.file("state"))
    let rebuild = try clock.measure {
        let unread = PictureScan.compare(folder.path, with: []).unread
        for start in stride(from: 0, to: unread.count, by: 256) {
            try database.index(
                PictureScan.read(Array(unread[start..<min(start + 256, unread.count)])))
        }
    }
    let cache = ThumbnailCache(folder: folder.file("thumbs"))
    var state = StudioState()
    state.screen.columns = 120
    state.screen.rows = 40
    var wanted: [PictureEntry] = []
    func show(_ database: StudioDatabase) throws -> Duration {
        try clock.measure {
            _ = update(&state, .news(.library(.listed(try database.pictures()))))
            for case .library(.thumbnails(let entries, let side)) in update(
                &state, .command(.viewGallery))
            {
                wanted = Array(entries.prefix(state.visibleTiles.count))
                for entry in wanted {
                    let image = try #require(cache.thumbnail(of: entry, side: side))
                    _ = update(&state, .news(.library(.thumbnails([entry.path: image]))))
                }
            }
        }
    }
    let cold = try show(database)
    state = StudioState()
    state.screen.columns = 120
    state.screen.rows = 40
    let again = StudioDatabase.open(in: folder.file("state"))
    let warm = try show(again)
    let search = clock.measure { state.gallery.search(PictureQuery("fox seed:1 steps>8")) }
    print("rebuild \(rebuild), first screen cold \(cold), warm \(warm), search \(search)")
    #expect(state.gallery.entries.count == 10_000)
    #expect(rebuild < .seconds(10) && warm < .milliseconds(150))
}

/// On disks without hard links, such as FAT.
@Test func theTrashNeedsNoHardLinks() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    let bytes = try picture()
    try ImageFile.save(bytes, to: path)
    var calls = FileCalls()
    calls.link = { _, _, _ in
        errno = EPERM
        return -1
    }
    var entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    entry.trashPath = try Trash.take(entry, calls: calls)
    #expect(!FileManager.default.fileExists(atPath: path))
    let newer = try picture(seed: 2)
    try ImageFile.save(newer, to: path)
    #expect(throws: TrashError.taken(path: path)) { try Trash.putBack(entry, calls: calls) }
    #expect(try ImageFile.read(path) == newer)
    try FileManager.default.removeItem(atPath: path)
    try Trash.putBack(entry, calls: calls)
    #expect(try ImageFile.read(path) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file(".trash")) == [])
}

@Test func whatCannotBeTrashedStaysWhereItIs() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    try ImageFile.save(picture(), to: path)
    // A file where the trash should be.
    _ = try folder.write("", as: ".trash")
    let entry = try #require(PictureScan.FileStamp(path).map(PictureEntry.init))
    #expect(throws: TrashError.cannotMove(path: path, reason: "Not a directory")) {
        try Trash.take(entry)
    }
    #expect(FileManager.default.fileExists(atPath: path))
}

@Test func theThumbnailsOfLongAgoGoFirst() throws {
    let folder = try TemporaryFolder()
    let cache = ThumbnailCache(folder: folder.path)
    for (name, age) in [("old", 300.0), ("new", 100), ("middle", 200)] {
        _ = try folder.write(picture(), as: "\(name).png")
        let time = timeval(tv_sec: time(nil) - Int(age) * 86_400, tv_usec: 0)
        utimes(folder.file("\(name).png"), [time, time])
    }
    _ = try folder.write("", as: "no picture")
    cache.prune(to: 3)
    #expect(try names(folder).count == 4)
    cache.prune(to: 2)
    #expect(try names(folder) == ["middle.png", "new.png", "no picture"])
}

private func names(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

@Test func aFileWhoseNameIsNoTextIsListedWithWhatToDo() throws {
    let folder = try TemporaryFolder()
    let name = Array(folder.file("caf").utf8) + [0xE9] + Array(".png".utf8)
    let bytes = try picture()
    let file = name.withUnsafeBytes { raw in
        open(Array(raw.bindMemory(to: CChar.self)) + [0], O_WRONLY | O_CREAT, 0o600)
    }
    #expect(write(file, bytes, bytes.count) == bytes.count)
    close(file)
    let found = PictureScan.read(PictureScan.compare(folder.path, with: []).unread)
    #expect(found.map(\.name) == ["caf\u{FFFD}.png"])
    #expect(found.first?.problem?.hasSuffix("has a name that is not UTF-8; rename it.") == true)
    // It is not read again and again.
    #expect(PictureScan.compare(folder.path, with: found).unread.isEmpty)
}

/// A disk that is not mounted takes no star and no tag with it.
@Test func picturesOfAFolderThatCannotBeReadAreMissingAndNotGone() throws {
    let folder = try TemporaryFolder()
    let pictures = folder.file("disk/pictures")
    let files = FileManager.default
    try files.createDirectory(atPath: pictures + "/deep", withIntermediateDirectories: true)
    for name in ["a.png", "b.png", "deep/c.png"] {
        try ImageFile.save(picture(), to: "\(pictures)/\(name)")
    }
    var known = PictureScan.read(PictureScan.compare(pictures, with: []).unread)
    let at = try #require(known.firstIndex { $0.name == "b.png" })
    known[at].trashPath = try Trash.take(known[at])
    try files.moveItem(atPath: folder.file("disk"), toPath: folder.file("elsewhere"))
    for path in ["disk", "disk/pictures"] {
        let difference = PictureScan.compare(pictures, with: known)
        #expect(difference.vanished.isEmpty && difference.missing.count == 3, "without \(path)")
        try files.createDirectory(atPath: folder.file("disk"), withIntermediateDirectories: true)
    }
    try files.removeItem(atPath: folder.file("disk"))
    try files.moveItem(atPath: folder.file("elsewhere"), toPath: folder.file("disk"))
    #expect(PictureScan.compare(pictures, with: known).missing.isEmpty)
    // What a person deletes is gone: files, and folders of a folder that is there.
    for name in ["a.png", "deep", ".trash"] { try files.removeItem(atPath: "\(pictures)/\(name)") }
    let difference = PictureScan.compare(pictures, with: known)
    #expect(difference.missing.isEmpty && difference.vanished.count == 3)
}

@Test func aLinkThatLeadsNowhereIsNotForgotten() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("disk"), withIntermediateDirectories: true)
    try ImageFile.save(picture(), to: folder.file("disk/a.png"))
    try files.createDirectory(atPath: folder.file("pictures"), withIntermediateDirectories: true)
    try files.createSymbolicLink(
        atPath: folder.file("pictures/link.png"), withDestinationPath: folder.file("disk/a.png"))
    let pictures = folder.file("pictures")
    let known = PictureScan.read(PictureScan.compare(pictures, with: []).unread)
    try files.moveItem(atPath: folder.file("disk"), toPath: folder.file("elsewhere"))
    let difference = PictureScan.compare(pictures, with: known)
    #expect(difference.missing == known && difference.vanished.isEmpty && known.count == 1)
}
