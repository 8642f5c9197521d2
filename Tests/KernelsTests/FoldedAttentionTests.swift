import Kernels
import Tensors
import TestSupport
import Testing

/// The layers around a cross-attention of `heads` heads of eight channels.
private struct Attention {
    let heads: Int
    let queries: LinearWeights
    let output: LinearWeights
    let compute: Compute
    private var width: Int { 8 * heads }
    private let scale: Float = 0.4

    init(heads: Int, _ compute: Compute) {
        let width = 8 * heads
        (self.heads, self.compute) = (heads, compute)
        queries = LinearWeights(
            Tensor.random([width, width], seed: 1), bias: Tensor.random([width], seed: 2),
            compute: compute)
        output = LinearWeights(
            Tensor.random([width, width], seed: 3), bias: Tensor.random([width], seed: 4),
            compute: compute)
    }

    func plain(_ x: Tensor, _ text: Tensor) -> Tensor {
        let items = text.reshaped([1, text.shape[0], 2 * width])
        let attended = compute.attention(
            queries: HeadColumns(queries(x)), keys: [HeadColumns(items)],
            values: [HeadColumns(items, firstColumn: width)], heads: heads, headWidth: 8,
            scale: scale)
        return output(attended, adding: x)
    }

    func folded(_ text: Tensor) -> FoldedAttention {
        FoldedAttention(
            FoldedAttention.Layers(queries: queries, output: output), keysAndValues: text,
            heads: heads, scale: scale, compute: compute)
    }
}

@Test(
    arguments: [MatrixLibrary.oneDNN, .openBLAS, .plain],
    [(1, 1, 1), (33, 5, 3), (64, 17, 9), (70, 40, 2)])
func aFoldedAttentionIsTheAttention(library: MatrixLibrary, shape: (Int, Int, Int)) throws {
    let (tokens, textTokens, heads) = shape
    let compute = try Compute(threadCount: 2, precision: .float32, library: library)
    let x = Tensor.random([1, tokens, 8 * heads], seed: 5)
    let text = Tensor.random([textTokens, 16 * heads], seed: 6)
    let attention = Attention(heads: heads, compute)
    let result = FoldedAttention.run(x, texts: [attention.folded(text)], compute: compute)
    let (maximum, scale) = difference(result, attention.plain(x, text))
    #expect(maximum <= 2e-5 * max(1, scale))
}

@Test(arguments: [Precision.bfloat16, .int8].filter(Processor.offers))
func aFoldedAttentionStaysWithinTheRoundingOfItsPrecision(precision: Precision) throws {
    let x = Tensor.random([1, 70, 72], seed: 5)
    let text = Tensor.random([11, 144], seed: 6)
    let compute = try Compute(threadCount: 2, precision: precision)
    let result = FoldedAttention.run(
        x, texts: [Attention(heads: 9, compute).folded(text)], compute: compute)
    let exact = try Attention(
        heads: 9, Compute(threadCount: 2, precision: .float32, library: .plain)
    ).plain(x, text)
    let (maximum, scale) = difference(result, exact)
    #expect(maximum <= (precision == .int8 ? 0.04 : 0.02) * scale)
    #expect(maximum > 0)
}

@Test(arguments: [Precision.float32, .bfloat16])
func anItemOfAFoldedAttentionDependsOnItselfAlone(precision: Precision) throws {
    guard precision == .float32 || Processor.offers(precision) else { return }
    let x = Tensor.random([3, 70, 72], seed: 5)
    let texts = [11, 4, 7].map { Tensor.random([$0, 144], seed: UInt64($0)) }
    let runs = try [1, 2, 3].map { threads in
        let compute = try Compute(threadCount: threads, precision: precision)
        let attention = Attention(heads: 9, compute)
        let all = FoldedAttention.run(x, texts: texts.map(attention.folded), compute: compute)
        let alone = FoldedAttention.run(
            x.item(1).reshaped([1, 70, 72]), texts: [attention.folded(texts[1])], compute: compute)
        #expect(all.item(1).floats() == alone.floats())
        return all.floats()
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
}
