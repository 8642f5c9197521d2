import CKernels
import Tensors

/// The attention of some queries of one head.
struct AttentionPart {
    let queries: dcar_rows
    let keys: dcar_rows
    let values: dcar_rows
    let headWidth: Int
    let scale: Float
    /// [queries, keys], or nil.
    let bias: UnsafePointer<Float>?

    /// With float32 products of a library.
    func run(_ product: any MatrixProduct, into output: dcar_out, stride: Int) {
        let scratch = Storage(byteCount: queries.count * (keys.count + headWidth) * 4)
        let scores = scratch.base.assumingMemoryBound(to: Float.self)
        let result = scores + queries.count * keys.count
        product.multiply(
            queries.start, stride: queries.stride, keys.start, stride: keys.stride,
            isTransposed: true, into: scores, stride: keys.count, rows: queries.count,
            columns: keys.count, inner: headWidth, alpha: 1)
        dcar_softmax(scores, queries.count, keys.count, scale, bias, keys.count)
        product.multiply(
            scores, stride: keys.count, values.start, stride: values.stride, isTransposed: false,
            into: result, stride: headWidth, rows: queries.count, columns: headWidth,
            inner: keys.count, alpha: 1)
        dcar_copy_rows(result, headWidth, queries.count, headWidth, output, stride)
    }

    /// With bfloat16 products, on processors that have them.
    func runInBFloat16(into output: dcar_out, stride: Int) {
        #if arch(x86_64)
            let way = Processor.bfloat16Way
            let scratch = Storage(
                byteCount: dcar_attention_scratch(way, queries.count, keys.count, headWidth))
            dcar_attention(
                way, queries, keys, values, headWidth, scale, bias, output, stride, scratch.base)
        #else
            preconditionFailure("Only x86-64 processors are asked for bfloat16.")
        #endif
    }
}
