import HybridTokens
import Imaging
import Pipeline
import Requests
import StudioCore
import Tensors

/// A PNG file as a picture that can be edited.
struct OpenedPicture {
    let request: GenerationRequest
    let grid: HybridTokenGrid
    let discrete: RGBImage
    let refined: RGBImage
    let snapshot: StepSnapshot
    let metadata: GenerationMetadata?

    /// - Throws: `ImageReadError`, `WorkshopError`, what encoding and decoding throw.
    init(_ path: String, _ pipeline: Pipeline) throws {
        let file = try ImageFile.open(path)
        let unit = pipeline.model.pixelsPerToken
        let metadata = try? GenerationMetadata(file.contents)
        self.metadata = metadata
        let channels = pipeline.model.configuration.latentChannels
        var request = GenerationRequest(
            prompt: metadata?.record.prompt ?? "", seed: metadata?.record.seed ?? 0)
        request.negativePrompt = metadata?.record.negativePrompt ?? ""
        if let record = metadata?.record {
            request.sampling.steps = min(max(record.steps, 1), Pipeline.stepLimit)
            request.sampling.guidanceScale = Float(record.guidanceScale)
            request.sampling.temperature = Float(record.temperature)
            request.residual.seed = record.residualSeed
            request.residual.strength = Float(record.residualStrength)
        }
        if let tokens = metadata?.tokens, metadata?.record.modelHash == pipeline.model.sha256,
            tokens.gridWidth * unit == file.image.width,
            tokens.gridHeight * unit == file.image.height, let residual = metadata?.residual,
            residual.values.count == tokens.ids.count * channels,
            tokens.ids.allSatisfy({
                $0.map { Int($0) < pipeline.model.configuration.codebookSize } ?? false
            })
        {
            grid = HybridTokenGrid(
                gridWidth: tokens.gridWidth, gridHeight: tokens.gridHeight,
                ids: tokens.ids.map { Int($0 ?? 0) },
                residual: Tensor([tokens.ids.count, channels], residual.values))
            refined = file.image
            snapshot = StepSnapshot(
                step: 0, ids: grid.ids, fixedAt: tokens.commitSteps.map(Int.init),
                confidence: tokens.confidence.map { Float($0) / 255 })
        } else {
            var image = file.image
            let longest = max(image.width, image.height)
            let limit = 2 * pipeline.model.trainedSide
            if longest > limit {
                image = image.resized(
                    width: max(1, image.width * limit / longest),
                    height: max(1, image.height * limit / longest))
            }
            guard let cropped = image.centreCropped(toMultipleOf: unit) else {
                throw WorkshopError.wrongGrid(path)
            }
            refined = cropped
            grid = try pipeline.encode(cropped).grid
            snapshot = StepSnapshot(
                step: 0, ids: grid.ids, fixedAt: grid.ids.map { _ in 0 },
                confidence: grid.ids.map { _ in 1 })
        }
        request.width = refined.width
        request.height = refined.height
        self.request = request
        discrete = try pipeline.decode(grid, strength: 0)
    }

    func record(id: RunID, name: String) -> RunRecord {
        var record = RunRecord(id: id, request: request, origin: .file(name))
        record.gridWidth = grid.gridWidth
        record.gridHeight = grid.gridHeight
        record.snapshots = [snapshot]
        record.status = .finished
        record.picture = FinishedPicture(
            discrete: discrete, refined: refined, residualLengths: grid.residualLengths,
            seamError: nil, strength: request.residual.strength)
        return record
    }
}
