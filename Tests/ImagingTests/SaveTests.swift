import Foundation
import Imaging
import Testing

/// A folder of its own for each test, gone afterwards.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "dcar-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}

private let picture: [UInt8] = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }

private func read(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) }
}

@Suite struct SaveTests {
    @Test func aSavedFileHoldsItsBytesAndLeavesNothingElse() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        try ImageFile.save(picture, to: path)
        #expect(read(path) == picture)
        #expect(try folder.names() == ["picture.png"])
        try ImageFile.save([], to: folder.path + "/empty.png")
        #expect(read(folder.path + "/empty.png") == [])
    }

    @Test func aNameThatIsTooLongIsFoundBeforeTheWork() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/" + String(repeating: "a", count: 300) + ".png"
        #expect(throws: SaveError.nameTooLong(path: path)) { try ImageFile.checkPlace(of: path) }
        try ImageFile.checkPlace(of: folder.path + "/a.png")
    }

    @Test func anExistingFileIsKept() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        try ImageFile.save([1], to: path)
        #expect(throws: SaveError.exists(path: path)) { try ImageFile.save([2], to: path) }
        #expect(read(path) == [1])
        // A link that leads nowhere is a name that is taken, too.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: "/nowhere")
        #expect(throws: SaveError.exists(path: folder.path + "/link")) {
            try ImageFile.save([2], to: folder.path + "/link")
        }
        #expect(try folder.names() == ["link", "picture.png"])
    }

    @Test func overwritingReplacesNothingButFiles() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/link"
        try FileManager.default.createSymbolicLink(
            atPath: path, withDestinationPath: "/nowhere")
        #expect(throws: SaveError.exists(path: path)) {
            try ImageFile.save([2], to: path, overwrite: true)
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "/nowhere")
    }

    @Test func overwritingReplacesAFileAndKeepsItsPermissions() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        try ImageFile.save([1], to: path, overwrite: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
        try ImageFile.save(picture, to: path, overwrite: true)
        #expect(read(path) == picture)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? NSNumber == 0o604)
        #expect(try folder.names() == ["picture.png"])
        #expect(throws: SaveError.isFolder(path: folder.path)) {
            try ImageFile.save([1], to: folder.path, overwrite: true)
        }
    }

    @Test func aFileThatAppearsWhileSavingIsKept() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        var calls = FileCalls()
        let link = calls.link
        calls.link = { directory, name, newName in
            #expect(FileManager.default.createFile(atPath: path, contents: Data([9])))
            return link(directory, name, newName)
        }
        #expect(throws: SaveError.exists(path: path)) {
            try ImageFile.save(picture, to: path, overwrite: false, calls: calls)
        }
        #expect(read(path) == [9])
        #expect(try folder.names() == ["picture.png"])
    }

    /// Whenever the process is killed, the name shows what was there before or the whole new file.
    @Test(arguments: [false, true])
    func atNoMomentIsThereHalfAFile(overwrite: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        let before: [UInt8]? = overwrite ? [1, 2, 3] : nil
        if let before { try ImageFile.save(before, to: path) }
        var seen: [[UInt8]?] = []
        func watched<Result>(_ call: () -> Result) -> Result {
            seen.append(read(path))
            defer { seen.append(read(path)) }
            return call()
        }
        let real = FileCalls()
        var calls = real
        calls.create = { directory, name in watched { real.create(directory, name) } }
        calls.write = { file, bytes, count in
            watched { real.write(file, bytes, min(count, 30_000)) }
        }
        calls.synchronize = { file in watched { real.synchronize(file) } }
        calls.link = { directory, name, new in watched { real.link(directory, name, new) } }
        calls.rename = { directory, name, new in watched { real.rename(directory, name, new) } }
        try ImageFile.save(picture, to: path, overwrite: overwrite, calls: calls)
        // Created, written four times and synchronised, then named, then the folder synchronised.
        #expect(seen == [[UInt8]?](repeating: before, count: 13) + [picture, picture, picture])
    }

    /// Each way a disk can refuse: which call fails, with what, and what the user reads.
    static let refusals: [(call: String, code: Int32, sentence: String)] = [
        ("create", EROFS, "P was not saved: the disk of F is read-only."),
        ("create", EACCES, "P was not saved: you may not write in the folder F."),
        ("create", ENOSPC, "P was not saved: the disk is full."),
        ("write", ENOSPC, "P was not saved: the disk is full."),
        ("write", EDQUOT, "P was not saved: the disk is full."),
        ("write", EFBIG, "P was not saved: it is larger than a file may be there."),
        ("write", EIO, "P was not saved: Input/output error."),
        ("synchronize", EIO, "P was not saved: Input/output error."),
        ("synchronize", ENOSPC, "P was not saved: the disk is full."),
        ("link", ENOSPC, "P was not saved: the disk is full."),
        ("link", ENAMETOOLONG, "P was not saved: the name is too long, 255 bytes are the most."),
        ("rename", EIO, "P was not saved: Input/output error.")
    ]

    @Test(arguments: refusals)
    func aRefusedSaveLeavesNothingBehind(call: String, code: Int32, sentence: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/picture.png"
        let overwrite = call == "rename"
        if overwrite { try ImageFile.save([1], to: path) }
        var calls = FileCalls()
        func refuse<Result: BinaryInteger>(_ result: Result) -> Result {
            errno = code
            return result
        }
        switch call {
        case "create": calls.create = { _, _ in refuse(-1) }
        case "write":
            // Half of the bytes fit.
            var room = picture.count / 2
            calls.write = { file, bytes, count in
                guard room > 0 else { return refuse(-1) }
                let written = write(file, bytes, min(count, room))
                room -= written
                return written
            }
        case "synchronize": calls.synchronize = { _ in refuse(-1) }
        case "link": calls.link = { _, _, _ in refuse(-1) }
        default: calls.rename = { _, _, _ in refuse(-1) }
        }
        let error = #expect(throws: SaveError.self) {
            try ImageFile.save(picture, to: path, overwrite: overwrite, calls: calls)
        }
        let expected = sentence.replacing("P ", with: "\(path) ").replacing(
            "F is", with: "\(folder.path) is"
        ).replacing("folder F.", with: "folder \(folder.path).")
        #expect(error?.description == expected)
        #expect(read(path) == (overwrite ? [1] : nil))
        #expect(try folder.names() == (overwrite ? ["picture.png"] : []))
    }

    @Test func shortAndInterruptedWritesAreContinued() throws {
        let folder = try TemporaryFolder()
        var calls = FileCalls()
        var turn = 0
        calls.write = { file, bytes, count in
            turn += 1
            guard turn % 3 != 0 else {
                errno = EINTR
                return -1
            }
            return write(file, bytes, min(count, 7001))
        }
        let path = folder.path + "/picture.png"
        try ImageFile.save(picture, to: path, overwrite: false, calls: calls)
        #expect(read(path) == picture)
    }

    @Test func aDiskWithoutHardLinksIsNoObstacle() throws {
        let folder = try TemporaryFolder()
        var calls = FileCalls()
        calls.link = { _, _, _ in
            errno = EPERM
            return -1
        }
        let path = folder.path + "/picture.png"
        try ImageFile.save(picture, to: path, overwrite: false, calls: calls)
        #expect(read(path) == picture)
        #expect(throws: SaveError.exists(path: path)) {
            try ImageFile.save([1], to: path, overwrite: false, calls: calls)
        }
        calls.rename = { _, _, _ in
            errno = EIO
            return -1
        }
        let other = folder.path + "/other.png"
        #expect(throws: SaveError.failed(path: other, reason: "Input/output error")) {
            try ImageFile.save([1], to: other, overwrite: false, calls: calls)
        }
        #expect(try folder.names() == ["picture.png"])
    }

    @Test func impossiblePathsHaveTheirSentences() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/file"
        try ImageFile.save([1], to: file)
        let long = folder.path + "/" + String(repeating: "x", count: 256)
        let sentences = [
            folder.path + "/none/p.png":
                "\(folder.path)/none/p.png was not saved: the folder \(folder.path)/none does not "
                + "exist.",
            file + "/p.png": "\(file)/p.png was not saved: \(file) is not a folder.",
            folder.path + "/": "\"\(folder.path)/\" is a folder; a file name is needed.",
            "": "The name of the file to save is empty; give one.",
            long: "\(long) was not saved: the name is too long, 255 bytes are the most.",
            file: "\(file) already exists and was left as it is."
        ]
        for (path, sentence) in sentences {
            let error = #expect(throws: SaveError.self) { try ImageFile.save([1], to: path) }
            #expect(error?.description == sentence)
        }
        #expect(try folder.names() == ["file"])
    }

    @Test(.enabled(if: getuid() != 0, "root may write everywhere"))
    func aReadOnlyFolderIsNamed() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/p.png"
        chmod(folder.path, 0o555)
        defer { chmod(folder.path, 0o755) }
        #expect(throws: SaveError.noPermission(path: path, folder: folder.path)) {
            try ImageFile.save([1], to: path)
        }
    }

    @Test func onlyOldTemporaryFilesAreRemoved() throws {
        let folder = try TemporaryFolder()
        let now = time(nil)
        for (name, age) in [(".dcar-1.tmp", 90_000), (".dcar-2.tmp", 60), ("mine.tmp", 90_000)] {
            let path = folder.path + "/" + name
            #expect(FileManager.default.createFile(atPath: path, contents: Data()))
            let date = Date(timeIntervalSince1970: Double(now - age))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        try ImageFile.save([1], to: folder.path + "/p.png")
        #expect(try folder.names() == [".dcar-2.tmp", "mine.tmp", "p.png"])
    }

    @Test func numberedNamesGoOnAboveTheHighest() throws {
        let folder = try TemporaryFolder()
        let pattern = try OutputPattern(folder.path + "/out-{seed}-{n:3}.png")
        let fields = OutputPattern.Fields(seed: 42)
        #expect(
            try ImageFile.save([1], as: pattern, fields: fields) == folder.path + "/out-42-001.png")
        for name in ["out-42-7.png", "out-43-9.png", "out-42-x.png", "out-42-12.jpg"] {
            try ImageFile.save([1], to: folder.path + "/" + name)
        }
        // Number 1 is free again, but a gap is not filled.
        unlink(folder.path + "/out-42-001.png")
        #expect(
            try ImageFile.save([1], as: pattern, fields: fields) == folder.path + "/out-42-008.png")
        let fixed = try OutputPattern(folder.path + "/fixed.png")
        #expect(try ImageFile.save([1], as: fixed, fields: fields) == folder.path + "/fixed.png")
        #expect(throws: SaveError.exists(path: folder.path + "/fixed.png")) {
            try ImageFile.save([1], as: fixed, fields: fields)
        }
    }

    @Test func aNameInTheTrashIsNotGivenOutAgain() throws {
        let folder = try TemporaryFolder()
        let pattern = try OutputPattern("out-{n}.png", in: folder.path)
        try ImageFile.save([1], to: folder.path + "/out-1.png")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/.trash", withIntermediateDirectories: true)
        try ImageFile.save([1], to: folder.path + "/.trash/out-2.png")
        #expect(try ImageFile.save([1], as: pattern, fields: .init()) == folder.path + "/out-3.png")
    }

    /// Names sort by age whatever the prompts are, and steps and sheets count too.
    @Test func allFilesOfAFolderHaveOneCount() throws {
        let folder = try TemporaryFolder()
        let pattern = try OutputPattern(folder.path + "/dcar-{n:4}-{prompt}.png")
        let length = folder.path.count + 1
        func save(_ prompt: String) throws -> String {
            let path = try ImageFile.save(
                [1], as: pattern, fields: .init(prompt: prompt), countsAll: true)
            return String(path.dropFirst(length))
        }
        #expect(try save("a beach") == "dcar-0001-a-beach.png")
        #expect(try save("two foxes") == "dcar-0002-two-foxes.png")
        for name in [
            "dcar-0007-a-boat-step01.png", "dcar-0003-a-boat-sheet.png", "dcar-20261129-x.png",
            "dcar-9-x.jpg", "other-0012-x.png", "dcar-x.png", ".dcar-88.tmp"
        ] {
            try ImageFile.save([1], to: folder.path + "/" + name)
        }
        #expect(try save("a beach") == "dcar-0008-a-beach.png")
        // Whoever counts by name alone goes on to do so.
        let fields = OutputPattern.Fields(prompt: "two foxes")
        #expect(pattern.nextNumber(fields) == 3)
        #expect(pattern.nextNumber(fields, countsAll: true) == 9)
        #expect(try folder.names().count == 10)
    }

    @Test func savesAtTheSameTimeGetDifferentNumbers() async throws {
        let folder = try TemporaryFolder()
        let pattern = try OutputPattern(folder.path + "/{n}.png")
        let paths = await withTaskGroup(of: String?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try? ImageFile.save([UInt8(number)], as: pattern, fields: .init())
                }
            }
            return await group.reduce(into: Set<String>()) { if let path = $1 { $0.insert(path) } }
        }
        #expect(paths.count == 20)
        #expect(try folder.names().count == 20)
    }
}

