import Generation
import HybridTokens
import Imaging
import Pipeline
import Requests
import Testing

private let request = GenerationRequest(
    prompt: "a beach at sunset", seed: 3, width: 96, height: 96,
    sampling: SamplingSettings(steps: 2, guidanceScale: 1), residual: ResidualSettings(steps: 5))

private func finished(_ pipeline: Pipeline, _ request: GenerationRequest) throws -> PictureRun {
    var runs = try pipeline.start([request])
    try pipeline.unmask(&runs)
    return runs[0]
}

@Test func anEditWithoutResidualKeepsThatOfTheOtherTokens() throws {
    let pipeline = try embeddedPipeline()
    let source = try pipeline.picture(of: finished(pipeline, request))
    var edit = request
    edit.residual.strength = 0
    let isMasked = (0..<9).map { $0 == 4 }
    var runs = [try pipeline.start(edit, editing: source.grid, isMasked: isMasked)]
    try pipeline.unmask(&runs)
    let result = try pipeline.picture(of: runs[0], withDiscrete: true)
    let channels = pipeline.model.configuration.latentChannels
    let (old, new) = (source.grid.residual.floats(), result.grid.residual.floats())
    for token in 0..<9 {
        let range = token * channels..<(token + 1) * channels
        #expect(isMasked[token] ? new[range].allSatisfy { $0 == 0 } : new[range] == old[range])
    }
    #expect(result.discrete == result.refined)
    #expect(pipeline.lacksResidual(result.grid, of: runs[0]))
    #expect(!pipeline.lacksResidual(source.grid, of: runs[0]))
}

/// The first pass of a prompt is kept for its next seed, which must not be seen in what comes out.
@Test(arguments: [Float(0), 2])
func pictureAfterPictureIsAsEachIsByItself(guidance: Float) throws {
    var first = request
    first.sampling.guidanceScale = guidance
    var (second, third) = (first, first)
    second.seed = 4
    third.prompt = "a fox in the snow"
    let together = try embeddedPipeline()
    for request in [first, second, third] {
        let alone = try embeddedPipeline()
        let (one, other) = (try finished(together, request), try finished(alone, request))
        #expect(one.tokens == other.tokens)
        #expect(try together.residual(of: one).floats() == alone.residual(of: other).floats())
    }
}

/// Grids of as many tokens in other rows.
@Test func anotherShapeOfTheSameSizeIsAsByItself() throws {
    let together = try embeddedPipeline()
    for (width, height) in [(128, 64), (64, 128)] {
        var shaped = request
        (shaped.width, shaped.height) = (width, height)
        let (one, other) = (
            try finished(together, shaped), try finished(embeddedPipeline(), shaped)
        )
        #expect(one.tokens == other.tokens)
        #expect(one.run.hidden?.conditional.floats() == other.run.hidden?.conditional.floats())
    }
}

@Test func aNegativePromptOfSpacesIsNone() throws {
    let pipeline = try embeddedPipeline()
    var blank = request
    blank.negativePrompt = " \t"
    #expect(try finished(pipeline, blank).tokens == finished(pipeline, request).tokens)
    blank.negativePrompt = "a dog"
    #expect(try finished(pipeline, blank).tokens != finished(pipeline, request).tokens)
}

@Test func whatALaterVersionWroteIsNotTakenForSomethingElse() throws {
    let pipeline = try embeddedPipeline()
    var record = pipeline.record(of: request, version: "1")
    record.guidanceDecay = "wavy"
    #expect(throws: RequestError.self) { try pipeline.request(of: record) }
    record.guidanceDecay = "linear"
    #expect(try pipeline.request(of: record).sampling.guidanceDecay == .linear)
    record.schedule = "stairs"
    #expect(throws: RequestError.self) { try pipeline.request(of: record) }
}
