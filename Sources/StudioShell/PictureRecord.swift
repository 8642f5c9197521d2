import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import StudioCore
import Tensors

/// What a saved picture says about itself.
struct PictureRecord {
    let request: GenerationRequest
    let edit: EditOrder?
    let snapshot: StepSnapshot?
    let grid: HybridTokenGrid?
    let model: Model
    let appVersion: String

    var metadata: GenerationMetadata {
        GenerationMetadata(
            record: record, tokens: tokens,
            residual: grid.map { ResidualRecord($0.residual.floats()) })
    }

    private var record: ImageRecord {
        var record = ImageRecord()
        let sampling = request.sampling
        record.appVersion = appVersion
        record.modelName = model.name
        record.modelHash = model.sha256
        record.prompt = request.prompt
        record.negativePrompt = request.negativePrompt
        record.seed = request.seed
        record.rng = KeyedNoise.name
        record.steps = sampling.steps
        record.guidanceScale = Self.short(sampling.guidanceScale)
        record.guidanceDecay = sampling.guidanceDecay.rawValue
        if sampling.guidanceDecay == .powerCosine {
            record.guidancePower = Self.short(sampling.guidancePower)
        }
        record.temperature = Self.short(sampling.temperature)
        record.isSoftmaxAnnealed = sampling.annealsLogits
        record.schedule = sampling.schedule == .linear ? "linear" : "arccos"
        record.isScheduleScaled = sampling.schedule == .scaled
        record.residualSteps = request.residual.steps ?? model.configuration.head.steps
        record.residualSeed = request.residual.seed
        record.residualStrength = Self.short(request.residual.strength)
        record.width = request.width ?? model.trainedSide
        record.height = request.height ?? model.trainedSide
        record.precision = model.compute.precision == .bfloat16 ? "bfloat16" : "float32"
        if let snapshot, snapshot.maskedCount > 0 { record.stoppedAtStep = snapshot.step }
        record.edit = edit.map { edit in
            let cells = max(1, record.width / model.pixelsPerToken)
            return EditRecord(
                operation: edit.operation,
                mask: TokenMask(
                    gridWidth: cells, gridHeight: max(1, edit.isMasked.count / cells),
                    isMasked: edit.isMasked),
                strength: edit.share,
                content: edit.operation == "reroll"
                    ? "least-sure" : edit.operation == "variation" ? "random" : "mask-all",
                feather: edit.feather, area: "whole-picture")
        }
        return record
    }

    /// Nil for grids that the record has no room for.
    private var tokens: TokenGridRecord? {
        guard let snapshot else { return nil }
        let side = model.pixelsPerToken
        let width = (request.width ?? model.trainedSide) / side
        guard 1...128 ~= width, snapshot.ids.count % width == 0,
            1...128 ~= snapshot.ids.count / width,
            snapshot.ids.allSatisfy({ $0.map { 0..<0xFFFF ~= $0 } ?? true })
        else { return nil }
        return TokenGridRecord(
            gridWidth: width, gridHeight: snapshot.ids.count / width,
            ids: snapshot.ids.map { $0.map(UInt16.init) },
            commitSteps: snapshot.fixedAt.map { UInt8(min($0 ?? 0, 255)) },
            confidence: snapshot.confidence.map { UInt8((min(max($0, 0), 1) * 255).rounded()) })
    }

    /// The decimal number that a person set, not its neighbour in single precision.
    private static func short(_ number: Float) -> Double { Double("\(number)") ?? Double(number) }
}

/// A PNG file as a picture that can be edited.
struct OpenedPicture {
    let request: GenerationRequest
    let grid: HybridTokenGrid
    let discrete: RGBImage
    let refined: RGBImage
    let snapshot: StepSnapshot

    /// - Throws: `ImageReadError`, `WorkshopError`, what encoding and decoding throw.
    init(_ path: String, _ pipeline: Pipeline) throws {
        let file = try ImageFile.open(path)
        let unit = pipeline.model.pixelsPerToken
        let metadata = try? GenerationMetadata(file.contents)
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
