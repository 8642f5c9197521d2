// Format: SentencePiece's PrecompiledCharsMap (a Darts double array and a pool of strings).

/// SentencePiece's table of normalisations, for T5 nmt_nfkc: NFKC plus some white space.
///
/// A lookup never leaves the table, whatever bytes it was made from.
package struct PrecompiledCharsmap: Sendable {
    private let units: [UInt32]
    /// Zero-terminated replacements, all of it valid UTF-8.
    private let pool: [UInt8]

    /// - Parameter bytes: the byte count of the double array (u32, little-endian), the array, the
    ///   pool.
    /// - Returns: nil when the bytes are too short for the array they announce, the array is empty
    ///   or not made of whole units, or the pool is not UTF-8.
    package init?(_ bytes: some RandomAccessCollection<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count >= 4 else { return nil }
        let arrayByteCount = Int(Self.unit(bytes, at: 0))
        guard arrayByteCount > 0, arrayByteCount % 4 == 0, arrayByteCount <= bytes.count - 4 else {
            return nil
        }
        units = (0..<arrayByteCount / 4).map { Self.unit(bytes, at: 4 + 4 * $0) }
        pool = Array(bytes[(4 + arrayByteCount)...])
        guard String(validating: pool, as: UTF8.self) != nil else { return nil }
    }

    /// The replacement of the shortest key that `text` starts with, as valid UTF-8.
    ///
    /// The fast tokenizer takes the shortest such key for all of `text`; SentencePiece itself would
    /// take the longest, and go on behind it.
    package func replacement(for text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var position = offset(units[0])
        for byte in text {
            guard byte != 0 else { return nil }
            position ^= Int(byte)
            guard position < units.count else { return nil }
            let unit = units[position]
            guard unit & 0x8000_00FF == UInt32(byte) else { return nil }
            position ^= offset(unit)
            if unit >> 8 & 1 == 1 {
                guard position < units.count else { return nil }
                return pooledString(at: Int(units[position] & 0x7FFF_FFFF))
            }
        }
        return nil
    }

    private func pooledString(at start: Int) -> ArraySlice<UInt8>? {
        // A start inside a character would break the promise of valid UTF-8.
        guard start < pool.count, pool[start] & 0xC0 != 0x80 else { return nil }
        let end = pool[start...].firstIndex(of: 0) ?? pool.endIndex
        return pool[start..<end]
    }

    @inline(__always)
    private func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 0x200) >> 6)
    }

    private static func unit(_ bytes: [UInt8], at index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << (8 * UInt32($1)) }
    }
}
