import CPNG

/// What a PNG file holds besides its pixels, read by a bounded parser of its own so that no text
/// of an untrusted file goes through libpng.
public struct PNGContents: Hashable, Sendable {
    /// The picture's size and how its samples are stored.
    public let header: PNGHeader
    /// Its texts in the file's order.
    public let text: [PNGText]
    /// The user comment of its Exif block, where some programs keep what others put in a text.
    public let exifComment: String?
    /// Why the first of the texts that were left out was.
    public let textProblem: PNGError?
    /// Whether a tRNS chunk or an alpha channel makes pixels transparent.
    let hasAlpha: Bool
    /// Bytes of compressed picture data.
    let pictureBytes: Int

    /// The text of the first chunk with this keyword.
    public subscript(_ keyword: String) -> String? {
        text.first { $0.keyword == keyword }?.text
    }

    /// - Throws: `PNGError` for a file that is no PNG, is damaged, or is over `PNGLimits`. Damaged
    ///   or oversized texts do not make the picture unreadable: they are left out, and
    ///   `textProblem` says so.
    public init(_ file: [UInt8]) throws(PNGError) {
        var chunks = try PNGChunks(file)
        guard let first = try chunks.next(), first.name == "IHDR", first.isIntact else {
            throw .badHeader("it is missing or damaged")
        }
        let header = try PNGHeader(file[first.data])

        var text: [PNGText] = []
        var textChunkCount = 0
        var budget = PNGLimits.textBytes
        var problem: PNGError?
        var exifComment: String?
        var hasAlpha = header.colourType.hasAlpha
        var pictureBytes = 0
        var ancillaryCount = 0
        reading: while true {
            guard let chunk = try chunks.next() else { throw .truncated(at: file.count) }
            guard chunk.isIntact || chunk.isAncillary else {
                throw .badChecksum(chunk: chunk.name, at: chunk.start)
            }
            if chunk.isAncillary {
                ancillaryCount += 1
                guard ancillaryCount <= PNGLimits.ancillaryChunks else {
                    throw .tooManyChunks(limit: PNGLimits.ancillaryChunks)
                }
            }
            switch chunk.name {
            case "IEND": break reading
            case "IDAT": pictureBytes += chunk.data.count
            case "tRNS": hasAlpha = true
            case "eXIf" where chunk.isIntact && chunk.data.count <= PNGLimits.textChunkBytes:
                exifComment = exifComment ?? ExifComment.read(file[chunk.data])
            case "tEXt", "zTXt", "iTXt":
                textChunkCount += 1
                do throws(PNGError) {
                    text.append(
                        try Self.readText(chunk, file, number: textChunkCount, budget: &budget))
                } catch {
                    problem = problem ?? error
                }
            default: break
            }
        }
        self.header = header
        self.text = text
        self.exifComment = exifComment
        self.hasAlpha = hasAlpha
        self.pictureBytes = pictureBytes
        textProblem = problem
    }

    private static func readText(
        _ chunk: PNGChunks.Chunk, _ file: [UInt8], number: Int, budget: inout Int
    ) throws(PNGError) -> PNGText {
        guard chunk.isIntact else { throw .badChecksum(chunk: chunk.name, at: chunk.start) }
        guard number <= PNGLimits.textChunks else {
            throw .unreadableText(
                keyword: chunk.name, reason: "only \(PNGLimits.textChunks) texts are read")
        }
        return try PNGText(chunk: chunk.name, data: file[chunk.data], budget: &budget)
    }
}

/// The fields of IHDR.
public struct PNGHeader: Hashable, Sendable {
    /// What the samples of a pixel are.
    public enum ColourType: UInt8, Sendable, CaseIterable {
        case grey = 0
        case rgb = 2
        case palette = 3
        case greyAlpha = 4
        case rgba = 6

