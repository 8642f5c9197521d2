import Tensors

/// Weights [outputs, inputs] as they lie in the checkpoint, float32; a mapped float32 file is used
/// in place, without a copy.
struct RowMajorMatrix: ArrangedMatrix {
    private let weights: Tensor
    private let product: any MatrixProduct
    var scales: OutputScales? { nil }

    init(_ weights: Tensor, product: any MatrixProduct) {
        self.weights = weights.converted(to: .float32)
        self.product = product
    }

    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>,
        into c: UnsafeMutablePointer<Float>
    ) throws(KernelError) {
        let inputs = weights.shape[1]
        weights.withFloats { w in
            guard let start = w.baseAddress else { return }
            product.multiply(
                a.assumingMemoryBound(to: Float.self), stride: inputs,
                start + outputs.lowerBound * inputs, stride: inputs, isTransposed: true,
                into: c, stride: outputs.count,
                rows: rows, columns: outputs.count, inner: inputs, alpha: 1)
        }
    }
}
