/// Writes pickles of protocol 2, well-formed or not.
enum Pickle {
    static let start: [UInt8] = [0x80, 2]
    static let stop: [UInt8] = [0x2E]

    static func text(_ text: String) -> [UInt8] {
        [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8)
    }

    /// As LONG1 with eight bytes.
    static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + little(Int64(value)) }

    static func global(_ module: String, _ name: String) -> [UInt8] {
        [0x63] + Array("\(module)\n\(name)\n".utf8)
    }

    static func tuple(_ parts: [UInt8]...) -> [UInt8] { [0x28] + parts.joined() + [0x74] }

    static func integers(_ values: [Int]) -> [UInt8] {
        [0x28] + values.flatMap(integer) + [0x74]
    }

    static func mapping(_ members: [(String, [UInt8])]) -> [UInt8] {
        [0x7D, 0x28] + members.flatMap { text($0.0) + $0.1 } + [0x75]
    }

    static func storage(
        _ type: String = "FloatStorage", key: String = "0", count: Int
    ) -> [UInt8] {
        tuple(
            text("storage"), global("torch", type), text(key), text("cuda:0"), integer(count)) + [
                0x51
            ]
    }

    static func tensor(
        _ storage: [UInt8], offset: Int = 0, _ extents: [Int], _ strides: [Int]
    ) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple(
                storage, integer(offset), integers(extents), integers(strides), [0x89], [0x7D])
            + [0x52]
    }

    static func whole(_ value: [UInt8]) -> [UInt8] { start + value + stop }
}

/// A PyTorch file with this pickle and a storage "0" of the numbers 0, 1, 2, ... as float32.
func torchFile(_ pickle: [UInt8], count: Int = 6) -> ZipFile {
    let numbers = (0..<count).flatMap { little(Float($0).bitPattern) }
    return ZipFile(entries: [
        ("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8)), ("a/data/0", numbers),
        ("a/version", Array("3\n".utf8))
    ])
}
