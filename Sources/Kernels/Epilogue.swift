import CKernels

/// An element-wise function after a matrix product.
public enum Activation: Sendable {
    case none
    case relu
    case silu
    /// The tanh form of GELU.
    case gelu

    var kernel: dcar_activation {
        switch self {
        case .none: DCAR_NONE
        case .relu: DCAR_RELU
        case .silu: DCAR_SILU
        case .gelu: DCAR_GELU
        }
    }
}

/// What happens to a product before it is stored: scales, bias, activation, sum.
struct Epilogue {
    /// Of each row of a product of integers, and of each output; nil for a product of floats.
    var rowScale: UnsafePointer<Float>?
    /// What stands for zero in each row of a product of integers.
    var rowZero: UnsafePointer<Int32>?
    var scales: OutputScales?
    /// One number an output channel, or nil.
    var bias: UnsafePointer<Float>?
    var activation: Activation = .none
    /// Added last; as many numbers a row as the result has.
    var addend: UnsafePointer<Float>?
    var addendStride = 0

    /// The epilogue for outputs from `output` of rows from `row` on.
    func at(row: Int, output: Int) -> dcar_epilogue {
        dcar_epilogue(
            row_scale: rowScale.map { $0 + row },
            row_zero: rowZero.map { $0 + row },
            column_scale: scales.map { $0.scale + output },
            column_sum: scales.map { $0.sum + output },
            bias: bias.map { $0 + output }, activation: activation.kernel,
            addend: addend.map { $0 + row * addendStride + output }, addend_stride: addendStride)
    }
}
