import ArgumentParser
import Foundation
import Imaging
import Pipeline
import Requests
import Settings
import StudioCore

/// Pictures from prompts.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Make pictures from prompts.",
        discussion: """
            {a|b} in a prompt stands for a picture with a and one with b. PNG is the only format, \
            whatever the file's name. What is not given is as the settings say (dcar config), or \
            else the model.
            """, aliases: ["run"])

    @OptionGroup var picture: PictureOptions

    @Option(
        parsing: .unconditional,
        help: """
            A file with one prompt a line, or - for standard input. Pictures are counted in the \
            order of the lines, every part of a {a|b} and every picture of a batch for itself; the \
            first has the seed --seed or 0, the next one more. Pictures that exist are skipped, so \
            that a stopped batch can be started again.
            """)
    var promptFile: String?

    @Option(
        parsing: .unconditional, help: "i/n: only every n-th line, beginning with the i-th.",
        transform: Shard.init)
    var shard: Shard?

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "Pictures of each prompt, with seeds seed, seed + 1, ...; 1 when not given.")
    var batch: Int?

    @OptionGroup var stop: StopOptions

    @Flag(help: "Also save the picture of the discrete tokens alone.")
    var discrete = false

    @Flag(help: "Also save a picture after every step.")
    var saveSteps = false

    @Option(
        parsing: .unconditional,
        help: "A file that shows the run's present state; it is replaced at every update.")
    var previewPath: String?

    @Option(
        parsing: .unconditional, help: "Steps between updates of the preview; 1 when not given.")
    var previewInterval: Int?

    @Option(
        help: """
            off, colors, decoded or full: whether the preview is painted with the tokens' own colours, \
            which costs next to nothing once they are learned, decoded, or decoded with a residual.
            """)
    var preview: PreviewKind?

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    /// A prompt, and where it stands in a file.
    fileprivate struct Job {
        let prompt: String
        /// As typed, where `{a|b}` was expanded.
        var raw: String?
        /// Its place among all prompts of the file, which its pictures' numbers and seeds go by.
        var number: Int?
        var line = 1
    }

    func validate() throws {
        try check("--batch", batch, in: RequestLimits.pictures)
        if let previewInterval {
            guard previewInterval >= 1 else {
                throw ValidationError(
                    "--preview-interval is \(previewInterval); it must be at least 1.")
            }
            guard previewPath != nil else {
                throw ValidationError(
                    "--preview-interval wants a file to write; name it with --preview-path.")
            }
        }
        let sources = [!picture.words.isEmpty, picture.prompt != nil, promptFile != nil].count {
            $0
        }
        guard sources == 1 else {
            throw ValidationError("Give one prompt: as words, with --prompt or with --prompt-file.")
        }
        guard promptFile != nil || !picture.isBlank else {
            throw ValidationError("The prompt is empty; say what the picture shows.")
        }
        try stop.check(output)
        if stop.stopAt != nil, promptFile != nil {
            throw ValidationError(
                "--stop-at leaves pictures unfinished, and a --prompt-file's count as done; leave one "
                    + "out.")
        }
        if stop.stopAt != nil, discrete {
            throw ValidationError("--discrete wants finished pictures; leave it or --stop-at out.")
        }
        if let preview, preview != .off, previewPath == nil {
            throw ValidationError(
                "--preview \(preview.rawValue) wants a file to write; name it with --preview-path.")
        }
        if shard != nil, promptFile == nil {
            throw ValidationError("--shard divides the lines of a --prompt-file; name one.")
        }
        if output.isStandardOutput,
            promptFile != nil || count > 1 || discrete || saveSteps || isExpanded
        {
            throw ValidationError("-o - takes one picture; ask for one, or name files.")
        }
    }

    /// Pictures of each prompt.
    fileprivate var count: Int {
        batch ?? (output.isStandardOutput ? 1 : Preferences.current.count)
    }

    private var isExpanded: Bool {
        (try? PromptExpansion(picture.text))?.isExpanded ?? false
    }

    func run() throws {
        let all = try jobs()
        let jobs = all.filter { shard?.takes($0.line) ?? true }
        let command = try CommandRun(model, output)
        let isFile = promptFile != nil
        let pattern = try output.pattern(
            standard: isFile ? "dcar-{n:4}.png" : "dcar-{seed}-{n}.png",
            isSeveral: isFile || count > 1 || jobs.count > 1,
            sharesSeeds: !isFile && jobs.count > 1)
        let previewFile = try preview == .off ? nil : previewPath.map { try PreviewFile($0) }
        if isFile, !pattern.isNumbered {
            throw CommandError.usage(
                "-o \(pattern) has no {n}; with --prompt-file, pictures are named by line number.")
        }
        let maker = PictureMaker(
            options: self, command: command, pattern: pattern, previewFile: previewFile,
            // Lines of a file keep their seeds whatever shard or order they run in.
            // So do the parts of a {a|b}, which are to be compared.
            firstSeed: isFile ? sampling.seed ?? 0 : sampling.chosenSeed())
        if !output.isStandardOutput, isFile || !pattern.isNumbered {
            try maker.checkPreview(all)
        }
        for job in jobs {
            var pictures = maker.pictures(of: job)
            if isFile {
                command.progress.begin("line \(job.line)")
                let made = pictures.filter { maker.exists($0, job) }
                let areSame = made.map { maker.isSame($0, job) }
                pictures.removeAll { maker.exists($0, job) }
                // What was said of another picture is enough.
                if pictures.isEmpty, areSame.contains(false) { continue }
            }
            let isDone = try pictures.isEmpty || !maker.makeUnlessMade(pictures, job)
            if isDone { command.progress.note("Line \(job.line) is done already.") }
        }
    }

    private func jobs() throws -> [Job] {
        guard let promptFile else {
            let jobs = try expanded(picture.text)
            guard jobs.allSatisfy({ !$0.prompt.allSatisfy(\.isWhitespace) }) else {
                throw RequestError.emptyPart
            }
            return jobs
        }
        // Every picture that a line stands for has its number, whatever the others are.
        let prompts = try PromptFile.lines(promptFile).enumerated().flatMap { index, text in
            do throws(RequestError) {
                return try expanded(text, line: index + 1)
            } catch {
                throw CommandError.usage(
                    "Line \(index + 1) of \(PromptFile.title(promptFile)): \(error)")
            }
        }
        let jobs = prompts.enumerated().compactMap { index, job -> Job? in
            guard !job.prompt.isEmpty else { return nil }
            var job = job
            job.number = index + 1
            return job
        }
        guard !jobs.isEmpty else {
            throw CommandError.usage(
                "\(PromptFile.title(promptFile)) has no prompt; write one a line.")
        }
        return jobs
    }

    private func expanded(_ text: String, line: Int = 1) throws(RequestError) -> [Job] {
        guard text.utf8.count <= RequestLimits.promptBytes else {
            throw .promptLength(text.utf8.count)
        }
        let expansion = try PromptExpansion(text)
        return expansion.prompts.map {
            Job(prompt: $0, raw: expansion.isExpanded ? text : nil, line: line)
        }
    }
}

