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
        let file = try ImageFile.open(picture)
        guard let metadata = try GenerationMetadata(file.contents), metadata.tokens != nil else {
            throw CommandError.inputImage(
                "\(picture) keeps no tokens of a run; only pictures saved by dcar can be resumed.")
        }
        guard metadata.record.stoppedAtStep != nil else {
            throw CommandError.inputImage("\(picture) is finished; there is nothing to resume.")
        }
        Preferences.warn(unless: output.quiet)
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        // Another precision would give another picture than the run that was stopped.
        if model.precision == nil || model.precision == "auto" {
            let recorded = metadata.record.precision
            let precision = Precision.allCases.first { $0.recordName == recorded } ?? .float32
            model.precision = precision.rawValue
        }
        let pipeline = try model.open()
        guard metadata.record.modelHash == pipeline.model.sha256 else {
            throw CommandError.inputImage(
                "\(picture) was made with the model \(metadata.record.modelName), which is not the "
                    + "one that is open; name its folder with --model.")
        }
        progress.receive(.phase(.encoding, count: 1))
        let run: PictureRun
        let plan: EditPlan?
        do {
            run = try pipeline.model.compute.stoppable(by: stop) { try pipeline.resume(metadata) }
            plan = try pipeline.plan(resuming: metadata, file.image)
        } catch let error as RequestError {
            throw CommandError.inputImage("\(SanitizedText(picture)): \(error)")
        }
        var job = PictureJob(
            pipeline: pipeline, output: output,
            pattern: try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false),
            stop: stop, progress: progress)
        job.edit = plan.map {
            PictureJob.EditContext(
                plan: $0, feather: metadata.record.edit?.feather ?? 0,
                parentHash: metadata.record.parentHash)
        }
        try job.run([run])
    }
}
