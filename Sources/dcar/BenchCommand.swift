import ArgumentParser
import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import Tensors

/// Time, work and rate of each component, beside what the machine reaches at its best.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time each component of a model against this machine's own peak.",
        discussion: """
            The peak is measured in the same run: the best rate of a matrix product of the size of \
            the full transformer. Work counts two operations a multiply-add of the matrix \
            products and convolutions that a direct computation needs; convolutions, and steps \
            with a short prompt, need fewer, so that their share is not that of a processor's \
            time, and can pass the peak.
            """)

    @OptionGroup var model: ModelOptions

    @Option(
        name: [.customShort("W"), .long], parsing: .unconditional,
        help: "Pixels; a multiple of the token size.")
    var width: Int?

    @Option(
        name: [.customShort("H"), .long], parsing: .unconditional,
        help: "Pixels; a multiple of the token size.")
    var height: Int?

    @Option(parsing: .unconditional, help: "MaskGIT steps.")
    var steps: Int?

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Pictures in a batch.")
    var batch = 1

    @Option(
        parsing: .upToNextOption,
        help: "Also time whole batches of these sizes, such as 1 2 4 8: what a picture costs.")
    var batches: [Int] = []

    @Option(parsing: .unconditional, help: "How often each component is timed; the median counts.")
    var repeats = 3

    @Option(name: .shortAndLong, parsing: .unconditional, help: "The prompt.")
    var prompt = "a red fox resting in the snow at night"

    @Flag(help: "Also time the encoder.")
    var encoder = false

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        for size in [batch] + batches {
            guard 1...16 ~= size else {
                throw ValidationError("A batch is of \(size); it must be of 1 to 16 pictures.")
            }
        }
        try check("--steps", steps, in: RequestLimits.steps)
        try check("--repeats", repeats, in: 1...100)
    }

    func run() throws {
        let stop = StopSignal()
        Interrupts.watch(stop)
        let (opening, pipeline) = try timed { try model.open() }
        let compute = pipeline.model.compute
        if !json {
            try Output.line(
                "\(pipeline.model.name), \(compute.precision.rawValue), "
                    + "\(compute.library.rawValue), \(compute.threadCount) threads, "
                    + "\(Processor.vectorInstructions)")
        }
        var sampling = pipeline.model.configuration.defaults
        if let steps { sampling.steps = steps }
        let side = pipeline.model.trainedSide
        var table = BenchTable(
            isJSON: json,
            target: BenchTarget(
                pipeline.model, width: width ?? side, height: height ?? side,
                steps: sampling.steps, batch: batch))
        try compute.stoppable(by: stop) {
            table.peak = PeakRate.measure(on: compute)
            try table.row(.peak, "peak of this machine", rate: table.peak)
            try table.row(.opening, "open the folder", seconds: opening)
            try components(pipeline, sampling, table)
            try batchCosts(pipeline, sampling, table)
        }
        try table.row(
            .memory, "peak memory", note: String(format: "%.0f MB", PeakRate.peakMemory / 1e6))
    }

    private func components(
        _ pipeline: Pipeline, _ sampling: SamplingSettings, _ table: BenchTable
    ) throws {
        let requests = (0..<batch).map { index in
            GenerationRequest(
                prompt: prompt, seed: UInt64(index), width: width, height: height,
                sampling: sampling)
        }
        let (preparing, _) = try timed { try pipeline.prepare() }
        try table.row(.arranging, "arrange the weights", seconds: preparing)
        let started = try pipeline.start(requests)
        let work = WorkCount(
            pipeline.model, run: started[0], textTokens: started[0].run.text.conditional.count)

        let text = try median { _ = try pipeline.text(for: requests[0]) }
        try table.row(.text, "text", seconds: text, work: work.text)
        var finished = started
        let steps = try median {
            pipeline.model.transformer.forgetFirstPasses()
            finished = started
            try pipeline.unmask(&finished)
        }
        let stepWork = work.steps(finished)
        let headWork = work.residual(finished[0]) * Double(batch)
        try table.row(.steps, "\(sampling.steps) steps", seconds: steps, work: stepWork)
        var residuals: [Tensor] = []
        let residual = try median { residuals = try finished.map { try pipeline.residual(of: $0) } }
        try table.row(.residual, "residual head", seconds: residual, work: headWork)
        let grids = zip(finished, residuals).map { run, residual in
            HybridTokenGrid(
                gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight,
                ids: run.run.state.ids,
                residual: residual)
        }
        var images: [RGBImage] = []
        let decode = try median { images = try grids.map { try pipeline.decode($0, strength: 1) } }
        try table.row(.decoder, "decoder", seconds: decode, work: work.decoder * Double(batch))
        let total = text + steps + residual + decode
        try table.row(
            .whole, batch == 1 ? "prompt to pixels" : "prompts to pixels, \(batch) pictures",
            seconds: total,
            work: work.text + stepWork + headWork + work.decoder * Double(batch),
            note: batch == 1 ? nil : String(format: "%.4f s a picture", total / Double(batch)))
        if encoder {
            let encode = try median { _ = try pipeline.encode(images[0]) }
            try table.row(.encoder, "encoder", seconds: encode, work: work.encoder)
        }
    }

    /// What a picture costs in batches of several sizes, from prompt to pixels.
    private func batchCosts(
        _ pipeline: Pipeline, _ sampling: SamplingSettings, _ table: BenchTable
    ) throws {
        for size in batches {
            let requests = (0..<size).map { index in
                GenerationRequest(
                    prompt: prompt, seed: UInt64(index), width: width, height: height,
                    sampling: sampling)
            }
            let seconds = try median {
                pipeline.model.transformer.forgetFirstPasses()
                var runs = try pipeline.start(requests)
                try pipeline.unmask(&runs)
                for run in runs { _ = try pipeline.picture(of: run) }
            }
            try table.row(
                .batch, size == 1 ? "a picture by itself" : "a picture in a batch of \(size)",
                seconds: seconds / Double(size))
        }
    }

    private func timed<Result>(_ body: () throws -> Result) rethrows -> (Double, Result) {
        let start = ContinuousClock.now
        let result = try body()
        return (PeakRate.seconds(since: start), result)
    }

    private func median(_ body: () throws -> Void) throws -> Double {
        // Once to warm up: the first run compiles kernels.
        try body()
        let times = try (0..<repeats).map { _ in try timed(body).0 }
        return times.sorted()[repeats / 2]
    }
}

/// What the machine reaches at its best, and what the process has used.
enum PeakRate {
    /// Operations a second of the best of several matrix products [512, 1152] x [1152, 4608].
    static func measure(on compute: Compute) -> Double {
        let (rows, inputs, outputs) = (512, 1152, 4608)
        let x = Tensor([1, rows, inputs], repeating: 0.5).converted(to: compute.operand)
        let map = LinearWeights(
            Tensor([outputs, inputs], repeating: 0.25), bias: nil, compute: compute)
        _ = map(x)
        var best = Double.infinity
        for _ in 0..<12 {
            let start = ContinuousClock.now
            _ = map(x, output: compute.operand)
            best = min(best, seconds(since: start))
        }
        return 2 * Double(rows * inputs * outputs) / best
    }

    static func seconds(since start: ContinuousClock.Instant) -> Double {
        let parts = (ContinuousClock.now - start).components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }

    /// Bytes.
    static var peakMemory: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) * 1024
    }
}
