import ArgumentParser
import Imaging
import Kernels
import Pipeline
import Requests

/// A stopped run, continued from its picture.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Finish a picture whose run was stopped.")

    @Argument(help: "A PNG that dcar saved when it was stopped.")
    var picture: String

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var model = model
        let stop = StopSignal()
        Interrupts.watch(stop)
        let contents = try ImageFile.contents(of: picture)
        guard let metadata = try GenerationMetadata(contents), metadata.tokens != nil else {
            throw CommandError.inputImage(
                "\(picture) keeps no tokens of a run; only pictures saved by dcar can be resumed.")
        }
        guard metadata.record.stoppedAtStep != nil else {
            throw CommandError.inputImage("\(picture) is finished; there is nothing to resume.")
        }
        guard metadata.record.edit == nil else {
            throw CommandError.inputImage(
                "\(picture) is a stopped edit; run the edit again from its parent picture.")
        }
        Preferences.warn(unless: output.quiet)
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        // Another precision would give another picture than the run that was stopped.
        if model.precision == nil || model.precision == "auto" {
            let isShort = metadata.record.precision == "bfloat16"
            model.precision = (isShort ? Precision.bfloat16 : .float32).rawValue
        }
        let pipeline = try model.open()
        guard metadata.record.modelHash == pipeline.model.sha256 else {
            throw CommandError.inputImage(
                "\(picture) was made with the model \(metadata.record.modelName), which is not the "
                    + "one that is open; name its folder with --model.")
        }
        progress.receive(.phase(.encoding, count: 1))
        let run: PictureRun
        do {
            run = try pipeline.model.compute.stoppable(by: stop) { try pipeline.resume(metadata) }
        } catch let error as RequestError {
            throw CommandError.inputImage("\(SanitizedText(picture)): \(error)")
        }
        try PictureJob(
            pipeline: pipeline, output: output,
            pattern: try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false),
            stop: stop, progress: progress
        ).run([run])
    }
}
