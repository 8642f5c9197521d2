import Foundation

/// The token grid of a picture as a PNG keeps it, so that an edit needs no encoder.
public struct TokenGridRecord: Hashable, Sendable {
    /// Tokens a row.
    public let gridWidth: Int
    /// Rows of tokens.
    public let gridHeight: Int
    /// Codebook indices row by row; nil is masked.
    public let ids: [UInt16?]
    /// For each token the step that fixed it, from 1; 0 for one that was given or is masked.
    public let commitSteps: [UInt8]
    /// For each token how sure the sampler was, 255 the surest.
    public let confidence: [UInt8]

    /// Tokens a side at most.
    public static let sideLimit = 128
    private static let version: UInt8 = 1
    private static let masked: UInt16 = 0xFFFF

    /// - Precondition: each array holds `gridWidth * gridHeight` elements, no side is above `sideLimit`,
    ///   and no index is 0xFFFF.
    public init(
        gridWidth: Int, gridHeight: Int, ids: [UInt16?], commitSteps: [UInt8], confidence: [UInt8]
    ) {
        let count = gridWidth * gridHeight
        precondition(1...Self.sideLimit ~= gridWidth && 1...Self.sideLimit ~= gridHeight)
        precondition(
            ids.count == count && commitSteps.count == count && confidence.count == count)
        precondition(!ids.contains(Self.masked))
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        self.ids = ids
        self.commitSteps = commitSteps
        self.confidence = confidence
    }

    /// A probability as the record keeps it.
    public static func byte(_ probability: Float) -> UInt8 {
        // Written so that a NaN becomes 0 instead of a trap.
        probability > 0 ? UInt8((min(probability, 1) * 255).rounded()) : 0
    }

    /// For each token how sure the sampler was, 1 the surest.
    public var probabilities: [Float] { confidence.map { Float($0) / 255 } }

    /// Base64 of: a version byte, the grid's width and height, the indices with the low byte first
    /// and 0xFFFF for masked, the steps, the confidences.
    public var base64: String {
        var bytes = [Self.version, UInt8(gridWidth), UInt8(gridHeight)]
        for id in ids {
            let value = id ?? Self.masked
            bytes += [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)]
        }
        return Data(bytes + commitSteps + confidence).base64EncodedString()
    }

    /// Nil when the text is not what `base64` gives.
    public init?(base64 text: String) {
        guard let data = Data(base64Encoded: text), data.count >= 3 else { return nil }
        let bytes = [UInt8](data)
        let (width, height) = (Int(bytes[1]), Int(bytes[2]))
        let count = width * height
        guard bytes[0] == Self.version, 1...Self.sideLimit ~= width, 1...Self.sideLimit ~= height,
            bytes.count == 3 + 4 * count
        else { return nil }
        let ids = (0..<count).map { index -> UInt16? in
            let value = UInt16(bytes[3 + 2 * index]) | UInt16(bytes[4 + 2 * index]) << 8
            return value == Self.masked ? nil : value
        }
        self.init(
            gridWidth: width, gridHeight: height, ids: ids,
            commitSteps: Array(bytes[(3 + 2 * count)..<(3 + 3 * count)]),
            confidence: Array(bytes[(3 + 3 * count)...]))
    }
}

/// The residual tokens of a picture as a PNG keeps them: half precision, `[tokens, channels]`.
public struct ResidualRecord: Hashable, Sendable {
    /// Row by row; each rounded to half precision.
    public let values: [Float]

    /// Rounds numbers to what the record can hold.
    public init(_ values: [Float]) {
        self.values = values.map { Float(Float16($0)) }
    }

    /// Base64 of the numbers as IEEE half precision, low byte first.
    public var base64: String {
        let bytes = values.flatMap { value in
            let bits = Float16(value).bitPattern
            return [UInt8(truncatingIfNeeded: bits), UInt8(bits >> 8)]
        }
        return Data(bytes).base64EncodedString()
    }

    /// Nil when the text is not base64 of as many finite numbers for each of `tokenCount` tokens.
    public init?(base64 text: String, tokenCount: Int) {
        guard let data = Data(base64Encoded: text), tokenCount > 0, !data.isEmpty,
            data.count % (2 * tokenCount) == 0
        else { return nil }
        let bytes = [UInt8](data)
        let numbers = stride(from: 0, to: bytes.count, by: 2).map {
            Float(Float16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
        }
        guard numbers.allSatisfy(\.isFinite) else { return nil }
        values = numbers
    }
}
