/// The 8x8 ordered-dither matrix of Bayer (1973).
enum BayerThreshold {
    /// The threshold at a pixel: one of 64 values evenly spaced inside 0...1, mean 0.5.
    static func at(_ x: Int, _ y: Int) -> Float {
        table[(y & 7) << 3 | (x & 7)]
    }

    private static let table: [Float] = (0..<64).map { index in
        let x = index & 7
        let y = index >> 3
        var rank = 0
        for bit in 0..<3 {
            // The bits of x ^ y and y, interleaved with the lowest bit most significant.
            rank = rank << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1)
        }
        return (Float(rank) + 0.5) / 64
    }
}
