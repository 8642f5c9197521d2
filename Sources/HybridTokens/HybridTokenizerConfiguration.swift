import Checkpoints

/// The shape of a DC-HT tokenizer, from its config.json.
///
/// Official files name the architecture by `model_name` alone; a `dc_ae` object replaces widths,
/// depths, blocks, norms and activations.
public struct HybridTokenizerConfiguration: Hashable, Sendable {
    public let codebookSize: Int
    public let latentChannels: Int
    /// Whether it decodes residual tokens; without them pictures are of discrete tokens alone.
    public let isHybrid: Bool
    /// Channels of each stage; a stage halves the size of the one before.
    public let widths: [Int]
    public let encoderDepths: [Int]
    public let decoderDepths: [Int]
    public let blocks: [Block]
    public let decoderNorms: [Norm]
    public let decoderActivations: [BlockActivation]

    /// The kind of the blocks of a stage.
    public enum Block: String, Sendable {
        case residual = "ResBlock"
        case efficientViT = "EViT_GLU"
    }

    /// The normalisation of the blocks of a decoder stage.
    public enum Norm: String, Sendable {
        case batch = "bn2d"
        case layer = "ln2d"
    }

    /// The activation of the residual blocks of a decoder stage.
    public enum BlockActivation: String, Sendable {
        case relu
        case silu
    }

    /// Pixels along each side of one token.
    public var tokenSide: Int { 1 << (widths.count - 1) }

    /// - Throws: `ConfigurationError` when a key is missing, out of range or not supported.
    public init(_ node: ConfigurationNode) throws(ConfigurationError) {
        codebookSize = try node.int("codebook_size", in: 1...65_535)
        latentChannels = try node.int("codebook_embed_dim", in: 1...4_096)
        if try node.optionalBool("codebook_l2_norm") == false {
            throw .wrongValue(
                path: node.path, key: "codebook_l2_norm", found: "false", expected: "true")
        }
        isHybrid = try Self.isHybrid(node)
        let family = try Family(node)
        let detail = node.has("dc_ae") ? try node.node("dc_ae") : nil
        widths = try detail?.optionalInts("widths", in: 0...16_384) ?? family.widths
        let stages = widths.count
        encoderDepths =
            try detail?.optionalInts("enc_depths", in: 0...1_000) ?? family.encoderDepths
        decoderDepths =
            try detail?.optionalInts("dec_depths", in: 0...1_000) ?? family.decoderDepths
        blocks = try Self.choices(detail, "blocks", family.blocks)
        decoderNorms = try Self.choices(detail, "dec_norms", family.norms)
        decoderActivations = try Self.choices(detail, "dec_acts", family.activations)
        let lists: [(String, Int)] = [
            ("enc_depths", encoderDepths.count), ("dec_depths", decoderDepths.count),
            ("blocks", blocks.count), ("dec_norms", decoderNorms.count),
            ("dec_acts", decoderActivations.count)
        ]
        for (key, count) in lists where count != stages {
            throw .wrongValue(
                path: node.path, key: "dc_ae.\(key)", found: "a list of \(count)",
                expected: "a list of \(stages), as widths is")
        }
        guard 2...8 ~= stages else {
            throw .wrongValue(
                path: node.path, key: "dc_ae.widths", found: "a list of \(stages)",
                expected: "a list of 2 to 8")
        }
        // Resampling is part of a stage that has blocks.
        for (key, depths) in [("enc_depths", encoderDepths), ("dec_depths", decoderDepths)]
        where depths.dropFirst().contains(0) {
            throw .wrongValue(
                path: node.path, key: "dc_ae.\(key)", found: "\(depths)",
                expected: "at least 1 in every stage but the first")
        }
        try checkWidths(node.path)
    }

    /// The official class takes a file that does not say it for one without residual tokens.
    private static func isHybrid(_ node: ConfigurationNode) throws(ConfigurationError) -> Bool {
        let found = try node.optionalString("quantizer_type") ?? "vq"
        guard ["vq", "hybrid_vq"].contains(found) else {
            throw .wrongValue(
                path: node.path, key: "quantizer_type", found: found, expected: "vq or hybrid_vq")
        }
        return found == "hybrid_vq"
    }

    private static func choices<Choice: RawRepresentable<String>>(
        _ detail: ConfigurationNode?, _ key: String, _ standard: [Choice]
    ) throws(ConfigurationError) -> [Choice] {
        guard let detail, let names = try detail.optionalStrings(key) else { return standard }
        var choices: [Choice] = []
        for name in names {
            guard let choice = Choice(rawValue: name) else {
                throw .wrongValue(
                    path: detail.path, key: "dc_ae.\(key)", found: name,
                    expected: Choice.self == Block.self
                        ? "ResBlock or EViT_GLU"
                        : Choice.self == Norm.self ? "bn2d or ln2d" : "relu or silu")
            }
            choices.append(choice)
        }
        return choices
    }

    /// Shortcuts average or repeat channels, so widths that meet must divide each other.
    private func checkWidths(_ path: String) throws(ConfigurationError) {
        func refuse(_ problem: String, _ rule: String) -> ConfigurationError {
            .wrongValue(path: path, key: "dc_ae.widths", found: problem, expected: rule)
        }
        let used = widths.indices.filter { encoderDepths[$0] > 0 || decoderDepths[$0] > 0 }
        for stage in used {
            let width = widths[stage]
            guard width > 0, width % 4 == 0 else {
                throw refuse("\(width) in stage \(stage)", "a positive multiple of 4")
            }
            if blocks[stage] == .efficientViT, width % 32 != 0 {
                throw refuse("\(width) in stage \(stage)", "a multiple of 32 in EViT_GLU stages")
            }
        }
        for (inner, outer) in zip(used, used.dropFirst()) {
            let (narrow, wide) = (widths[inner], widths[outer])
            guard 4 * narrow % wide == 0, 4 * wide % narrow == 0 else {
                throw refuse(
                    "\(narrow) beside \(wide)", "widths of which each divides four times the other")
            }
        }
        guard let last = widths.last, last % latentChannels == 0 else {
            throw refuse("\(widths.last ?? 0) at the end", "a multiple of codebook_embed_dim there")
        }
    }
}

/// The architectures that `model_name` can name (dc-ai-projects/DC-AR and mit-han-lab/efficientvit).
private struct Family {
    typealias Configuration = HybridTokenizerConfiguration
    var widths = [128, 256, 512, 512, 1024, 1024]
    var encoderDepths = [0, 4, 8, 2, 2, 2]
    var decoderDepths = [0, 5, 10, 2, 2, 2]
    var blocks: [Configuration.Block] =
        [.residual, .residual, .residual, .efficientViT, .efficientViT, .efficientViT]
    var norms: [Configuration.Norm] = [.batch, .batch, .batch, .layer, .layer, .layer]
    var activations: [Configuration.BlockActivation] = [.relu, .relu, .relu, .silu, .silu, .silu]

    init(_ node: ConfigurationNode) throws(ConfigurationError) {
        let name = try node.string("model_name")
        switch name {
        case "dc-ae-f32-in-1.0", "dc-ae-f32-mix-1.0": break
        case "dc-ae-f16-in-1.0":
            widths.removeLast()
            encoderDepths.removeLast()
            decoderDepths.removeLast()
            blocks.removeLast()
            norms.removeLast()
            activations.removeLast()
        default:
            throw .wrongValue(
                path: node.path, key: "model_name", found: name,
                expected: "dc-ae-f32-in-1.0, dc-ae-f32-mix-1.0 or dc-ae-f16-in-1.0")
        }
    }
}
