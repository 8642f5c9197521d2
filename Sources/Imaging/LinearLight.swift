import Foundation

/// The sRGB transfer curve (IEC 61966-2-1) between bytes and linear light from 0 to 1. Averages of
/// pixels are right only in linear light; of sRGB bytes they come out too dark.
public enum LinearLight {
    /// The light of each byte.
    public static let ofByte: [Float] = (0...255).map { Float(light(Double($0) / 255)) }

    /// For each byte above 0 the least light that is rounded to it.
    private static let thresholds: [Float] = (1...255).map {
        Float(light((Double($0) - 0.5) / 255))
    }

    /// The least byte for each 4096th of the light: where the search starts.
    private static let guesses: [UInt8] = (0...4096).map { part in
        UInt8(thresholds.count { $0 <= Float(part) / 4096 })
    }

    /// The nearest byte; light outside 0...1 gives 0 or 255, and NaN gives 0.
    public static func byte(_ light: Float) -> UInt8 {
        byte(light, guesses, thresholds)
    }

    /// Appends the nearest bytes of the first three lights of each pixel.
    static func append(_ pixels: [SIMD4<Float>], to bytes: inout [UInt8]) {
        // Read once: a static costs a check at every use.
        let (guesses, thresholds) = (guesses, thresholds)
        bytes += [UInt8](unsafeUninitializedCapacity: 3 * pixels.count) { row, count in
            for (x, pixel) in pixels.enumerated() {
                row[3 * x] = byte(pixel.x, guesses, thresholds)
                row[3 * x + 1] = byte(pixel.y, guesses, thresholds)
                row[3 * x + 2] = byte(pixel.z, guesses, thresholds)
            }
            count = 3 * pixels.count
        }
    }

    @inline(__always)
    private static func byte(_ light: Float, _ guesses: [UInt8], _ thresholds: [Float]) -> UInt8 {
        guard light > 0 else { return 0 }
        guard light < 1 else { return 255 }
        var byte = Int(guesses[Int(light * 4096)])
        while byte < 255, thresholds[byte] <= light { byte += 1 }
        return UInt8(byte)
    }

    private static func light(_ value: Double) -> Double {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
