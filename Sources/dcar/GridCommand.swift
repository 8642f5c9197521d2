import ArgumentParser
import Foundation
import Imaging
import Pipeline
import Requests

/// A sheet of pictures whose parameters change along its sides.
struct GridCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grid",
        abstract: "Make a sheet of pictures whose parameters change along its sides.",
        discussion: """
            dcar grid "a fox" --x seed=1,2,3 --y guidance=2,4.5 -o sheet.png
            Sides can change: \(ParameterAxis.Parameter.allCases.map(\.rawValue).joined(separator: ", ")).
            """)

    @OptionGroup var picture: PictureOptions

    @Option(
        name: .customLong("x"), parsing: .unconditional,
        help: "What changes from column to column: seed=1,2,3")
    var across: String?

    @Option(
        name: .customLong("y"), parsing: .unconditional,
        help: "What changes from row to row: guidance=2,4.5")
    var down: String?

    @Flag(help: "Also save every picture alone, as it would come from dcar generate.")
    var saveCells = false

    @OptionGroup var sampling: SamplingOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard across != nil || down != nil else {
            throw ValidationError("Name a side: --x or --y, such as --x seed=1,2,3.")
        }
        guard picture.words.isEmpty || picture.prompt == nil else {
            throw ValidationError("Give one prompt: as words or with --prompt.")
        }
        let isPrompted = [across, down].contains { $0?.hasPrefix("prompt=") ?? false }
        guard isPrompted || !picture.isBlank else {
            throw ValidationError("The prompt is empty; say what the pictures show.")
        }
        if output.isStandardOutput, saveCells {
            throw ValidationError("-o - takes one picture; leave --save-cells out, or name a file.")
        }
    }

    func run() throws {
        let axes = (
            x: try across.map { try ParameterAxis($0) }, y: try down.map { try ParameterAxis($0) }
        )
        if let x = axes.x, let y = axes.y, x.parameter == y.parameter {
            throw CommandError.usage(
                "Both sides change \(x.parameter.rawValue); give --y another parameter.")
        }
        let command = try CommandRun(model, output)
        let (pipeline, progress) = (command.pipeline, command.progress)
        let base = base(pipeline)
        let requests = try requests(base, axes.x, axes.y)
        try PromptExpansion.checkSheet(requests)
        guard !requests.contains(where: { $0.prompt.allSatisfy(\.isWhitespace) }) else {
            throw CommandError.usage("The prompt is empty; say what the pictures show.")
        }
        // What the sheet says of itself is true of its first picture.
        let first = requests.first ?? base
        let isSeedChosen =
            sampling.seed == nil && ![axes.x, axes.y].contains { $0?.parameter == .seed }
        progress.receive(.phase(.encoding, count: 1))
        let pattern = try output.pattern(standard: "dcar-grid-{n}.png", isSeveral: false)
        let (columns, rows) = (captions(axes.x), captions(axes.y))
        let title = [axes.x, axes.y].contains { $0?.parameter == .prompt } ? "" : base.prompt
        let cells = try command.stoppable {
            let runs = try pipeline.start(requests)
            // What a large model keeps of a text is many times the text; a batch makes its own.
            for run in runs { run.run.text.release() }
            guard let first = runs.first,
                let size = RGBImage.labelledSize(
                    width: first.width, height: first.height, columns: columns, rows: rows,
                    title: title)
            else { throw CommandError.usage(Self.tooLarge) }
            try output.checkPlace(
                of: pattern,
                command.fields(first.request, width: size.width, height: size.height))
            remarkOnSize(first, columns: columns.count, rows: rows.count, progress)
            let names = saveCells ? try cellNames(runs, axes.x, axes.y, pattern, command) : []
            if isSeedChosen { progress.note("Seed \(base.seed).") }
            progress.remark(on: runs, pipeline.model, isEdit: false)
            return try pictures(of: runs, names, command)
        }
        progress.end()
        guard
            let sheet = RGBImage.labelledSheet(
                of: cells, columns: columns, rows: rows, title: title)
        else { throw CommandError.usage(Self.tooLarge) }
        try output.save(
            sheet, metadata(first, sheet, axes.x, axes.y, pipeline), as: pattern,
            fields: command.fields(first, width: sheet.width, height: sheet.height))
    }

    private func base(_ pipeline: Pipeline) -> GenerationRequest {
        let (width, height) = picture.size(pipeline)
        return GenerationRequest(
            prompt: picture.text,
            negativePrompt: sampling.negativePrompt ?? "",
            seed: sampling.chosenSeed(), width: width,
            height: height, sampling: sampling.sampling(pipeline.model.configuration.defaults),
            residual: sampling.residual())
    }

    /// Row by row.
    private func requests(
        _ base: GenerationRequest, _ x: ParameterAxis?, _ y: ParameterAxis?
    ) throws -> [GenerationRequest] {
        try (0..<(y?.values.count ?? 1)).flatMap { row in
            try (0..<(x?.values.count ?? 1)).map { column in
                var request = base
                try x?.apply(column, to: &request)
                try y?.apply(row, to: &request)
                return request
            }
        }
    }

    private static let tooLarge = "The sheet would be too large; give its sides fewer values."

    private func remarkOnSize(
        _ run: PictureRun, columns: Int, rows: Int, _ progress: ProgressLine
    ) {
        let divisor = RGBImage.sheetDivisor(
            width: run.width, height: run.height, columns: columns, rows: rows)
        guard let divisor, divisor > 1 else { return }
        progress.note(
            "The sheet shows its pictures at 1/\(divisor) of their size"
                + (saveCells ? "." : "; --save-cells also saves them whole."))
    }

    /// What the file of each picture is called; none of them is there yet.
    private func cellNames(
        _ runs: [PictureRun], _ x: ParameterAxis?, _ y: ParameterAxis?, _ pattern: OutputPattern,
        _ command: CommandRun
    ) throws -> [OutputPattern] {
        let columns = x?.values.count ?? 1
        let suffixes = runs.indices.map { place in
            [x?.caption(place % columns), y?.caption(place / columns)]
                .compactMap { $0.map { "-" + OutputPattern.slug($0) } }.joined()
        }
        var taken = Set(suffixes)
        var counts: [String: Int] = [:]
        return try zip(runs, suffixes).map { run, suffix in
            var (count, unique) = (counts[suffix, default: 0] + 1, suffix)
            while count > 1, !taken.insert("\(suffix)-\(count)").inserted { count += 1 }
            counts[suffix] = count
            if count > 1 { unique += "-\(count)" }
            let name = try pattern.suffixed(unique)
            try output.checkPlace(of: name, command.fields(run))
            return name
        }
    }

    /// - Parameter names: of the pictures' own files; none where they have none.
    private func pictures(
        of runs: [PictureRun], _ names: [OutputPattern], _ command: CommandRun
    ) throws -> [RGBImage] {
        let (pipeline, progress) = (command.pipeline, command.progress)
        var cells: [RGBImage?] = Array(repeating: nil, count: runs.count)
        // A batch has one set of settings.
        let groups = Dictionary(grouping: runs.indices) { runs[$0].run.settings }
            .values.sorted { $0[0] < $1[0] }
        for group in groups {
            for start in stride(from: 0, to: group.count, by: Pipeline.batch) {
                let places = Array(group[start..<min(start + Pipeline.batch, group.count)])
                var batch = places.map { runs[$0] }
                try pipeline.unmask(&batch) { progress.receive($0) }
                for run in batch { run.run.text.release() }
                for (place, run) in zip(places, batch) {
                    let picture = try pipeline.picture(of: run)
                    cells[place] = picture.refined
                    if saveCells {
                        try output.save(
                            picture.refined,
                            pipeline.metadata(
                                of: run, grid: picture.grid, version: ProgramVersion.current),
                            as: names[place], fields: command.fields(run))
                    }
                }
                progress.begin("picture \(cells.count { $0 != nil }) of \(cells.count)")
            }
        }
        return cells.compactMap { $0 }
    }

    private func captions(_ axis: ParameterAxis?) -> [String] {
        axis.map { axis in axis.values.indices.map(axis.caption) } ?? [""]
    }

    /// What all pictures of the sheet have in common, and what changes along its sides.
    private func metadata(
        _ base: GenerationRequest, _ sheet: RGBImage, _ x: ParameterAxis?, _ y: ParameterAxis?,
        _ pipeline: Pipeline
    ) -> GenerationMetadata {
        var record = pipeline.record(of: base, version: ProgramVersion.current)
        (record.width, record.height) = (sheet.width, sheet.height)
        record.sheet = SheetRecord(across: x?.description, down: y?.description)
        return GenerationMetadata(record: record)
    }
}
