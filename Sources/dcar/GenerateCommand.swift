import ArgumentParser
import Foundation
import Imaging
import Kernels
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
            whatever the file's name.
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
        help: "Pictures of each prompt, with seeds seed, seed + 1, ...")
    var batch: Int?

    @Option(
        parsing: .unconditional, help: "Stop after this step; dcar resume goes on from the picture."
    )
    var stopAt: Int?

    @Flag(help: "Also save the picture of the discrete tokens alone.")
    var discrete = false

    @Flag(help: "Also save a picture after every step.")
    var saveSteps = false

    @Option(
        parsing: .unconditional,
        help: "A file that shows the run's present state; it is replaced at every update.")
    var previewPath: String?

    @Option(parsing: .unconditional, help: "Steps between updates of the preview.")
    var previewInterval = 1

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
    private struct Job {
        let prompt: String
        /// As typed, where `{a|b}` was expanded.
        var raw: String?
        /// Its place among all prompts of the file, which its pictures' numbers and seeds go by.
        var number: Int?
        var line = 1
    }

    /// One picture of a job, and the number its file gets where the prompt came from a file.
    private struct Picture {
        let seed: UInt64
        let number: Int?
    }

    func validate() throws {
        if let batch, !(RequestLimits.pictures ~= batch) {
            throw ValidationError(
                "--batch is \(batch); it must be from 1 to \(RequestLimits.pictures.upperBound).")
        }
        guard previewInterval >= 1 else {
            throw ValidationError(
                "--preview-interval is \(previewInterval); it must be at least 1.")
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
        try output.check(stopAt: stopAt)
        if stopAt != nil, promptFile != nil {
            throw ValidationError(
                "--stop-at leaves pictures unfinished, and a --prompt-file's count as done; leave one "
                    + "out.")
        }
        if stopAt != nil, discrete {
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
    private var count: Int {
        batch ?? (output.isStandardOutput ? 1 : Preferences.current.whole(.count) ?? 1)
    }

    private var isExpanded: Bool {
        (try? PromptExpansion(picture.text))?.isExpanded ?? false
    }

    func run() throws {
        let all = try jobs()
        let jobs = all.filter { shard?.takes($0.line) ?? true }
        Preferences.warn(unless: output.quiet)
        let stop = StopSignal()
        Interrupts.watch(stop)
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        let pipeline = try model.open()
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
        // Lines of a file keep their seeds whatever shard or order they run in.
        // So do the parts of a {a|b}, which are to be compared.
        let first = sampling.seed ?? (isFile ? 0 : UInt64.random(in: 0...UInt64(UInt32.max)))
        if let previewFile, !output.isStandardOutput, isFile || !pattern.isNumbered {
            try check(previewFile, all, pattern, first, pipeline)
        }
        for job in jobs {
            var pictures = pictures(of: job, first)
            if isFile {
                progress.begin("line \(job.line)")
                pictures.removeAll { exists($0, job, pattern, pipeline) }
            }
            let isDone =
                try pictures.isEmpty
                || !makeUnlessMade(pictures, job, pattern, previewFile, pipeline, stop, progress)
            if isDone { progress.note("Line \(job.line) is done already.") }
        }
    }

    private func pictures(of job: Job, _ first: UInt64) -> [Picture] {
        let seed = first &+ UInt64((job.number ?? 1) - 1) &* UInt64(count)
        return (0..<count).map { index in
            Picture(
                seed: seed &+ UInt64(index),
                number: job.number.map { ($0 - 1) * count + 1 + index })
        }
    }

    /// - Throws: `CommandError.usage` where the preview has the name of any picture's file, which
    ///   would be lost, or taken for done.
    private func check(
        _ preview: PreviewFile, _ jobs: [Job], _ pattern: OutputPattern, _ first: UInt64,
        _ pipeline: Pipeline
    ) throws {
        let steps = saveSteps ? RequestLimits.steps.map(PictureJob.step) : []
        let suffixes = (discrete ? [PictureJob.discrete] : []) + steps
        let patterns =
            try [pattern] + suffixes.filter(preview.name.contains).map(pattern.suffixed)
        for job in jobs {
            for picture in pictures(of: job, first) {
                let fields = fields(picture, job, pipeline)
                for pattern in patterns {
                    try preview.check(isNot: pattern.path(number: picture.number ?? 1, fields))
                }
            }
        }
    }

    /// False where somebody else works on the same file of prompts and was faster.
    private func makeUnlessMade(
        _ pictures: [Picture], _ job: Job, _ pattern: OutputPattern, _ preview: PreviewFile?,
        _ pipeline: Pipeline, _ stop: StopSignal, _ progress: ProgressLine
    ) throws -> Bool {
        do {
            try make(pictures, job, pattern, preview, pipeline, stop, progress)
            return true
        } catch let error as SaveError {
            guard case .exists = error, job.number != nil,
                pictures.contains(where: { exists($0, job, pattern, pipeline) })
            else { throw error }
            return false
        }
    }

    private func make(
        _ pictures: [Picture], _ job: Job, _ pattern: OutputPattern, _ previewFile: PreviewFile?,
        _ pipeline: Pipeline, _ stop: StopSignal, _ progress: ProgressLine
    ) throws {
        let (width, height) = self.picture.size(pipeline)
        let requests = pictures.map { picture in
            var request = GenerationRequest(
                prompt: job.prompt, negativePrompt: sampling.negativePrompt ?? "",
                seed: picture.seed,
                width: width, height: height,
                sampling: sampling.sampling(pipeline.model.configuration.defaults),
                residual: sampling.residual())
            request.rawPrompt = job.raw
            return request
        }
        if output.json {
            try Events.send(["event": "start", "prompt": job.prompt, "seed": pictures[0].seed])
        }
        progress.receive(.phase(.encoding, count: 1))
        let runs = try pipeline.model.compute.stoppable(by: stop) {
            try pipeline.start(requests)
        }
        var task = PictureJob(
            pipeline: pipeline, output: output, pattern: pattern, stop: stop, progress: progress)
        task.stopAfter = stopAt
        task.choosesSeeds = sampling.seed == nil && promptFile == nil
        task.savesDiscrete = discrete
        task.savesSteps = saveSteps
        if let previewFile {
            task.preview = PictureJob.Preview(
                file: previewFile, interval: previewInterval,
                colors: preview == .colors ? try colors(pipeline, stop) : nil,
                hasResidual: preview == .full)
        }
        task.numbers = job.number == nil ? nil : pictures.compactMap(\.number)
        try task.run(runs)
    }

    /// The colours of the model's tokens; learned first where no earlier session did.
    private func colors(_ pipeline: Pipeline, _ stop: StopSignal) throws -> TokenColors {
        var colors = TokenColors(of: pipeline.model)
        try pipeline.model.compute.stoppable(by: stop) {
            let start = ContinuousClock.now
            // A large model takes seconds for each; one must do.
            while colors.wantsSamples, ContinuousClock.now - start < .seconds(1) {
                try colors.sample(pipeline)
            }
        }
        return colors
    }

    private func fields(
        _ picture: Picture, _ job: Job, _ pipeline: Pipeline
    ) -> OutputPattern.Fields {
        let (width, height) = self.picture.size(pipeline)
        return OutputPattern.Fields(
            seed: picture.seed, prompt: job.prompt, model: pipeline.model.name,
            width: width ?? pipeline.model.trainedSide,
            height: height ?? pipeline.model.trainedSide)
    }

    private func exists(
        _ picture: Picture, _ job: Job, _ pattern: OutputPattern, _ pipeline: Pipeline
    ) -> Bool {
        FileManager.default.fileExists(
            atPath: pattern.path(
                number: picture.number ?? 1, fields(picture, job, pipeline)))
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
