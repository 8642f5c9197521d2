import Generation
import Imaging
import Kernels
import Pipeline
import Requests

/// A picture's file with the run that it keeps.
struct SavedRun {
    let path: String
    let bytes: [UInt8]
    let image: RGBImage
    let metadata: GenerationMetadata

    /// - Throws: `ImageReadError`, `ImageRecordError`, `CommandError` for a file without tokens.
    init(_ path: String) throws {
        self.path = path
        bytes = try ImageFile.read(path)
        let file = try ImageFile.decode(bytes, of: path)
        guard let metadata = try GenerationMetadata(file.contents), metadata.tokens != nil else {
            throw CommandError.inputImage(
                "\(path) keeps no tokens of a run; only pictures saved by dcar do.")
        }
        (image, self.metadata) = (file.image, metadata)
    }

    /// The run, and the edit that it is, if it is one.
    func open(_ pipeline: Pipeline, _ stop: StopSignal, _ progress: ProgressLine) throws -> (
        run: PictureRun, plan: EditPlan?
    ) {
        guard metadata.record.modelHash == pipeline.model.sha256 else {
            throw CommandError.inputImage(
                "\(path) was made with the model \(metadata.record.modelName), which is not the "
                    + "one that is open; name its folder with --model.")
        }
        guard metadata.record.stoppedAtStep != nil || metadata.isOf(image) else {
            throw CommandError.inputImage(
                "The pixels of \(SanitizedText(path)) were changed since its tokens were saved; dcar edit "
                    + "goes on from its pixels.")
        }
        progress.receive(.phase(.encoding, count: 1))
        do {
            let run = try pipeline.model.compute.stoppable(by: stop) {
                try pipeline.resume(metadata)
            }
            return (run, try pipeline.plan(resuming: metadata, image))
        } catch let error as RequestError {
            throw CommandError.inputImage("\(SanitizedText(path)): \(error)")
        }
    }

    /// What lays an edit's result over the picture.
    func edits(_ plan: EditPlan?) -> [PictureJob.EditContext] {
        plan.map {
            [PictureJob.EditContext(plan: $0, feather: metadata.record.edit?.feather ?? 0)]
        } ?? []
    }
}
