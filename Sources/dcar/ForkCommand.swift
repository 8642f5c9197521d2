import ArgumentParser
import Imaging
import Pipeline
import Requests

/// A run gone on with from one of its steps, in another way.
struct ForkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Go on from a step of a picture with another seed, prompt or guidance.",
        discussion: """
            Tokens that were fixed up to the step stay. From the last step on nothing is left to \
            fix, so that only the residual is made anew: --residual-seed, --residual-guidance, \
            --residual-temperature, --residual-strength. What no flag says is as in \
            the picture, but for the seed, which is another one, and the number of steps, which stays.
            """)

    @Argument(help: "A PNG that dcar saved, finished or stopped; - for standard input.")
    var picture: String

    @Option(
        parsing: .unconditional,
        help: "The step to go on from, 0 for none fixed; the picture's last when not given.")
    var step: Int?

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "The prompt; the picture's own when not given.")
    var prompt: String?

    @OptionGroup var stop: StopOptions

    @Option(
        parsing: .unconditionalSingleValue,
        help: """
            PLACE=ENTRY sets a token, counted from 0 in reading order, to an entry of the codebook; \
            PLACE=mask has it made anew. May be given several times.
            """)
    var setToken: [String] = []

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard sampling.steps == nil else {
            throw ValidationError("--steps cannot change any more; leave it out.")
        }
        guard ChosenTokens(setToken) != nil else {
            throw ValidationError(
                "--set-token is \(setToken.joined(separator: ", ")); write it as 12=873 or 12=mask."
            )
        }
        try stop.check(output)
    }

    func run() throws {
        var model = model
        let file = try SavedRun(picture)
        model.keepPrecision(of: file.metadata.record, allowsOther: true)
        let command = try CommandRun(model, output)
        let pipeline = command.pipeline
        let (run, edit) = try file.open(command)
        let first = run.run.states.first?.step ?? 0
        let step = step ?? run.tokens.step
        guard first...run.tokens.step ~= step else {
            throw CommandError.usage(
                "--step is \(step); it must be from \(first) to \(run.tokens.step), the steps that "
                    + "\(SanitizedText(file.path)) has.")
        }
        if let stopAt = stop.stopAt, stopAt < step {
            throw CommandError.usage(
                "--stop-at is \(stopAt); it must be at least \(step), the step that the fork goes on "
                    + "from.")
        }
        let chosen = ChosenTokens(setToken) ?? ChosenTokens()
        var fork = try command.stoppable {
            try pipeline.fork(run.woundBack(to: step), request(run))
        }
        if step == run.tokens.step, run.tokens.maskedCount == 0, prompt != nil {
            command.progress.note(
                "After step \(step) all tokens are fixed, so that the prompt changes the residual alone; "
                    + "--step \(max(first, step / 2)) goes back.")
        }
        try stop.check([fork])
        try fork.choose(chosen)
        var lineage = Lineage(file.metadata)
        lineage.parentHash = SHA256Sum.of(file.bytes)
        lineage.forkedAtStep = step
        lineage.chosenTokens = chosen
        var job = PictureJob(
            command, output,
            try output.pattern(standard: "dcar-{seed}-{n}.png", isSeveral: false))
        job.stopAfter = stop.stopAt
        job.choosesSeeds = sampling.seed == nil
        try job.run([PictureJob.Item(fork, edit: edit, lineage: lineage)])
    }

    private func request(_ run: PictureRun) -> GenerationRequest {
        var request = run.request
        if let prompt, prompt != request.prompt {
            request.prompt = prompt
            request.rawPrompt = nil
        }
        if let negative = sampling.negativePrompt { request.negativePrompt = negative }
        request.seed = sampling.chosenSeed()
        sampling.apply(to: &request.sampling)
        sampling.apply(to: &request.residual)
        request.residual.seed = sampling.residualSeed
        return request
    }
}
