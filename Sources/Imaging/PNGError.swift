/// Why bytes are no picture this program reads, or a picture could not become a PNG file.
///
/// A sentence names the picture as "the PNG": whoever knows the path puts it in front.
public enum PNGError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first eight bytes are not PNG's.
    case notPNG
    /// The file is longer than `PNGLimits.fileBytes`.
    case fileTooLarge(bytes: Int, limit: Int)
    /// The file stops inside or before the named chunk, or before its picture is whole.
    case truncated(at: Int)
    /// A chunk whose four letters or length no PNG can have.
    case badChunk(at: Int)
    /// The first chunk is not a valid IHDR.
    case badHeader(String)
    /// More pixels a side than `PNGLimits.side`, or more in all than `PNGLimits.pixels`.
    case tooManyPixels(width: Int, height: Int)
    /// A chunk the picture needs, whose bytes do not match its CRC.
    case badChecksum(chunk: String, at: Int)
    /// More chunks besides the picture's own than `PNGLimits.ancillaryChunks`.
    case tooManyChunks(limit: Int)
    /// libpng's own words on damaged picture data.
    case damaged(String)
    /// Decoding needs more memory than there is, or than the limit allows.
    case outOfMemory
    /// A text chunk this program does not read: too long, too many, damaged.
    case unreadableText(keyword: String, reason: String)
    /// A keyword that PNG does not allow, on a text to be written.
    case badKeyword(String)
    /// A text to be written that this program would not read again.
    case textTooLong(keyword: String, bytes: Int)
    /// A picture to be written that has no pixels or whose pixels do not fill it.
    case badPicture(width: Int, height: Int)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .notPNG: "The file is not a PNG; it does not start with PNG's eight bytes."
        case .fileTooLarge(let bytes, let limit):
            "The PNG has \(bytes) bytes; at most \(limit) are read."
        case .truncated(let at): "The PNG ends early, at byte \(at)."
        case .badChunk(let at): "The PNG has no valid chunk at byte \(at)."
        case .badHeader(let reason): "The PNG's header is not valid: \(reason)."
        case .tooManyPixels(let width, let height):
            "The PNG is \(width)x\(height); at most \(PNGLimits.side) pixels a side and "
                + "\(PNGLimits.pixels) in all are read."
        case .badChecksum(let chunk, let at):
            "The PNG's \(chunk) chunk at byte \(at) is damaged: its checksum does not match."
        case .tooManyChunks(let limit):
            "The PNG has more than \(limit) chunks besides its picture data."
        case .damaged(let reason): "The PNG's picture data is damaged: \(reason)."
        case .outOfMemory: "There is not enough memory for the PNG."
        case .unreadableText(let keyword, let reason):
            "The PNG's text \"\(SanitizedText(keyword, limit: 79))\" was left out: \(reason)."
        case .badKeyword(let keyword):
            "\"\(SanitizedText(keyword, limit: 79))\" cannot name a PNG text; 1 to 79 printable "
                + "Latin-1 characters without spaces at the ends can."
        case .textTooLong(let keyword, let bytes):
            "The PNG text \"\(SanitizedText(keyword, limit: 79))\" has \(bytes) bytes; at most "
                + "\(PNGLimits.textChunkBytes) are written."
        case .badPicture(let width, let height):
            "A picture of \(width)x\(height) cannot be written as a PNG."
        }
    }
}

/// What is read from untrusted PNG files at most.
public enum PNGLimits {
    /// Bytes of a whole file.
    public static let fileBytes = 64 << 20
    /// Pixels of the longer side.
    public static let side = 4096
    /// Pixels in all.
    public static let pixels = 16 << 20
    /// Chunks that are not IHDR, PLTE, IDAT or IEND.
    public static let ancillaryChunks = 1000
    /// Text chunks.
    public static let textChunks = 64
    /// Bytes of one text chunk as it lies in the file.
    ///
    /// The residual of the largest picture that is made, 4096 tokens, has 350 kB.
    public static let textChunkBytes = 512 << 10
    /// Bytes of all texts together, inflated.
    public static let textBytes = 1 << 20
    /// Bytes libpng and zlib may hold while they decode or encode.
    package static let workingBytes = 8 << 20
}
