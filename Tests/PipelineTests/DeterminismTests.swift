import Checkpoints
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import TestSupport
import Testing

private func picture(
    _ pipeline: Pipeline, seeds: [UInt64], width: Int = 128, height: Int = 96
) throws -> [Picture] {
    var runs = try pipeline.start(
        seeds.map { seed in
            GenerationRequest(
                prompt: "two whales under water", seed: seed, width: width, height: height,
                sampling: SamplingSettings(steps: 4, guidanceScale: 3),
                residual: ResidualSettings(steps: 6))
        })
    try pipeline.unmask(&runs)
    return try runs.map { try pipeline.picture(of: $0, withDiscrete: true) }
}

@Test(arguments: Precision.allCases.filter(Processor.offers))
func theSameSeedGivesTheSameBytesForAnyNumberOfThreads(precision: Precision) throws {
    let pictures = try [1, 2, 3].map {
        try picture(embeddedPipeline(threads: $0, precision), seeds: [5])[0]
    }
    #expect(
        pictures[0].refined == pictures[1].refined && pictures[0].refined == pictures[2].refined)
    #expect(pictures[0].discrete == pictures[1].discrete)
}

@Test(arguments: Precision.allCases.filter(Processor.offers))
func aPictureDoesNotDependOnItsBatch(precision: Precision) throws {
    let pipeline = try embeddedPipeline(precision)
    let batch = try picture(pipeline, seeds: [1, 2, 3])
    for (index, seed) in [UInt64(1), 2, 3].enumerated() {
        let alone = try picture(pipeline, seeds: [seed])[0]
        #expect(alone.refined == batch[index].refined)
        #expect(alone.tokens == batch[index].tokens)
    }
    #expect(batch[0].refined != batch[1].refined)
}

/// Attention to a short text and to a long one are computed in different ways.
@Test(arguments: Precision.allCases.filter(Processor.offers))
func aPictureDoesNotDependOnThePromptsInItsBatch(precision: Precision) throws {
    let pipeline = try embeddedPipeline(precision)
    let long = Array(repeating: "a red fox in the snow", count: 6).joined(separator: " and ")
    let requests = ["a fox", long, "three rabbits"].map {
        GenerationRequest(
            prompt: $0, seed: 4, width: 96, height: 64, sampling: SamplingSettings(steps: 3))
    }
    var batch = try pipeline.start(requests)
    try pipeline.unmask(&batch)
    for (run, request) in zip(batch, requests) {
        var alone = [try pipeline.start(request)]
        try pipeline.unmask(&alone)
        #expect(run.run.state == alone[0].run.state)
        #expect(run.run.hidden?.conditional.floats() == alone[0].run.hidden?.conditional.floats())
    }
    #expect(batch[0].run.text.conditional.count * 3 < batch[1].run.text.conditional.count)
}

@Test func aStoppedRunGoesOnAsIfItHadNotStopped() throws {
    let pipeline = try embeddedPipeline()
    let request = GenerationRequest(
        prompt: "a fox in the snow", seed: 9,
        sampling: SamplingSettings(steps: 6, guidanceScale: 3), residual: ResidualSettings(steps: 4)
    )
    var whole = try pipeline.start([request])
    try pipeline.unmask(&whole)
    let expected = try pipeline.picture(of: whole[0])
    for step in 1..<6 {
        var part = try pipeline.start([request])
        try pipeline.unmask(&part, stopAfter: step)
        #expect(part[0].run.state.step == step)
        // Through the file's record and back.
        let metadata = pipeline.metadata(of: part[0], grid: nil, version: "0")
        let png = try PNG.encode(try pipeline.preview(of: part[0]), text: metadata.text)
        let read = try #require(try GenerationMetadata(PNGContents(png)))
        var resumed = [try pipeline.resume(read)]
        try pipeline.unmask(&resumed)
        #expect(resumed[0].run.state.ids == expected.tokens.ids)
        let picture = try pipeline.picture(of: resumed[0])
        #expect(picture.refined == expected.refined)
    }
}

/// An edit of one token has one step, whatever number was asked for.
@Test func aRecordWhoseStepsAreOverThoughATokenIsMaskedIsRefused() throws {
    let pipeline = try embeddedPipeline()
    let run = try pipeline.start([
        GenerationRequest(
            prompt: "a meadow", seed: 2, width: 64, height: 64,
            sampling: SamplingSettings(steps: 5, guidanceScale: 3))
    ])
    var metadata = pipeline.metadata(of: run[0], grid: nil, version: "0")
    metadata.record.stoppedAtStep = 5
    metadata.tokens = TokenGridRecord(
        gridWidth: 2, gridHeight: 2, ids: [nil, 1, 2, 3], commitSteps: [0, 0, 0, 0],
        confidence: [0, 0, 0, 0])
    #expect(throws: RequestError.grid("tokens are masked after step 5 of 5")) {
        try pipeline.resume(metadata)
    }
}

