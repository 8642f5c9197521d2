import HybridTokens
import Imaging
import Kernels
import Requests
import Tensors

extension Pipeline {
    /// Whole runs, from prompts to pictures, in batches whose images share every step.
    ///
    /// - Parameters:
    ///   - runs: of one size and equal sampling settings.
    ///   - stopAfter: unmask only this many steps.
    ///   - withDiscrete: also decode the discrete tokens alone.
    ///   - events: called in order, in the calling thread.
    /// - Throws: `KernelError`, `CheckpointError`; `Stopped` once `stop` is raised.
    public func finish(
        _ runs: [PictureRun], stopAfter: Int? = nil, withDiscrete: Bool = false,
        stop: StopSignal = StopSignal(), events: (RunEvent) -> Void = { _ in }
    ) throws -> [Picture] {
        try model.compute.stoppable(by: stop) {
            var runs = runs
            try unmask(&runs, stopAfter: stopAfter, events: events)
            return try runs.map { try picture(of: $0, withDiscrete: withDiscrete, events: events) }
        }
    }

    /// Steps until all runs are finished, or have done `stopAfter` steps.
    public func unmask(
        _ runs: inout [PictureRun], stopAfter: Int? = nil, events: (RunEvent) -> Void = { _ in }
    ) throws {
        guard let steps = runs.map(\.run.settings.steps).max() else { return }
        events(.phase(.steps, count: steps))
        while runs.contains(where: { !$0.run.isFinished }) {
            if let stopAfter, runs.allSatisfy({ $0.run.state.step >= stopAfter }) { return }
            try step(&runs)
            for (image, run) in runs.enumerated() {
                events(.stepped(image: image, Self.news(of: run)))
            }
            events(.progress(.steps, done: runs.map(\.run.state.step).max() ?? 0, of: steps))
        }
    }

    private static func news(of picture: PictureRun) -> StepNews {
        let state = picture.run.state
        let fixed = state.newlyFixed
        let confidence = fixed.reduce(0) { $0 + state.confidence[$1] } / Float(max(1, fixed.count))
        return StepNews(
            step: state.step, steps: picture.run.settings.steps, newlyFixed: fixed.count,
            masked: state.maskedCount, confidence: confidence)
    }

    /// The picture of a run whose tokens are all known: residual tokens, then pixels.
    public func picture(
        of run: PictureRun, withDiscrete: Bool = false, events: (RunEvent) -> Void = { _ in }
    ) throws -> Picture {
        let strength = run.request.residual.strength
        let steps = run.request.residual.steps ?? model.configuration.head.steps
        let residual: Tensor
        if strength == 0 || !model.configuration.hybrid {
            residual = Tensor(
                [run.run.state.ids.count, model.configuration.latentChannels], repeating: 0)
        } else {
            events(.phase(.residual, count: steps))
            residual = try self.residual(of: run) { done in
                events(.progress(.residual, done: done, of: steps))
            }
        }
        // A run that was stopped early decodes its unknown tokens as the first entry.
        let ids = run.run.state.ids.map { $0 == model.configuration.maskID ? 0 : $0 }
        let grid = HybridTokenGrid(
            gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight, ids: ids,
            residual: residual)
        events(.phase(.decoding, count: withDiscrete ? 2 : 1))
        let refined = try decode(grid, strength: strength)
        events(.progress(.decoding, done: 1, of: withDiscrete ? 2 : 1))
        let discrete = withDiscrete ? try decode(grid, strength: 0) : nil
        return Picture(
            request: run.request, tokens: run.run.state, grid: grid, discrete: discrete,
            refined: refined)
    }
}