/// Makes the pictures of one prompt after the other.
private struct PictureMaker {
    let options: GenerateCommand
    let command: CommandRun
    let pattern: OutputPattern
    let previewFile: PreviewFile?
    let firstSeed: UInt64

    /// One picture of a job, and the number its file gets where the prompt came from a file.
    struct Picture {
        let seed: UInt64
        let number: Int?
    }

    private var output: OutputOptions { options.output }
    private var model: Model { command.pipeline.model }

    func pictures(of job: GenerateCommand.Job) -> [Picture] {
        let count = options.count
        let seed = firstSeed &+ UInt64((job.number ?? 1) - 1) &* UInt64(count)
        return (0..<count).map { index in
            Picture(
                seed: seed &+ UInt64(index),
                number: job.number.map { ($0 - 1) * count + 1 + index })
        }
    }

    /// - Throws: `CommandError.usage` where the preview has the name of any picture's file, which
    ///   would be lost, or taken for done.
    func checkPreview(_ jobs: [GenerateCommand.Job]) throws {
        guard let previewFile else { return }
        let steps = options.saveSteps ? RequestLimits.steps.map(PictureJob.step) : []
        let suffixes = (options.discrete ? [PictureJob.discrete] : []) + steps
        let patterns =
            try [pattern] + suffixes.filter(previewFile.name.contains).map(pattern.suffixed)
        for job in jobs {
            for picture in pictures(of: job) {
                for pattern in patterns {
                    try previewFile.check(
                        isNot: pattern.path(number: picture.number ?? 1, fields(picture, job)))
                }
            }
        }
    }

