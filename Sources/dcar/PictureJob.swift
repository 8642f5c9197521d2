import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests

/// Runs pictures to the end, or to a stop, and saves them: what generating, editing and resuming
/// have in common.
struct PictureJob {
    let pipeline: Pipeline
    let output: OutputOptions
    let pattern: OutputPattern
    let stop: StopSignal
    let progress: ProgressLine
    /// Leave the run unfinished after this many steps.
    var stopAfter: Int?
    /// Also save the picture of the discrete tokens alone.
    var savesDiscrete = false
    /// Also save a picture after every step.
    var savesSteps = false
    var preview: Preview?
    /// The file numbers of the pictures; nil for the next free ones.
    var numbers: [Int]?
    /// The lowest numbers for the names of the pictures' files, found out before the work.
    var firstNumbers: [Int] = []
    /// Whether nobody gave the seeds, so that they are said.
    var choosesSeeds = false
    /// What turns each run's result into an edited picture; empty where none is one.
    var edits: [EditContext] = []
    /// What each picture was made from; empty for prompts.
    var lineages: [Lineage] = []

    /// A file that always shows the run's present state.
    struct Preview {
        let file: PreviewFile
        /// Steps between updates.
        let interval: Int
        /// What the state is painted with; decoded where there are none.
        let colors: TokenColors?
        /// Whether decoded tokens get the residual so far.
        let hasResidual: Bool
    }

    struct EditContext {
        let plan: EditPlan
        let feather: Int
    }

    /// - Parameter runs: the images of one batch.
    /// - Throws: what computing and saving throw; `Stopped` after a partial picture was saved.
    mutating func run(_ runs: [PictureRun]) throws {
        var runs = runs
        var finished = 0
        firstNumbers = numbered(runs)
        try checkPlaces(runs)
        if choosesSeeds { saySeeds(runs) }
        progress.remark(on: runs, pipeline.model)
        do {
            try pipeline.model.compute.stoppable(by: stop) {
                try unmask(&runs)
                if let stopAfter, runs.contains(where: { !$0.run.isFinished }) {
                    progress.note(
                        "Stopped after step \(stopAfter); dcar resume goes on from there.")
                    try savePartial(runs, runs.indices.filter { !runs[$0].run.isFinished })
                } else {
                    for (index, run) in runs.enumerated() {
                        try finish(run, index: index)
                        finished = index + 1
                    }
                }
            }
        } catch let stopped as Stopped {
            progress.end()
            // A numbered file means that its line is done, so an unfinished one must not be there; and
            // one without its tokens would look finished and be no use.
            let unfinished = runs.indices.dropFirst(finished).filter {
                runs[$0].run.state.step > 0
            }
            if numbers == nil, !output.leavesOutMetadata, !output.isStandardOutput,
                !unfinished.isEmpty
            {
                progress.note("Stopped; saving what there is. Ctrl-C again ends at once.")
                try savePartial(runs, unfinished)
            }
            throw stopped
        }
        progress.end()
    }

    private func checkPlaces(_ runs: [PictureRun]) throws {
        for (index, run) in runs.enumerated() {
            let number = numbers?[index] ?? firstNumbers[index]
            try output.checkPlace(of: pattern, fields(run), number: number)
            // Those of a numbered line may be left from a run of it that was killed.
            for pattern in numbers == nil ? try companions(run) : [] {
                try output.checkPlace(of: pattern, fields(run))
            }
            guard let preview, !output.isStandardOutput else { continue }
            for pattern in try [pattern] + companions(run) {
                try preview.file.check(isNot: pattern.path(number: number, fields(run)))
            }
        }
    }

    /// The files beside a run's picture.
    private func companions(_ run: PictureRun) throws -> [OutputPattern] {
        try (savesDiscrete ? [Self.discrete] : [])
            .map { try pattern.suffixed($0) }
            + (savesSteps ? Array(1...run.run.settings.steps) : [])
            .map { try pattern.suffixed(Self.step($0)) }
    }

    static let discrete = "-discrete"
    static func step(_ number: Int) -> String { String(format: "-step%02d", number) }

    /// A name that was asked for counts on from one picture to the next.
    private func numbered(_ runs: [PictureRun]) -> [Int] {
        var last = 0
        return runs.map { run in
            let next = pattern.nextNumber(fields(run), countsAll: output.isNamed)
            last = output.isNamed ? max(next, last + 1) : next
            return last
        }
    }