@Test func windingBackAndGoingOnGivesTheSameTokens() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a meadow", seed: 2, sampling: SamplingSettings(steps: 5, guidanceScale: 3))
    ])
    try pipeline.unmask(&runs)
    let end = runs[0].run.state
    let sampler = MaskedSampler(pipeline.model.transformer, compute: pipeline.model.compute)
    for step in 0..<5 {
        var again = [runs[0].run.woundBack(to: step)]
        #expect(again[0].state == runs[0].run.states[step])
        while !again[0].isFinished { try MaskedRun.advance(&again, with: sampler) }
        #expect(again[0].state == end)
    }
}

@Test func everyStepFixesATokenAndPinnedOnesStay() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, sampling: SamplingSettings(steps: 8, guidanceScale: 3))
    ])
    let sampler = MaskedSampler(pipeline.model.transformer, compute: pipeline.model.compute)
    var run = [runs[0].run]
    run[0].pin(10, to: 77)
    try MaskedRun.advance(&run, with: sampler)
    let fixed = run[0].state.newlyFixed.filter { $0 != 10 }
    #expect(!fixed.isEmpty)
    run[0].unpin([fixed[0]])
    #expect(run[0].state.ids[fixed[0]] == run[0].maskID)
    var masked = run[0].state.maskedCount
    while !run[0].isFinished {
        try MaskedRun.advance(&run, with: sampler)
        #expect(run[0].state.maskedCount < masked)
        #expect(run[0].state.ids[10] == 77)
        masked = run[0].state.maskedCount
    }
    #expect(masked == 0)
    runs.removeAll()
}

/// What the blocks read of a text takes much memory, so that it is let go of and made again.
@Test func aTextThatWasLetGoOfIsReadAgain() throws {
    let pipeline = try embeddedPipeline()
    let request = GenerationRequest(
        prompt: "a cat", seed: 3, width: 64, height: 64,
        sampling: SamplingSettings(steps: 4, guidanceScale: 3))
    var runs = try pipeline.start([request, request])
    try pipeline.unmask(&runs, stopAfter: 2)
    runs[0].run.text.release()
    try pipeline.unmask(&runs)
    var whole = try pipeline.start([request])
    try pipeline.unmask(&whole)
    #expect(runs.map(\.run.state) == [whole[0].run.state, whole[0].run.state])
}

/// What the last pass saw of the old prompt says nothing of the new one's residual.
@Test func aForkAtTheLastStepSeesItsOwnPrompt() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 64, height: 64, sampling: SamplingSettings(steps: 2))
    ])
    try pipeline.unmask(&runs)
    var request = runs[0].request
    request.prompt = "a beach at night"
    let fork = try pipeline.fork(runs[0], request)
    #expect(runs[0].run.hidden != nil && fork.run.hidden == nil)
    let reopened = try pipeline.resume(pipeline.metadata(of: fork, grid: nil, version: "0"))
    #expect(
        try pipeline.residual(of: fork).floats() == pipeline.residual(of: reopened).floats())
}

/// Set before any step, between steps and after the last, read back from a record then and at the end.
@Test(arguments: [1, 4], 0...4)
func tokensSetByHandSurviveARecord(steps: Int, step: Int) throws {
    guard step <= steps else { return }
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 128, height: 128,
            sampling: SamplingSettings(steps: steps))
    ])
    try pipeline.unmask(&runs, stopAfter: step)
    var tokens = ChosenTokens()
    tokens.choose(77, at: 10)
    if step < steps { tokens.choose(nil, at: 4) }
    try runs[0].choose(tokens)
    var lineage = Lineage(parentHash: nil, forkedAtStep: step)
    lineage.chosenTokens = tokens
    func reread(_ run: PictureRun) throws -> PictureRun {
        try pipeline.resume(
            pipeline.metadata(of: run, grid: nil, version: "0", lineage: lineage))
    }
    var again = [try reread(runs[0])]
    try pipeline.unmask(&runs)
    try pipeline.unmask(&again)
    #expect(
        try pipeline.residual(of: reread(runs[0])).floats()
            == pipeline.residual(of: runs[0]).floats())
    #expect(again[0].run.state.ids == runs[0].run.state.ids)
    #expect(runs[0].run.state.ids[10] == 77)
    #expect(
        try pipeline.residual(of: again[0]).floats() == pipeline.residual(of: runs[0]).floats())
}

