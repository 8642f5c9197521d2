import Foundation

/// Where a mask comes from, as written on the command line: `rect:x,y,w,h` in pixels,
/// `tokens:0,5,16-19` by index row by row, `data:` with a PNG in base64, or else the path of a PNG
/// file; white where the picture is repainted.
public enum MaskSource: Hashable, Sendable {
    /// A rectangle of pixels.
    case rectangle(PixelRectangle)
    /// Ranges of token indices.
    case tokens([ClosedRange<Int>])
    /// A PNG file in the argument itself.
    case data([UInt8])
    /// A PNG file.
    case file(String)

    /// How an argument that is a PNG in base64 begins; `data:,` and so on are files.
    public static let dataPrefix = "data:image/png;base64,"

    /// - Throws: `MaskError.badRectangle`, `.badTokens` or `.badData` for what cannot be read.
    public init(_ argument: String) throws(MaskError) {
        if argument.hasPrefix("rect:") {
            let fields = argument.dropFirst(5).split(
                separator: ",", omittingEmptySubsequences: false)
            let numbers = fields.compactMap { Int($0) }
            guard fields.count == 4, numbers.count == 4, numbers[2] > 0, numbers[3] > 0
            else { throw .badRectangle(argument) }
            self = .rectangle(
                PixelRectangle(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3]))
        } else if argument.hasPrefix("tokens:") {
            let fields = argument.dropFirst(7).split(
                separator: ",", omittingEmptySubsequences: false)
            let ranges = fields.compactMap(Self.range)
            guard ranges.count == fields.count else { throw .badTokens(argument) }
            self = .tokens(ranges)
        } else if argument.hasPrefix(Self.dataPrefix) {
            guard let data = Data(base64Encoded: String(argument.dropFirst(Self.dataPrefix.count)))
            else { throw .badData }
            self = .data([UInt8](data))
        } else {
            self = .file(argument)
        }
    }

    /// `7` or `3-9`.
    private static func range(_ field: Substring) -> ClosedRange<Int>? {
        let ends = field.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = ends.first.flatMap({ Int($0) }),
            let last = ends.last.flatMap({ Int($0) }),
            0 <= first, first <= last
        else { return nil }
        return first...last
    }

    /// The mask for a picture of this size.
    ///
    /// - Parameters:
    ///   - tokenSide: pixels along each side of a token.
    ///   - original: the size that the picture had before it was fitted; a PNG of that size is fitted
    ///     as the picture was.
    /// - Throws: `MaskError` for a rectangle or token outside the picture, a file that cannot be
    ///   read, or one of another size.
    public func mask(
        width: Int, height: Int, tokenSide: Int, original: (width: Int, height: Int)? = nil
    ) throws(MaskError) -> Mask {
        switch self {
        case .rectangle(let rectangle):
            guard let mask = Mask(width: width, height: height, rectangle: rectangle)
            else { throw .outside(width: width, height: height) }
            return mask
        case .tokens(let ranges):
            var tokens = Mask(width: width, height: height).tokens(tokenSide: tokenSide)
            for range in ranges {
                guard range.upperBound < tokens.isMasked.count else {
                    throw .noSuchToken(range.upperBound, count: tokens.isMasked.count)
                }
                for index in range { tokens.isMasked[index] = true }
            }
            let whole = Mask(tokens, tokenSide: tokenSide)
            guard whole.width == width, whole.height == height else {
                throw .wrongSize(
                    maskWidth: whole.width, maskHeight: whole.height, width: width, height: height)
            }
            return whole
        case .file(let path):
            let picture: DecodedPNG
            do throws(ImageReadError) {
                // What is transparent is kept, as black is.
                picture = try ImageFile.open(path, background: SIMD3(0, 0, 0))
            } catch {
                if case .cannotRead = error, path.hasPrefix("data:") { throw .badForm(path) }
                throw .unreadable(error)
            }
            return try Self.fitting(picture, width, height, original)
        case .data(let bytes):
            guard let picture = try? PNG.decode(bytes, background: SIMD3(0, 0, 0)) else {
                throw .badData
            }
            return try Self.fitting(picture, width, height, original)
        }
    }

    private static func fitting(
        _ picture: DecodedPNG, _ width: Int, _ height: Int, _ original: (width: Int, height: Int)?
    ) throws(MaskError) -> Mask {
        let mask = Mask(picture.image)
        if let original, mask.width == original.width, mask.height == original.height {
            return mask.filling(width: width, height: height)
        }
        guard mask.width == width, mask.height == height else {
            throw .wrongSize(
                maskWidth: mask.width, maskHeight: mask.height, width: width, height: height)
        }
        return mask
    }
}

/// What is wrong with a mask.
public enum MaskError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A `rect:` without four whole numbers.
    case badRectangle(String)
    /// A `tokens:` whose list cannot be read.
    case badTokens(String)
    /// A `data:` that holds no PNG.
    case badData
    /// A `data:` of another kind, and no file.
    case badForm(String)
    /// A rectangle that covers no pixel of the picture.
    case outside(width: Int, height: Int)
    /// A token index the picture does not have.
    case noSuchToken(Int, count: Int)
    /// A mask that does not have the picture's size.
    case wrongSize(maskWidth: Int, maskHeight: Int, width: Int, height: Int)
    /// A file that is no picture.
    case unreadable(ImageReadError)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badRectangle(let text):
            "The mask \(SanitizedText(text)) is no rectangle; write rect:x,y,w,h with four whole "
                + "numbers, width and height above 0."
        case .badTokens(let text):
            "The mask \(SanitizedText(text)) is no list of tokens; write tokens:0,5,16-19."
        case .badData: "The mask after data: is no PNG in base64."
        case .badForm(let text):
            "The mask \(SanitizedText(text, limit: 60)) is none; write a PNG's path, rect:x,y,w,h, "
                + "tokens:0,5,16-19, or \(MaskSource.dataPrefix) and a PNG in base64."
        case .outside(let width, let height):
            "The mask lies outside the picture, which is \(width)x\(height)."
        case .noSuchToken(let index, let count):
            "The mask names token \(index), but the picture has tokens 0 to \(count - 1)."
        case .wrongSize(let maskWidth, let maskHeight, let width, let height):
            "The mask is \(maskWidth)x\(maskHeight), but the picture is \(width)x\(height); both "
                + "must have one size."
        case .unreadable(let error): error.description
        }
    }
}
