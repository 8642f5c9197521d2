import Generation
import Imaging
import Pipeline
import Requests
import StudioCore

extension RunEngine {
    /// Runs that are unmasked together; more would only take more memory.
    private static let batch = 4

    mutating func begin(_ order: RunOrder, _ pipeline: Pipeline) throws {
        waiting[order.run] = nil
        post(.phase(order.run, .encoding, done: 0, of: 1))
        let start = Terminal.now
        var engineRun: EngineRun
        switch order.origin {
        case .prompt, .file:
            engineRun = EngineRun(
                run: try pipeline.start(order.request, text: knownText(of: order.request)),
                request: order.request)
        case .fork(let parent, let step):
            guard let source = engineRuns[parent], let sourceRun = source.run else {
                throw RunEngineError.noTokens(parent)
            }
            engineRun = EngineRun(
                run: try pipeline.fork(
                    sourceRun.woundBack(to: step), order.request,
                    text: knownText(of: order.request)),
                request: order.request)
            engineRun.ground = source.ground
            engineRun.lineage = try lineage(forkOf: source, step: step, pipeline)
        case .edit(let asked):
            guard let base = engineRuns[asked.base] else {
                throw RunEngineError.noTokens(asked.base)
            }
            let plan = try plan(asked, over: base, seed: order.request.seed, pipeline)
            let edit = plan.record(feather: asked.feather)
            engineRun = EngineRun(
                run: try pipeline.start(
                    order.request, editing: plan.grid, isMasked: plan.isMasked,
                    window: plan.window, text: knownText(of: order.request)),
                request: order.request)
            engineRun.ground = try ground(asked, over: base, mask: plan.mask, edit: edit, pipeline)
            engineRun.lineage = Lineage(
                parentHash: try fileHash(of: base, pipeline), edit: edit, mask: plan.mask)
        case .residual(let parent):
            guard let source = engineRuns[parent], let run = source.run else {
                throw RunEngineError.noTokens(parent)
            }
            engineRun = EngineRun(run: run.with(order.request.residual), request: order.request)
            engineRun.ground = source.ground
            // All that was made here is the same picture with other residual settings.
            if case .file = source.origin {
                engineRun.lineage = try lineage(forkOf: source, step: run.tokens.step, pipeline)
            } else {
                engineRun.lineage = source.lineage
            }
        }
        guard let run = engineRun.run else { return }
        engineRun.request = run.request
        engineRun.origin = order.origin
        engineRun.seconds = (Terminal.now - start).seconds
        engineRuns[order.run] = engineRun
        post(.timed(order.run, .encoding, units: 1, seconds: engineRun.seconds))
        announce(order.run, run)
    }

    /// The prompts of a request as another run has read them.
    private func knownText(of request: GenerationRequest) -> Pipeline.ReadText? {
        engineRuns.values.lazy.compactMap(\.run).first { $0.request.hasTexts(of: request) }
            .map { ($0.run.text, $0.isPromptTruncated) }
    }

    /// A run with the steps that are behind it.
    private func announce(_ id: RunID, _ run: PictureRun) {
        let maskID = run.run.maskID
        guard let first = run.run.states.first else { return }
        post(
            .started(
                id, gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight,
                first.snapshot(maskID: maskID), isPromptTruncated: run.isPromptTruncated))
        // An edit lies over its base from the first.
        if engineRuns[id]?.ground != nil,
            let preview = sketch(first.snapshot(maskID: maskID), of: id)
        {
            post(.decoded(id, step: first.step, preview))
        }
        // A fork or a new residual has steps behind it already.
        for state in run.run.states.dropFirst() {
            let snapshot = state.snapshot(maskID: maskID)
            post(.stepped(id, snapshot, sketch(snapshot, of: id), seconds: 0))
        }
    }

    // MARK: Steps

    mutating func advance(_ ids: [RunID], isSingleStep: Bool, _ pipeline: Pipeline) throws {
        for group in groups(of: ids) {
            for id in group { if let order = waiting[id] { try begin(order, pipeline) } }
            let isPaused = try unmask(group, isSingleStep: isSingleStep, pipeline)
            guard !isPaused else {
                for id in ids where engineRuns[id]?.refined == nil {
                    post(.paused(id))
                    keep(id, pipeline)
                }
                return
            }
            for id in group where !wishes.isSkipped(id) { try finish(id, pipeline) }
        }
    }

    /// What runs must have in common to be stepped together.
    private struct Pace: Hashable {
        let sampling: SamplingSettings
        let width: Int?
        let height: Int?
        let window: TokenWindow?
        let step: Int
    }

