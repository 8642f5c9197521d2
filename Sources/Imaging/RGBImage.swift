/// An 8-bit sRGB picture: three bytes a pixel, red first, rows from the top, no padding.
public struct RGBImage: Hashable, Sendable {
    /// Pixels.
    public let width: Int
    /// Pixels.
    public let height: Int
    /// `3 * width * height` bytes.
    public var pixels: [UInt8]

    /// - Precondition: `pixels` holds exactly `3 * width * height` bytes.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == 3 * width * height)
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
        precondition(width > 0 && height > 0)
        var pixels = [UInt8](repeating: red, count: 3 * width * height)
        if red != green || red != blue {
            for at in stride(from: 0, to: pixels.count, by: 3) {
                pixels[at + 1] = green
                pixels[at + 2] = blue
            }
        }
        self.init(width: width, height: height, pixels: pixels)
    }

    /// The red, green and blue bytes at column `x` of row `y`.
    public subscript(x: Int, y: Int) -> SIMD3<UInt8> {
        get {
            let at = 3 * (y * width + x)
            return SIMD3(pixels[at], pixels[at + 1], pixels[at + 2])
        }
        set {
            let at = 3 * (y * width + x)
            pixels[at] = newValue.x
            pixels[at + 1] = newValue.y
            pixels[at + 2] = newValue.z
        }
    }
}
