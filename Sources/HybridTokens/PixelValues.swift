import Tensors

/// Bytes to the numbers that DC-HT works on, and back.
public enum PixelValues {
    /// Bytes [height, width, 3] as numbers in -1 ... 1: u / 255 * 2 - 1.
    public static func numbers(_ bytes: [UInt8], width: Int, height: Int) -> Tensor {
        Tensor([height, width, 3], bytes.map { Float($0) / 255 * 2 - 1 })
    }

    /// Numbers in about -1 ... 1 as bytes: x / 2 + 1/2 clamped to 0 ... 1, times 255, truncated as
    /// the official script does.
    public static func bytes(_ numbers: Tensor) -> [UInt8] {
        numbers.floats().map { number in
            let level = number * 0.5 + 0.5
            // Written so that a NaN becomes black instead of a trap.
            return level > 0 ? UInt8(min(level, 1) * 255) : 0
        }
    }
}
