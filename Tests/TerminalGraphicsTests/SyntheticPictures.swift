import Imaging

/// Pictures made by arithmetic, so that no file is needed.
enum SyntheticPicture {
    /// Smooth sky, a hill, a sun with a sharp edge, fine texture on the ground and a little noise:
    /// the mix of smooth and detailed areas that a generated picture has.
    static func landscape(width: Int, height: Int) -> RGBImage {
        var picture = RGBImage(width: width, height: height)
        var noise = SplitMix64(seed: 7)
        for y in 0..<height {
            for x in 0..<width {
                let u = Float(x) / Float(width)
                let v = Float(y) / Float(height)
                let hill = 0.62 + 0.1 * wave(2.2 * u + 0.1) - 0.04 * wave(7 * u)
                var color: SIMD3<Float>
                if v < hill {
                    color = SIMD3(70, 130, 220) + SIMD3(150, 90, 10) * v + 6 * wave(3 * u + 2 * v)
                    let (du, dv) = (u - 0.7, v - 0.25)
                    if du * du + dv * dv < 0.012 { color = SIMD3(255, 225, 140) - 160 * dv }
                } else {
                    let depth = (v - hill) / (1 - hill)
                    let texture = 14 * wave(23 * u + 9 * v) * wave(31 * v) * depth
                    color = SIMD3(60, 120, 40) + SIMD3(80, 30, 20) * depth + texture
                }
                color += Float(noise.next() % 5) - 2
                picture[x, y] = SIMD3<UInt8>(clamped: color)
            }
        }
        return picture
    }

    /// Each channel a ramp of its own.
    static func ramps(width: Int, height: Int) -> RGBImage {
        var picture = RGBImage(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                picture[x, y] = SIMD3(
                    UInt8(255 * x / max(1, width - 1)), UInt8(255 * y / max(1, height - 1)),
                    UInt8(255 * (x + y) / max(1, width + height - 2)))
            }
        }
        return picture
    }

    /// Every pixel of its own colour.
    static func noise(width: Int, height: Int, seed: UInt64) -> RGBImage {
        var generator = SplitMix64(seed: seed)
        let pixels = (0..<3 * width * height).map { _ in
            UInt8(truncatingIfNeeded: generator.next())
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// A sine of period 1 without the C library: a parabola on each half.
    private static func wave(_ turns: Float) -> Float {
        let phase = turns - turns.rounded(.down)
        return phase < 0.5 ? 16 * phase * (0.5 - phase) : -16 * (phase - 0.5) * (1 - phase)
    }
}

extension SIMD3<UInt8> {
    fileprivate init(clamped color: SIMD3<Float>) {
        let inRange = color.clamped(
            lowerBound: SIMD3<Float>.zero, upperBound: SIMD3<Float>(repeating: 255))
        self.init(UInt8(inRange.x), UInt8(inRange.y), UInt8(inRange.z))
    }
}

/// The SplitMix64 generator of Steele, Lea and Flood (2014): the same numbers on every machine.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Peak signal-to-noise ratio as a ratio, not in dB: 40 dB is 10,000.
func peakSignalToNoise(_ a: RGBImage, _ b: RGBImage) -> Double {
    var sum = 0
    for (left, right) in zip(a.pixels, b.pixels) {
        let difference = Int(left) - Int(right)
        sum += difference * difference
    }
    return sum == 0 ? .infinity : 255 * 255 * Double(a.pixels.count) / Double(sum)
}
