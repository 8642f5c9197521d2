import Generation
import HybridTokens
import Imaging
import Pipeline
import Requests
import StudioCore

extension Bench {
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
        guard let piece = pieces[id], let run = piece.run, preview != .off,
            let image = colors?.picture(
                ids: snapshot.ids, gridWidth: run.run.gridWidth,
                tokenSide: run.width / run.run.gridWidth)
        else { return nil }
        return StepPreview(image: piece.ground?.filled(image) ?? image, kind: .colors)
    }

    private func decoded(_ id: RunID, _ step: Int, _ pipeline: Pipeline) throws -> StepPreview? {
        guard let piece = pieces[id], let run = piece.run else { return nil }
        let kind = preview == .full ? PreviewKind.full : .decoded
        let image = try pipeline.preview(
            of: run.woundBack(to: step), withResidual: kind == .full)
        return StepPreview(image: piece.ground?.filled(image) ?? image, kind: kind)
    }

    func decode(_ id: RunID, _ step: Int, _ pipeline: Pipeline) throws {
        guard let preview = try decoded(id, step, pipeline) else { return }
        post(.decoded(id, step: step, preview))
    }

    // MARK: Residual

    mutating func restrengthen(_ id: RunID, _ strength: Float, _ pipeline: Pipeline) throws {
        guard let piece = pieces[id], var grid = piece.grid,
            piece.request.residual.strength != strength
        else { return }
        defer { piece.run?.run.text.release() }
        if let run = piece.run, pipeline.lacksResidual(grid, of: run) {
            grid = HybridTokenGrid(
                gridWidth: grid.gridWidth, gridHeight: grid.gridHeight, ids: grid.ids,
                residual: try pipeline.residual(of: run))
            pieces[id]?.grid = grid
        }
        let picture = try decode(grid, of: id, strength: strength, pipeline)
        pieces[id]?.leaveFile()
        post(.restrengthened(id, picture))
        keep(id, pipeline)
    }

    /// Makes a picture's pixels with residuals that count so much.
    mutating func decode(
        _ grid: HybridTokenGrid, of id: RunID, strength: Float, _ pipeline: Pipeline
    ) throws -> FinishedPicture {
        let refined = try pipeline.decode(grid, strength: strength)
        let discrete = try pipeline.decode(grid, strength: 0)
        pieces[id]?.request.residual.strength = strength
        pieces[id]?.metadata?.record.residualStrength = Double(strength)
        pieces[id]?.file = nil
        if let run = pieces[id]?.run {
            var residual = run.request.residual
            residual.strength = strength
            pieces[id]?.run = run.with(residual)
        }
        return compose(id, discrete, refined, strength: strength)
    }

    // MARK: Tokens

    mutating func pin(_ id: RunID, _ position: Int, _ code: Int?, _ pipeline: Pipeline) throws {
        guard var run = pieces[id]?.run else { return }
        var tokens = ChosenTokens()
        tokens.choose(code, at: position)
        try run.choose(tokens)
        pieces[id]?.lineage?.chosenTokens.choose(code, at: position)
        change(id, to: run, pipeline)
    }

    mutating func putBack(_ id: RunID, _ mark: TokenMark, _ pipeline: Pipeline) {
        guard var run = pieces[id]?.run, run.tokens.ids.indices.contains(mark.position) else {
            return
        }
        run.putBack(
            mark.position, id: mark.id, fixedAt: mark.fixedAt, confidence: mark.confidence)
        pieces[id]?.lineage?.chosenTokens.forget(mark.position)
        change(id, to: run, pipeline)
    }

    private mutating func change(_ id: RunID, to run: PictureRun, _ pipeline: Pipeline) {
        pieces[id]?.run = run
        pieces[id]?.leaveFile()
        post(.changed(id, run.tokens.snapshot(maskID: run.run.maskID)))
        keep(id, pipeline)
    }

    /// The likeliest entries at a place by the pass that a step sampled from.
    mutating func candidates(
        _ id: RunID, _ step: Int, _ position: Int, _ pipeline: Pipeline
    ) throws {
        guard let run = pieces[id]?.run?.run, run.state.ids.indices.contains(position) else {
            return
        }
        defer { if pieces[id]?.refined != nil { run.text.release() } }
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
