import Foundation
import HybridTokens
import Imaging
import Pipeline
import Requests
import Tensors
import Testing

private struct Sample {
    let ids: [Int]
    let gridWidth: Int
    /// Decoded from the tokens alone.
    let picture: RGBImage
}

private func sample(_ pipeline: Pipeline, _ prompt: String, seed: UInt64) throws -> Sample {
    var sampling = pipeline.model.configuration.defaults
    sampling.steps = 6
    var runs = [
        try pipeline.start(GenerationRequest(prompt: prompt, seed: seed, sampling: sampling))
    ]
    try pipeline.unmask(&runs)
    let (ids, gridWidth) = (runs[0].tokens.ids, runs[0].run.gridWidth)
    let channels = pipeline.model.configuration.latentChannels
    let grid = HybridTokenGrid(
        gridWidth: gridWidth, gridHeight: ids.count / gridWidth, ids: ids,
        residual: Tensor([ids.count, channels], repeating: 0))
    return Sample(
        ids: ids, gridWidth: gridWidth, picture: try pipeline.decode(grid, strength: 0))
}

@Test func colorsOfTokensAreCloseToTheDecodedPicture() throws {
    let pipeline = try embeddedPipeline()
    let codebook = pipeline.model.hybridTokenizer.codebook.entries.floats()
    var colors = TokenColors(
        codebook: codebook, channels: pipeline.model.configuration.latentChannels)
    #expect(colors.picture(ids: [0], gridWidth: 1, tokenSide: 32) == nil)
    while colors.wantsSamples { try colors.sample(pipeline) }

    var kept = TokenColors(
        codebook: codebook, channels: pipeline.model.configuration.latentChannels)
    kept.adopt(colors.data.dropLast(4))
    #expect(kept.pictureCount == 0)
    var damaged = [Float](repeating: 0, count: colors.data.count / 4)
    for place in damaged.indices { damaged[place] = place < damaged.count / 2 ? 1 : 3e38 }
    kept.adopt(damaged.withUnsafeBytes { Data($0) })
    #expect(kept.pictureCount == 0)
    kept.adopt(colors.data)
    #expect(kept.pictureCount == colors.pictureCount)

    for (seed, prompt) in ["two pandas by a lake", "a red apple", "a forest at night"].enumerated()
    {
        let sample = try sample(pipeline, prompt, seed: UInt64(seed + 40))
        let shown = try #require(
            colors.picture(ids: sample.ids, gridWidth: sample.gridWidth, tokenSide: 32))
        // As coarse as the colours are, that is how close a picture of patches can come.
        let coarse = sample.picture.resized(width: 32, height: 32)
        let distance = shown.resized(width: 32, height: 32).psnr(against: coarse)
        #expect(distance > 17, "\(prompt)")
        let half = sample.ids.enumerated().map { $0 % 2 == 0 ? nil : $1 }
        let partly = try #require(
            colors.picture(ids: half, gridWidth: sample.gridWidth, tokenSide: 32))
        #expect(partly.crop(token: 1).psnr(against: shown.crop(token: 1)) > 15)
        #expect(kept.picture(ids: half, gridWidth: sample.gridWidth, tokenSide: 32)?.width == 256)
    }
}

extension RGBImage {
    fileprivate func crop(token: Int) -> RGBImage {
        var part = RGBImage(width: 32, height: 32)
        for y in 0..<32 { for x in 0..<32 { part[x, y] = self[32 * token + x, y] } }
        return part
    }
}
