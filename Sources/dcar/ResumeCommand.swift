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
        let file = try SavedRun(picture)
        guard file.metadata.record.stoppedAtStep != nil else {
            throw CommandError.inputImage("\(picture) is finished; there is nothing to resume.")
        }
        Preferences.warn(unless: output.quiet)
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        // Another precision would give another picture than the run that was stopped.
        if model.precision == nil || model.precision == "auto" {
            let recorded = file.metadata.record.precision
            let precision = Precision.allCases.first { $0.recordName == recorded } ?? .float32
            model.precision = precision.rawValue
        }
        let pipeline = try model.open()
        let (run, plan) = try file.open(pipeline, stop, progress)
        var job = PictureJob(
            pipeline: pipeline, output: output,
            pattern: try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false),
            stop: stop, progress: progress)
        job.edits = file.edits(plan)
        job.lineages = [Lineage(file.metadata)]
        try job.run([run])
    }
}
