import ArgumentParser
import Imaging
import Pipeline
import Requests

/// A stopped run, continued from its picture.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Finish a picture whose run was stopped.")

    @Argument(help: "A PNG that dcar saved when it was stopped; - for standard input.")
    var picture: String

    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        var model = model
        let file = try SavedRun(picture)
        guard file.metadata.record.stoppedAtStep != nil else {
            throw CommandError.inputImage(
                "\(SanitizedText(file.path)) is finished; there is nothing to resume.")
        }
        model.keepPrecision(of: file.metadata.record)
        let command = try CommandRun(model, output)
        let (run, edit) = try file.open(command)
        let job = PictureJob(
            command, output,
            try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false))
        try job.run([PictureJob.Item(run, edit: edit, lineage: Lineage(file.metadata))])
    }
}
