import Checkpoints
import Foundation
import Generation
import HybridTokens
import Kernels
import Layers
import Pipeline
import Tensors
import TextEncoding

/// Replays recorded runs: reads inputs, noise and expected tensors, computes them, compares.
///
/// A recording goes with the model beside it whose sizes fit, whatever either is called.
public struct Verifier {
    let folder: String
    let compute: Compute
    let parts: ModelParts
    /// Called with each line as it is made.
    let report: (VerificationLine) -> Void

    /// - Throws: `ModelError`, `ConfigurationError`.
    public init(
        folder: String, compute: Compute, report: @escaping (VerificationLine) -> Void
    ) throws {
        self.folder = folder
        self.compute = compute
        self.report = report
        parts = try ModelParts(in: folder)
    }

    /// Replays everything in the folder.
    /// - Throws: `VerificationError`, and what reading and computing throw.
    public func run() throws {
        if let problem = parts.problems.first { throw problem }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        var found = false
        for name in names {
            let path = "\(folder)/\(name)"
            switch (name as NSString).pathExtension {
            case "safetensors": found = try replay(Recording(path: path)) || found
            case "json" where name == "tokenizer_cases.json":
                try tokenizerCases(path)
                found = true
            default: break
            }
        }
        found = try formats() || found
        guard found else { throw VerificationError.noRecordings(folder: folder) }
    }

    /// - Returns: false for a file that is no recording of a known kind.
    private func replay(_ recording: Recording) throws -> Bool {
        if recording.has("image_u8") {
            try hybridTokens(recording)
        } else if recording.has("timesteps"), recording.has("betas") {
            try diffusion(recording)
        } else if recording.has("relative_buckets") || recording.has("hidden") {
            try text(recording)
        } else if recording.has("case0.ids") {
            try transformer(recording)
        } else if recording.has("noise_token") {
            try maskedRun(recording)
        } else {
            return false
        }
        return true
    }

    // MARK: Comparing

    /// The tolerance of floating tensors: a share of the largest number in float32, of the length
    /// in bfloat16.
    var floating: Comparison {
        compute.precision == .float32 ? .relative(1e-3) : .relativeLength(2e-2)
    }

    func compare(
        _ recording: Recording, _ name: String, _ computed: @autoclosure () throws -> [Float],
        _ comparison: Comparison? = nil
    ) throws {
        guard let recorded = try recording.optional(name) else { return }
        report(
            VerificationLine(
                file: recording.file, name: name, recorded: recorded, computed: try computed(),
                comparison ?? floating))
    }

    /// Compares what is computed from tokens. In bfloat16, where a token may flip, only at those
    /// tokens that are as recorded; there must be some.
    ///
    /// - Parameter isByChannel: numbers lie channel by channel, not token by token.
    func compare(
        _ recording: Recording, _ name: String, _ computed: @autoclosure () throws -> [Float],
        whereEqual ids: [Int], to idsName: String, isByChannel: Bool = false,
        _ comparison: Comparison? = nil
    ) throws {
        guard compute.precision != .float32 else {
            return try compare(recording, name, try computed(), comparison)
        }
        guard let recorded = try recording.optional(name)?.floats() else { return }
        let (computed, expectedIDs) = (try computed(), try recording.integers(idsName))
        guard computed.count == recorded.count, expectedIDs.count == ids.count else {
            return try compare(recording, name, computed)
        }
        let channels = recorded.count / max(1, ids.count)
        let kept = recorded.indices.filter { index in
            let token = isByChannel ? index % ids.count : index / max(1, channels)
            return ids[token] == expectedIDs[token]
        }
        report(
            VerificationLine(
                file: recording.file, name: name,
                recorded: Tensor([kept.count], kept.map { recorded[$0] }),
                computed: kept.map { computed[$0] },
                kept.isEmpty ? .share(-1) : comparison ?? floating))
    }

