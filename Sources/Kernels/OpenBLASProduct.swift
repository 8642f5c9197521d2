import COpenBLAS
import Tensors

/// Matrix products by OpenBLAS: the portable path, float32 only.
struct OpenBLASProduct: MatrixProduct {
    init() {
        openblas_set_num_threads(1)
    }

    func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int,
        _ b: UnsafePointer<Float>, stride bStride: Int, isTransposed: Bool,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int,
        rows: Int, columns: Int, inner: Int, alpha: Float
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, isTransposed ? CblasTrans : CblasNoTrans,
            blasint(rows), blasint(columns), blasint(inner), alpha, a, blasint(aStride),
            b, blasint(bStride), 0, c, blasint(cStride))
    }

    func arrangeConvolution(_ weights: Tensor, scale: [Float]?, precision: Precision)
        -> any ArrangedConvolution
    {
        GatheredConvolution(weights, scale: scale, product: self)
    }
}
