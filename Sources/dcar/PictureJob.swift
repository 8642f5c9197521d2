import Foundation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests

/// Runs pictures to the end, or to a stop, and saves them: what generating, editing and resuming
/// have in common.
struct PictureJob {
    let command: CommandRun
    let output: OutputOptions
    let pattern: OutputPattern
    /// Leave the run unfinished after this many steps.
    var stopAfter: Int?
    /// Also save the picture of the discrete tokens alone.
    var savesDiscrete = false
    /// Also save a picture after every step.
    var savesSteps = false
    var preview: Preview?
    /// Whether nobody gave the seeds, so that they are said.
    var choosesSeeds = false

    private var pipeline: Pipeline { command.pipeline }
    private var progress: ProgressLine { command.progress }

    init(_ command: CommandRun, _ output: OutputOptions, _ pattern: OutputPattern) {
        (self.command, self.output, self.pattern) = (command, output, pattern)
    }

    /// A picture of the job.
    struct Item {
        var run: PictureRun
        /// The number of its file; nil for the next free one.
        var number: Int?
        /// What turns the run's result into an edited picture; nil where it is none.
        var edit: EditCompositor?
        /// What it was made from; nil for a prompt.
        var lineage: Lineage?
        /// The lowest number for the name of its file, found out before the work.
        fileprivate var firstNumber = 1

        init(
            _ run: PictureRun, number: Int? = nil, edit: EditCompositor? = nil,
            lineage: Lineage? = nil
        ) {
            (self.run, self.number, self.edit, self.lineage) = (run, number, edit, lineage)
        }
    }

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

    /// - Parameter items: the images of one batch.
    /// - Throws: what computing and saving throw; `Stopped` after a partial picture was saved.
    func run(_ items: [Item]) throws {
        var items = numbered(items)
        var finished = 0
        try checkPlaces(items)
        if choosesSeeds { saySeeds(items) }
        progress.remark(
            on: items.map(\.run), pipeline.model, isEdit: items.contains { $0.edit != nil })
        do {
            try command.stoppable {
                try unmask(&items)
                let unfinished = items.filter { !$0.run.run.isFinished }
                if let stopAfter, !unfinished.isEmpty {
                    try savePartial(unfinished)
                    progress.note(
                        "Stopped after step \(stopAfter); dcar resume goes on from there.")
                } else {
                    defer { progress.begin(picture: 1, of: 1) }
                    for item in items {
                        progress.begin(picture: finished + 1, of: items.count)
                        try finish(item)
                        finished += 1
                    }
                }
            }
        } catch let stopped as Stopped {
            progress.end()
            // A numbered file means that its line is done, so an unfinished one must not be there; and
            // one without its tokens would look finished and be no use.
            let unfinished = items.dropFirst(finished).filter {
                $0.number == nil && $0.run.run.state.step > 0
            }
            if !output.leavesOutMetadata, !output.isStandardOutput, !unfinished.isEmpty {
                progress.note("Stopped; saving what there is. Ctrl-C again ends at once.")
                try savePartial(unfinished)
            }
            throw stopped
        }
        progress.end()
    }

