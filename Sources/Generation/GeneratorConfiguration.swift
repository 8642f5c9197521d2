import Checkpoints
import Requests

/// The shape and defaults of a DC-AR generator, from the official YAML configuration.
public struct GeneratorConfiguration: Hashable, Sendable {
    public let codebookSize: Int
    /// Channels of a residual token.
    public let latentChannels: Int
    /// Whether the generator has a residual head; without one pictures are of discrete tokens alone.
    public let isHybrid: Bool
    /// Numbers of a token's hidden state.
    public let width: Int
    /// Blocks of the masked transformer.
    public let layers: Int
    /// Attention heads, of which each has `width / heads` numbers.
    public let heads: Int
    /// Numbers between the two layers of a feed-forward part.
    public let hiddenWidth: Int
    public let normalisesQueriesAndKeys: Bool
    /// Tokens of the image that the model was trained for.
    public let tokens: Int
    /// Tokens that a prompt is cut or padded to.
    public let textLength: Int
    /// Numbers of a text token's state, as the text encoder gives it.
    public let textWidth: Int
    public let head: ResidualHeadConfiguration
    public let defaults: SamplingSettings

    /// The side of the token grid that the model was trained for.
    public let gridSide: Int

    /// The id that stands for a token not yet known.
    public var maskID: Int { codebookSize }

    /// - Throws: `ConfigurationError` when a key is missing, out of range or not supported.
    public init(_ node: ConfigurationNode) throws(ConfigurationError) {
        let model = try node.node("model")
        if try model.optionalString("type") == "vq_dc_ae_reasoning" {
            // It has several grids for an image, of which the official code takes any other to have
            // one.
            throw .wrongValue(
                path: node.path, key: "model.type", found: "vq_dc_ae_reasoning",
                expected: "vq_dc_ae")
        }
        // Without it the official code makes a generator that reads classes, not texts.
        _ = try model.string("generator.type")
        try Self.require(model, "generator.type", among: ["maskgit_t2i", "maskgit_t2i_inpainting"])
        try Self.require(model, "generator.attn_type", among: ["flash"])
        try Self.require(model, "generator.ffn_type", among: ["mlp"])
        for key in ["dataset.eval.mean", "dataset.eval.std"] {
            // Pixels are u / 255 * 2 - 1 for the encoder, and back after the decoder.
            if let found = try node.optionalDouble(key), found != 0.5 {
                throw .wrongValue(path: node.path, key: key, found: "\(found)", expected: "0.5")
            }
        }
        isHybrid = try model.optionalBool("hybrid") ?? false
        codebookSize = try model.int("vq_model.codebook_size", in: 1...65_535)
        latentChannels = try model.int("vq_model.token_size", in: 1...4_096)
        let generator = try model.node("generator")
        width = try generator.int("hidden_size", in: 4...65_536)
        layers = try generator.int("num_hidden_layers", in: 1...1_000)
        heads = try generator.int("num_attention_heads", in: 1...1_024)
        hiddenWidth = try generator.int("intermediate_size", in: 1...262_144)
        normalisesQueriesAndKeys = try generator.optionalBool("qk_norm") ?? false
        tokens = try generator.int("image_seq_len", in: 1...65_536)
        textLength = try model.int("text_token_length", in: 1...65_536)
        textWidth = try model.int("context_dim", in: 1...65_536)
        head = try ResidualHeadConfiguration(generator.node("diffusion"))
        defaults = try SamplingSettings(generator)
        let side = Int(Double(tokens).squareRoot().rounded())
        gridSide = side
        guard width % heads == 0 else {
            throw .wrongValue(
                path: node.path, key: "model.generator.hidden_size", found: "\(width)",
                expected: "a multiple of num_attention_heads, \(heads)")
        }
        guard side * side == tokens else {
            throw .wrongValue(
                path: node.path, key: "model.generator.image_seq_len", found: "\(tokens)",
                expected: "a square number")
        }
    }

    private static func require(
        _ node: ConfigurationNode, _ key: String, among choices: [String]
    ) throws(ConfigurationError) {
        guard let found = try node.optionalString(key) else { return }
        guard choices.contains(found) else {
            throw .wrongValue(
                path: node.path, key: "model.\(key)", found: found,
                expected: choices.joined(separator: " or "))
        }
    }
}

/// The shape of the residual diffusion head.
public struct ResidualHeadConfiguration: Hashable, Sendable {
    public let width: Int
    public let depth: Int
    /// Steps that the file asks for; others may be chosen.
    public let steps: Int
    /// The scale that the file asks for, a key of ours; nil for that of the tokens.
    public let guidanceScale: Float?
    /// What the noise of every step is multiplied by, a key of ours; 1 where it is absent.
    public let temperature: Float
    /// Residual tokens are the head's samples times this.
    public let scale: Float

    init(_ node: ConfigurationNode) throws(ConfigurationError) {
        width = try node.int("width", in: 1...65_536)
        depth = try node.int("depth", in: 1...1_000)
        steps = try node.int("num_sampling_steps", in: 1...1_000)
        guidanceScale = try node.optionalDouble("guidance_scale", in: RequestLimits.guidanceScale)
            .map(Float.init)
        temperature = Float(
            try node.optionalDouble("temperature", in: RequestLimits.residualTemperature) ?? 1)
        scale = Float(try node.double("vae_scale", in: 1e-6...1e6))
        if let sampler = try node.optionalString("sampler"), sampler != "iddpm" {
            throw .wrongValue(
                path: node.path, key: "model.generator.diffusion.sampler", found: sampler,
                expected: "iddpm")
        }
    }
}
