import Checkpoints
import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Layers
import Requests
import Synchronization
import TextEncoding

/// A DC-AR model opened from a folder: tokenizer, text encoder, generator and DC-HT.
///
/// Opening reads the configurations and checks every tensor's name, shape and type; the weights
/// themselves are read when a part is first used.
public final class Model: Sendable {
    /// The folder's own name.
    public let name: String
    public let folder: String
    public let compute: Compute
    /// Prompts that it draws well, from `examples.txt` in its folder, one a line; none without.
    public let examples: [String]
    /// The words of the captions that it was trained on, in small letters, from `vocabulary.txt` in
    /// its folder, one a line; nil without.
    public let vocabulary: Set<String>?
    public let textTokenizer: T5Tokenizer
    public let textEncoder: T5Encoder
    public let configuration: GeneratorConfiguration
    public let transformer: MaskedTransformer
    public let residualHead: ResidualHead
    public let hybridTokenizer: HybridTokenizer
    private let headScope: LayerScope
    public let checkpoints: [Checkpoint]
    private let hash = Mutex<String?>(nil)

    /// - Parameter cache: where packed weights are kept; nil for nowhere.
    /// - Throws: `ModelError`, `ConfigurationError`, `CheckpointError`, `TokenizerError`,
    ///   `KernelError`.
    public init(folder: String, compute: Compute, cache: WeightCache? = nil) throws {
        let (tokenizer, generator, text) = try ModelParts(in: folder).ofModel()
        self.folder = folder
        name =
            URL(fileURLWithPath: folder).standardized.path.split(separator: "/").last
            .map(String.init) ?? folder
        examples = Self.lines(of: "\(folder)/examples.txt", atMost: 200) ?? []
        vocabulary = Self.lines(of: "\(folder)/vocabulary.txt", atMost: 200_000).map {
            Set($0.map { $0.lowercased() })
        }
        self.compute = compute

        let textCheckpoint = try Checkpoint(path: text.checkpoint)
        textEncoder = try Self.textEncoder(
            text, textCheckpoint, compute, Self.cache(textCheckpoint, in: cache))
        textTokenizer = try T5Tokenizer(folder: text.folder)
        let generatorCheckpoint = try Checkpoint(path: generator.checkpoint)
        let loaded = try Self.generator(
            generator, generatorCheckpoint, compute, Self.cache(generatorCheckpoint, in: cache))
        (transformer, residualHead) = (loaded.transformer, loaded.head)
        headScope = loaded.headScope
        configuration = loaded.transformer.configuration
        let tokenizerCheckpoint = try Checkpoint(path: tokenizer.checkpoint)
        hybridTokenizer = try HybridTokenizer(
            CheckpointReader(tokenizerCheckpoint),
            HybridTokenizerConfiguration(ConfigurationNode(path: tokenizer.configuration)),
            compute: compute, cache: Self.cache(tokenizerCheckpoint, in: cache))
        checkpoints = [textCheckpoint, generatorCheckpoint, tokenizerCheckpoint]
        try checkParts()
    }

    /// The lines of a text file, without comments and of at most 4 MiB; nil where there is no text.
    private static func lines(of file: String, atMost limit: Int) -> [String]? {
        var status = stat()
        guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let file = FileHandle(forReadingAtPath: file),
            let data = try? file.read(upToCount: 4 << 20),
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }.prefix(limit).map { $0 }
    }

    private static func cache(_ checkpoint: Checkpoint, in cache: WeightCache?)
        -> CheckpointCache?
    {
        cache.map { CheckpointCache($0) { sha256(of: checkpoint) } }
    }

    private static func textEncoder(
        _ part: ModelParts.Part, _ checkpoint: Checkpoint, _ compute: Compute,
        _ cache: CheckpointCache?
    ) throws -> T5Encoder {
        let reader = CheckpointReader(checkpoint)
        let encoder = try T5Encoder(
            LayerScope(reader, compute: compute, part: "text", cache: cache),
            T5Configuration(ConfigurationNode(path: part.configuration)))
        // Files of the whole T5 hold its decoder too.
        try reader.checkAllRead(ignoring: [
            "decoder.", "lm_head.", "encoder.embed_tokens.", "shared."
        ])
        return encoder
    }

    private static func generator(
        _ part: ModelParts.Part, _ checkpoint: Checkpoint, _ compute: Compute,
        _ cache: CheckpointCache?
    ) throws -> (transformer: MaskedTransformer, head: ResidualHead, headScope: LayerScope) {
        let reader = CheckpointReader(checkpoint)
        let configuration = try GeneratorConfiguration(ConfigurationNode(path: part.configuration))
        let transformer = try MaskedTransformer(
            LayerScope(reader, compute: compute, part: "transformer", cache: cache), configuration)
        let headScope = LayerScope(reader, compute: compute, part: "residual", cache: cache)
        let head = try ResidualHead(headScope["diffloss"]["net"], configuration)
        try reader.checkAllRead()
        return (transformer, head, headScope)
    }

    private func checkParts() throws {
        let tokens = hybridTokenizer.configuration
        guard tokens.codebookSize == configuration.codebookSize,
            tokens.latentChannels == configuration.latentChannels
        else {
            throw ModelError.mismatch(
                "the tokenizer's codebook is \(tokens.codebookSize) x \(tokens.latentChannels), the "
                    + "generator's \(configuration.codebookSize) x \(configuration.latentChannels)")
        }
        guard textEncoder.configuration.width == configuration.textWidth else {
            throw ModelError.mismatch(
                "the text encoder is \(textEncoder.configuration.width) wide, the generator reads "
                    + "\(configuration.textWidth)")
        }
        guard textTokenizer.vocabularySize <= textEncoder.configuration.vocabularySize else {
            throw ModelError.tokenizerTooLarge(
                vocabulary: textTokenizer.vocabularySize,
                embedding: textEncoder.configuration.vocabularySize)
        }
    }

    /// Whether pictures have residual tokens: the generator makes them and the decoder takes them.
    public var isHybrid: Bool {
        configuration.isHybrid && hybridTokenizer.configuration.isHybrid
    }

    /// Pixels of each side of the pictures that the model was trained for.
    public var trainedSide: Int {
        configuration.gridSide * hybridTokenizer.configuration.tokenSide
    }

    /// The words of a prompt that the model hardly knows, each once, as written, in their order.
    public func unknownWords(in prompt: String) -> [String] {
        textTokenizer.unknownWords(in: prompt, vocabulary: vocabulary)
    }

    /// Tokens along a side of a picture at most.
    public var gridSideLimit: Int {
        min(RequestLimits.side / tokenSide, TokenGridRecord.sideLimit)
    }

    /// Pixels along each side of a token.
    public var tokenSide: Int { hybridTokenizer.configuration.tokenSide }

    package func prepareResidualHead() throws {
        try headScope.prepare()
    }

    /// Lets the system take back the file pages of packed weights that making tokens needs, where
    /// they are many: what is decoded next needs the memory more.
    func releaseGenerator() {
        transformer.releasePages()
        headScope.releasePages()
    }

    /// SHA-256 of a part's checkpoint; known from before where its files have not changed.
    public static func sha256(of checkpoint: Checkpoint) -> String {
        HashCache.sha256(of: checkpoint)
    }

    /// SHA-256 over the hashes of the parts' checkpoints, lower-case hexadecimal; computed once.
    public var sha256: String {
        if let known = hash.withLock({ $0 }) { return known }
        let made = SHA256Sum.combined(checkpoints.map(Self.sha256))
        hash.withLock { $0 = made }
        return made
    }
}