    private func groups(of ids: [RunID]) -> [[RunID]] {
        var groups: [(pace: Pace, runs: [RunID])] = []
        for id in ids where engineRuns[id]?.refined == nil && !wishes.isSkipped(id) {
            guard let request = engineRuns[id]?.request ?? waiting[id]?.request else { continue }
            let pace = Pace(
                sampling: engineRuns[id]?.run?.run.settings ?? request.sampling,
                width: request.width,
                height: request.height, window: engineRuns[id]?.run?.run.window,
                step: engineRuns[id]?.run?.tokens.step ?? 0)
            if let at = groups.lastIndex(where: { $0.pace == pace && $0.runs.count < Self.batch }) {
                groups[at].runs.append(id)
            } else {
                groups.append((pace, [id]))
            }
        }
        return groups.map(\.runs)
    }

    /// - Returns: whether the runs were paused before their end.
    private mutating func unmask(
        _ group: [RunID], isSingleStep: Bool, _ pipeline: Pipeline
    ) throws -> Bool {
        while true {
            let ids = group.filter { !wishes.isSkipped($0) }
            var runs = ids.compactMap { engineRuns[$0]?.run }
            guard runs.count == ids.count, runs.contains(where: { !$0.run.isFinished }) else {
                return false
            }
            let before = runs.map(\.tokens.step)
            let start = Terminal.now
            try pipeline.step(&runs)
            let seconds = (Terminal.now - start).seconds
            for (index, id) in ids.enumerated() where runs[index].tokens.step > before[index] {
                engineRuns[id]?.run = runs[index]
                engineRuns[id]?.leaveFile()
                engineRuns[id]?.seconds += seconds
                let state = runs[index].tokens
                post(.phase(id, .steps, done: state.step, of: runs[index].run.settings.steps))
                let snapshot = state.snapshot(maskID: runs[index].run.maskID)
                post(
                    .stepped(
                        id, snapshot,
                        options.settings.showsPicture(
                            ofStep: state.step, isLast: runs[index].run.isFinished)
                            ? try picture(of: snapshot, id, pipeline) : nil, seconds: seconds))
            }
            if isSingleStep || wishes.takePause(), runs.contains(where: { !$0.run.isFinished }) {
                return true
            }
        }
    }

    // MARK: Pixels

    private mutating func finish(_ id: RunID, _ pipeline: Pipeline) throws {
        guard let engineRun = engineRuns[id], let run = engineRun.run, engineRun.refined == nil
        else { return }
        let start = Terminal.now
        var phaseStart = start
        let picture = try pipeline.picture(of: run, withDiscrete: true) { event in
            switch event {
            case .phase(let phase, let count):
                phaseStart = Terminal.now
                post(.phase(id, phase, done: 0, of: count))
            case .progress(let phase, let done, let count):
                post(
                    .timed(id, phase, units: done, seconds: (Terminal.now - phaseStart).seconds))
                post(.phase(id, phase, done: done, of: count))
            case .stepped: break
            }
        } show: { image in
            guard preview != .off else { return }
            let shown = engineRun.ground?.compositor.composited(image) ?? image
            post(.decoded(id, step: run.tokens.step, StepPreview(image: shown, kind: .full)))
        }
        let discrete = picture.discrete ?? picture.refined
        colors?.learn(ids: picture.grid.ids, gridWidth: picture.grid.gridWidth, from: discrete)
        colors?.keep()
        engineRuns[id]?.grid = picture.grid
        run.run.text.release()
        forgetHiddenStates()
        engineRuns[id]?.leaveFile()
        engineRuns[id]?.seconds += (Terminal.now - start).seconds
        let finished = compose(
            id, discrete, picture.refined, strength: run.request.residual.strength)
        // Whoever hears that it is finished can rely on its being kept.
        keep(id, pipeline)
        post(.finished(id, finished, seconds: engineRuns[id]?.seconds ?? 0))
    }

    /// What the residual head reads of older runs is made again where it is wanted.
    private mutating func forgetHiddenStates() {
        for id in engineRuns.keys.sorted().dropLast(Self.runsWithHiddenStates) {
            engineRuns[id]?.run?.forgetHiddenStates()
        }
    }

    private static let runsWithHiddenStates = 8

    /// Lays an edit over its base and measures it.
    mutating func compose(
        _ id: RunID, _ discrete: RGBImage, _ refined: RGBImage, strength: Float
    ) -> FinishedPicture {
        let ground = engineRuns[id]?.ground
        engineRuns[id]?.seam = ground?.compositor.seamError(refined)
        let discrete =
            ground.map { $0.compositor.composited(discrete, over: $0.discrete) } ?? discrete
        let refined = ground.map { $0.compositor.composited(refined) } ?? refined
        engineRuns[id]?.discrete = discrete
        engineRuns[id]?.refined = refined
        return FinishedPicture(
            discrete: discrete, refined: refined,
            residualLengths: engineRuns[id]?.grid?.residualLengths ?? [],
            seamError: engineRuns[id]?.seam, strength: strength)
    }
}

extension TokenState {
    /// As the studio keeps it.
    func snapshot(maskID: Int) -> StepSnapshot {
        StepSnapshot(
            step: step, ids: ids.map { $0 == maskID ? nil : $0 }, fixedAt: fixedAt,
            confidence: confidence)
    }
}
