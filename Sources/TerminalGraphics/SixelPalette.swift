/// The colours of a sixel picture, at most 1024, in the 0-100 steps that the format can name.
///
/// A value, so that one palette can serve all frames of a run: bands that did not change can then
/// be left out without a shift of colour.
public struct SixelPalette: Hashable, Sendable {
    /// Red, green and blue in 0...100, no colour twice.
    public let levels: [SIMD3<UInt8>]
    /// The same colours as the sRGB bytes that a terminal shows.
    let colors: [SIMD3<Float>]

    /// The colours that serve a picture best, at most `count` of them (2...1024).
    init(_ histogram: ColorHistogram, count: Int) {
        var seen: Set<SIMD3<UInt8>> = []
        let wanted = WuQuantizer(histogram).colors(min(max(count, 2), SixelOptions.mostColors))
        let snapped = wanted.map { color in
            SIMD3<UInt8>(
                UInt8((color.x / 2.55).rounded()), UInt8((color.y / 2.55).rounded()),
                UInt8((color.z / 2.55).rounded()))
        }
        levels = snapped.filter { seen.insert($0).inserted }
        colors = levels.map { level in
            SIMD3(Self.byte(level.x), Self.byte(level.y), Self.byte(level.z))
        }
    }

    /// The sRGB byte that terminals and libsixel show for a level of 0...100.
    private static func byte(_ level: UInt8) -> Float {
        Float((Int(level) * 255 + 50) / 100)
    }

    /// The root mean square distance of a picture's colours to this palette, in sRGB bytes.
    func error(on histogram: ColorHistogram) -> Double {
        let search = NearestColorSearch(colors)
        var sum = 0.0
        var pixels = 0.0
        for (bin, binSum) in histogram.sums.enumerated() where binSum.w > 0 {
            let distance = search.nearest(to: histogram.mean(ofBin: bin)).squaredDistance
            sum += Double(binSum.w) * Double(distance)
            pixels += Double(binSum.w)
        }
        return pixels > 0 ? (sum / pixels).squareRoot() : 0
    }
}
