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
    /// Folders of generators: a YAML file with `model.generator`.
    public private(set) var generators: [Part] = []
    /// Folders of T5 encoders: a config.json with `model_type` t5.
    public private(set) var textEncoders: [Part] = []

    /// One part: its folder, its configuration and its checkpoint.
    public struct Part: Sendable, Hashable {
        public let folder: String
        public let configuration: String
        public let checkpoint: String

        /// The folder's own name.
        public var name: String { (folder as NSString).lastPathComponent }
    }

    /// Looks into `folder` and the folders directly in it.
    /// - Throws: `ModelError.notAFolder`, `ConfigurationError`.
    public init(in folder: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
            isFolder.boolValue
        else { throw ModelError.notAFolder(folder) }
        self.folder = folder
        let names = try Self.names(in: folder)
        let inner = names.map { "\(folder)/\($0)" }.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }
        for place in [folder] + inner { try add(from: place) }
    }

    /// The three parts of a model.
    /// - Throws: `ModelError` where one is missing or there are several of a kind.
    public func ofModel() throws(ModelError) -> (
        tokenizer: Part, generator: Part, text: Part
    ) {
        func one(_ parts: [Part], _ kind: String) throws(ModelError) -> Part {
            guard let part = parts.first else {
                throw .missingPart(kind, folder: folder)
            }
            guard parts.count == 1 else {
                throw .severalParts(kind, folders: parts.map(\.folder))
            }
            return part
        }
        return (
            try one(tokenizers, "DC-HT tokenizer"), try one(generators, "DC-AR generator"),
            try one(textEncoders, "T5 text encoder")
        )
    }

    private static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw ModelError.notAFolder(folder)
        }
    }

    private mutating func add(from folder: String) throws {
        let names = try Self.names(in: folder)
        for name in names {
            let path = "\(folder)/\(name)"
            switch (name as NSString).pathExtension {
            case "json" where name == "config.json":
                let node = try ConfigurationNode(path: path)
                if node.has("codebook_size"), node.has("codebook_embed_dim") {
                    tokenizers += try part(folder, path, names)
                } else if try node.optionalString("model_type") == "t5" {
                    textEncoders += try part(folder, path, names)
                }
            case "yaml", "yml":
                if try ConfigurationNode(path: path).has("model.generator") {
                    generators += try part(folder, path, names)
                }
            default: break
            }
        }
    }

    /// The checkpoint beside a configuration: an index or a file of either format, the usual names
    /// first.
    private func part(_ folder: String, _ configuration: String, _ names: [String]) throws -> [Part]
    {
        let usual = [
            "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin",
            "diffusion_pytorch_model.safetensors"
        ]
        let others = names.filter { name in
            ["safetensors", "bin", "pt", "pth"].contains((name as NSString).pathExtension)
        }
        guard let checkpoint = usual.first(where: names.contains) ?? others.first else {
            throw ModelError.noCheckpoint(folder: folder)
        }
        guard usual.contains(checkpoint) || others.count == 1 else {
            throw ModelError.severalCheckpoints(others, folder: folder)
        }
        return [
            Part(
                folder: folder, configuration: configuration, checkpoint: "\(folder)/\(checkpoint)")
        ]
    }
}

/// Why a folder is no model, or a model's parts do not go together.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    case notAFolder(String)
    case noCheckpoint(folder: String)
    case severalCheckpoints([String], folder: String)
    case missingPart(String, folder: String)
    case severalParts(String, folders: [String])
    case mismatch(String)
    case tokenizerTooLarge(vocabulary: Int, embedding: Int)
    case noChecksums(folder: String)
    case noChecksum(of: String, folder: String)
    case wrongChecksum(of: String, folder: String)

    public var description: String {
        switch self {
        case .notAFolder(let path): "\(path) is not a folder that can be read; name a model folder."
        case .noCheckpoint(let folder):
            "\(folder) has a configuration but no checkpoint; put a .safetensors or .bin file there."
        case .severalCheckpoints(let names, let folder):
            "\(folder) has several files that may be the checkpoint: "
                + "\(names.joined(separator: ", ")); call the right one model.safetensors or keep it "
                + "alone."
        case .missingPart(let part, let folder):
            "\(folder) has no \(part); a model folder holds a DC-HT tokenizer, a DC-AR generator and a "
                + "T5 text encoder."
        case .severalParts(let part, let folders):
            "There are several parts that are a \(part): \(folders.joined(separator: ", ")); keep "
                + "one in a model folder."
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
}
