import Checkpoints
import Foundation
import Generation
import Imaging
import Kernels
import Layers
import Pipeline
import Requests
import Synchronization
import Tensors
import TestSupport
import Testing

/// A small picture by the embedded model, opened anew.
private func picture(_ precision: Precision, _ cache: WeightCache?) throws -> RGBImage {
    let pipeline = try embeddedPipeline(precision, cache: cache)
    var request = GenerationRequest(prompt: "a fox in the snow", seed: 4, width: 96, height: 64)
    request.sampling.steps = 2
    request.residual.steps = 2
    var runs = try pipeline.start([request])
    try pipeline.unmask(&runs)
    return try pipeline.picture(of: runs[0]).refined
}

/// Keeps even the small parts of the embedded model.
private func cache(in folder: TemporaryFolder) -> WeightCache {
    WeightCache(folder: folder.file("cache/weights"), smallestPart: 0)
}

@Test(arguments: [Precision.bfloat16, .int8].filter(Processor.offers))
func cachedWeightsGiveTheSamePicture(precision: Precision) throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    let expected = try picture(precision, nil)
    #expect(try picture(precision, cache) == expected)
    let written = cache.contents
    #expect(written.files.count == 4 && written.byteCount > 1 << 20)
    #expect(try picture(precision, cache) == expected)
    #expect(cache.contents == written)
    cache.clear()
    #expect(cache.contents == ([], 0))
}

/// What can happen to a file: each must be noticed, cost no more than time, and be put right.
@Test(
    .enabled(if: Processor.offers(.bfloat16)),
    arguments: ["empty", "cut short", "header", "a weight", "near the end", "another model"])
func damagedCachesAreMadeAnew(damage: String) throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    let expected = try picture(.bfloat16, cache)
    let sound = try contents(cache)
    for (name, bytes) in sound {
        var bytes = bytes
        switch damage {
        case "empty": bytes = []
        case "cut short": bytes.removeLast(100)
        case "header": bytes[40] ^= 0x10
        case "a weight": bytes[bytes.count / 2] ^= 1
        case "near the end": bytes[bytes.count - 65] ^= 0x80
        default:
            // A whole file of the same kind that was made from other weights.
            let other = Array("\"checkpoint\":\"".utf8)
            let at = bytes.indices.first { bytes[$0...].starts(with: other) }
            bytes[try #require(at) + other.count] ^= 1
        }
        // A new file, because a mapped one may still be in use.
        let path = "\(cache.folder)/\(name)"
        unlink(path)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
    }
    #expect(try picture(.bfloat16, cache) == expected)
    #expect(try contents(cache) == sound)
}

private func contents(_ cache: WeightCache) throws -> [String: [UInt8]] {
    try Dictionary(
        uniqueKeysWithValues: cache.contents.files.map { name in
            (name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(cache.folder)/\(name)"))))
        })
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func aCacheThatCannotBeWrittenIsDoneWithout() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("no folder", as: "file")
    let cache = WeightCache(folder: "\(file)/weights", smallestPart: 0)
    #expect(try picture(.bfloat16, cache) == picture(.bfloat16, nil))
    #expect(cache.contents == ([], 0))
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func severalProgramsMayFillACacheAtOnce() throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    let expected = try picture(.bfloat16, nil)
    let made = Mutex<[RGBImage?]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
        let image = try? picture(.bfloat16, cache)
        made.withLock { $0.append(image) }
    }
    #expect(made.withLock { $0 } == [expected, expected, expected])
    #expect(cache.contents.files.count == 4)
    #expect(try picture(.bfloat16, cache) == expected)
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func filesThatNobodyUsesAreRemoved() throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    try FileManager.default.createDirectory(
        atPath: cache.folder, withIntermediateDirectories: true)
    for (name, days) in [("old", 40.0), ("new", 20.0)] {
        let path = "\(cache.folder)/\(name).packed"
        #expect(
            FileManager.default.createFile(
                atPath: path, contents: Data([1]),
                attributes: [.modificationDate: Date(timeIntervalSinceNow: -days * 86_400)]))
    }
    // Drafts: one that is being written, one of a program that has ended.
    let (fresh, dead) = ("a.packed-1-7", "a.packed-1-8")
    for (name, minutes) in [(fresh, 1.0), (dead, 11.0)] {
        #expect(
            FileManager.default.createFile(
                atPath: "\(cache.folder)/\(name)", contents: nil,
                attributes: [.modificationDate: Date(timeIntervalSinceNow: -minutes * 60)]))
    }
    _ = try picture(.bfloat16, cache)
    #expect(cache.contents.files.contains("new.packed"))
    #expect(!cache.contents.files.contains("old.packed"))
    #expect(cache.contents.files.contains(fresh) && !cache.contents.files.contains(dead))
}

@Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7, 8])
func aFileIsGivenUpWhenAskedTo(after questions: Int) throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    let key = PackedFile.Key(checkpoint: "c", part: "text", precision: "bf16")
    let parts = (0..<3).map { (name: "w\($0)", bytes: Storage(byteCount: 100)) }
    for part in parts { memset(part.bytes.base, 7, part.bytes.byteCount) }
    var asked = 0
    let isWritten = cache.write(key, parts) {
        asked += 1
        return asked > questions
    }
    #expect(!isWritten && asked > questions && cache.contents.files.isEmpty)
    #expect(cache.write(key, parts) && cache.contents.files.count == 1)
}

/// Whenever it is stopped: no half file stays, and the next picture fills the cache.
@Test(.enabled(if: Processor.offers(.bfloat16)), arguments: [5, 20, 40, 60, 80, 120])
func aStopWhileTheCacheIsWrittenLeavesItToTheNextPicture(milliseconds: Int) async throws {
    let folder = try TemporaryFolder()
    let cache = cache(in: folder)
    let pipeline = try embeddedPipeline(.bfloat16, cache: cache)
    func draw() throws -> RGBImage {
        var request = GenerationRequest(
            prompt: "a fox in the snow", seed: 4, width: 96, height: 64)
        (request.sampling.steps, request.residual.steps) = (2, 2)
        var runs = try pipeline.start([request])
        try pipeline.unmask(&runs)
        return try pipeline.picture(of: runs[0]).refined
    }
    let signal = StopSignal()
    let stopping = Task {
        try await Task.sleep(for: .milliseconds(milliseconds))
        signal.raise()
    }
    do {
        _ = try pipeline.model.compute.stoppable(by: signal) { try draw() }
    } catch is Stopped {}
    try await stopping.value
    #expect(!cache.contents.files.contains { $0.contains(".packed-") })
    let before = cache.contents.files.count
    #expect(try draw() == picture(.bfloat16, nil))
    #expect(cache.contents.files.count == 4 && before <= 4)
}

/// A model that is replaced while it is open keeps its own hash.
@Test func aHashIsOfTheFileThatWasOpened() throws {
    let folder = try TemporaryFolder()
    func write(_ number: Float, _ name: String) throws -> String {
        let path = folder.file(name)
        try SafetensorsWriter.write(
            [("a", Tensor([1], [number]))], to: path)
        return path
    }
    let path = try write(1, "model.safetensors")
    let old = try Checkpoint(path: path)
    try #require(rename(try write(2, "other"), path) == 0)
    let new = try Checkpoint(path: path)
    #expect(old.identities != new.identities)
    #expect(Model.sha256(of: old) == old.sha256())
    #expect(Model.sha256(of: new) == new.sha256())
    #expect(old.sha256() != new.sha256())
}

/// As tools do that copy a file's times with it.
@Test func aFileThatWasWrittenOverIsAnotherThoughItsTimeIsOld() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("some bytes", as: "file")
    let before = try MappedFile(path: path).identity
    let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
    // Times of files are counted in ticks of the system's clock.
    usleep(30_000)
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.write(contentsOf: Data("Some".utf8))
    try file.close()
    try FileManager.default.setAttributes(
        [.modificationDate: try #require(time)], ofItemAtPath: path)
    #expect(try MappedFile(path: path).identity != before)
}

@Test func aPipeIsNotWaitedFor() throws {
    let folder = try TemporaryFolder()
    try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
    #expect(throws: MappedFileError.notAFile(path: folder.file("pipe"))) {
        try MappedFile(path: folder.file("pipe"))
    }
}
