import Foundation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import StudioCore

extension Bench {
    /// Pictures that the colours of tokens are learned from before a person makes some.
    private static let samples = 8

    /// What was learned of this model's tokens in earlier sessions.
    mutating func recallColors() throws {
        guard let pipeline, colors == nil else { return }
        let model = pipeline.model
        let codebook = model.hybridTokenizer.codebook.entries.floats()
        // A hash of the whole model would take seconds where it is large.
        colorFile = Self.file(SHA256Sum.of(codebook.withUnsafeBytes { Array($0) }))
        var learned = TokenColors(
            codebook: codebook, channels: model.configuration.latentChannels)
        if let file = colorFile, let data = FileManager.default.contents(atPath: file) {
            learned.adopt(data)
        }
        colors = learned
        isSampling = learned.pictureCount < Self.samples
    }

    /// Learns from one picture of no particular prompt; to be done while there is nothing else.
    mutating func sample(stop: StopSignal) {
        guard let pipeline, let count = colors?.pictureCount, count < Self.samples else {
            isSampling = false
            return
        }
        let start = Terminal.now
        do {
            try pipeline.model.compute.stoppable(by: stop) {
                // Few steps of the unguided model are cheap and have the colours of its pictures.
                var sampling = pipeline.model.configuration.defaults
                (sampling.steps, sampling.guidanceScale) = (4, 0)
                var runs = [
                    try pipeline.start(
                        GenerationRequest(prompt: "", seed: UInt64(count), sampling: sampling))
                ]
                try pipeline.unmask(&runs)
                let (ids, gridWidth) = (runs[0].tokens.ids, runs[0].run.gridWidth)
                let image = try pipeline.decode(plain(ids, gridWidth), strength: 0)
                learnColors(ids, gridWidth, image)
            }
        } catch is Stopped {
            // There was something else to do.
        } catch {
            isSampling = false
        }
        // A large model is too slow to play with; it learns from the pictures that are asked for.
        if Terminal.now - start > .seconds(1) { isSampling = false }
    }

    /// - Parameter image: decoded from these tokens alone.
    mutating func learnColors(_ ids: [Int], _ gridWidth: Int, _ image: RGBImage) {
        colors?.learn(ids: ids, gridWidth: gridWidth, from: image)
        guard let file = colorFile, let data = colors?.data else { return }
        // What cannot be kept is learned anew.
        try? FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? data.write(to: URL(fileURLWithPath: file), options: .atomic)
    }

    private static func file(_ hash: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        let folder =
            environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            ?? environment["HOME"].map { "\($0)/.cache" }
        return folder.map { "\($0)/dcar/colors-\(hash.prefix(16)).f32" }
    }
}
