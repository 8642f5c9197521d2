import Imaging
import Kernels
import Pipeline
import Requests

/// What every command that makes pictures works with: the model, Ctrl-C, and the line that says what
/// is going on.
struct CommandRun {
    let pipeline: Pipeline
    let progress: ProgressLine
    private let stop: StopSignal

    /// Says what is wrong with the settings, obeys Ctrl-C from now on, and opens the model.
    /// - Throws: what opening a model throws.
    init(_ model: ModelOptions, _ output: OutputOptions) throws {
        Preferences.warn(unless: output.quiet)
        stop = StopSignal()
        Interrupts.watch(stop)
        progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        pipeline = try model.open()
    }

    /// - Throws: `Stopped` after Ctrl-C; what `body` throws.
    func stoppable<Result>(_ body: () throws -> Result) rethrows -> Result {
        try pipeline.model.compute.stoppable(by: stop, body)
    }

    /// What names the file of a run's picture.
    func fields(_ run: PictureRun) -> OutputPattern.Fields {
        fields(run.request, width: run.width, height: run.height)
    }

    func fields(_ request: GenerationRequest, width: Int, height: Int) -> OutputPattern.Fields {
        OutputPattern.Fields(
            seed: request.seed, prompt: request.prompt, model: pipeline.model.name, width: width,
            height: height)
    }
}
