import CKernels
import Tensors

/// The cross-attention of tokens to one text that stays the same for many calls, from the layer
/// before it, which makes queries, to the one behind it.
///
/// Scores are linear in a token and the result is linear in the weights that softmax makes of them,
/// so the text's keys are multiplied into the first layer and its values into the second, once:
///
///     scores of head h  = x (Wq_h^T K_h^T) + bq_h K_h^T
///     output            = sum over h of softmax(scale * scores of head h) (V_h Wo_h^T) + bo
///
/// A token then costs 4 * heads * textTokens * width operations, not 4 * width^2 and the attention.
public struct FoldedAttention: Sendable {
    /// Tokens in one task.
    private static let rowsPerTask = 32

    private let heads: Int
    private let width: Int
    private let textTokens: Int
    private let compute: Compute
    /// [heads * textTokens, width], scaled, and its bias.
    private let scores: any ArrangedMatrix
    private let scoresBias: Tensor
    /// [width, heads * textTokens].
    private let mix: any ArrangedMatrix
    private let mixBias: Tensor?

    /// Whether folding makes a token cheaper by half or more; the folded weights of a long text
    /// would also take more memory than it is worth.
    public static func pays(heads: Int, textTokens: Int, width: Int) -> Bool {
        2 * heads * textTokens <= width
    }

    /// The layers before and behind the attention, as folding reads them.
    public struct Layers {
        /// float32 [width, width], row-major.
        fileprivate let before: Tensor
        fileprivate let behind: Tensor
        fileprivate let biases: (before: Tensor?, behind: Tensor?)

        /// - Parameters:
        ///   - queries: [width, width]; its outputs are the queries of all heads.
        ///   - output: [width, width].
        public init(queries: LinearWeights, output: LinearWeights) {
            (before, behind) = (queries.rowMajor(), output.rowMajor())
            biases = (queries.bias, output.bias)
        }
    }

    /// - Parameters:
    ///   - keysAndValues: float32 [textTokens, 2 * width].
    ///   - scale: what scores are multiplied by.
    public init(
        _ layers: Layers, keysAndValues: Tensor, heads: Int, scale: Float, compute: Compute
    ) {
        let (width, count) = (keysAndValues.shape[1] / 2, keysAndValues.shape[0])
        let headWidth = width / heads
        (self.heads, self.width, self.compute) = (heads, width, compute)
        textTokens = count
        let (before, behind) = (layers.before, layers.behind)
        let product = compute.product
        let keys = keysAndValues.pointer
        let values = keys + width
        defer { withExtendedLifetime((keysAndValues, layers)) {} }
        let scores = Tensor([heads * count, width]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            compute.forEach(heads) { head in
                product.multiply(
                    keys + head * headWidth, stride: 2 * width,
                    before.pointer + head * headWidth * width, stride: width, isTransposed: false,
                    into: to + head * count * width, stride: width,
                    rows: count, columns: width, inner: headWidth, alpha: scale)
            }
        }
        scoresBias = Tensor([heads * count]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for row in 0..<heads * count {
                let (head, token) = (row / count, row % count)
                var sum: Float = 0
                for i in head * headWidth..<(head + 1) * headWidth {
                    sum += (layers.biases.before?.pointer[i] ?? 0) * keys[token * 2 * width + i]
                }
                to[row] = scale * sum
            }
        }
        let mix = Tensor([width, heads * count]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            compute.forEach(heads) { head in
                product.multiply(
                    behind.pointer + head * headWidth, stride: width,
                    values + head * headWidth, stride: 2 * width, isTransposed: true,
                    into: to + head * count, stride: heads * count,
                    rows: width, columns: count, inner: headWidth, alpha: 1)
            }
        }
        mixBias = layers.biases.behind
        self.scores = compute.arranged(scores)
        self.mix = compute.arranged(mix)
    }

    /// x + attention for every item of `x` with its own text.
    ///
    /// - Parameter x: float32 [items, tokens, width].
    public static func run(_ x: Tensor, texts: [FoldedAttention], compute: Compute) -> Tensor {
        let (tokens, width) = (x.shape[1], x.shape[2])
        precondition(x.shape[0] == texts.count && texts.allSatisfy { $0.width == width })
        let runs = (tokens + rowsPerTask - 1) / rowsPerTask
        defer { withExtendedLifetime((x, texts)) {} }
        return Tensor(x.shape) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            compute.forEach(texts.count * runs) { task in
                let first = task % runs * rowsPerTask
                let at = (task / runs * tokens + first) * width
                texts[task / runs].run(
                    x.pointer + at, rows: min(rowsPerTask, tokens - first), into: to + at)
            }
        }
    }

    private func run(
        _ x: UnsafePointer<Float>, rows: Int, into result: UnsafeMutablePointer<Float>
    ) {
        let (operand, columns) = (compute.operand, heads * textTokens)
        let scratch = Storage(byteCount: rows * (width + columns) * operand.byteWidth)
        let tokens = scratch.base
        let weights = scratch.base + rows * width * operand.byteWidth
        let sums = Storage(byteCount: rows * columns * 4)
        let logits = sums.base.assumingMemoryBound(to: Float.self)

        dcar_copy_rows(x, width, rows, width, out(tokens, operand), width)
        var epilogue = Epilogue(bias: scoresBias.pointer)
        for run in Tiling.outputs(columns) {
            scores.multiply(
                tokens, rows: rows, outputs: run, epilogue: epilogue, firstRow: 0,
                into: out(logits + run.lowerBound, .float32), stride: columns)
        }
        // The scores of a token's heads lie one behind the other.
        dcar_softmax(logits, rows * heads, textTokens, 1, nil, 0)
        dcar_copy_rows(logits, columns, rows, columns, out(weights, operand), columns)
        epilogue = Epilogue(bias: mixBias?.pointer, addend: x, addendStride: width)
        for run in Tiling.outputs(width) {
            mix.multiply(
                weights, rows: rows, outputs: run, epilogue: epilogue, firstRow: 0,
                into: out(result + run.lowerBound, .float32), stride: width)
        }
        withExtendedLifetime((scratch, sums)) {}
    }
}

extension Compute {
    /// Weights [outputs, inputs] made during a run, for products of the engine's operands.
    func arranged(_ weights: Tensor) -> any ArrangedMatrix {
        guard floatPrecision != .float32 else {
            return product.arrangeMatrix(weights)
        }
        let (outputs, inputs) = weights.rowsAndColumns
        let packed = Storage(byteCount: PackedMatrix.byteCount(weights.shape, floatPrecision))
        // Runs of 64 rows are packed by themselves, one behind the other.
        forEachRun(of: outputs, grain: 64) { run in
            let rows = Storage(byteCount: run.count * inputs * 2)
            dcar_copy_rows(
                weights.pointer + run.lowerBound * inputs, inputs, run.count, inputs,
                out(rows.base, .bfloat16), inputs)
            dcar_pack(
                rows.base, run.count, 2 * inputs,
                packed.base + dcar_packed_bytes(run.lowerBound, 2 * inputs))
        }
        withExtendedLifetime(weights) {}
        return PackedMatrix(packed, shape: weights.shape, precision: floatPrecision)
    }
}
