import Checkpoints
import Foundation
import TestSupport
import Testing

/// A random change: a byte, a slice gone or doubled or moved, or a word of the format put in.
private func mutate(
    _ bytes: inout [UInt8], words: [[UInt8]], using random: inout SeededNumbers
) {
    guard !bytes.isEmpty else { return }
    let start = Int.random(in: 0..<bytes.count, using: &random)
    let slice = start..<min(bytes.count, start + Int.random(in: 1...24, using: &random))
    let word = words.randomElement(using: &random) ?? []
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[start] = .random(in: .min ... .max, using: &random)
    case 1: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes.removeSubrange(slice)
    case 3: bytes.insert(contentsOf: bytes[slice], at: start)
    case 4: bytes.insert(contentsOf: word, at: start)
    case 5: bytes.replaceSubrange(start..<min(bytes.count, start + word.count), with: word)
    default:
        let moved = Array(bytes[slice])
        bytes.removeSubrange(slice)
        bytes.insert(
            contentsOf: moved, at: .random(in: 0...bytes.count, using: &random))
    }
}

/// How many of `count` broken files still opened. None may trap, and whatever opens must be
/// readable, no tensor larger than the file.
private func fuzz(
    seed: UInt64, count: Int, make: (inout SeededNumbers) -> [UInt8]
) throws -> Int {
    var random = SeededNumbers(seed: seed)
    let folder = try TemporaryFolder()
    var opened = 0
    for _ in 0..<count {
        let bytes = make(&random)
        guard let checkpoint = try? Checkpoint(path: folder.write(bytes)) else { continue }
        opened += 1
        for key in checkpoint.keys {
            let tensor = try checkpoint.tensor(key)
            #expect(tensor.byteCount <= bytes.count)
            #expect(tensor.byteCount == checkpoint.entry(key)?.byteCount)
            _ = firstNonFinite(in: tensor)
        }
    }
    return opened
}

private let numbers: [UInt64] = [
    0, 1, 2, 7, 8, 9, 0x7F, 0xFF, 0x100, 0x7FFF, 0xFFFF, 1 << 22, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32,
    1 << 62, 0x7FFF_FFFF_FFFF_FFFF, .max
]

@Test func brokenSafetensorsFilesNeverTrap() throws {
    let header = """
        {"__metadata__":{"format":"pt"},"a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
        "b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},\
        "c":{"dtype":"BOOL","shape":[0,4],"data_offsets":[26,26]},\
        "d":{"dtype":"I64","shape":[1],"data_offsets":[26,34]}}
        """
    let words =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\"a\"", "\"dtype\"",
            "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "null", "-", ".", "e9", " ",
            "\"F64\"", "\"U8\"", "[[", "{}"
        ].map { Array($0.utf8) } + numbers.map { Array(String($0).utf8) }
    let opened = try fuzz(seed: 1, count: 4_000) { random in
        var mutated = Array(header.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            mutate(&mutated, words: words, using: &random)
        }
        var file = safetensors(mutated, dataCount: 34)
        if Int.random(in: 0..<8, using: &random) == 0 {
            file.replaceSubrange(0..<8, with: little(numbers.randomElement(using: &random) ?? 0))
        }
        return file
    }
    #expect(opened > 20 && opened < 3_000, "\(opened)")
}

private let pickleWords: [[UInt8]] =
    (UInt8.min ... .max).map { [$0] }
    + numbers.map { Pickle.integer(Int(truncatingIfNeeded: $0)) }
    + [
        Pickle.global("os", "system"), Pickle.global("torch", "HalfStorage"), Pickle.text("x"),
        Pickle.integers([1 << 40, 0]), Pickle.tensor(Pickle.storage(count: 6), [3], [2]),
        [0x71, 0], [0x68, 0], [0x29, 0x52], [0x7D, 0x28], [0x4B, 1, 0x85]
    ]

@Test func brokenPicklesNeverTrap() throws {
    let six = Pickle.storage(count: 6)
    let parameter =
        Pickle.global("torch._utils", "_rebuild_parameter")
        + Pickle.tuple(
            Pickle.tensor(six, [2, 3], [1, 2]), [0x88],
            Pickle.global("collections", "OrderedDict") + [0x29, 0x52]) + [0x52]
    let pickle = Pickle.whole(
        Pickle.mapping([
            ("x", Pickle.tensor(six, offset: 1, [2, 2], [3, 1])), ("p", parameter),
            ("e", Pickle.tensor(six, [0], [1]))
        ]) + Pickle.mapping([("_metadata", [0x5D, 0x4E, 0x61])]) + [0x62])
    let opened = try fuzz(seed: 2, count: 4_000) { random in
        var mutated = pickle
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            mutate(&mutated, words: pickleWords, using: &random)
        }
        return torchFile(mutated).bytes
    }
    #expect(opened > 20 && opened < 3_000, "\(opened)")
}

@Test func brokenZipFilesNeverTrap() throws {
    let pickle = Pickle.whole(
        Pickle.mapping([("x", Pickle.tensor(Pickle.storage(count: 6), [2, 3], [3, 1]))]))
    let words =
        numbers.map(little) + numbers.map { little(UInt32(truncatingIfNeeded: $0)) }
        + numbers.map { little(UInt16(truncatingIfNeeded: $0)) }
        + [0x0403_4B50, 0x0201_4B50, 0x0605_4B50, 0x0606_4B50, 0x0706_4B50].map {
            little(UInt32($0))
        }
    let opened = try fuzz(seed: 3, count: 4_000) { random in
        var file = torchFile(pickle)
        file.isZip64 = Bool.random(using: &random)
        file.comment = [UInt8](repeating: 0x50, count: .random(in: 0...3, using: &random))
        var bytes = file.bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            mutate(&bytes, words: words, using: &random)
        }
        return bytes
    }
    #expect(opened > 20 && opened < 3_000, "\(opened)")
}

@Test(arguments: [
    (4, #"{"a":{"b":[1,2.5,"x"],"c":true},"d":null,"e":"32"}"#),
    (5, "a:\n  b: [1, 2.5, 'x']\n  c: True\nd:\ne: '32'\nf: |\n  text\n")
])
func brokenConfigurationsNeverTrap(seed: UInt64, text: String) throws {
    let words = [
        "{", "}", "[", "]", ",", ":", ": ", "\"", "'", "\\u12", "\n", "\n  ", "- ", "? ", "! ",
        "!!binary ", "& ", "*", "&a ", "*a", "|", ">", "%YAML 9.9\n", "---\n", "...\n", "#",
        "1e999",
        "~", "\t", "\0", "\u{FEFF}", "<<: ", "a: "
    ].map { Array($0.utf8) }
    var random = SeededNumbers(seed: seed)
    let folder = try TemporaryFolder()
    var readCount = 0
    for _ in 0..<1_500 {
        var bytes = Array(text.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            mutate(&bytes, words: words, using: &random)
        }
        guard let file = try? ConfigurationNode(path: folder.write(bytes)) else { continue }
        readCount += 1
        for name in file.names {
            _ = try? file.optionalInt(name)
            _ = try? file.optionalDouble("\(name).b")
            _ = try? file.optionalStrings("\(name).b")
            _ = try? file.node(name).optionalInts("b", in: 0...9)
        }
    }
    #expect(readCount > 20 && readCount < 1_400, "\(readCount)")
}