    func compare(
        _ recording: Recording, _ name: String, integers: @autoclosure () throws -> [Int],
        _ comparison: Comparison = .absolute(0)
    ) throws {
        try compare(recording, name, try integers().map(Float.init), comparison)
    }

    // MARK: Models

    /// A generator whose grid, width and codebook fit.
    struct Generator {
        let configuration: GeneratorConfiguration
        let transformer: MaskedTransformer
        let head: ResidualHead
    }

    func generator(for file: String, tokens: Int, width: Int) throws -> Generator {
        for part in parts.generators {
            let configuration = try GeneratorConfiguration(
                ConfigurationNode(path: part.configuration))
            guard configuration.tokens == tokens, configuration.width == width else { continue }
            let reader = CheckpointReader(try Checkpoint(path: part.checkpoint))
            let scope = LayerScope(reader, compute: compute)
            let generator = Generator(
                configuration: configuration,
                transformer: try MaskedTransformer(scope, configuration),
                head: try ResidualHead(scope["diffloss"]["net"], configuration))
            try reader.checkAllRead()
            try scope.prepare()
            return generator
        }
        throw VerificationError.noModel(
            file: file, needed: "a generator of \(tokens) tokens and width \(width)")
    }

    func tokenizer(for file: String) throws -> HybridTokenizer {
        guard let part = parts.tokenizers.first else {
            throw VerificationError.noModel(file: file, needed: "a DC-HT tokenizer")
        }
        return try HybridTokenizer(
            CheckpointReader(try Checkpoint(path: part.checkpoint)),
            HybridTokenizerConfiguration(ConfigurationNode(path: part.configuration)),
            compute: compute)
    }

    /// The recorded text states of the prompts: [tokens, width] of the real tokens of each row.
    func textStates(for file: String) throws -> [Tensor] {
        let path = "\(folder)/text.safetensors"
        guard FileManager.default.fileExists(atPath: path) else {
            throw VerificationError.noModel(file: file, needed: "text.safetensors")
        }
        let recording = try Recording(path: path)
        let hidden = try recording.tensor("hidden", axes: 3)
        let mask = try recording.integers(
            "mask", shape: [hidden.shape[0], hidden.shape[1]], in: Int.min...Int.max)
        let (rows, length, width) = (hidden.shape[0], hidden.shape[1], hidden.shape[2])
        let all = hidden.reshaped([rows * length, width])
        return (0..<rows).map { row in
            all.rows((row * length..<(row + 1) * length).filter { mask[$0] != 0 })
        }
    }

    /// Image [1, channels, height, width] of recordings from [height, width, channels].
    func planes(_ image: Tensor, every step: Int = 1) -> [Float] {
        let (height, width, channels) = (image.shape[0], image.shape[1], image.shape[2])
        return image.withFloats { numbers in
            (0..<channels).flatMap { channel in
                stride(from: 0, to: height, by: step).flatMap { y in
                    stride(from: 0, to: width, by: step).map { x in
                        numbers[(y * width + x) * channels + channel]
                    }
                }
            }
        }
    }

    /// The opposite of `planes`, of latents that the recording holds.
    /// - Throws: `VerificationError.badShape` for other than [1, channels, height, width].
    func image(_ name: String, of recording: Recording, channels wanted: Int) throws -> Tensor {
        let planes = try recording.tensor(name, axes: 4)
        guard planes.shape[0] == 1, planes.shape[1] == wanted else {
            throw VerificationError.badShape(
                file: recording.file, name: name, found: planes.shape,
                needed: "[1, \(wanted), height, width]")
        }
        let extents = planes.shape.dimensions.suffix(3)
        let (channels, height, width) = (
            extents[extents.startIndex], extents[extents.startIndex + 1],
            extents[extents.startIndex + 2]
        )
        let numbers = planes.floats()
        return Tensor(
            [height, width, channels],
            (0..<height * width).flatMap { pixel in
                (0..<channels).map { numbers[$0 * height * width + pixel] }
            })
    }
}
