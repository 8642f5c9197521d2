import Checkpoints
import Foundation
import Generation
import HybridTokens
import TextEncoding

/// The parts of DC-AR that lie in a folder, known by what their configuration files say.
public struct ModelParts: Sendable {
    private let folder: String
    /// Folders of DC-HT tokenizers: a config.json with a codebook.
    public private(set) var tokenizers: [Part] = []
    /// Folders of generators: a YAML file, or a config.json, with `model.generator`.
    public private(set) var generators: [Part] = []
    /// Folders of T5 encoders: a config.json with `model_type` t5.
    public private(set) var textEncoders: [Part] = []
    /// Why files that may be of a part are not: what is to be said where that part is missing.
    public private(set) var problems: [any Error] = []

    /// One part: its folder, its configuration and its checkpoint.
    public struct Part: Sendable, Hashable {
        public let folder: String
        public let configuration: String
        public let checkpoint: String

        /// The folder's own name.
        public var name: String { (folder as NSString).lastPathComponent }
    }

    /// Looks into `folder` and the folders directly in it; hidden ones, and those that cannot be read,
    /// are passed over.
    /// - Throws: `ModelError.notAFolder`.
    public init(in folder: String) throws(ModelError) {
        guard let names = Self.names(in: folder) else { throw .notAFolder(folder) }
        self.folder = folder
        add(from: folder, names)
        for place in Self.folders(in: folder) { add(from: place, Self.names(in: place) ?? []) }
    }

    /// The three parts of a model.
    /// - Throws: `ModelError` where one is missing or there are several of a kind; `ConfigurationError`
    ///   where one is missing and a file cannot be read that may be its configuration.
    public func ofModel() throws -> (tokenizer: Part, generator: Part, text: Part) {
        (
            try one(tokenizers, .tokenizer), try one(generators, .generator),
            try one(textEncoders, .textEncoder)
        )
    }

    private func one(_ parts: [Part], _ kind: Kind) throws -> Part {
        guard let part = parts.first else {
            if let problem = problems.first { throw problem }
            throw ModelError.missingPart(
                kind, folder: folder, found: found, model: NearbyModel.path(from: folder))
        }
        guard parts.count == 1 else {
            throw ModelError.severalParts(kind, configurations: parts.map(\.configuration))
        }
        return part
    }

    /// A kind of part.
    public enum Kind: String, Sendable, CaseIterable {
        case tokenizer = "DC-HT tokenizer"
        case generator = "DC-AR generator"
        case textEncoder = "T5 text encoder"

        /// What its folder is known by.
        fileprivate var mark: String {
            switch self {
            case .tokenizer: "a config.json with codebook_size"
            case .generator: "a .yaml file with model.generator"
            case .textEncoder: "a config.json with model_type t5"
            }
        }
    }

    /// The kinds of which there are parts.
    private var found: [Kind] {
        zip(Kind.allCases, [tokenizers, generators, textEncoders]).filter { !$1.isEmpty }.map(\.0)
    }

    /// True where there is one part of each kind.
    var isModel: Bool {
        [tokenizers, generators, textEncoders].allSatisfy { $0.count == 1 }
    }

    /// What lies in a folder, sorted, but for hidden names; nil where it cannot be read.
    private static func names(in folder: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
            .sorted()
    }