        /// Samples a pixel.
        public var channels: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .rgb: 3
            case .rgba: 4
            }
        }

        /// Whether each pixel carries its own alpha sample.
        public var hasAlpha: Bool { self == .greyAlpha || self == .rgba }

        /// The sample sizes PNG allows, in bits.
        public var bitDepths: [Int] {
            switch self {
            case .grey: [1, 2, 4, 8, 16]
            case .palette: [1, 2, 4, 8]
            default: [8, 16]
            }
        }
    }

    /// Pixels.
    public let width: Int
    /// Pixels.
    public let height: Int
    /// Bits a sample.
    public let bitDepth: Int
    /// What the samples are.
    public let colourType: ColourType
    /// Whether the rows come in Adam7's seven passes.
    public let isInterlaced: Bool

    init(_ data: ArraySlice<UInt8>) throws(PNGError) {
        guard data.count == 13 else { throw .badHeader("it has not 13 bytes") }
        let bytes = Array(data)
        let width = Int(bigEndian: bytes[0..<4])
        let height = Int(bigEndian: bytes[4..<8])
        guard width > 0, height > 0 else { throw .badHeader("the picture is \(width)x\(height)") }
        guard width <= PNGLimits.side, height <= PNGLimits.side,
            width * height <= PNGLimits.pixels
        else { throw .tooManyPixels(width: width, height: height) }
        guard let colourType = ColourType(rawValue: bytes[9]) else {
            throw .badHeader("colour type \(bytes[9]) is unknown")
        }
        guard colourType.bitDepths.contains(Int(bytes[8])) else {
            throw .badHeader("\(bytes[8]) bits a sample do not go with colour type \(bytes[9])")
        }
        guard bytes[10] == 0, bytes[11] == 0, bytes[12] < 2 else {
            throw .badHeader("its compression, filter or interlace method is unknown")
        }
        self.width = width
        self.height = height
        self.colourType = colourType
        bitDepth = Int(bytes[8])
        isInterlaced = bytes[12] == 1
    }

    /// Bytes of the picture data before compression, at least.
    var rawBytes: Int { height * (1 + (width * bitDepth * colourType.channels + 7) / 8) }
}

/// The chunks of a PNG file, one after the other.
struct PNGChunks {
    struct Chunk {
        /// Four ASCII letters.
        let name: String
        /// Where the chunk's length stands in the file.
        let start: Int
        let data: Range<Int>
        /// Whether the checksum fits.
        let isIntact: Bool

        /// Whether a decoder may skip the chunk: its first letter is small.
        var isAncillary: Bool { name.utf8.first.map { $0 & 0x20 != 0 } ?? false }
        /// The whole chunk, length and checksum included.
        var range: Range<Int> { start..<data.upperBound + 4 }
    }

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private let file: [UInt8]
    private var position = PNGChunks.signature.count

    init(_ file: [UInt8]) throws(PNGError) {
        guard file.starts(with: Self.signature) else { throw .notPNG }
        guard file.count <= PNGLimits.fileBytes else {
            throw .fileTooLarge(bytes: file.count, limit: PNGLimits.fileBytes)
        }
        self.file = file
    }

    /// The next chunk; nil at the end of the file.
    mutating func next() throws(PNGError) -> Chunk? {
        guard position < file.count else { return nil }
        guard file.count - position >= 12 else { throw .truncated(at: file.count) }
        let start = position
        let length = Int(bigEndian: file[start..<start + 4])
        let letters = file[start + 4..<start + 8]
        let areLetters = letters.allSatisfy { (0x41...0x5A).contains($0 & 0xDF) }
        guard areLetters, length < 1 << 31 else { throw .badChunk(at: start) }
        guard length <= file.count - start - 12 else { throw .truncated(at: file.count) }
        let data = start + 8..<start + 8 + length
        position = data.upperBound + 4
        let checksum = file.withUnsafeBufferPointer { bytes in
            cpng_crc(bytes.baseAddress?.advanced(by: start + 4), length + 4)
        }
        return Chunk(
            name: String(decoding: letters, as: UTF8.self), start: start, data: data,
            isIntact: Int(bigEndian: file[data.upperBound..<position]) == Int(checksum))
    }
}

extension Int {
    /// The number these bytes spell, highest first; at most seven of them.
    init(bigEndian bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
