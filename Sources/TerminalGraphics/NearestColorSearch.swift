import CKernels

/// Finds the nearest of a palette's colours by looking at all of them.
struct NearestColorSearch {
    /// The colours by channel, filled up to a multiple of 16 with colours that are near nothing.
    private let red: [Float]
    private let green: [Float]
    private let blue: [Float]

    /// - Precondition: 1 to 1024 colours, sRGB bytes.
    init(_ colors: [SIMD3<Float>]) {
        precondition(!colors.isEmpty && colors.count <= SixelOptions.mostColors)
        let filling = [Float](repeating: 1e6, count: (16 - colors.count % 16) % 16)
        red = colors.map(\.x) + filling
        green = colors.map(\.y) + filling
        blue = colors.map(\.z) + filling
    }

    /// The nearest colour to one of channels in 0...255, and its squared distance. The lower index
    /// wins a tie.
    func nearest(to color: SIMD3<Float>) -> (index: Int, squaredDistance: Float) {
        var distance: Float = 0
        let index = withUnsafeBytes(of: color) { color in
            dcar_nearest_color(
                red, green, blue, red.count, color.assumingMemoryBound(to: Float.self).baseAddress,
                &distance)
        }
        return (index, distance)
    }
}
