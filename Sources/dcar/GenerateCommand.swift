import ArgumentParser
import Foundation
import Imaging
import Kernels
import Pipeline
import Requests

/// Pictures from prompts.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Make pictures from prompts.", aliases: ["run"])

    @Argument(help: "The prompt.")
    var words: [String] = []

    @Option(name: .shortAndLong, help: "The prompt.")
    var prompt: String?

    @Option(
        help: """
            A file with one prompt a line, or - for standard input. Picture n comes from line n; \
            pictures that exist are skipped, so that a stopped batch can be started again.
            """)
    var promptFile: String?

    @Option(help: "i/n: only every n-th prompt, beginning with the i-th.")
    var shard: Shard?

    @Option(name: .shortAndLong, help: "Pictures of each prompt, with seeds seed, seed + 1, ...")
    var batch = 1

    @Option(name: [.customShort("W"), .long], help: "Pixels; a multiple of the token size.")
    var width: Int?

    @Option(name: [.customShort("H"), .long], help: "Pixels; a multiple of the token size.")
    var height: Int?

    @Option(help: "Stop after this step; dcar resume goes on from the picture.")
    var stopAt: Int?

    @Flag(help: "Also save the picture of the discrete tokens alone.")
    var discrete = false

    @Flag(help: "Also save a picture after every step.")
    var saveSteps = false

    @Option(help: "A file that shows the run's present state; it is replaced at every update.")
    var previewPath: String?

    @Option(help: "Steps between updates of the preview.")
    var previewInterval = 1

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    /// A prompt, and the number of its line where it came from a file.
    private struct Job {
        let prompt: String
        let line: Int?
    }

    func validate() throws {
        guard 1...64 ~= batch else {
            throw ValidationError("--batch is \(batch); it must be from 1 to 64.")
        }
        guard previewInterval >= 1 else {
            throw ValidationError(
                "--preview-interval is \(previewInterval); it must be at least 1.")
        }
        if let stopAt, stopAt < 1 {
            throw ValidationError("--stop-at is \(stopAt); it must be at least 1.")
        }
        let sources = [!words.isEmpty, prompt != nil, promptFile != nil].count { $0 }
        guard sources == 1 else {
            throw ValidationError("Give one prompt: as words, with --prompt or with --prompt-file.")
        }
        if shard != nil, promptFile == nil {
            throw ValidationError("--shard divides the lines of a --prompt-file; name one.")
        }
        if output.isStandardOutput, promptFile != nil || batch > 1 || discrete || saveSteps {
            throw ValidationError("-o - takes one picture; ask for one, or name files.")
        }
    }

    func run() throws {
        let jobs = try jobs()
        let stop = StopSignal()
        Interrupts.watch(stop)
        let progress = ProgressLine(isQuiet: output.quiet)
        progress.receive(.phase(.loading, count: 1))
        let pipeline = try model.open()
        let isFile = promptFile != nil
        let pattern = try output.pattern(
            standard: isFile ? "dcar-{n:4}.png" : "dcar-{seed}-{n}.png",
            isSeveral: isFile || batch > 1)
        if isFile, !pattern.isNumbered {
            throw CommandError.usage(
                "-o \(pattern) has no {n}; with --prompt-file, pictures are named by line number.")
        }
        // Lines of a file keep their seeds whatever shard or order they run in.
        let first = sampling.seed ?? (isFile ? 0 : UInt64.random(in: 0...UInt64(UInt32.max)))
        for job in jobs {
            let number = job.line.map { ($0 - 1) * batch + 1 }
            if let number, exists(pattern, job, number, first, pipeline) {
                if !output.quiet { Messages.plain("Line \(job.line ?? 0) is done already.") }
                continue
            }
            if let line = job.line { progress.begin("line \(line)") }
            let seed = first &+ UInt64((job.line ?? 1) - 1) &* UInt64(batch)
            try make(job, seed: seed, number: number, pattern, pipeline, stop, progress)
        }
    }

    private func make(
        _ job: Job, seed: UInt64, number: Int?, _ pattern: OutputPattern, _ pipeline: Pipeline,
        _ stop: StopSignal, _ progress: ProgressLine
    ) throws {
        let requests = (0..<batch).map { index in
            GenerationRequest(
                prompt: job.prompt, negativePrompt: sampling.negativePrompt,
                seed: seed &+ UInt64(index), width: width, height: height,
                sampling: sampling.sampling(pipeline.model.configuration.defaults),
                residual: sampling.residual())
        }
        if output.json { try Events.send(["event": "start", "prompt": job.prompt, "seed": seed]) }
        progress.receive(.phase(.encoding, count: 1))
        let runs = try pipeline.model.compute.stoppable(by: stop) {
            try pipeline.start(requests)
        }
        var task = PictureJob(
            pipeline: pipeline, output: output, pattern: pattern, stop: stop, progress: progress)
        task.stopAfter = stopAt
        task.savesDiscrete = discrete
        task.savesSteps = saveSteps
        task.preview = previewPath.map { ($0, previewInterval) }
        task.number = number
        try task.run(runs)
    }

    private func exists(
        _ pattern: OutputPattern, _ job: Job, _ number: Int, _ seed: UInt64, _ pipeline: Pipeline
    ) -> Bool {
        (0..<batch).allSatisfy { index in
            let fields = OutputPattern.Fields(
                seed: seed &+ UInt64(((job.line ?? 1) - 1) * batch + index), prompt: job.prompt,
                model: pipeline.model.name, width: width ?? pipeline.model.trainedSide,
                height: height ?? pipeline.model.trainedSide)
            return FileManager.default.fileExists(
                atPath: pattern.path(number: number + index, fields))
        }
    }

    private func jobs() throws -> [Job] {
        guard let promptFile else {
            return [Job(prompt: prompt ?? words.joined(separator: " "), line: nil)]
        }
        let jobs = try PromptFile.lines(promptFile).enumerated().compactMap { index, line in
            line.isEmpty ? nil : Job(prompt: line, line: index + 1)
        }
        guard let shard else { return jobs }
        return jobs.filter { (($0.line ?? 1) - 1) % shard.count == shard.index - 1 }
    }
}

/// Which part of a list of prompts: `2/8` is the second of eight.
struct Shard: ExpressibleByArgument {
    let index: Int
    let count: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
            1...1_000_000 ~= count, 1...count ~= index
        else { return nil }
        self.index = index
        self.count = count
    }
}

/// Prompts, one a line.
enum PromptFile {
    private static let limit = 16 << 20

    static func lines(_ path: String) throws -> [String] {
        let data: Data
        if path == "-" {
            data = FileHandle.standardInput.readDataToEndOfFile()
        } else if let contents = FileManager.default.contents(atPath: path) {
            data = contents
        } else {
            throw CommandError.usage(
                "\(path) cannot be read; name a text file with a prompt a line.")
        }
        guard data.count <= limit else {
            throw CommandError.usage("\(path) has \(data.count) bytes; the limit is \(limit).")
        }
        return try data.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated().map { index, line in
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw CommandError.usage(
                        "Line \(index + 1) of \(path) is not valid UTF-8; save the file as UTF-8.")
                }
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
    }
}
