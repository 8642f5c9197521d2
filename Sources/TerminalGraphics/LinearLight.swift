import Foundation

/// sRGB bytes as linear light in 0...1 and back (IEC 61966-2-1).
///
/// Averages and dither thresholds are right only for light itself, not for its sRGB code.
enum LinearLight {
    /// Linear light of each sRGB byte.
    static let ofByte: [Float] = (0...255).map { byte in
        let coded = Double(byte) / 255
        return Float(coded <= 0.04045 ? coded / 12.92 : pow((coded + 0.055) / 1.055, 2.4))
    }

    /// The sRGB byte nearest to a linear value; values outside 0...1 are clamped, NaN is black.
    static func byte(_ linear: Float) -> UInt8 {
        guard linear > 0 else { return 0 }
        return bytes[Int(min(linear, 1) * Float(bytes.count - 1) + 0.5)]
    }

    /// Fine enough that every byte survives the way to linear light and back.
    private static let bytes: [UInt8] = (0...16384).map { index in
        let linear = Double(index) / 16384
        let coded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055
        return UInt8((coded * 255).rounded())
    }
}
