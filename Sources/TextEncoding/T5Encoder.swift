// Port of T5EncoderModel, huggingface/transformers, models/t5/modeling_t5.py.

import Checkpoints
import Foundation
import Kernels
import Layers
import Tensors

/// T5's encoder: padded token ids to text states.
///
/// It runs on all positions, pads included, without an attention mask, as DC-AR was trained; pads
/// therefore change the states of real tokens.
public struct T5Encoder: Sendable {
    public let configuration: T5Configuration
    private let embedding: Tensor
    private let blocks: [T5Block]
    private let finalNorm: RMSNorm
    /// [buckets, heads], of the first layer and used by all.
    private let relativeBias: Tensor
    private let scope: LayerScope

    /// - Parameter scope: the root of a T5 checkpoint; the embedding is `shared.weight` or
    ///   `encoder.embed_tokens.weight`.
    /// - Throws: `CheckpointError`.
    public init(_ scope: LayerScope, _ configuration: T5Configuration) throws(CheckpointError) {
        self.configuration = configuration
        self.scope = scope
        let encoder = scope["encoder"]
        let shape: Shape = [configuration.vocabularySize, configuration.width]
        let embedding =
            scope.weights["shared"].has("weight") ? scope["shared"] : encoder["embed_tokens"]
        self.embedding = try embedding.weight("weight", shape)
        var blocks: [T5Block] = []
        for layer in 0..<configuration.layers {
            blocks.append(try T5Block(encoder["block"][layer]["layer"], configuration))
        }
        self.blocks = blocks
        finalNorm = try RMSNorm(
            encoder["final_layer_norm"], width: configuration.width, epsilon: configuration.epsilon)
        relativeBias = try encoder["block"][0]["layer"][0]["SelfAttention"].smallWeight(
            "relative_attention_bias.weight", [configuration.buckets, configuration.heads])
    }

    /// Checks and arranges the weights; see `LayerScope.prepare`.
    public func prepare() throws {
        try scope.prepare()
    }

    /// Gives back the memory of the weights until the next prompt, where it is much.
    public func release() {
        scope.release()
    }

    /// Lets the system take back the file pages of packed weights, if they are many.
    public func releasePages() {
        scope.releasePages()
    }

    /// Text states [ids.count, width], float32.
    ///
    /// - Parameter ids: padded token ids, each below the vocabulary size.
    /// - Throws: `Stopped` when asked to stop.
    public func callAsFunction(_ ids: [Int]) throws -> Tensor {
        let bias = positionBias(count: ids.count)
        var x = embedding.rows(ids).reshaped([1, ids.count, configuration.width])
        for block in blocks {
            try scope.compute.checkStop()
            x = block(x, bias: bias)
        }
        try scope.compute.checkStop()
        return finalNorm(x).reshaped([ids.count, configuration.width])
    }

    /// The bias [heads, count, count] of each query and key.
    private func positionBias(count: Int) -> Tensor {
        let heads = configuration.heads
        let bucketOfDistance = (1 - count..<count).map(bucket(of:))
        let table = relativeBias.floats()
        return Tensor([heads, count, count]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for head in 0..<heads {
                for query in 0..<count {
                    for key in 0..<count {
                        let bucket = bucketOfDistance[key - query + count - 1]
                        to[(head * count + query) * count + key] = table[bucket * heads + head]
                    }
                }
            }
        }
    }

    /// The bucket of a distance key - query: half of the buckets for each sign, the first half of
    /// those one distance each, the others growing by a constant factor.
    package func bucket(of distance: Int) -> Int {
        let half = configuration.buckets / 2
        let exact = half / 2
        let base = distance > 0 ? half : 0
        let size = abs(distance)
        guard size >= exact else { return base + size }
        let ratio =
            log(Float(size) / Float(exact))
            / Float(log(Double(configuration.maximumDistance) / Double(exact)))
        return base + min(half - 1, exact + Int(ratio * Float(half - exact)))
    }
}

/// One layer of the encoder. Keys: `0.SelfAttention.{q,k,v,o}.weight`, `0.layer_norm.weight`,
/// `1.DenseReluDense.{wi,wo}.weight`, `1.layer_norm.weight`; no biases.
private struct T5Block {
    private let attentionNorm: RMSNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let feedForwardNorm: RMSNorm
    private let expand: Linear
    private let contract: Linear
    private let configuration: T5Configuration
    private let compute: Compute

    init(_ scope: LayerScope, _ configuration: T5Configuration) throws(CheckpointError) {
        let width = configuration.width
        let inner = configuration.heads * configuration.headWidth
        let attention = scope[0]["SelfAttention"]
        attentionNorm = try RMSNorm(
            scope[0]["layer_norm"], width: width, epsilon: configuration.epsilon)
        query = try Linear(attention["q"], from: width, to: inner, hasBias: false)
        key = try Linear(attention["k"], from: width, to: inner, hasBias: false)
        value = try Linear(attention["v"], from: width, to: inner, hasBias: false)
        output = try Linear(attention["o"], from: inner, to: width, hasBias: false)
        let feedForward = scope[1]["DenseReluDense"]
        feedForwardNorm = try RMSNorm(
            scope[1]["layer_norm"], width: width, epsilon: configuration.epsilon)
        expand = try Linear(
            feedForward["wi"], from: width, to: configuration.hiddenWidth, hasBias: false)
        contract = try Linear(
            feedForward["wo"], from: configuration.hiddenWidth, to: width, hasBias: false)
        self.configuration = configuration
        compute = scope.compute
    }

    /// x [1, positions, width]; T5 does not divide scores by the root of the head width.
    func callAsFunction(_ x: Tensor, bias: Tensor) -> Tensor {
        let h = attentionNorm(x, output: compute.operand)
        let attended = compute.attention(
            queries: HeadColumns(query(h)), keys: [HeadColumns(key(h))],
            values: [HeadColumns(value(h))], heads: configuration.heads,
            headWidth: configuration.headWidth, scale: 1, bias: bias)
        let x = output(attended, adding: x)
        let hidden = expand(
            feedForwardNorm(x, output: compute.operand), activation: .relu, output: compute.operand)
        return contract(hidden, adding: x)
    }
}
