/// Finds the nearest of a palette's colours.
///
/// The colour space is cut into boxes of 16x16x16; the first question about a box collects the few
/// colours that can be nearest to a point of it, much as libjpeg's two-pass quantiser does.
struct NearestColorSearch {
    private let colors: [SIMD3<Float>]
    /// The same colours by channel, padded with colours that are near nothing.
    private let channels: [(red: SIMD8<Float>, green: SIMD8<Float>, blue: SIMD8<Float>)]
    /// For each box its part of `candidates`, or -1 where it was not asked for yet.
    private var starts = [Int32](repeating: -1, count: 4096)
    private var counts = [Int32](repeating: 0, count: 4096)
    private var candidates: [UInt16] = []

    /// - Precondition: 1 to 1024 colours, sRGB bytes.
    init(_ colors: [SIMD3<Float>]) {
        precondition(!colors.isEmpty && colors.count <= SixelOptions.mostColors)
        self.colors = colors
        channels = stride(from: 0, to: colors.count, by: 8).map { start in
            var chunk = (
                red: SIMD8<Float>(repeating: 1e6), green: SIMD8<Float>(repeating: 1e6),
                blue: SIMD8<Float>(repeating: 1e6)
            )
            for (lane, color) in colors[start..<min(start + 8, colors.count)].enumerated() {
                chunk.red[lane] = color.x
                chunk.green[lane] = color.y
                chunk.blue[lane] = color.z
            }
            return chunk
        }
    }

    /// The nearest colour to one of channels in 0...255, and its squared distance. The lower index
    /// wins a tie.
    mutating func nearest(to color: SIMD3<Float>) -> (index: Int, squaredDistance: Float) {
        let box = (Int(color.x) / 16 * 16 + Int(color.y) / 16) * 16 + Int(color.z) / 16
        if starts[box] < 0 { collect(box) }
        var best = 0
        var least = Float.infinity
        let start = Int(starts[box])
        for at in start..<start + Int(counts[box]) {
            let difference = colors[Int(candidates[at])] - color
            let distance = (difference * difference).sum()
            if distance < least {
                least = distance
                best = Int(candidates[at])
            }
        }
        return (best, least)
    }

    private mutating func collect(_ box: Int) {
        let center = SIMD3(Float(box / 256), Float(box / 16 % 16), Float(box % 16)) * 16 + 8
        var nearest = SIMD8<Float>(repeating: .infinity)
        for chunk in channels {
            nearest = pointwiseMin(nearest, Self.distance(chunk, center))
        }
        // A point lies at most half a diagonal, 8 * sqrt(3), from the middle of its box, so its
        // nearest colour lies at most a whole one farther from the middle than the least.
        let reach = nearest.min().squareRoot() + 27.72
        starts[box] = Int32(candidates.count)
        for (index, chunk) in channels.enumerated() {
            let isNear = Self.distance(chunk, center) .<= reach * reach
            guard any(isNear) else { continue }
            for lane in 0..<8 where isNear[lane] { candidates.append(UInt16(8 * index + lane)) }
        }
        counts[box] = Int32(candidates.count) - starts[box]
    }

    @inline(__always)
    private static func distance(
        _ chunk: (red: SIMD8<Float>, green: SIMD8<Float>, blue: SIMD8<Float>),
        _ center: SIMD3<Float>
    ) -> SIMD8<Float> {
        let (red, green, blue) =
            (chunk.red - center.x, chunk.green - center.y, chunk.blue - center.z)
        return red * red + green * green + blue * blue
    }
}
