/// A text in the lowest bits of a picture's opacity, column by column: a signature, the number of
/// bits that follow as 32 bits, and those of the text, as the web UI's "stealth pnginfo" lays them.
/// All other pixels are opaque, and nobody sees 254 of 255.
enum StealthText {
    private static let signature = "stealth_pnginfo"
    /// What others write: the text packed by gzip.
    private static let packedSignature = "stealth_pngcomp"

    /// The opacity of a picture that carries the text; nil where it is too small for it.
    static func alpha(_ text: String, width: Int, height: Int) -> [UInt8]? {
        let length = UInt32(8 * text.utf8.count)
        let bytes =
            Array(signature.utf8) + (0..<4).map { UInt8(length >> (24 - 8 * $0) & 0xFF) }
            + text.utf8
        guard 8 * bytes.count <= width * height else { return nil }
        var alpha = [UInt8](repeating: 255, count: width * height)
        for bit in 0..<8 * bytes.count where bytes[bit / 8] >> UInt8(7 - bit % 8) & 1 == 0 {
            alpha[bit % height * width + bit / height] = 254
        }
        return alpha
    }

    /// Whether an opacity carries a text, and so means no transparency.
    static func isIn(_ alpha: [UInt8], width: Int, height: Int) -> Bool {
        let count = signature.utf8.count
        guard 8 * count <= width * height, alpha.allSatisfy({ $0 >= 254 }) else { return false }
        let found = bytes(0..<count, of: alpha, width: width, height: height)
        return found == Array(signature.utf8) || found == Array(packedSignature.utf8)
    }

    private static func bytes(
        _ range: Range<Int>, of alpha: [UInt8], width: Int, height: Int
    ) -> [UInt8] {
        range.map { byte in
            (0..<8).reduce(0) { sum, at in
                let bit = 8 * byte + at
                return sum << 1 | alpha[bit % height * width + bit / height] & 1
            }
        }
    }
}
