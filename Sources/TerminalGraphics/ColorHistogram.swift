import Imaging

/// How often each colour occurs, in bins of 5 bits a channel.
struct ColorHistogram {
    /// Bins along one channel.
    static let side = 32

    /// For each bin the sums of red, green and blue over its pixels, and their count in lane 3.
    ///
    /// A picture of at most 4096x4096 pixels keeps every sum below 2^32.
    private(set) var sums = [SIMD4<UInt32>](repeating: .zero, count: side * side * side)

    init(_ image: RGBImage) {
        let pixels = image.pixels
        sums.withUnsafeMutableBufferPointer { sums in
            pixels.withUnsafeBufferPointer { pixels in
                var at = 0
                while at + 2 < pixels.count {
                    let bin = Self.bin(pixels[at], pixels[at + 1], pixels[at + 2])
                    sums[bin] &+= SIMD4(
                        UInt32(pixels[at]), UInt32(pixels[at + 1]), UInt32(pixels[at + 2]), 1)
                    at += 3
                }
            }
        }
    }

    /// The bin of a colour: red in the top 5 of 15 bits, blue in the lowest.
    @inline(__always)
    static func bin(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Int {
        Int(red >> 3) << 10 | Int(green >> 3) << 5 | Int(blue >> 3)
    }

    /// The mean colour of a bin that holds pixels.
    func mean(ofBin bin: Int) -> SIMD3<Float> {
        let sum = sums[bin]
        return SIMD3(Float(sum.x), Float(sum.y), Float(sum.z)) / Float(sum.w)
    }
}
