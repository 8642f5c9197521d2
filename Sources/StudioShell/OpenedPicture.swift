import Generation
import HybridTokens
import Imaging
import Pipeline
import Requests
import StudioCore

/// A PNG file as a picture that can be edited, or as a run that can be gone on with.
struct OpenedPicture {
    private(set) var engineRun: RunEngine.EngineRun
    /// What was done to the picture to make it fit, in a sentence.
    private(set) var remark: String?
    private let snapshots: [StepSnapshot]

    /// - Throws: `ImageReadError`, `RunEngineError`, what encoding and decoding throw.
    init(_ path: String, _ fit: ImportFit, _ pipeline: Pipeline) throws {
        let hash = SHA256Sum.of(try ImageFile.read(path))
        let file = try ImageFile.open(path)
        let metadata = try? GenerationMetadata(file.contents)
        if let metadata, let kept = try? Self.kept(metadata, file.image, pipeline) {
            engineRun = kept
            (engineRun.fit, engineRun.fileHash) = (fit, hash)
            engineRun.file = RunEngine.OpenedFile(hash: hash, isFinished: kept.refined != nil)
            let maskID = pipeline.model.configuration.maskID
            snapshots = kept.run?.run.states.map { $0.snapshot(maskID: maskID) } ?? []
            return
        }
        let (image, remark) = Self.fitted(file.image, fit, pipeline)
        self.remark = remark
        let words = PictureWords(metadata, file.contents)
        let request = GenerationRequest(
            prompt: words.prompt, negativePrompt: words.negativePrompt, seed: words.seed ?? 0,
            width: image.width, height: image.height)
        let grid = try pipeline.roundedGrid(of: image)
        engineRun = RunEngine.EngineRun(
            grid: grid, discrete: try pipeline.decode(grid, strength: 0), refined: image,
            request: request, metadata: metadata)
        (engineRun.fit, engineRun.fileHash) = (fit, hash)
        if remark == nil { engineRun.file = RunEngine.OpenedFile(hash: hash, isFinished: true) }
        snapshots = [
            StepSnapshot(
                step: 0, ids: grid.ids, fixedAt: grid.ids.map { _ in 0 },
                confidence: grid.ids.map { _ in 1 })
        ]
    }

    /// The run that the file keeps, with all its steps; nil for a file of another model.
    private static func kept(
        _ metadata: GenerationMetadata, _ image: RGBImage, _ pipeline: Pipeline
    ) throws -> RunEngine.EngineRun? {
        guard metadata.record.modelHash == pipeline.model.sha256 else { return nil }
        let run = try pipeline.resume(metadata)
        guard run.width == image.width, run.height == image.height else { return nil }
        var engineRun = RunEngine.EngineRun(run: run, request: run.request)
        engineRun.lineage = Lineage(metadata)
        let compositor = try pipeline.compositor(resuming: metadata, image)
        if metadata.record.stoppedAtStep == nil {
            guard metadata.isOf(image), let grid = try pipeline.grid(of: metadata) else {
                return nil
            }
            (engineRun.grid, engineRun.refined, engineRun.metadata) = (grid, image, metadata)
            run.run.text.release()
            engineRun.discrete = try pipeline.decode(grid, strength: 0)
        }
        if let compositor, let edit = metadata.record.edit {
            engineRun.ground = EditGround(
                compositor, discrete: engineRun.discrete ?? image, edit: edit)
        }
        return engineRun
    }

    // MARK: Size

    /// A picture whose sides are whole tokens, and what was done to make it so.
    private static func fitted(
        _ image: RGBImage, _ fit: ImportFit, _ pipeline: Pipeline
    ) -> (RGBImage, remark: String?) {
        let tokenSide = pipeline.model.tokenSide
        var (result, done) = (image, [String]())
        func size(_ image: RGBImage) -> String { "\(image.width)×\(image.height)" }
        let limit = 2 * pipeline.model.trainedSide
        if max(image.width, image.height) > limit {
            result = image.limited(toSide: limit)
            done.append("made smaller, to \(size(result))")
        }
        if result.width % tokenSide != 0 || result.height % tokenSide != 0 {
            switch fit {
            case .crop:
                // What is thinner than a token cannot be.
                if let cropped = result.centreCropped(toMultipleOf: tokenSide) {
                    result = cropped
                    done.append("cropped to \(size(result))")
                } else {
                    result = result.padded(toMultipleOf: tokenSide)
                    done.append("padded to \(size(result))")
                }
            case .pad:
                result = result.padded(toMultipleOf: tokenSide)
                done.append("padded to \(size(result))")
            case .fit:
                result = result.filling(toMultipleOf: tokenSide)
                done.append("fitted to \(size(result))")
            }
        }
        guard !done.isEmpty else { return (result, nil) }
        return (
            result, "Opened; it was \(size(image)) and is \(done.joined(separator: ", then "))."
        )
    }

    func record(id: RunID, name: String, path: String) -> RunRecord {
        var record = RunRecord(id: id, request: engineRun.request, origin: .file(name))
        record.gridWidth = engineRun.run?.run.gridWidth ?? engineRun.grid?.gridWidth ?? 1
        record.gridHeight = engineRun.run?.run.gridHeight ?? engineRun.grid?.gridHeight ?? 1
        record.snapshots = snapshots
        record.status = engineRun.refined == nil ? .cancelled : .finished
        if let refined = engineRun.refined, let discrete = engineRun.discrete {
            record.picture = FinishedPicture(
                discrete: discrete, refined: refined,
                residualLengths: engineRun.grid?.residualLengths ?? [], seamError: nil,
                strength: engineRun.request.residual.strength)
        }
        record.isFromPrompt = engineRun.isFromPrompt
        record.precision = engineRun.metadata?.record.precision
        // One that was fitted is not what its file shows.
        if remark == nil {
            record.file = SavedFile(
                path: path, strength: engineRun.request.residual.strength, step: record.step,
                isFinished: engineRun.refined != nil)
        }
        return record
    }
}
