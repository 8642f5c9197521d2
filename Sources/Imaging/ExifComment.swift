/// The user comment of an Exif block: tag 0x9286 of the Exif directory that tag 0x8769 points to.
/// A1111 and Fooocus keep their parameters there in formats without text chunks.
enum ExifComment {
    /// Directory entries read at most.
    private static let entryLimit = 512

    /// The comment of a TIFF structure, or nil where there is none or it is damaged.
    static func read(_ exif: ArraySlice<UInt8>) -> String? {
        // JPEG's prefix is sometimes kept in PNG too.
        let hasPrefix = exif.starts(with: Array("Exif\0\0".utf8))
        let bytes = Array(hasPrefix ? exif.dropFirst(6) : exif)
        guard bytes.count >= 8 else { return nil }
        let isLittleEndian: Bool
        switch (bytes[0], bytes[1]) {
        case (0x49, 0x49): isLittleEndian = true
        case (0x4D, 0x4D): isLittleEndian = false
        default: return nil
        }
        let reader = Reader(bytes: bytes, isLittleEndian: isLittleEndian)
        guard reader.number(at: 2, size: 2) == 42, let main = reader.number(at: 4, size: 4)
        else { return nil }
        let comment =
            reader.entry(0x8769, in: main)
            .flatMap { reader.number(at: $0 + 8, size: 4) }
            .flatMap { reader.entry(0x9286, in: $0) }
            ?? reader.entry(0x9286, in: main)
        return comment.flatMap { reader.value(ofEntryAt: $0) }.flatMap {
            text($0, isLittleEndian: isLittleEndian)
        }
    }

    /// Exif puts eight bytes in front that name the character set; PIL writes plain text instead.
    private static func text(_ value: ArraySlice<UInt8>, isLittleEndian: Bool) -> String? {
        let body = value.dropFirst(8)
        if value.starts(with: Array("UNICODE\0".utf8)) {
            return utf16(Array(body), isLittleEndian: isLittleEndian)
        }
        let isMarked =
            value.starts(with: Array("ASCII\0\0\0".utf8))
            || value.starts(with: [UInt8](repeating: 0, count: 8))
        let plain = (isMarked ? body : value).prefix { $0 != 0 }
        return String(validating: plain, as: UTF8.self)
    }

    /// UTF-16 by its byte order mark, else by which half of the first character is zero, else
    /// highest byte first, as A1111 writes it whatever the order of the block.
    private static func utf16(_ bytes: [UInt8], isLittleEndian: Bool) -> String? {
        guard bytes.count >= 2 else { return nil }
        let littleFirst: Bool
        switch (bytes[0], bytes[1]) {
        case (0xFF, 0xFE): littleFirst = true
        case (0xFE, 0xFF), (0, 1...): littleFirst = false
        case (1..., 0): littleFirst = true
        default: littleFirst = false
        }
        var units = stride(from: 0, to: bytes.count - 1, by: 2).map { at in
            let (first, second) = (UInt16(bytes[at]), UInt16(bytes[at + 1]))
            return littleFirst ? second << 8 | first : first << 8 | second
        }
        if units.first == 0xFEFF { units.removeFirst() }
        return String(validating: units.prefix { $0 != 0 }, as: UTF16.self)
    }

    /// Numbers and directory entries of a TIFF structure, each checked against its end.
    private struct Reader {
        let bytes: [UInt8]
        let isLittleEndian: Bool

        func number(at offset: Int, size: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - size else { return nil }
            let part = bytes[offset..<offset + size]
            return Int(bigEndian: isLittleEndian ? ArraySlice(part.reversed()) : part)
        }

        /// Where the entry with this tag stands in the directory at `offset`.
        func entry(_ tag: Int, in offset: Int) -> Int? {
            guard let count = number(at: offset, size: 2) else { return nil }
            return (0..<min(count, entryLimit)).lazy.map { offset + 2 + 12 * $0 }
                .first { number(at: $0, size: 2) == tag }
        }

        /// The bytes of an entry of a type with one byte an element: BYTE, ASCII or UNDEFINED.
        func value(ofEntryAt entry: Int) -> ArraySlice<UInt8>? {
            guard let type = number(at: entry + 2, size: 2), [1, 2, 7].contains(type),
                let count = number(at: entry + 4, size: 4),
                let pointer = number(at: entry + 8, size: 4)
            else { return nil }
            let start = count <= 4 ? entry + 8 : pointer
            guard start <= bytes.count, count <= bytes.count - start else { return nil }
            return bytes[start..<start + count]
        }
    }
}