    /// The folders directly in a folder.
    static func folders(in folder: String) -> [String] {
        (names(in: folder) ?? []).map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }
    }

    private mutating func add(from folder: String, _ names: [String]) {
        for name in names {
            let path = "\(folder)/\(name)"
            do {
                switch (name as NSString).pathExtension {
                case "json" where name == "config.json":
                    let node = try ConfigurationNode(path: path)
                    if node.has("codebook_size"), node.has("codebook_embed_dim") {
                        tokenizers.append(try part(folder, path, names))
                    } else if node.has("model.generator") {
                        generators.append(try part(folder, path, names))
                    } else if try node.optionalString("model_type") == "t5" {
                        textEncoders.append(try part(folder, path, names))
                    }
                case "yaml", "yml":
                    if try ConfigurationNode(path: path).has("model.generator") {
                        generators.append(try part(folder, path, names))
                    }
                default: break
                }
            } catch {
                problems.append(error)
            }
        }
    }

    /// The checkpoint beside a configuration: an index or a file of either format, the usual names
    /// first.
    private func part(
        _ folder: String, _ configuration: String, _ names: [String]
    ) throws(ModelError) -> Part {
        let usual = [
            "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json",
            "pytorch_model.bin", "diffusion_pytorch_model.safetensors.index.json",
            "diffusion_pytorch_model.safetensors"
        ]
        let others = names.filter { name in
            ["safetensors", "bin", "pt", "pth"].contains((name as NSString).pathExtension)
        }
        guard let checkpoint = usual.first(where: names.contains) ?? others.first else {
            throw .noCheckpoint(configuration: configuration)
        }
        guard usual.contains(checkpoint) || others.count == 1 else {
            throw others.contains(where: Self.isShard)
                ? .shardsWithoutIndex(others, folder: folder)
                : .severalCheckpoints(others, folder: folder)
        }
        return Part(
            folder: folder, configuration: configuration, checkpoint: "\(folder)/\(checkpoint)")
    }

    /// True for names such as model-00001-of-00003.safetensors.
    private static func isShard(_ name: String) -> Bool {
        let parts = (name as NSString).deletingPathExtension.split(separator: "-").suffix(3)
        return parts.count == 3 && Array(parts)[1] == "of" && parts.last.flatMap { Int($0) } != nil
    }
}

/// Why a folder is no model, or a model's parts do not go together.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    case notAFolder(String)
    case noCheckpoint(configuration: String)
    case severalCheckpoints([String], folder: String)
    case shardsWithoutIndex([String], folder: String)
    /// `found` are the parts that are there, `model` a folder near by that holds all.
    case missingPart(
        ModelParts.Kind, folder: String, found: [ModelParts.Kind], model: String?)
    case severalParts(ModelParts.Kind, configurations: [String])
    case mismatch(String)
    case tokenizerTooLarge(vocabulary: Int, embedding: Int)
    case noChecksums(folder: String)
    case noChecksum(of: String, folder: String)
    case wrongChecksum(of: String, folder: String)

    public var description: String {
        switch self {
        case .notAFolder(let path): "\(path) is not a folder that can be read; name a model folder."
        case .noCheckpoint(let configuration):
            "\(configuration) has no checkpoint beside it; put the .safetensors or .bin file there that "
                + "it belongs to."
        case .severalCheckpoints(let names, let folder):
            "\(folder) has several files that may be the checkpoint: "
                + "\(names.joined(separator: ", ")); call the right one model.safetensors or keep it "
                + "alone."
        case .shardsWithoutIndex(let names, let folder):
            "\(folder) has \(names.count) shards of a checkpoint, but not the .index.json file that "
                + "says which tensor is in which; get that too."
        case .missingPart(let kind, let folder, let found, let model):
            Self.missing(kind, folder, found, model)
        case .severalParts(let kind, let configurations):
            "There are several parts that are a \(kind.rawValue): "
                + "\(configurations.joined(separator: ", ")); keep one in a model folder."
        case .mismatch(let problem): "The parts do not belong together: \(problem)."
        case .tokenizerTooLarge(let vocabulary, let embedding):
            "The tokenizer has \(vocabulary) pieces and the text encoder only \(embedding) "
                + "embeddings; they must be of the same model."
        case .noChecksums(let folder):
            "\(folder) has no \(Model.checksumFile) to verify its files by; `sha256sum` writes one, or "
                + "turn model.verify off."
        case .noChecksum(let file, let folder):
            "\(Model.checksumFile) of \(folder) does not list \(file), which the model is read from."
        case .wrongChecksum(let file, let folder):
            "\(file) of \(folder) is not the file that \(Model.checksumFile) lists; get the model anew."
        }
    }
    private static func missing(
        _ kind: ModelParts.Kind, _ folder: String, _ found: [ModelParts.Kind], _ model: String?
    ) -> String {
        let start = "\(folder) has no \(kind.rawValue)"
        if let model { return "\(start); \(model) is a whole model." }
        let others = found.map { "a \($0.rawValue)" }.joined(separator: " and ")
        return "\(start), which is known by \(kind.mark) beside its weights; "
            + (found.isEmpty
                ? "neither it nor a folder in it holds any part of a model."
                : "it and the folders in it hold \(others).")
    }
}
