import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

private let a = #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

/// What opening these bytes says, without the path.
private func opening(_ bytes: [UInt8]) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(bytes)
    return sentence { _ = try Checkpoint(path: path) }.replacingOccurrences(of: path, with: "FILE")
}

private let headers: [(header: String, dataCount: Int, problem: String?)] = [
    ("{\(a)}   ", 8, nil),
    ("{}", 0, nil),
    (#"{"\u0061":{"shape":[],"data_offsets":[0,1],"dtype":"BOOL"}}"#, 1, nil),
    (#"{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}}"#, 0, nil),
    (#"{"__metadata__":{"a":"\ud83e\udd8a\n"}}"#, 0, nil),
    ("{} x", 0, "there is something after its end (JSON byte 3)"),
    ("{}", 4, "4 bytes at its end belong to no tensor"),
    ("{\(a)}", 9, "1 bytes at its end belong to no tensor"),
    ("{\(a),\(a)}", 8, "the name 'a' occurs twice (JSON byte 57)"),
    (#"{"__metadata__":{"a":"1","a":"2"}}"#, 0, "the name 'a' occurs twice (JSON byte 28)"),
    (#"{"__metadata__":{"a":1}}"#, 0, "'\"' is missing (JSON byte 21)"),
    (
        #"{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#, 2,
        "a has the unknown element type 'F8_E4M3'"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}"#, 2,
        "a has the unknown field 'x'"
    ),
    (
        #"{"a":{"dtype":"U8","dtype":"I8","shape":[2],"data_offsets":[0,2]}}"#, 2,
        "the name 'dtype' occurs twice (JSON byte 26)"
    ),
    (#"{"a":{"dtype":"U8","shape":[2]}}"#, 2, "a lacks its dtype, shape or two data_offsets"),
    (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2]}}"#, 2,
        "a lacks its dtype, shape or two data_offsets"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1,2]}}"#, 2,
        "a has a list of more than 2 numbers"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}"#, 1,
        "a has a list of more than 8 numbers"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1,
        "a whole number is missing (JSON byte 28)"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1,
        "'1.0' is no whole number in range (JSON byte 31)"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}"#, 1,
        "'1e0' is no whole number in range (JSON byte 31)"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}"#, 1,
        "a number starts with 0 (JSON byte 29)"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}"#, 1,
        "'9223372036854775808' is no whole number in range (JSON byte 47)"
    ),
    (
        #"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,1]}}"#, 1,
        "a has the impossible shape [4294967296, 4294967296]"
    ),
    (
        #"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,1]}}"#, 1,
        "a has the impossible shape [2305843009213693952]"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4,
        "a has 4 bytes; F32 [2] needs 8"
    ),
    ("{\(a)}", 4, "it ends after 66 of 70 bytes; get the rest or get it anew"),
    (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8,
        "a lies at bytes 8 to 0"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "there is a hole before a"
    ),
    (
        "{\(a)," + #""b":{"dtype":"U8","shape":[2],"data_offsets":[7,9]}}"#, 9,
        "b shares bytes with another tensor"
    ),
    (
        "{\(a)," + #""b":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}"#, 8,
        "b shares bytes with another tensor"
    ),
    (#"{"":{"dtype":"U8"}}"#, 0, "a tensor has an empty name"),
    (
        #"{"\u0001é":{"dtype":"U8"}}"#, 0,
        "the tensor name '\\u{1}\\u{E9}' has characters other than printable ASCII"
    ),
    (
        "{\"\(String(repeating: "n", count: 257))\":{}}", 0,
        "the tensor name '\(String(repeating: "n", count: 80))...' has 257 bytes; at most 256 are allowed"
    ),
    (#"{"\q":{}}"#, 0, "a string has an unknown escape (JSON byte 4)"),
    (#"{"\u12"#, 0, "a \\u escape lacks four hexadecimal digits (JSON byte 6)"),
    (#"{"\ud800":{}}"#, 0, "a string has half a surrogate pair (JSON byte 8)"),
    (#"{"\udc00\ud800":{}}"#, 0, "a string has half a surrogate pair (JSON byte 8)"),
    (#"{"\ud800\u0041":{}}"#, 0, "a string has half a surrogate pair (JSON byte 14)"),
    ("{\"a\n\":{}}", 0, "a string holds a control character (JSON byte 4)"),
    ("{\"a", 0, "a string does not end (JSON byte 3)"),
    ("{\"a\\", 0, "a string does not end (JSON byte 4)"),
    ("{\"a\"", 0, "':' is missing (JSON byte 4)"),
    ("{\(a)", 8, "'}' is missing (JSON byte 53)"),
    ("{\(a),}", 8, "'\"' is missing (JSON byte 54)"),
    (
        #"{"a":"# + String(repeating: "[", count: 100_000), 0, "'{' is missing (JSON byte 5)"
    )
]

@Test(arguments: headers.indices)
func headersThatBreakARuleAreRefusedWithItsSentence(_ index: Int) throws {
    let (header, dataCount, problem) = headers[index]
    let expected = problem.map { "FILE is no valid safetensors file: \($0)." } ?? "no error"
    let found = try opening(safetensors(header, dataCount: dataCount))
    #expect(found == expected)
}

@Test func aNameThatIsNotUTF8IsRefused() throws {
    #expect(
        try opening(safetensors([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x7B, 0x7D, 0x7D], dataCount: 0))
            == "FILE is no valid safetensors file: a string is not valid UTF-8 (JSON byte 4).")
}

@Test func tooManyTensorsOrMetadataAreRefused() throws {
    func header(_ count: Int, _ member: (Int) -> String) -> String {
        "{" + (0..<count).map(member).joined(separator: ",") + "}"
    }
    let empty: (Int) -> String = { #""t\#($0)":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"# }
    #expect(try opening(safetensors(header(10_000, empty), dataCount: 0)) == "no error")
    #expect(
        try opening(safetensors(header(10_001, empty), dataCount: 0))
            == "FILE is no valid safetensors file: it has more than 10000 tensors.")
    let metadata = header(1) { _ in
        "\"__metadata__\":" + header(1_001) { #""m\#($0)":"""# }
    }
    #expect(
        try opening(safetensors(metadata, dataCount: 0))
            == "FILE is no valid safetensors file: it has more than 1000 metadata entries.")
}

@Test(arguments: [
    (4_194_305, "its header claims 4194305 bytes; at most 4194304 are allowed"),
    (UInt64.max, "its header claims 18446744073709551615 bytes; at most 4194304 are allowed"),
    (3, "its header claims 3 bytes and the file has 2 after the length"),
    (0, "its header does not start with {")
])
func aHeaderLengthThatCannotBeIsRefused(length: UInt64, problem: String) throws {
    let bytes = withUnsafeBytes(of: length.littleEndian, Array.init) + Array("{}".utf8)
    #expect(try opening(bytes) == "FILE is no valid safetensors file: \(problem).")
}

@Test func whatIsNoCheckpointIsRefused() throws {
    #expect(
        try opening([1, 2, 3])
            == "FILE is no checkpoint that can be read: it is neither a safetensors file, nor an "
            + "index of safetensors shards, nor a PyTorch zip file.")
    #expect(try opening([]) == "FILE is empty.")
    let folder = try TemporaryFolder()
    #expect(
        sentence { _ = try Checkpoint(path: folder.path) }
            == "\(folder.path) is not a regular file.")
    #expect(
        sentence { _ = try Checkpoint(path: folder.file("x")) }
            == "\(folder.file("x")) cannot be read: No such file or directory.")
}

/// What downloads leave that went wrong.
@Test(arguments: [
    (
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\n".utf8),
        "a git-lfs pointer, which stands for the file; `git lfs pull` gets the file itself"
    ),
    (Array("\n<!doctype html>".utf8), "a web page in place of the file; get it anew"),
    (Array("Entry not found\nx".utf8), "a text, 'Entry not found'; get the file anew"),
    ([0x1F, 0x8B, 8, 0], "a compressed archive; unpack it"),
    (
        [0x80, 2, 0x8A] + [UInt8](repeating: 0, count: 99),
        "a PyTorch file as before version 1.6; save it again with torch.save"
    ),
    ([UInt8](repeating: 0, count: 9_000), "a file of zeros; get it anew")
])
func whatLiesInPlaceOfACheckpointIsNamed(bytes: [UInt8], content: String) throws {
    #expect(try opening(bytes) == "FILE is no checkpoint that can be read: it is \(content).")
}

@Test(arguments: ["formats/types.safetensors", "formats/nested.pt", "formats/types.bin"])
func everyTruncationAndExtensionIsRefused(_ name: String) throws {
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: golden(name))))
    let folder = try TemporaryFolder()
    let path = try folder.write(whole)
    for count in (1..<whole.count).reversed() {
        #expect(truncate(path, off_t(count)) == 0)
        #expect(throws: CheckpointError.self, "\(count) bytes") { try Checkpoint(path: path) }
    }
    _ = try folder.write(whole + [0])
    #expect(throws: CheckpointError.self) { try Checkpoint(path: path) }
}

/// An odd header length puts every tensor at an odd byte.
@Test func aTensorThatIsNotAlignedIsCopied() throws {
    let folder = try TemporaryFolder()
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let odd = header + (header.utf8.count.isMultiple(of: 2) ? " " : "")
    var bytes = safetensors(odd, dataCount: 0)
    for number: Float in [1.5, -2] {
        bytes += withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init)
    }
    let tensor = try Checkpoint(path: folder.write(bytes)).tensor("a")
    #expect(!tensor.storage.isMapped)
    #expect(tensor.floats() == [1.5, -2])
}

@Test func aCheckpointKnowsItsFilesSizeHashAndMetadata() throws {
    let path = golden("dc-ar/model.safetensors")
    let checkpoint = try Checkpoint(path: path)
    #expect(checkpoint.files == [path])
    #expect(checkpoint.byteCount == 1_488_440)
    #expect(checkpoint.metadata == ["format": "pt"])
    #expect(
        checkpoint.sha256() == "4e75dd447db831323e680b116a493251b08e1bdf8b08ca605ff080591effa3f5")
    #expect(checkpoint.keys == checkpoint.keys.sorted())
    #expect(checkpoint.entry("none") == nil)
}