    func exists(_ picture: Picture, _ job: GenerateCommand.Job) -> Bool {
        FileManager.default.fileExists(
            atPath: pattern.path(number: picture.number ?? 1, fields(picture, job)))
    }

    /// Whether the file that is there is not known to show another prompt or seed than the line asks
    /// for; of one that does it is said.
    func isSame(_ picture: Picture, _ job: GenerateCommand.Job) -> Bool {
        let path = pattern.path(number: picture.number ?? 1, fields(picture, job))
        guard let contents = try? ImageFile.contents(of: path),
            let record = try? GenerationMetadata(contents)?.record,
            record.prompt != job.prompt || record.seed != picture.seed
        else { return true }
        let (what, value) =
            record.prompt == job.prompt
            ? ("seed", "\(record.seed)") : ("prompt", "\"\(record.prompt)\"")
        command.progress.note(
            "\(path) is there already, of another \(what), \(value); remove it, or name files otherwise."
        )
        return false
    }

    private func fields(_ picture: Picture, _ job: GenerateCommand.Job) -> OutputPattern.Fields {
        let request = request(picture, job)
        return command.fields(
            request, width: request.width ?? model.trainedSide,
            height: request.height ?? model.trainedSide)
    }

    private func request(_ picture: Picture, _ job: GenerateCommand.Job) -> GenerationRequest {
        let (width, height) = options.picture.size(command.pipeline)
        var request = GenerationRequest(
            prompt: job.prompt, negativePrompt: options.sampling.negativePrompt ?? "",
            seed: picture.seed, width: width, height: height,
            sampling: options.sampling.sampling(model.configuration.defaults),
            residual: options.sampling.residual())
        request.rawPrompt = job.raw
        return request
    }

    /// False where somebody else works on the same file of prompts and was faster.
    func makeUnlessMade(_ pictures: [Picture], _ job: GenerateCommand.Job) throws -> Bool {
        do {
            try make(pictures, job)
            return true
        } catch let error as SaveError {
            guard case .exists = error, job.number != nil,
                pictures.contains(where: { exists($0, job) })
            else { throw error }
            return false
        }
    }

    private func make(_ pictures: [Picture], _ job: GenerateCommand.Job) throws {
        if output.json {
            try Events.send(["event": "start", "prompt": job.prompt, "seed": pictures[0].seed])
        }
        command.progress.receive(.phase(.encoding, count: 1))
        let runs = try command.stoppable {
            try command.pipeline.start(pictures.map { request($0, job) })
        }
        try options.stop.check(runs)
        var task = PictureJob(command, output, pattern)
        task.stopAfter = options.stop.stopAt
        task.choosesSeeds = options.sampling.seed == nil && job.number == nil
        task.savesDiscrete = options.discrete
        task.savesSteps = options.saveSteps
        if let previewFile {
            task.preview = PictureJob.Preview(
                file: previewFile, interval: options.previewInterval ?? 1,
                colors: options.preview == .colors ? try colors() : nil,
                hasResidual: options.preview == .full)
        }
        try task.run(zip(runs, pictures).map { PictureJob.Item($0, number: $1.number) })
    }

    /// The colours of the model's tokens; learned first where no earlier session did.
    private func colors() throws -> TokenColors {
        var colors = TokenColors(of: model)
        try command.stoppable {
            let start = ContinuousClock.now
            // A large model takes seconds for each; one must do.
            while colors.wantsSamples, ContinuousClock.now - start < .seconds(1) {
                try colors.sample(command.pipeline)
            }
        }
        return colors
    }
}

/// Which part of a list of prompts: `2/8` is the second of eight.
struct Shard {
    let index: Int
    let count: Int

    /// - Throws: `ValidationError` for anything but `i/n`.
    init(_ argument: String) throws {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
            1...1_000_000 ~= count, 1...count ~= index
        else {
            throw ValidationError(
                "It must be two numbers such as 2/8, the second of eight parts.")
        }
        self.index = index
        self.count = count
    }

    /// Whether a line, counted from 1, is of this part.
    func takes(_ line: Int) -> Bool { (line - 1) % count == index - 1 }
}

extension PreviewKind: ExpressibleByArgument {}
