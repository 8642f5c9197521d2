import CKernels
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

    func uses(_ weights: Tensor) -> Bool { weights.elementType == .float32 }

    func rowMajor(on compute: Compute) -> Tensor { weights }

    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>, epilogue: Epilogue, firstRow: Int,
        into out: dcar_out, stride: Int
    ) {
        let inputs = weights.shape[1]
        let tile = Storage(byteCount: rows * outputs.count * 4)
        let c = tile.base.assumingMemoryBound(to: Float.self)
        product.multiply(
            a.assumingMemoryBound(to: Float.self), stride: inputs,
            weights.pointer + outputs.lowerBound * inputs, stride: inputs, isTransposed: true,
            into: c, stride: outputs.count,
            rows: rows, columns: outputs.count, inner: inputs, alpha: 1)
        dcar_finish_tile(
            c, outputs.count, rows, outputs.count,
            epilogue.at(row: firstRow, output: outputs.lowerBound), out, stride)
    }
}