@Suite struct OutputPatternTests {
    @Test(arguments: [
        ("a-{n}.png", "a-5.png"), ("{n:4}.png", "0005.png"), ("{seed}/{n}", "7/5"),
        ("{prompt}.png", "a-red-fox-雪.png"), ("{model}-{width}x{height}-{n}", "m-1-64x32-5"),
        ("plain.png", "plain.png")
    ])
    func fieldsAreFilledIn(pattern: String, path: String) throws {
        let fields = OutputPattern.Fields(
            seed: 7, prompt: "  A red/../fox, \u{1B} 雪! ",
            model: "../m 1", width: 64, height: 32)
        #expect(try OutputPattern(pattern).path(number: 5, fields) == path)
    }

    @Test(arguments: [
        (
            "{x}.png",
            "{x} in the output name {x}.png is unknown; use {n}, {n:4}, {seed}, {prompt}, {model}, "
                + "{width} or {height}."
        ),
        ("{n", "The output name {n has a { without its }."),
        ("{n}{n}", "The output name {n}{n} has more than one {n}."),
        (
            "{n}/a",
            "The output name {n}/a has its {n} in a folder; it belongs in the file name."
        ),
        ("", "The output name is empty; give one such as out-{n}.png."),
        (
            "a/",
            "There is no folder a/; make it first, or end the name with that of a file, such as "
                + "out-{n}.png."
        )
    ])
    func badPatternsAreExplained(pattern: String, sentence: String) {
        let error = #expect(throws: OutputPatternError.self) { try OutputPattern(pattern) }
        #expect(error?.description == sentence)
    }

