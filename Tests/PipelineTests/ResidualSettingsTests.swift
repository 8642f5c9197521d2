import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import Tensors
import TestSupport
import Testing

private let request = GenerationRequest(
    prompt: "a fox in the snow", seed: 3, width: 64, height: 64,
    sampling: SamplingSettings(steps: 2, guidanceScale: 0), residual: ResidualSettings(steps: 5))

@Test func theResidualTemperatureScalesTheNoiseOfEveryStep() throws {
    let model = try embeddedPipeline().model
    try model.prepareResidualHead()
    var numbers = SeededNumbers(seed: 7)
    func normal(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1.7...1.7, using: &numbers) }
    }
    let (rows, channels) = (3, model.configuration.latentChannels)
    let states = Tensor([rows, model.configuration.width], normal(rows * model.configuration.width))
    let initial = normal(rows * channels)
    let noise = (0..<5).map { _ in normal(rows * channels) }
    func sample(_ temperature: Float, times factor: Float = 1) throws -> [Float] {
        try model.residualHead.sample(
            conditional: states, unconditional: nil, guidance: 0, temperature: temperature,
            steps: 5, initial: initial, noise: { noise[$0].map { $0 * factor } }
        ).floats()
    }
    let half = try sample(0.5)
    #expect(try half == sample(1, times: 0.5))
    #expect(try half != sample(1))
    #expect(try sample(0) == sample(1, times: 0))
}

@Test func theResidualHeadCanBeGuidedWhereTokensAreNot() throws {
    let pipeline = try embeddedPipeline()
    func residual(_ guidance: Float) throws -> [Float] {
        var asked = request
        asked.residual.guidanceScale = guidance
        var runs = try pipeline.start([asked])
        try pipeline.unmask(&runs)
        return try pipeline.residual(of: runs[0]).floats()
    }
    let unguided = try residual(0)
    // Exactly 1 is no guidance either, as in the official code.
    #expect(try residual(1) == unguided)
    #expect(try residual(2) != unguided)
}

@Test func aRecordTellsHowResidualTokensWereMade() throws {
    let pipeline = try embeddedPipeline()
    var asked = request
    (asked.residual.guidanceScale, asked.residual.temperature) = (1.5, 0.75)
    let record = pipeline.record(of: asked, version: "1")
    let text = try ImageRecord(json: record.json)
    #expect(text.residualGuidanceScale == 1.5 && text.residualTemperature == 0.75)
    #expect(try pipeline.request(of: text).residual.guidanceScale == 1.5)
    #expect(try pipeline.request(of: text).residual.temperature == 0.75)

    let own = pipeline.model.configuration.head
    let usual = pipeline.record(of: request, version: "1")
    #expect(usual.residualGuidanceScale.map { Float($0) } == own.guidanceScale)
    #expect(Float(usual.residualTemperature) == own.temperature)
}

/// Pictures from before the head had settings of its own are made anew as they were.
@Test func aRecordWithoutResidualSettingsMeansTheOfficialOnes() throws {
    let pipeline = try embeddedPipeline()
    var old = pipeline.record(of: request, version: "1")
    old.guidanceScale = 2.5
    (old.residualGuidanceScale, old.residualTemperature) = (nil, 1)
    let residual = try pipeline.request(of: old).residual
    #expect(residual.guidanceScale == 2.5 && residual.temperature == 1)
    // One step of linear guidance has none, so that the head had none either.
    (old.steps, old.guidanceDecay) = (1, "linear")
    #expect(try pipeline.request(of: old).residual.guidanceScale == 0)
}
