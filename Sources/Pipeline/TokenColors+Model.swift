import Foundation
import Generation
import HybridTokens
import Requests
import Tensors

extension TokenColors {
    /// Pictures that are enough to begin with.
    private static let samples = 16

    /// What was learned of a model's tokens in earlier sessions.
    public init(of model: Model) {
        let codebook = model.hybridTokenizer.codebook.entries.floats()
        // A hash of the whole model would take seconds where it is large.
        let hash = SHA256Sum.of(codebook.withUnsafeBytes { Array($0) })
        self.init(
            codebook: codebook, channels: model.configuration.latentChannels,
            file: CacheFolder.path.map { "\($0)/colors-\(hash.prefix(16)).f32" })
        if let file, let data = FileManager.default.contents(atPath: file) { adopt(data) }
    }

    /// Whether pictures that nobody asked for would still help.
    public var wantsSamples: Bool { pictureCount < Self.samples }

    /// Learns from one picture of the model's example prompts, or of no prompt, and keeps that.
    ///
    /// - Throws: what computing throws, `Stopped` among it.
    public mutating func sample(_ pipeline: Pipeline) throws {
        // Few steps of the unguided model are cheap and have the colours of its pictures.
        var sampling = pipeline.model.configuration.defaults
        (sampling.steps, sampling.guidanceScale) = (4, 0)
        let examples = pipeline.model.examples
        let prompt = examples.isEmpty ? "" : examples[pictureCount % examples.count]
        var runs = [
            try pipeline.start(
                GenerationRequest(prompt: prompt, seed: UInt64(pictureCount), sampling: sampling))
        ]
        try pipeline.unmask(&runs)
        let (ids, gridWidth) = (runs[0].tokens.ids, runs[0].run.gridWidth)
        let channels = pipeline.model.configuration.latentChannels
        let grid = HybridTokenGrid(
            gridWidth: gridWidth, gridHeight: ids.count / gridWidth, ids: ids,
            residual: Tensor([ids.count, channels], repeating: 0))
        learn(ids: ids, gridWidth: gridWidth, from: try pipeline.decode(grid, strength: 0))
        keep()
    }

    /// Writes what was learned into the user's cache; what cannot be kept is learned anew.
    public func keep() {
        guard let file else { return }
        try? FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? data.write(to: URL(fileURLWithPath: file), options: .atomic)
    }
}
