import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import Tensors
import TestSupport
import Testing

private func finished(_ pipeline: Pipeline, _ request: GenerationRequest) throws -> Picture {
    var runs = try pipeline.start([request])
    try pipeline.unmask(&runs)
    return try pipeline.picture(of: runs[0])
}

private let request = GenerationRequest(
    prompt: "a beach at sunset", seed: 3, width: 128, height: 128,
    sampling: SamplingSettings(steps: 4, guidanceScale: 3), residual: ResidualSettings(steps: 4))

@Test func anEditTouchesNothingOutsideItsMask() throws {
    let pipeline = try embeddedPipeline()
    let source = try finished(pipeline, request)
    var numbers = SeededNumbers(seed: 1)
    for round in 0..<6 {
        let rectangle = PixelRectangle(
            x: Int.random(in: 0..<100, using: &numbers),
            y: Int.random(in: 0..<100, using: &numbers),
            width: Int.random(in: 1...60, using: &numbers),
            height: Int.random(in: 1...60, using: &numbers))
        let mask = try #require(Mask(width: 128, height: 128, rectangle: rectangle))
        let plan = try pipeline.plan(source.refined, source.grid, mask: mask)
        var edit = request
        edit.seed = UInt64(100 + round)
        var runs = [try pipeline.start(edit, editing: plan.grid, isMasked: plan.isMasked)]
        while !runs[0].run.isFinished {
            let before = runs[0].run.state.maskedCount
            try pipeline.step(&runs)
            #expect(runs[0].run.state.maskedCount < before)
        }
        let result = try pipeline.picture(of: runs[0])
        let channels = pipeline.model.configuration.latentChannels
        let (old, new) = (source.grid.residual.floats(), result.grid.residual.floats())
        for token in plan.isMasked.indices where !plan.isMasked[token] {
            #expect(result.grid.ids[token] == source.grid.ids[token])
            let range = token * channels..<(token + 1) * channels
            #expect(old[range] == new[range])
        }
        let composed = plan.compositor(feather: 8).composited(result.refined)
        let reach = mask.grown(by: 8)
        let changed = (0..<128 * 128).count { pixel in
            reach.coverage[pixel] == 0
                && (3 * pixel..<3 * pixel + 3).contains {
                    composed.pixels[$0] != source.refined.pixels[$0]
                }
        }
        #expect(changed == 0)
        let exact = plan.compositor(feather: 0).composited(result.refined)
        let outside = (0..<128 * 128).count { pixel in
            mask.coverage[pixel] == 0
                && (3 * pixel..<3 * pixel + 3).contains {
                    exact.pixels[$0] != source.refined.pixels[$0]
                }
        }
        #expect(outside == 0)
    }
}

@Test func aSavedPictureIsEditedWithoutEncodingIt() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([request])
    try pipeline.unmask(&runs)
    let picture = try pipeline.picture(of: runs[0])
    let metadata = pipeline.metadata(of: runs[0], grid: picture.grid, version: "0")
    let png = try PNG.encode(picture.refined, text: metadata.text)
    let read = try #require(try GenerationMetadata(PNGContents(png)))
    let grid = try #require(try pipeline.grid(of: read))
    #expect(grid.ids == picture.grid.ids)
    // Kept in half precision, which has 11 bits.
    let (maximum, scale) = difference(grid.residual, picture.grid.residual)
    #expect(maximum <= scale * 0x1p-11)
    #expect(read.record.prompt == request.prompt)
    var same = try pipeline.request(of: read.record)
    // The record tells what the request left to the model.
    (same.residual.guidanceScale, same.residual.temperature) = (nil, nil)
    #expect(same == request)
}

@Test func outpaintingKeepsThePictureInThePlace() throws {
    let pipeline = try embeddedPipeline()
    let source = try finished(pipeline, request)
    let plan = try pipeline.plan(
        outpainting: source.refined, source.grid, left: 1, right: 0, top: 0, bottom: 2)
    #expect(plan.grid.gridWidth == 5 && plan.grid.gridHeight == 6)
    #expect(plan.tokenMask.maskedCount == 5 * 6 - 16)
    var runs = [try pipeline.start(request, editing: plan.grid, isMasked: plan.isMasked)]
    try pipeline.unmask(&runs)
    let result = plan.compositor(feather: 0).composited(
        try pipeline.picture(of: runs[0]).refined)
    for y in 0..<128 {
        for x in 0..<128 { #expect(result[x + 32, y] == source.refined[x, y]) }
    }
}

@Test func theStrengthOfTheResidualGoesFromDiscreteToRefined() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([request])
    try pipeline.unmask(&runs)
    let picture = try pipeline.picture(of: runs[0], withDiscrete: true)
    let decoded = try [Float(0), 0.5, 1].map { try pipeline.decode(picture.grid, strength: $0) }
    #expect(decoded[0] == picture.discrete)
    #expect(decoded[1] != picture.discrete && decoded[1] != picture.refined)
    #expect(decoded[2] == picture.refined)
}

