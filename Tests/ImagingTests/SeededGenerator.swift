import Imaging

/// SplitMix64, so that a failing case comes again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    /// Text of up to `count` characters, half of them ASCII, the rest from everywhere.
    mutating func text(upTo count: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...count, using: &self) {
            let highest: UInt32 = [0x7F, 0x7F, 0xFF, 0x10FFFF].randomElement(using: &self) ?? 0x7F
            if let scalar = Unicode.Scalar(UInt32.random(in: 1...highest, using: &self)) {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}

extension RGBImage {
    static func random(
        width: Int, height: Int, using generator: inout SeededGenerator
    ) -> RGBImage {
        RGBImage(width: width, height: height, pixels: generator.bytes(3 * width * height))
    }
}
