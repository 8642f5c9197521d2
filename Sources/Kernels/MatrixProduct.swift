import CKernels
import Tensors

/// One library's matrix product. All calls run in the calling thread.
protocol MatrixProduct: Sendable {
    /// C = alpha A B, row-major float32. `a` is [rows, inner], `b` is [inner, columns], or
    /// [columns, inner] when `isTransposed`; strides count numbers between rows.
    func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int,
        _ b: UnsafePointer<Float>, stride bStride: Int, isTransposed: Bool,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int,
        rows: Int, columns: Int, inner: Int, alpha: Float)

    /// Begins, beside everything else, what the first product would have to do before it.
    func warmUp()

    /// Weights [outputs, inputs] of any float type, arranged for float32.
    func arrangeMatrix(_ weights: Tensor) -> any ArrangedMatrix

    /// Weights [outputs, inputs, 3, 3] of a convolution, arranged for this library and precision
    /// when it is prepared or first runs; `scale` multiplies each output's weights.
    func arrangeConvolution(_ weights: Tensor, scale: [Float]?, precision: Precision)
        -> any ArrangedConvolution
}

extension MatrixProduct {
    func warmUp() {}

    func arrangeMatrix(_ weights: Tensor) -> any ArrangedMatrix {
        RowMajorMatrix(weights, product: self)
    }
}

/// The weights of a linear layer, ready to be multiplied.
protocol ArrangedMatrix: Sendable {
    /// What turns the integer sums of a product of integers into numbers; nil for floats.
    var scales: OutputScales? { get }
    /// Whether it reads the weights where they lie, without a copy of its own.
    func uses(_ weights: Tensor) -> Bool
    /// The weights as float32 [outputs, inputs].
    func rowMajor(on compute: Compute) -> Tensor
    /// epilogue(A W^T) for the weight rows `outputs`, one of the runs of `Tiling`, and at most
    /// `Tiling.rows` rows; A's elements are of the weights' precision.
    ///
    /// - Parameters:
    ///   - a: [rows, inputs] without gaps.
    ///   - firstRow: the number of A's first row in what the epilogue adds.
    ///   - stride: numbers between the rows of `out`.
    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>, epilogue: Epilogue, firstRow: Int,
        into out: dcar_out, stride: Int)
}

extension ArrangedMatrix {
    func uses(_ weights: Tensor) -> Bool { false }
}

/// The weights of a 3x3 convolution with stride 1 and zero padding 1, ready to be applied.
protocol ArrangedConvolution: Sendable {
    /// Does now what can be done before an image is there.
    func prepare()
    /// What it makes, where that does not depend on the image; nil otherwise.
    var packable: PackableWeights? { get }
    /// The tasks into which an image of this size is divided; they depend on the size alone.
    func tasks(width: Int, height: Int) -> Int
    /// Computes one task of `input` [height, width, inputs], writing [height, width, outputs].
    func run(
        _ task: Int, input: UnsafePointer<Float>, width: Int, height: Int, epilogue: Epilogue,
        output: UnsafeMutablePointer<Float>) throws(KernelError)
}

/// Fixed divisions of a product; part of what makes results independent of the thread count.
enum Tiling {
    /// Rows of A in one task.
    static let rows = DCAR_PRODUCT_ROWS

    /// Runs of outputs, near 192 each, multiples of 64 but for the last.
    static func outputs(_ count: Int) -> [Range<Int>] {
        guard count > 0 else { return [] }
        let runs = (count + 191) / 192
        let length = ((count + runs - 1) / runs + 63) / 64 * 64
        return stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
    }
}
