import Tensors

/// Numbers that look random and are the same on every run.
public struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension Tensor {
    /// Uniform numbers in -1 ..< 1.
    public static func random(_ shape: Shape, seed: UInt64) -> Tensor {
        var numbers = SeededNumbers(seed: seed)
        return Tensor(
            shape, (0..<shape.count).map { _ in Float.random(in: -1..<1, using: &numbers) })
    }
}

/// The largest |a - b| and the largest |b|.
public func difference(_ a: Tensor, _ b: Tensor) -> (maximum: Float, scale: Float) {
    var (maximum, scale): (Float, Float) = (0, 0)
    for (x, y) in zip(a.floats(), b.floats()) {
        // NaN must not pass for equal.
        maximum = (x - y).isFinite ? max(maximum, abs(x - y)) : .infinity
        scale = max(scale, abs(y))
    }
    return (a.count == b.count ? maximum : .infinity, scale)
}