/// A run that is done before its first step has a residual of its own, not that of the picture that
/// its tokens came from.
@Test func aRunThatWasFilledInByHandHasItsOwnResidual() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 64, height: 64, sampling: SamplingSettings(steps: 2))
    ])
    try pipeline.unmask(&runs)
    let grid = HybridTokenGrid(
        gridWidth: 2, gridHeight: 2, ids: runs[0].run.state.ids,
        residual: try pipeline.residual(of: runs[0]))
    var filled = try pipeline.resume(pipeline.metadata(of: runs[0], grid: grid, version: "0"))
        .woundBack(to: 0)
    var tokens = ChosenTokens()
    for place in 0..<4 { tokens.choose(place + 1, at: place) }
    try filled.choose(tokens)
    #expect(filled.run.isFinished && filled.run.state.step == 0)
    let residual = try pipeline.residual(of: filled).floats()
    #expect(residual != grid.residual.floats())
    let other = filled.with(ResidualSettings(seed: 9))
    #expect(try pipeline.residual(of: other).floats() != residual)
}

/// Few tokens need few steps; a fork to another schedule counts them as its record will.
@Test(arguments: [1, 3, 7])
func aForkToAnotherScheduleGoesOnFromItsRecord(step: Int) throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 96, height: 64,
            sampling: SamplingSettings(steps: 12, schedule: .official))
    ])
    try pipeline.unmask(&runs, stopAfter: step)
    var request = runs[0].request
    request.sampling.schedule = .scaled
    var forks = [try pipeline.fork(runs[0], request)]
    #expect(!forks[0].run.isFinished)
    var again = [
        try pipeline.resume(
            pipeline.metadata(
                of: forks[0], grid: nil, version: "0",
                lineage: Lineage(parentHash: nil, forkedAtStep: step)))
    ]
    try pipeline.unmask(&forks)
    try pipeline.unmask(&again)
    #expect(forks[0].run.isFinished)
    #expect(forks[0].run.state.step == again[0].run.state.step)
    #expect(forks[0].run.state.ids == again[0].run.state.ids)
    #expect(forks[0].run.state.fixedAt == again[0].run.state.fixedAt)
}

@Test func aTokenThatIsPutBackLeavesNoTrace() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 96, height: 96, sampling: SamplingSettings(steps: 4))
    ])
    try pipeline.unmask(&runs, stopAfter: 2)
    var changed = [runs[0]]
    let state = runs[0].tokens
    for place in state.ids.indices {
        var tokens = ChosenTokens()
        tokens.choose(state.fixedAt[place] == nil ? 7 : nil, at: place)
        try changed[0].choose(tokens)
    }
    #expect(changed[0].tokens != state)
    for place in state.ids.indices {
        changed[0].putBack(
            place, id: state.fixedAt[place] == nil ? nil : state.ids[place],
            fixedAt: state.fixedAt[place], confidence: state.confidence[place])
    }
    #expect(changed[0].tokens == state)
    try pipeline.unmask(&runs)
    try pipeline.unmask(&changed)
    #expect(changed[0].tokens == runs[0].tokens)
}

@Test func aRunWithMaskedTokensHasNoPicture() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, width: 64, height: 64, sampling: SamplingSettings(steps: 9))
    ])
    try pipeline.unmask(&runs)
    #expect(runs[0].run.state.step == 4, "no more steps than tokens")
    var tokens = ChosenTokens()
    tokens.choose(nil, at: 1)
    #expect(throws: RequestError.noStepLeft(1)) { try runs[0].choose(tokens) }
    let early = runs[0].woundBack(to: 2)
    #expect(throws: RequestError.tokensMasked(2)) { try pipeline.picture(of: early) }
}

@Test func aForkKeepsTheTokensSoFar() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a cat", seed: 3, sampling: SamplingSettings(steps: 6, guidanceScale: 3))
    ])
    try pipeline.unmask(&runs, stopAfter: 3)
    let before = runs[0].run.state
    let other = try pipeline.text(
        for: GenerationRequest(prompt: "a beach at sunset", seed: 0)
    ).text
    var fork = [runs[0].run.forked(text: other, noise: KeyedNoise(seed: 99))]
    let sampler = MaskedSampler(pipeline.model.transformer, compute: pipeline.model.compute)
    while !fork[0].isFinished { try MaskedRun.advance(&fork, with: sampler) }
    try pipeline.unmask(&runs)
    for position in before.ids.indices where before.fixedAt[position] != nil {
        #expect(fork[0].state.ids[position] == before.ids[position])
    }
    #expect(fork[0].state.ids != runs[0].run.state.ids)
}