@Test func encodingAndDecodingKeepsAPicture() throws {
    let pipeline = try embeddedPipeline()
    let source = try finished(pipeline, request)
    let encoding = try pipeline.encode(source.refined)
    let back = try pipeline.decode(encoding.grid, strength: 1)
    #expect(back.psnr(against: source.refined) > 25)
}

@Test(arguments: [
    (
        GenerationRequest(prompt: "", seed: 0, width: 100),
        "The size 100x256 does not fit this model; each side must be a multiple of 32 from 32 to 2048."
    ),
    (
        GenerationRequest(prompt: "", seed: 0, sampling: SamplingSettings(steps: 0)),
        "The number of steps is 0; it must be from 1 to 64."
    ),
    (
        GenerationRequest(prompt: "", seed: 0, sampling: SamplingSettings(guidanceScale: -1)),
        "The guidance scale is -1.0; it must be from 0 to 100."
    ),
    (
        GenerationRequest(prompt: "", seed: 0, sampling: SamplingSettings(temperature: .nan)),
        "The temperature is nan; it must be from 0 to 100."
    ),
    (
        GenerationRequest(prompt: "", seed: 0, residual: ResidualSettings(strength: 2)),
        "The residual strength is 2.0; it must be from 0 to 1.5."
    ),
    (
        GenerationRequest(prompt: "", seed: 0, residual: ResidualSettings(steps: 0)),
        "The number of residual steps is 0; it must be from 1 to 1000."
    )
])
func aBadRequestIsRefusedInOneSentence(request: GenerationRequest, sentence: String) throws {
    let pipeline = try embeddedPipeline()
    do {
        _ = try pipeline.start(request)
        Issue.record("The request was accepted.")
    } catch {
        #expect(String(describing: error) == sentence)
    }
}

@Test func stoppingLeavesARunAsItWas() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([request])
    let signal = StopSignal()
    signal.raise()
    #expect(throws: Stopped.self) {
        try pipeline.model.compute.stoppable(by: signal) { try pipeline.step(&runs) }
    }
    #expect(runs[0].run.state.step == 0)
    try pipeline.unmask(&runs)
    #expect(runs[0].run.isFinished)
}

/// Once all tokens are known, a preview with residual is the picture; before, it is another than
/// without.
@Test func aPreviewWithResidualEndsAsThePicture() throws {
    let pipeline = try embeddedPipeline()
    var runs = try pipeline.start([request])
    try pipeline.step(&runs)
    let plain = try pipeline.preview(of: runs[0])
    #expect(try pipeline.preview(of: runs[0], withResidual: true) != plain)
    try pipeline.unmask(&runs)
    let picture = try pipeline.picture(of: runs[0])
    #expect(try pipeline.preview(of: runs[0], withResidual: true) == picture.refined)
}

/// However often it is stopped, saved and gone on with, where the mask is grey too.
@Test func anUnfinishedEditKeepsTheCanvasForLater() {
    var numbers = SeededNumbers(seed: 5)
    func noise() -> RGBImage {
        RGBImage(
            width: 32, height: 32,
            pixels: (0..<3 * 32 * 32).map { _ in UInt8.random(in: 0...255, using: &numbers) })
    }
    let mask = Mask(
        width: 32, height: 32,
        coverage: (0..<32 * 32).map { UInt8([0, 90, 180, 255][$0 % 32 / 8]) })
    let (canvas, partial, result) = (noise(), noise(), noise())
    let edit = EditCompositor(canvas: canvas, mask: mask, feather: 3)
    let stopped = edit.unfinished(partial)
    for pixel in 0..<32 * 32 {
        let kept = mask.coverage[pixel] == 255 ? partial : canvas
        #expect(stopped[pixel % 32, pixel / 32] == kept[pixel % 32, pixel / 32])
    }
    let opened = EditCompositor(canvas: stopped, mask: mask, feather: 3)
    let again = EditCompositor(canvas: opened.unfinished(partial), mask: mask, feather: 3)
    #expect(again.composited(result) == edit.composited(result))
}
