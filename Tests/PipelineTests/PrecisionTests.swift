import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import Testing

/// What a precision may change, given the same inputs and noise at every step of a float32 run with
/// the model's own settings:
/// the share of tokens that may come out differently, and how near the pictures must stay.
@Test(
    arguments: [(Precision.bfloat16, 0.99, 40.0), (.int8, 0.97, 35.0)]
        .filter { Processor.offers($0.0) })
func aPrecisionKeepsNearlyAllTokensAndThePicture(
    precision: Precision, share: Double, decibels: Double
) throws {
    let pipelines = try [embeddedPipeline(), embeddedPipeline(precision)]
    let samplers = pipelines.map {
        MaskedSampler($0.model.transformer, compute: $0.model.compute)
    }
    let prompts = [
        "a fox in the snow", "a red car on a yellow background", "two whales under water",
        "a city at night"
    ]
    var (same, total) = (0, 0)
    for (seed, prompt) in prompts.enumerated() {
        var request = GenerationRequest(prompt: prompt, seed: UInt64(seed))
        request.sampling = pipelines[0].model.configuration.defaults
        request.sampling.steps = 6
        let texts = try pipelines.map { try $0.text(for: request).text }
        var runs = try pipelines[0].start([request])
        while !runs[0].run.isFinished {
            let run = runs[0].run
            let ids = run.state.ids
            try pipelines[0].step(&runs)
            let outcomes = try zip(samplers, texts).map { sampler, text in
                try sampler.step(
                    [
                        MaskedSampler.Item(
                            ids: ids, text: text, noise: run.noise, unknownAtStart: ids.count)
                    ], step: run.state.step, settings: run.settings, gridWidth: run.gridWidth)[0]
            }
            let masked = ids.indices.filter { ids[$0] == run.maskID }
            same += masked.count { outcomes[0].sampled[$0] == outcomes[1].sampled[$0] }
            total += masked.count
        }
        let pictures = try pipelines.map { pipeline in
            let run = runs[0].run
            return try pipeline.decode(
                HybridTokenGrid(
                    gridWidth: run.gridWidth, gridHeight: run.gridHeight, ids: run.state.ids,
                    residual: try pipeline.residual(of: runs[0])), strength: 1)
        }
        #expect(pictures[1].psnr(against: pictures[0]) >= decibels)
    }
    #expect(Double(same) >= share * Double(total))
}
