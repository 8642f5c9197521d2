import HybridTokens
import Imaging
import Requests
import Tensors

extension Pipeline {
    /// Steps until all runs are finished, or one has done `stopAfter` steps.
    ///
    /// - Parameter afterStep: sees the runs after each step.
    /// - Throws: what `step` and the closures throw; the runs are then as the last step left them.
    public func unmask(
        _ runs: inout [PictureRun], stopAfter: Int? = nil,
        events: (RunEvent) throws -> Void = { _ in },
        afterStep: ([PictureRun]) throws -> Void = { _ in }
    ) throws {
        guard let steps = runs.map(\.run.settings.steps).max() else { return }
        try events(.phase(.steps, count: steps))
        while runs.contains(where: { !$0.run.isFinished }) {
            let done = runs.map(\.run.state.step).max() ?? 0
            if let stopAfter, done >= stopAfter { return }
            try step(&runs)
            for (image, run) in runs.enumerated() {
                try events(.stepped(image: image, Self.news(of: run)))
            }
            try afterStep(runs)
            try events(.progress(.steps, done: done + 1, of: steps))
        }
    }

    /// What the last step did to a run's tokens.
    public static func news(of picture: PictureRun) -> StepNews {
        let state = picture.run.state
        let fixed = state.newlyFixed
        let confidence = fixed.reduce(0) { $0 + state.confidence[$1] } / Float(max(1, fixed.count))
        return StepNews(
            step: state.step, steps: picture.run.settings.steps, newlyFixed: fixed.count,
            masked: state.maskedCount, confidence: confidence)
    }

    /// The picture of a run whose tokens are all known: residual tokens, then pixels.
    /// - Parameter show: gets the refined picture as soon as it is there, which is before the discrete
    ///   one.
    /// - Throws: `RequestError.tokensMasked`; what `residual`, `decode` and `events` throw.
    public func picture(
        of run: PictureRun, withDiscrete: Bool = false,
        events: (RunEvent) throws -> Void = { _ in },
        show: (RGBImage) -> Void = { _ in }
    ) throws -> Picture {
        guard run.run.state.maskedCount == 0 else {
            throw RequestError.tokensMasked(run.run.state.maskedCount)
        }
        let strength = run.request.residual.strength
        let steps = run.request.residual.steps ?? model.configuration.head.steps
        let residual: Tensor
        if strength == 0 || !model.isHybrid {
            residual = Tensor(
                [run.run.state.ids.count, model.configuration.latentChannels],
                keptResidual(of: run))
        } else {
            try events(.phase(.residual, count: steps))
            residual = try self.residual(of: run) { done in
                try events(.progress(.residual, done: done, of: steps))
            }
        }
        let grid = HybridTokenGrid(
            gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight, ids: run.run.state.ids,
            residual: residual)
        // Without residual tokens both are the same picture.
        let decodings = withDiscrete && strength != 0 ? 2 : 1
        try events(.phase(.decoding, count: decodings))
        let refined = try decode(grid, strength: strength)
        show(refined)
        try events(.progress(.decoding, done: 1, of: decodings))
        let discrete = decodings == 2 ? try decode(grid, strength: 0) : withDiscrete ? refined : nil
        return Picture(
            request: run.request, tokens: run.run.state, grid: grid, discrete: discrete,
            refined: refined)
    }

    /// Whether the residual tokens of a picture were never sampled, as it was made at strength 0.
    public func lacksResidual(_ grid: HybridTokenGrid, of run: PictureRun) -> Bool {
        guard model.isHybrid, run.isKept.contains(false) else { return false }
        let channels = model.configuration.latentChannels
        return grid.residual.withFloats { numbers in
            numbers.indices.allSatisfy { run.isKept[$0 / channels] || numbers[$0] == 0 }
        }
    }

    /// A run's present state as a picture: kept tokens with their residual, new ones as codebook
    /// entries alone, unknown ones as zero latents.
    ///
    /// - Parameter withResidual: whether new tokens get the residual that the head makes of the last
    ///   pass. While tokens are masked that is a guess: the finished picture's comes from a pass that
    ///   knew more of them.
    public func preview(of run: PictureRun, withResidual: Bool = false) throws -> RGBImage {
        let state = run.run.state
        let isRefined =
            withResidual && model.isHybrid && run.request.residual.strength > 0
        let residual = isRefined ? try self.residual(of: run).floats() : run.keptResidual
        let strength = isRefined ? run.request.residual.strength : 1
        let (codes, channels) = (
            model.configuration.codebookSize, model.configuration.latentChannels
        )
        let entries = model.hybridTokenizer.codebook.entries.rows(
            state.ids.map { $0 < codes ? $0 : 0 }
        ).floats()
        let latents = entries.indices.map { index -> Float in
            let token = index / channels
            guard state.ids[token] < codes else { return 0 }
            guard let residual, isRefined || run.isKept[token] else { return entries[index] }
            return entries[index] + strength * residual[index]
        }
        return try decode(
            Tensor([run.run.gridHeight, run.run.gridWidth, channels], latents))
    }
}
