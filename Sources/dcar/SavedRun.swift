import Imaging
import Pipeline
import Requests

/// A picture's file with the run that it keeps.
struct SavedRun {
    let path: String
    let bytes: [UInt8]
    let image: RGBImage
    let metadata: GenerationMetadata

    /// - Throws: `ImageReadError`, `ImageRecordError`, `CommandError` for a file without tokens.
    init(_ argument: String) throws {
        let input = try InputPicture(argument)
        (path, bytes) = (input.title, input.bytes)
        let file = try input.decoded()
        guard let metadata = try GenerationMetadata(file.contents), metadata.tokens != nil else {
            throw CommandError.inputImage(
                "\(path) keeps no tokens of a run, as pictures do that dcar saves with their metadata."
            )
        }
        (image, self.metadata) = (file.image, metadata)
    }

    /// The run, and what lays its result over the picture where it is an edit.
    func open(_ command: CommandRun) throws -> (run: PictureRun, edit: EditCompositor?) {
        let pipeline = command.pipeline
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
        command.progress.receive(.phase(.encoding, count: 1))
        do {
            let run = try command.stoppable { try pipeline.resume(metadata) }
            return (run, try pipeline.compositor(resuming: metadata, image))
        } catch let error as RequestError {
            throw CommandError.inputImage("\(SanitizedText(path)): \(error)")
        }
    }
}