    /// A picture whose name does not tell its seed could not be made again if it is lost.
    private func saySeeds(_ runs: [PictureRun]) {
        guard let first = runs.first?.request.seed, let last = runs.last?.request.seed else {
            return
        }
        progress.note(first == last ? "Seed \(first)." : "Seeds \(first) to \(last).")
    }

    private func unmask(_ runs: inout [PictureRun]) throws {
        guard let steps = runs.map(\.run.settings.steps).max() else { return }
        try send(.phase(.steps, count: steps))
        while runs.contains(where: { !$0.run.isFinished }) {
            let done = runs.map(\.run.state.step).max() ?? 0
            if let stopAfter, done >= stopAfter { return }
            try pipeline.step(&runs)
            for (image, run) in runs.enumerated() {
                try send(.stepped(image: image, Pipeline.news(of: run)))
                if savesSteps { try saveStep(run, index: image) }
            }
            if let preview, (done + 1) % preview.interval == 0, let first = runs.first {
                let image = try picture(of: first, preview)
                try ImageFile.save(PNG.encode(image), to: preview.file.path, overwrite: true)
            }
            try send(.progress(.steps, done: done + 1, of: steps))
        }
    }

    private func picture(of run: PictureRun, _ preview: Preview) throws -> RGBImage {
        let maskID = run.run.maskID
        let painted = preview.colors?.picture(
            ids: run.tokens.ids.map { $0 == maskID ? nil : $0 }, gridWidth: run.run.gridWidth,
            side: run.width / run.run.gridWidth)
        return try painted ?? pipeline.preview(of: run, withResidual: preview.hasResidual)
    }

    private func finish(_ run: PictureRun, index: Int) throws {
        var failure: OutputError?
        let picture = try pipeline.picture(of: run, withDiscrete: savesDiscrete) { event in
            do throws(OutputError) { try send(event) } catch { failure = error }
        }
        if let failure { throw failure }
        progress.end()
        let metadata = metadata(of: run, index, grid: picture.grid)
        if let discrete = picture.discrete {
            try output.save(
                composed(discrete, index), metadata?.withoutResidual,
                as: pattern.suffixed(Self.discrete), fields: fields(run),
                number: numbers?[index], from: firstNumbers[index], replaces: true)
        }
        try output.save(
            composed(picture.refined, index), metadata, as: pattern, fields: fields(run),
            number: numbers?[index], from: firstNumbers[index])
        if let edit = edit(index), let seam = edit.plan.seamError(picture.refined), !output.quiet,
            !output.json
        {
            Messages.plain(String(format: "Seam error %.1f of 255.", seam))
        }
    }

    private func edit(_ index: Int) -> EditContext? {
        edits.indices.contains(index) ? edits[index] : nil
    }

    private func composed(_ image: RGBImage, _ index: Int) -> RGBImage {
        edit(index).map { $0.plan.composited(image, feather: $0.feather) } ?? image
    }

    private func savePartial(_ runs: [PictureRun], _ unfinished: [Int]) throws {
        // The signal is raised by now; decoding must not obey it again.
        try pipeline.model.compute.stoppable(by: StopSignal()) {
            for index in unfinished {
                let run = runs[index]
                let image = try pipeline.preview(of: run)
                try output.save(
                    edit(index)?.plan.unfinished(image) ?? image,
                    metadata(of: run, index, grid: nil), as: pattern, fields: fields(run),
                    number: numbers?[index], from: firstNumbers[index])
            }
        }
    }

    private func saveStep(_ run: PictureRun, index: Int) throws {
        let image = try pipeline.preview(of: run)
        try output.save(
            edit(index)?.plan.unfinished(image) ?? image, metadata(of: run, index, grid: nil),
            as: pattern.suffixed(Self.step(run.run.state.step)), fields: fields(run),
            number: numbers?[index], from: firstNumbers[index], replaces: true)
    }

    private func metadata(
        of run: PictureRun, _ index: Int, grid: HybridTokenGrid?
    ) -> GenerationMetadata? {
        guard !output.leavesOutMetadata else { return nil }
        return pipeline.metadata(
            of: run, grid: grid, version: ProgramVersion.current,
            lineage: lineages.indices.contains(index) ? lineages[index] : nil)
    }

    private func fields(_ run: PictureRun) -> OutputPattern.Fields {
        OutputPattern.Fields(
            seed: run.request.seed, prompt: run.request.prompt, model: pipeline.model.name,
            width: run.width, height: run.height)
    }

    private func send(_ event: RunEvent) throws(OutputError) {
        if output.json { try Events.send(event) } else { progress.receive(event) }
    }
}
