import CKernels

/// An element-wise function after a matrix product.
public enum Activation: Int32, Sendable {
    case none = 0
    case relu = 1
    case silu = 2
    /// The tanh form of GELU.
    case gelu = 3
}

/// What happens to a product before it is stored: bias, activation, sum.
struct Epilogue {
    /// One number an output channel, or nil.
    var bias: UnsafePointer<Float>?
    var activation: Activation = .none
    /// Added last; as many numbers a row as the result has.
    var addend: UnsafePointer<Float>?
    var addendStride = 0

    /// The epilogue for outputs from `output` of rows from `row` on.
    func at(row: Int, output: Int) -> dcar_epilogue {
        dcar_epilogue(
            bias: bias.map { $0 + output }, activation: activation.rawValue,
            addend: addend.map { $0 + row * addendStride + output }, addend_stride: addendStride)
    }
}
