// Port of DCARBlock, dc-ai-projects/DC-AR, modeling/generator/dc_ar.py.

import Checkpoints
import Kernels
import Layers
import Tensors

/// Self-attention, cross-attention to the text and a feed-forward layer, each added to the stream.
/// The cross-attention reads the stream itself, without a norm. Keys: `attn.qkv`, `attn.q_norm`,
/// `attn.k_norm`, `attn.proj`, `cross_attn.q_linear`, `cross_attn.kv_linear`, `cross_attn.proj`,
/// `mlp.fc1`, `mlp.fc2`.
struct MaskedTransformerBlock: Sendable {
    private let width: Int
    private let heads: Int
    private let queriesKeysValues: Linear
    private let norms: (query: LayerNorm, key: LayerNorm)?
    private let attentionOutput: Linear
    private let crossQueries: Linear
    private let crossKeysValues: Linear
    private let crossOutput: Linear
    private let expand: Linear
    private let contract: Linear
    private let compute: Compute

    init(_ scope: LayerScope, _ configuration: GeneratorConfiguration) throws(CheckpointError) {
        width = configuration.width
        heads = configuration.heads
        compute = scope.compute
        let attention = scope["attn"]
        queriesKeysValues = try Linear(attention["qkv"], from: width, to: 3 * width)
        norms =
            configuration.normalisesQueriesAndKeys
            ? (
                try LayerNorm(attention["q_norm"], width: width, epsilon: 1e-5),
                try LayerNorm(attention["k_norm"], width: width, epsilon: 1e-5)
            ) : nil
        attentionOutput = try Linear(attention["proj"], from: width, to: width)
        let cross = scope["cross_attn"]
        crossQueries = try Linear(cross["q_linear"], from: width, to: width)
        crossKeysValues = try Linear(cross["kv_linear"], from: width, to: 2 * width)
        crossOutput = try Linear(cross["proj"], from: width, to: width)
        expand = try Linear(scope["mlp"]["fc1"], from: width, to: configuration.hiddenWidth)
        contract = try Linear(scope["mlp"]["fc2"], from: configuration.hiddenWidth, to: width)
    }

    /// What cross-attention reads of a text, for all steps of a run.
    enum Text: Sendable {
        /// [1, textTokens, 2 * width], keys before values.
        case keysAndValues(Tensor)
        case folded(FoldedAttention)
    }

    private var headWidth: Int { width / heads }
    private var scale: Float { 1 / Float(headWidth).squareRoot() }

    /// - Parameter projected: projected texts [textTokens, width].
    func texts(_ projected: [Tensor]) -> [Text] {
        var layers: FoldedAttention.Layers?
        var texts: [Text] = []
        for text in projected {
            let keysAndValues = crossKeysValues(text)
            let count = text.shape[0]
            if FoldedAttention.pays(heads: heads, textTokens: count, width: width) {
                let both =
                    layers
                    ?? FoldedAttention.Layers(
                        queries: crossQueries.weights, output: crossOutput.weights)
                layers = both
                texts.append(
                    .folded(
                        FoldedAttention(
                            both, keysAndValues: keysAndValues, heads: heads, scale: scale,
                            compute: compute)))
            } else {
                texts.append(.keysAndValues(keysAndValues.reshaped([1, count, 2 * width])))
            }
        }
        return texts
    }

    /// x + self-attention, [rows, tokens, width].
    func attendingToItself(_ x: Tensor) -> Tensor {
        let operand = compute.operand
        let qkv = queriesKeysValues(compute.layerNorm(x, epsilon: 1e-6, output: operand))
        let values = HeadColumns(qkv, firstColumn: 2 * width)
        let (queries, keys) =
            norms.map { norms in
                (
                    HeadColumns(norms.query(qkv, columns: 0..<width)),
                    HeadColumns(norms.key(qkv, columns: width..<2 * width))
                )
            } ?? (HeadColumns(qkv), HeadColumns(qkv, firstColumn: width))
        let attended = compute.attention(
            queries: queries, keys: keys.separated, values: values.separated, heads: heads,
            headWidth: headWidth, scale: scale)
        return attentionOutput(attended, adding: x).reshaped(x.shape)
    }

    /// The rest of the block.
    ///
    /// - Parameters:
    ///   - x: [rows, tokens, width].
    ///   - text: one for each row.
    func readingText(_ x: Tensor, _ text: [Text]) -> Tensor {
        let operand = compute.operand
        let afterCross = attendingToText(x, text)
        let hidden = expand(
            compute.layerNorm(afterCross, epsilon: 1e-6, output: operand), activation: .gelu,
            output: operand)
        return contract(hidden, adding: afterCross).reshaped(x.shape)
    }

    /// x + cross-attention, [rows, tokens, width].
    private func attendingToText(_ x: Tensor, _ texts: [Text]) -> Tensor {
        let folded = texts.compactMap { text in
            if case .folded(let attention) = text { attention } else { nil }
        }
        if folded.count == texts.count {
            return FoldedAttention.run(x, texts: folded, compute: compute)
        }
        let keysAndValues = texts.compactMap { text in
            if case .keysAndValues(let tensor) = text { tensor } else { nil }
        }
        guard keysAndValues.count == texts.count else {
            // Each row goes the way of its own text, whatever else is in the batch.
            var results: [Tensor] = []
            for (index, text) in texts.enumerated() {
                let row = x.item(index).reshaped([1, x.shape[1], width])
                results.append(attendingToText(row, [text]).reshaped([x.shape[1], width]))
            }
            return Tensor(stacking: results)
        }
        let attended = compute.attention(
            queries: HeadColumns(crossQueries(x.converted(to: compute.operand))),
            keys: keysAndValues.map { HeadColumns($0) },
            values: keysAndValues.map { HeadColumns($0, firstColumn: width) },
            heads: heads, headWidth: headWidth, scale: scale)
        return crossOutput(attended, adding: x).reshaped(x.shape)
    }
}
