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

    /// Cross-attention keys and values [textTokens, 2 * width] of a projected text.
    func keysAndValues(_ text: Tensor) throws(KernelError) -> Tensor {
        try crossKeysValues(text)
    }

    /// - Parameters:
    ///   - x: [rows, tokens, width].
    ///   - text: for each row, [1, textTokens, 2 * width].
    func callAsFunction(_ x: Tensor, text: [Tensor]) throws(KernelError) -> Tensor {
        let (operand, shape) = (compute.operand, x.shape)
        let headWidth = width / heads
        let scale = 1 / Float(headWidth).squareRoot()

        let qkv = try queriesKeysValues(compute.layerNorm(x, epsilon: 1e-6, output: operand))
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
        let afterSelf = try attentionOutput(attended, adding: x)

        let crossed = compute.attention(
            queries: HeadColumns(try crossQueries(afterSelf.converted(to: operand))),
            keys: text.map { HeadColumns($0) },
            values: text.map { HeadColumns($0, firstColumn: width) },
            heads: heads, headWidth: headWidth, scale: scale)
        let afterCross = try crossOutput(crossed, adding: afterSelf)

        let hidden = try expand(
            compute.layerNorm(afterCross, epsilon: 1e-6, output: operand), activation: .gelu,
            output: operand)
        return try contract(hidden, adding: afterCross).reshaped(shape)
    }
}