    private func checkPlaces(_ items: [Item]) throws {
        for item in items {
            let (run, number) = (item.run, item.number ?? item.firstNumber)
            try output.checkPlace(of: pattern, command.fields(run), number: number)
            // Those of a numbered line may be left from a run of it that was killed.
            for pattern in item.number == nil ? try companions(run) : [] {
                try output.checkPlace(of: pattern, command.fields(run))
            }
            guard let preview, !output.isStandardOutput else { continue }
            for pattern in try [pattern] + companions(run) {
                try preview.file.check(isNot: pattern.path(number: number, command.fields(run)))
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
    private func numbered(_ items: [Item]) -> [Item] {
        var last = 0
        return items.map { item in
            let next = pattern.nextNumber(command.fields(item.run), countsAll: output.isNamed)
            last = output.isNamed ? max(next, last + 1) : next
            var item = item
            item.firstNumber = last
            return item
        }
    }

    /// A picture whose name does not tell its seed could not be made again if it is lost.
    private func saySeeds(_ items: [Item]) {
        guard let first = items.first?.run.request.seed, let last = items.last?.run.request.seed
        else { return }
        progress.note(first == last ? "Seed \(first)." : "Seeds \(first) to \(last).")
    }

    private func unmask(_ items: inout [Item]) throws {
        var runs = items.map(\.run)
        // A stop leaves what was done until then.
        defer { for (place, run) in runs.enumerated() { items[place].run = run } }
        var isPreviewOn = true
        try pipeline.unmask(&runs, stopAfter: stopAfter, events: send) { runs in
            if savesSteps {
                for (item, run) in zip(items, runs) { try saveStep(item, run) }
            }
            let done = runs.map(\.run.state.step).max() ?? 0
            if let preview, isPreviewOn, let first = runs.first,
                done % preview.interval == 0 || first.run.isFinished || done == stopAfter
            {
                isPreviewOn = !first.run.isFinished
                let image = try picture(of: first, preview)
                do {
                    try ImageFile.save(PNG.encode(image), to: preview.file.path, overwrite: true)
                } catch let error as SaveError {
                    // The picture is worth more than the view of it.
                    isPreviewOn = false
                    progress.note("There is no more preview: \(error)")
                }
            }
        }
    }

    private func picture(of run: PictureRun, _ preview: Preview) throws -> RGBImage {
        let maskID = run.run.maskID
        let painted = preview.colors?.picture(
            ids: run.tokens.ids.map { $0 == maskID ? nil : $0 }, gridWidth: run.run.gridWidth,
            tokenSide: run.width / run.run.gridWidth)
        return try painted ?? pipeline.preview(of: run, withResidual: preview.hasResidual)
    }

    private func finish(_ item: Item) throws {
        let picture = try pipeline.picture(
            of: item.run, withDiscrete: savesDiscrete, events: send)
        progress.end()
        let metadata = metadata(of: item.run, item.lineage, grid: picture.grid)
        func composed(_ image: RGBImage) -> RGBImage { item.edit?.composited(image) ?? image }
        if let discrete = picture.discrete {
            try output.save(
                composed(discrete), metadata?.withoutResidual, as: pattern.suffixed(Self.discrete),
                fields: command.fields(item.run), number: item.number, from: item.firstNumber,
                replaces: true)
        }
        try output.save(
            composed(picture.refined), metadata, as: pattern, fields: command.fields(item.run),
            number: item.number, from: item.firstNumber)
        if let seam = item.edit?.seamError(picture.refined), !output.quiet, !output.json {
            Messages.plain(String(format: "Seam error %.1f of 255.", seam))
        }
    }

    private func savePartial(_ items: [Item]) throws {
        // The signal is raised by now; decoding must not obey it again.
        try pipeline.model.compute.stoppable(by: StopSignal()) {
            for item in items {
                let image = try pipeline.preview(of: item.run)
                try output.save(
                    item.edit?.unfinished(image) ?? image,
                    metadata(of: item.run, item.lineage, grid: nil), as: pattern,
                    fields: command.fields(item.run), number: item.number, from: item.firstNumber)
            }
        }
    }

    private func saveStep(_ item: Item, _ run: PictureRun) throws {
        let image = try pipeline.preview(of: run)
        try output.save(
            item.edit?.unfinished(image) ?? image, metadata(of: run, item.lineage, grid: nil),
            as: pattern.suffixed(Self.step(run.run.state.step)), fields: command.fields(run),
            number: item.number, from: item.firstNumber, replaces: true)
    }

    private func metadata(
        of run: PictureRun, _ lineage: Lineage?, grid: HybridTokenGrid?
    ) -> GenerationMetadata? {
        guard !output.leavesOutMetadata else { return nil }
        return pipeline.metadata(
            of: run, grid: grid, version: ProgramVersion.current, lineage: lineage)
    }

    private func send(_ event: RunEvent) throws {
        if output.json { try Events.send(event) } else { progress.receive(event) }
    }
}
