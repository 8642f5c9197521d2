import Generation
import HybridTokens
import Imaging
import Pipeline
import Requests
import StudioCore

extension RunEngine {
    // MARK: Steps as pictures

    /// A step as a person wants to see it.
    func picture(of snapshot: StepSnapshot, _ id: RunID, _ pipeline: Pipeline) throws
        -> StepPreview?
    {
        switch preview {
        case .off: nil
        case .colors: sketch(snapshot, of: id)
        case .decoded, .full: try decoded(id, snapshot.step, pipeline)
        }
    }

    /// The tokens' own colours, and the pixels of an edit's base where its tokens stay.
    func sketch(_ snapshot: StepSnapshot, of id: RunID) -> StepPreview? {
        guard let engineRun = engineRuns[id], let run = engineRun.run, preview != .off else {
            return nil
        }
        let image = colors?.picture(
            ids: snapshot.ids, gridWidth: run.run.gridWidth,
            tokenSide: run.width / run.run.gridWidth)
        guard let ground = engineRun.ground else {
            return image.map { StepPreview(image: $0, kind: .colors) }
        }
        let canvas = ground.compositor.canvas
        let blank = RGBImage(
            width: canvas.width, height: canvas.height, red: 24, green: 24, blue: 28)
        return StepPreview(image: ground.filled(image ?? blank), kind: .colors)
    }

    private func decoded(_ id: RunID, _ step: Int, _ pipeline: Pipeline) throws -> StepPreview? {
        guard let engineRun = engineRuns[id], let run = engineRun.run else { return nil }
        let kind = preview == .full ? PreviewKind.full : .decoded
        let image = try pipeline.preview(
            of: run.woundBack(to: step), withResidual: kind == .full)
        return StepPreview(image: engineRun.ground?.filled(image) ?? image, kind: kind)
    }

    func decode(_ id: RunID, _ step: Int, _ pipeline: Pipeline) throws {
        guard let preview = try decoded(id, step, pipeline) else { return }
        post(.decoded(id, step: step, preview))
    }

    // MARK: Residual

    mutating func changeStrength(_ id: RunID, _ strength: Float, _ pipeline: Pipeline) throws {
        guard let engineRun = engineRuns[id], var grid = engineRun.grid,
            engineRun.request.residual.strength != strength
        else { return }
        defer { engineRun.run?.run.text.release() }
        if let run = engineRun.run, pipeline.lacksResidual(grid, of: run) {
            grid = HybridTokenGrid(
                gridWidth: grid.gridWidth, gridHeight: grid.gridHeight, ids: grid.ids,
                residual: try pipeline.residual(of: run))
            engineRuns[id]?.grid = grid
        }
        let picture = try decode(grid, of: id, strength: strength, pipeline)
        engineRuns[id]?.leaveFile()
        post(.strengthChanged(id, picture))
        keep(id, pipeline)
    }

    /// Makes a picture's pixels with residuals that count so much.
    mutating func decode(
        _ grid: HybridTokenGrid, of id: RunID, strength: Float, _ pipeline: Pipeline
    ) throws -> FinishedPicture {
        let refined = try pipeline.decode(grid, strength: strength)
        let discrete = try pipeline.decode(grid, strength: 0)
        engineRuns[id]?.request.residual.strength = strength
        engineRuns[id]?.metadata?.record.residualStrength = Double(strength)
        engineRuns[id]?.file = nil
        if let run = engineRuns[id]?.run {
            var residual = run.request.residual
            residual.strength = strength
            engineRuns[id]?.run = run.with(residual)
        }
        return compose(id, discrete, refined, strength: strength)
    }

    // MARK: Tokens

    mutating func pin(_ id: RunID, _ position: Int, _ code: Int?, _ pipeline: Pipeline) throws {
        guard var run = engineRuns[id]?.run else { return }
        var tokens = ChosenTokens()
        tokens.choose(code, at: position)
        try run.choose(tokens)
        engineRuns[id]?.lineage?.chosenTokens.choose(code, at: position)
        change(id, to: run, pipeline)
    }

    mutating func putBack(_ id: RunID, _ mark: TokenMark, _ pipeline: Pipeline) {
        guard var run = engineRuns[id]?.run, run.tokens.ids.indices.contains(mark.position) else {
            return
        }
        run.putBack(
            mark.position, id: mark.id, fixedAt: mark.fixedAt, confidence: mark.confidence)
        engineRuns[id]?.lineage?.chosenTokens.forget(mark.position)
        change(id, to: run, pipeline)
    }

    private mutating func change(_ id: RunID, to run: PictureRun, _ pipeline: Pipeline) {
        engineRuns[id]?.run = run
        engineRuns[id]?.leaveFile()
        post(.changed(id, run.tokens.snapshot(maskID: run.run.maskID)))
        keep(id, pipeline)
    }

    /// The likeliest entries at a place by the pass that a step sampled from.
    mutating func candidates(
        _ id: RunID, _ step: Int, _ position: Int, _ pipeline: Pipeline
    ) throws {
        guard let run = engineRuns[id]?.run?.run, run.state.ids.indices.contains(position) else {
            return
        }
        defer { if engineRuns[id]?.refined != nil { run.text.release() } }
        if pass?.run != id || pass?.step != step {
            pass = try run.hiddenStates(of: step, with: pipeline.sampler).map { (id, step, $0) }
        }
        guard let states = pass?.states else { return }
        post(
            .candidates(
                id, step: step, position: position,
                try run.candidates(
                    states, of: step, at: position, count: 9, with: pipeline.sampler)))
    }
}
