import Checkpoints

/// The sizes of a T5 encoder, from Hugging Face's config.json.
public struct T5Configuration: Hashable, Sendable {
    /// Rows of the embedding; at least the tokenizer's vocabulary.
    public let vocabularySize: Int
    /// d_model.
    public let width: Int
    /// d_kv.
    public let headWidth: Int
    public let heads: Int
    /// d_ff.
    public let hiddenWidth: Int
    public let layers: Int
    public let buckets: Int
    public let maximumDistance: Int
    public let epsilon: Float

    /// - Throws: `ConfigurationError` when a key is missing or out of range, or names a feed-forward
    ///   layer other than T5 v1.0's.
    public init(_ node: ConfigurationNode) throws(ConfigurationError) {
        vocabularySize = try node.int("vocab_size", in: 1...1_000_000)
        width = try node.int("d_model", in: 1...65_536)
        headWidth = try node.int("d_kv", in: 1...65_536)
        heads = try node.int("num_heads", in: 1...1_024)
        hiddenWidth = try node.int("d_ff", in: 1...262_144)
        layers = try node.int("num_layers", in: 1...1_000)
        buckets = try node.optionalInt("relative_attention_num_buckets", in: 4...256) ?? 32
        maximumDistance =
            try node.optionalInt(
                "relative_attention_max_distance", in: buckets / 4 + 1...1_000_000) ?? 128
        epsilon = Float(try node.optionalDouble("layer_norm_epsilon", in: 0...1) ?? 1e-6)
        let activation = try node.optionalString("feed_forward_proj") ?? "relu"
        guard activation == "relu" else {
            throw .wrongValue(
                path: node.path, key: "feed_forward_proj", found: activation, expected: "relu")
        }
    }
}