    @Test func bracesInAFolderAreNoFields() throws {
        let pattern = try OutputPattern("{n:2}.png", in: "/tmp/{art}/{n}")
        #expect(pattern.path(number: 5, .init()) == "/tmp/{art}/{n}/05.png")
        #expect(
            try pattern.suffixed("-grid").path(number: 5, .init()) == "/tmp/{art}/{n}/05-grid.png")
        #expect(pattern.description == "/tmp/{art}/{n}/{n:2}.png")
    }

    @Test(arguments: [
        ("fox.png", "fox-1.png"), ("v1.5 fox", "v1.5 fox-1.png"), ("v1.5", "v1.5-1.png"),
        ("fox", "fox-1.png"), ("a.b/fox.jpeg", "a.b/fox-1.jpeg"), ("a.b/fox", "a.b/fox-1.png")
    ])
    func moreComesBeforeTheEnding(name: String, suffixed: String) throws {
        #expect(try OutputPattern(name).suffixed("-1").description == suffixed)
    }

    @Test func slugsAreShortAndSafe() {
        #expect(OutputPattern.slug("!!! ") == "untitled")
        #expect(OutputPattern.slug("e" + String(repeating: "\u{323}", count: 40)) == "untitled")
        #expect(OutputPattern.slug("Été à Paris") == "été-à-paris")
        #expect(
            OutputPattern.slug(String(repeating: "狐", count: 30))
                == String(repeating: "狐", count: 21))
        let long = OutputPattern.slug(String(repeating: "word ", count: 100))
        #expect(long.utf8.count <= 64 && long.hasSuffix("word"))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let slug = OutputPattern.slug(generator.text(upTo: 60))
            #expect(!slug.isEmpty && slug.utf8.count <= 64)
            #expect(!slug.contains("/") && !slug.hasPrefix(".") && !slug.hasPrefix("-"))
        }
    }
}
