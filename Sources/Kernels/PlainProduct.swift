import Tensors

/// Matrix products as three loops, in float64: slow, and exact enough to judge the fast ones.
struct PlainProduct: MatrixProduct {
    func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int,
        _ b: UnsafePointer<Float>, stride bStride: Int, isTransposed: Bool,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int,
        rows: Int, columns: Int, inner: Int, alpha: Float
    ) {
        for row in 0..<rows {
            for column in 0..<columns {
                var sum = 0.0
                for k in 0..<inner {
                    let right = isTransposed ? b[column * bStride + k] : b[k * bStride + column]
                    sum += Double(a[row * aStride + k]) * Double(right)
                }
                c[row * cStride + column] = Float(sum) * alpha
            }
        }
    }

    func arrangeConvolution(_ weights: Tensor, scale: [Float]?, precision: Precision)
        -> any ArrangedConvolution
    {
        GatheredConvolution(weights, scale: scale, product: self)
    }
}
