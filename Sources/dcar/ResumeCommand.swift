import ArgumentParser
import Imaging
import Kernels
import Pipeline

/// A stopped run, continued from its picture.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Finish a picture whose run was stopped.")

    @Argument(help: "A PNG that dcar saved when it was stopped.")
    var picture: String

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
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
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        let pipeline = try model.open()
        guard metadata.record.modelHash == pipeline.model.sha256 else {
            throw CommandError.inputImage(
                "\(picture) was made with the model \(metadata.record.modelName), which is not the "
                    + "one that is open; name its folder with --model.")
        }
        progress.receive(.phase(.encoding, count: 1))
        let run = try pipeline.model.compute.stoppable(by: stop) { try pipeline.resume(metadata) }
        try PictureJob(
            pipeline: pipeline, output: output,
            pattern: try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false),
            stop: stop, progress: progress
        ).run([run])
    }
}