/// The stored table is what the formula gives for the trained grid, so that the formula may serve
/// other grids.
@Test func positionsOfTheTrainedGridFollowTheFormula() throws {
    let model = try embeddedPipeline().model
    let (configuration, side) = (model.configuration, model.configuration.gridSide)
    let stored = try model.checkpoints[1].tensor("pos_embed")
    let made = MaskedTransformer.sinePositions(
        gridWidth: side, gridHeight: side, width: configuration.width,
        step: model.transformer.trainedStep)
    // Stored in bfloat16.
    #expect(difference(made, stored).maximum < 0.01)
}

/// What a seed gives with the model in `Assets`: ids of tokens, in float32.
@Test func aSeedOfTheEmbeddedModelGivesItsKnownTokens() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a red fox in the snow", seed: 7, width: 128, height: 96,
            sampling: SamplingSettings(steps: 4, guidanceScale: 0.5, temperature: 0.5))
    ])
    try pipeline.unmask(&runs)
    #expect(
        runs[0].tokens.ids
            == [3328, 4014, 2012, 1209, 3114, 527, 1359, 2557, 2122, 2960, 1476, 361])
}

@Test func aRunThatWasWoundBackHasNoHiddenStatesOfLaterSteps() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a meadow", seed: 2, width: 64, height: 64,
            sampling: SamplingSettings(steps: 3, guidanceScale: 1))
    ])
    try pipeline.unmask(&runs)
    #expect(runs[0].run.hidden != nil)
    #expect(runs[0].run.woundBack(to: 3).hidden != nil)
    #expect(runs[0].run.woundBack(to: 2).hidden == nil)
}

/// The official rule masks a known grid again; the scaled one has nothing to do.
@Test(arguments: [(MaskSchedule.official, false), (.scaled, true)])
func aKnownGridIsFinishedUnlessTheRuleIsOfficial(schedule: MaskSchedule, isFinished: Bool) throws {
    let pipeline = try embeddedPipeline()
    let text = try pipeline.start(
        GenerationRequest(prompt: "a fox", seed: 1, width: 64, height: 64)
    ).run.text
    let maskID = pipeline.model.configuration.maskID
    let run = MaskedRun(
        gridWidth: 2, gridHeight: 2, maskID: maskID, ids: [1, 2, 3, 4],
        settings: SamplingSettings(steps: 3, schedule: schedule), text: text,
        noise: KeyedNoise(seed: 1))
    #expect(run.isFinished == isFinished)
}

@Test func unpinningOutsideTheWindowDoesNothing() throws {
    let pipeline = try embeddedPipeline()
    let text = try pipeline.start(
        GenerationRequest(prompt: "a fox", seed: 1, width: 64, height: 64)
    ).run.text
    var run = MaskedRun(
        gridWidth: 3, gridHeight: 1, maskID: pipeline.model.configuration.maskID, ids: [1, 2, 3],
        window: TokenWindow(x: 0, y: 0, width: 2, height: 1),
        settings: SamplingSettings(steps: 3), text: text, noise: KeyedNoise(seed: 1))
    run.unpin([1, 2])
    #expect(run.state.ids == [1, run.maskID, 3])
}

/// A candidate's probability is that of the pass its step sampled from.
@Test func candidatesAreThoseOfTheirStep() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a meadow", seed: 2, width: 128, height: 64,
            sampling: SamplingSettings(
                steps: 4, guidanceScale: 3, guidanceDecay: .linear, annealsLogits: true))
    ])
    try pipeline.unmask(&runs)
    let (run, state) = (runs[0].run, runs[0].tokens)
    let sampler = MaskedSampler(pipeline.model.transformer, compute: pipeline.model.compute)
    var seen = 0
    for position in state.ids.indices {
        guard let step = state.fixedAt[position],
            let states = try run.hiddenStates(of: step, with: sampler, isGuided: true)
        else { continue }
        let candidates = try run.candidates(
            states, of: step, at: position, count: 4_096, with: sampler)
        let chosen = try #require(candidates.first { $0.id == state.ids[position] })
        #expect(abs(chosen.probability - state.confidence[position]) < 1e-4)
        seen += 1
    }
    #expect(seen == 8)
}
