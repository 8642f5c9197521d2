// Wire format: protobuf.dev, "Encoding".

/// Reads the fields of one protobuf message front to back.
struct ProtobufCursor {
    /// What a field holds.
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        /// A string, bytes or a message.
        case bytes(ArraySlice<UInt8>)
    }

    private let file: String
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// - Parameters:
    ///   - bytes: the message; its indices are offsets in the file.
    ///   - file: its name, for errors.
    init(_ bytes: ArraySlice<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
        position = bytes.startIndex
    }

    /// The next field, or nil behind the last.
    mutating func next() throws(TokenizerError) -> (number: Int, value: Value)? {
        guard position < bytes.endIndex else { return nil }
        let start = position
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw malformed("no field number", at: start)
        }
        return (Int(tag >> 3), try value(wireType: tag & 7, tagAt: start))
    }

    /// An error about the file at an offset.
    func malformed(_ problem: String, at offset: Int) -> TokenizerError {
        .malformed(file: file, offset: offset, problem: problem)
    }

    private mutating func value(
        wireType: UInt64, tagAt start: Int
    ) throws(TokenizerError) -> Value {
        switch wireType {
        case 0: return .varint(try varint())
        case 1: return .fixed64(littleEndian(try take(8)))
        case 2: return .bytes(try take(try varint()))
        case 5: return .fixed32(UInt32(truncatingIfNeeded: littleEndian(try take(4))))
        default: throw malformed("wire type \(wireType) is not in use", at: start)
        }
    }

    private mutating func varint() throws(TokenizerError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < bytes.endIndex else { break }
            let byte = bytes[position]
            position += 1
            guard shift < 63 || byte < 2 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw malformed("a number does not end", at: start)
    }

    private mutating func take(_ count: UInt64) throws(TokenizerError) -> ArraySlice<UInt8> {
        let left = bytes.endIndex - position
        guard count <= UInt64(left) else {
            throw malformed("a field of \(count) bytes where \(left) are left", at: position)
        }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }

    private func littleEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
