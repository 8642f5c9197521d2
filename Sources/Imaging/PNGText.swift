import CPNG

/// One text of a PNG file: a tEXt, zTXt or iTXt chunk.
public struct PNGText: Hashable, Sendable {
    /// 1 to 79 printable Latin-1 characters.
    public let keyword: String
    /// Any text without NUL, which PNG does not allow.
    public let text: String
    /// Whether the text is stored as UTF-8 (iTXt) and not as Latin-1 (tEXt).
    public let isInternational: Bool

    /// - Parameters:
    ///   - text: NUL characters are left out.
    ///   - international: true stores ASCII and Latin-1 as iTXt too; false is what PIL's `add_text`
    ///     does, tEXt where every character is Latin-1 and iTXt elsewhere.
    public init(_ keyword: String, _ text: String, international: Bool = false) {
        self.keyword = keyword
        let scalars = text.unicodeScalars
        self.text =
            scalars.contains("\0")
            ? String(String.UnicodeScalarView(scalars.filter { $0 != "\0" })) : text
        isInternational = international || scalars.contains { $0.value > 0xFF }
    }

    /// The chunk's name, its length in front: what libpng needs to add the checksum.
    func chunk() throws(PNGError) -> [UInt8] {
        let letters = keyword.unicodeScalars
        let isPrintable = letters.allSatisfy {
            (0x20...0x7E).contains($0.value) || (0xA1...0xFF).contains($0.value)
        }
        guard isPrintable, (1...79).contains(letters.count), letters.first != " ",
            letters.last != " ", !keyword.contains("  ")
        else { throw .badKeyword(keyword) }

        var data = letters.map { UInt8(truncatingIfNeeded: $0.value) } + [0]
        if isInternational {
            // Not compressed, method 0, no language, no translated keyword.
            data += [0, 0, 0, 0]
            data += Array(text.utf8)
        } else {
            data += text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        }
        guard data.count <= PNGLimits.textChunkBytes else {
            throw .textTooLong(keyword: keyword, bytes: data.count)
        }
        return PNG.chunkStart(isInternational ? "iTXt" : "tEXt", length: data.count) + data
    }
}

extension PNGText {
    /// Reads the data of a text chunk of type `name`.
    ///
    /// - Parameter budget: bytes of text that may still be produced; lowered by what is.
    /// - Throws: `PNGError.unreadableText`.
    init(chunk name: String, data: ArraySlice<UInt8>, budget: inout Int) throws(PNGError) {
        let keyword = Self.latin1(data.prefix(80).firstIndex(of: 0).map { data[..<$0] } ?? [])
        var rest = data.dropFirst(keyword.unicodeScalars.count + 1)
        func refuse(_ reason: String) -> PNGError {
            .unreadableText(keyword: keyword, reason: reason)
        }
        guard (1...79).contains(keyword.unicodeScalars.count) else {
            throw refuse("its keyword has not 1 to 79 characters")
        }
        guard data.count <= PNGLimits.textChunkBytes else {
            throw refuse("it has more than \(PNGLimits.textChunkBytes) bytes")
        }
        var isCompressed = name == "zTXt"
        if name == "iTXt" {
            guard let flag = rest.popFirst(), flag < 2 else { throw refuse("it is damaged") }
            isCompressed = flag == 1
        }
        if name != "tEXt" {
            // An uncompressed iTXt carries the method too, without a meaning.
            guard let method = rest.popFirst(), method == 0 || !isCompressed else {
                throw refuse("its compression method is unknown")
            }
        }
        if name == "iTXt" {
            guard Self.takeString(&rest) != nil, Self.takeString(&rest) != nil else {
                throw refuse("it is damaged")
            }
        }
        var bytes = Array(rest)
        if isCompressed {
            bytes = try Self.inflated(bytes, limit: budget, refuse)
        }
        guard bytes.count <= budget else {
            throw refuse("the texts together have more than \(PNGLimits.textBytes) bytes")
        }
        budget -= bytes.count
        if name == "iTXt" {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw refuse("it is not valid UTF-8")
            }
            self.init(keyword, text, international: true)
        } else {
            self.init(keyword, Self.latin1(bytes))
        }
    }

    /// The bytes before the next NUL, which is taken too; nil without one.
    private static func takeString(_ bytes: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = bytes.firstIndex(of: 0) else { return nil }
        defer { bytes = bytes[(end + 1)...] }
        return bytes[..<end]
    }

    private static func latin1(_ bytes: some Collection<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func inflated(
        _ bytes: [UInt8], limit: Int, _ refuse: (String) -> PNGError
    ) throws(PNGError) -> [UInt8] {
        // Deflate cannot expand more than 1032-fold.
        let capacity = min(limit, 1032 * bytes.count)
        var status = CPNG_INFLATE_DAMAGED
        let inflated = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            bytes.withUnsafeBufferPointer { source in
                status = cpng_inflate(
                    source.baseAddress, source.count, target.baseAddress, capacity, &count)
            }
        }
        switch status {
        case CPNG_INFLATED: return inflated
        case CPNG_INFLATE_TOO_LARGE:
            throw refuse("the texts together have more than \(PNGLimits.textBytes) bytes")
        case CPNG_INFLATE_OUT_OF_MEMORY: throw .outOfMemory
        default: throw refuse("its compressed data is damaged")
        }
    }
}
