extension UnsafeRawBufferPointer {
    /// The little-endian number at a byte; nil when it would reach past the end.
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number? {
        let width = MemoryLayout<Number>.size
        guard offset >= 0, width <= count, offset <= count - width else { return nil }
        return Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// `length` bytes from `offset`; nil when they would reach past the end.
    func part(at offset: Int, length: Int) -> UnsafeRawBufferPointer? {
        guard offset >= 0, length >= 0, length <= count, offset <= count - length else {
            return nil
        }
        return UnsafeRawBufferPointer(rebasing: self[offset..<offset + length])
    }
}
