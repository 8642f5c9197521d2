import ArgumentParser
import Pipeline

/// Where a run is left unfinished.
struct StopOptions: ParsableArguments {
    @Option(
        parsing: .unconditional, help: "Stop after this step; dcar resume goes on from the picture."
    )
    var stopAt: Int?

    /// - Throws: `ValidationError` where `--stop-at` is below 0 or would leave a picture that nothing
    ///   can go on from.
    func check(_ output: OutputOptions) throws {
        guard let stopAt else { return }
        guard stopAt >= 0 else {
            throw ValidationError("--stop-at is \(stopAt); it must be at least 0.")
        }
        guard !output.leavesOutMetadata else {
            throw ValidationError(
                "\(output.noMetadata ? "--no-metadata" : "output.metadata = false") leaves nothing "
                    + "to resume from; leave it or --stop-at out.")
        }
    }
}

extension StopOptions {
    /// - Throws: `CommandError.usage` for a step that no run comes to.
    func check(_ runs: [PictureRun]) throws {
        guard let stopAt, let steps = runs.map(\.run.settings.steps).min(), stopAt > steps else {
            return
        }
        throw CommandError.usage(
            "--stop-at is \(stopAt); the run has \(steps) \(steps == 1 ? "step" : "steps").")
    }
}

/// - Throws: `ValidationError` for a number that a flag does not take; none is always taken.
func check<Number: Comparable>(
    _ flag: String, _ number: Number?, in range: ClosedRange<Number>
) throws {
    guard let number, !(range ~= number) else { return }
    throw ValidationError(
        "\(flag) is \(number); it must be from \(range.lowerBound) to \(range.upperBound).")
}
