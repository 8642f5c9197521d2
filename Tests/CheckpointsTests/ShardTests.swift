import Checkpoints
import Crypto
import Foundation
import Tensors
import TestSupport
import Testing

/// A folder with two shards: `one` holds a and b, `two` holds c.
private func shardedFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(
        [("a", Tensor([1], [1])), ("b", Tensor([1], [2]))], to: folder.file("one"))
    try SafetensorsWriter.write([("c", Tensor([1], [3]))], to: folder.file("two"))
    return folder
}

@Test func shardsReadAsOneCheckpoint() throws {
    let folder = try shardedFolder()
    let path = try folder.write(
        #"{"metadata":{"total_size":12,"by":"x"},"weight_map":{"c":"two","a":"one","b":"one"}}"#,
        as: "model.safetensors.index.json")
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.format == .shards)
    #expect(checkpoint.keys == ["a", "b", "c"])
    #expect(try checkpoint.keys.map { try checkpoint.tensor($0).floats() } == [[1], [2], [3]])
    #expect(checkpoint.metadata == ["total_size": "12", "by": "x"])
    #expect(checkpoint.files == [folder.file("one"), folder.file("two")])
    let sizes = try checkpoint.files.map { try Data(contentsOf: URL(fileURLWithPath: $0)).count }
    #expect(checkpoint.byteCount == sizes.reduce(0, +))
    // As `sha256sum one two | cut -c1-64 | sha256sum` says.
    let lines = try checkpoint.files.map { try Checkpoint(path: $0).sha256() + "\n" }.joined()
    let hash = SHA256.hash(data: Data(lines.utf8)).map { String(format: "%02x", $0) }.joined()
    #expect(checkpoint.sha256() == hash)
}

/// A model that was named by a relative path has files with relative paths.
@Test func shardsLieWhereTheirIndexIsSaidToBe() throws {
    let folder = try shardedFolder()
    let path = try folder.write(
        #"{"weight_map":{"c":"two","a":"one","b":"one"}}"#, as: "model.safetensors.index.json")
    let here = FileManager.default.currentDirectoryPath
    let up = String(repeating: "../", count: here.split(separator: "/").count)
    let relative = up + folder.path.dropFirst()
    #expect(
        try Checkpoint(path: "\(relative)/model.safetensors.index.json").files
            == ["\(relative)/one", "\(relative)/two"])
    #expect(try Checkpoint(path: path).files == [folder.file("one"), folder.file("two")])
}

@Test(arguments: [
    (#"{"weight_map":{"a":"one","c":"two"}}"#, "one holds b, which the index does not place there"),
    (
        #"{"weight_map":{"a":"one","b":"two","c":"two"}}"#,
        "one holds b, which the index does not place there"
    ),
    (#"{"weight_map":{"a":"one","b":"one","c":"two","d":"two"}}"#, "two does not hold d"),
    (#"{"weight_map":{"a":"../one"}}"#, "'../one' is no plain file name"),
    (#"{"weight_map":{"a":"/etc/passwd"}}"#, "'/etc/passwd' is no plain file name"),
    (#"{"weight_map":{"a":""}}"#, "'' is no plain file name"),
    (#"{"weight_map":{"a":"one\u0000"}}"#, "'one\\u{0}' is no plain file name"),
    (#"{"weight_map":{}}"#, "it has no weight_map"),
    (#"{"metadata":{}}"#, "it has no weight_map"),
    (#"{"error":"Repository not found"}"#, "it has no weight_map"),
    (#"{"weight_map":{"a":"one","a":"one"}}"#, "the name 'a' occurs twice (JSON byte 28)")
])
func anIndexThatDoesNotFitItsShardsIsRefused(index: String, problem: String) throws {
    let folder = try shardedFolder()
    let path = try folder.write(index, as: "index")
    #expect(
        sentence { _ = try Checkpoint(path: path) }
            == "\(path) is no valid index of shards: \(problem).")
}

@Test func whatElseAnIndexSaysIsPassedOver() throws {
    let folder = try shardedFolder()
    let path = try folder.write(
        #"{"metadata":{"total_size":12,"by":"me","none":null,"more":{"x":[1]}},"more":[{}],"#
            + #""weight_map":{"c":"two","a":"one","b":"one"}}"#, as: "index")
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.keys == ["a", "b", "c"])
    #expect(checkpoint.metadata == ["total_size": "12", "by": "me"])
}

@Test func aShardMustBeAFileWithTensors() throws {
    let folder = try shardedFolder()
    let index = #"{"weight_map":{"a":"index"}}"#
    let path = try folder.write(index, as: "index")
    #expect(sentence { _ = try Checkpoint(path: path) }.hasPrefix("\(path) is no checkpoint"))
    let absent = try folder.write(#"{"weight_map":{"a":"three"}}"#, as: "absent")
    #expect(
        sentence { _ = try Checkpoint(path: absent) }
            == "\(folder.file("three")) cannot be read: No such file or directory.")
}
