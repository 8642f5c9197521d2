import Foundation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import Settings
import StudioCore

extension RunEngine {
    // MARK: Saving

    mutating func save(_ order: SaveOrder, _ pipeline: Pipeline) throws {
        guard let engineRun = engineRuns[order.run] else {
            throw RunEngineError.noTokens(order.run)
        }
        let metadata = options.writesMetadata ? metadata(of: engineRun, pipeline) : nil
        let bytes: [UInt8]
        switch order.content {
        case .refined, .both: bytes = try fileBytes(of: engineRun, pipeline)
        case .discrete:
            bytes =
                try engineRun.discrete.map { try encode($0, metadata?.discrete) }
                ?? encode(partial(engineRun, pipeline), metadata)
        case .stripped:
            bytes = try PNG.encode(
                engineRun.refined ?? partial(engineRun, pipeline), compression: options.compression)
        case .steps: bytes = try PNG.encode(sheet(engineRun, pipeline), text: summary(metadata))
        case .animation:
            bytes = try AnimatedPNG.encode(
                frames(engineRun, pipeline).map(\.image), text: summary(metadata),
                millisecondsPerFrame: 250)
        case .eachStep:
            let first = try saveSteps(order, engineRun, pipeline)
            post(.written("Every step is saved, as \(first) and on."))
            return
        }
        let path = try write(
            bytes, order.path, engineRun.request, pipeline, suffix: order.content.suffix)
        if order.content == .both, let discrete = engineRun.discrete {
            let name = (path as NSString).deletingPathExtension + "-discrete.png"
            try ImageFile.save(try encode(discrete, metadata?.discrete), to: name)
        }
        post(.saved(order.run, path: path, content: order.content))
        guard order.content == .refined || order.content == .both else { return }
        engineRuns[order.run]?.path = path
        if engineRun.source == nil { engineRuns[order.run]?.fileHash = SHA256Sum.of(bytes) }
        keep(order.run, pipeline)
    }

    /// A picture as the settings want its file.
    func encode(_ image: RGBImage, _ metadata: GenerationMetadata?) throws(PNGError) -> [UInt8] {
        try PNG.encode(
            image, text: text(metadata, of: image), compression: options.compression,
            hidden: options.settings.isOn(.stealth) ? metadata?.parameters : nil)
    }

    private func text(_ metadata: GenerationMetadata?, of image: RGBImage) -> [PNGText] {
        metadata?.withTokens(options.settings.isOn(.embedsTokens)).sealed(for: image).text ?? []
    }

    /// How it was made without its tokens, which are not those of the picture in the file.
    private func summary(_ metadata: GenerationMetadata?) -> [PNGText] {
        guard var record = metadata?.record else { return [] }
        record.pixelChecksum = nil
        return GenerationMetadata(record: record).text
    }

    /// A file for each step, which share a number.
    private func saveSteps(_ order: SaveOrder, _ engineRun: EngineRun, _ pipeline: Pipeline) throws
        -> String
    {
        guard let run = engineRun.run else { throw RunEngineError.nothingToSave }
        try makeFolder(options.outputFolder)
        let name = try nextName(engineRun.request, pipeline) as NSString
        var first: String?
        for state in run.run.states where state.step > 0 {
            var step = engineRun
            (step.run, step.grid) = (run.woundBack(to: state.step), nil)
            let image = try partial(step, pipeline)
            let texts =
                options.writesMetadata ? text(metadata(of: step, pipeline), of: image) : []
            let path =
                name.deletingPathExtension + String(format: "-step%02d.png", state.step)
            try ImageFile.save(try PNG.encode(image, text: texts), to: path)
            first = first ?? path
        }
        guard let first else { throw RunEngineError.nothingToSave }
        return first
    }

    /// A picture that was skipped, or not made for another reason, leaves its place dark.
    mutating func saveSheet(_ order: SheetOrder, _ pipeline: Pipeline) throws {
        for run in order.runs {
            do {
                try restore(run, pipeline)
            } catch let error as Stopped {
                throw error
            } catch {
                // Its place stays dark.
            }
        }
        let (x, y) = (order.sheet.across, order.sheet.down)
        guard let run = order.runs.first(where: { engineRuns[$0]?.refined != nil }),
            let made = engineRuns[run]?.refined, let request = engineRuns[run]?.request,
            let sheet = RGBImage.labelledSheet(
                of: order.runs.map {
                    engineRuns[$0]?.refined ?? RGBImage(width: made.width, height: made.height)
                },
                columns: x.map { axis in axis.values.indices.map(axis.caption) } ?? [""],
                rows: y.map { axis in axis.values.indices.map(axis.caption) } ?? [""],
                title: [x, y].contains { $0?.parameter == .prompt } ? "" : request.prompt)
        else { throw RunEngineError.emptySheet }
        var record = pipeline.record(of: request, version: options.appVersion)
        (record.width, record.height) = (sheet.width, sheet.height)
        record.sheet = SheetRecord(across: x?.description, down: y?.description)
        let texts = options.writesMetadata ? GenerationMetadata(record: record).text : []
        let path = try write(
            try PNG.encode(sheet, text: texts), nil, request, pipeline, suffix: "-grid")
        post(.saved(run, path: path, content: .steps))
    }

    func saveMask(_ path: String, _ mask: PaintedMask) throws {
        let full = try place(path)
        try ImageFile.save(try PNG.encode(mask.mask), to: full)
        post(.written("The mask is saved as \(full)."))
    }

    private func write(
        _ bytes: [UInt8], _ path: String?, _ request: GenerationRequest, _ pipeline: Pipeline,
        suffix: String
    ) throws -> String {
        if let path {
            let full = try place(path)
            try ImageFile.save(bytes, to: full)
            return full
        }
        try makeFolder(options.outputFolder)
        return try ImageFile.save(
            bytes, as: try pattern(suffix), fields: fields(request, pipeline), countsAll: true)
    }

    /// What files are called, with a suffix before the extension for what is no plain picture.
    private func pattern(_ suffix: String = "") throws -> OutputPattern {
        let pattern = try OutputPattern(options.outputPattern, in: options.outputFolder)
        return suffix.isEmpty ? pattern : try pattern.suffixed(suffix)
    }

    /// The path that a picture would be saved under now. All files of the folder have one count.
    private func nextName(_ request: GenerationRequest, _ pipeline: Pipeline) throws -> String {
        let pattern = try pattern()
        let fields = fields(request, pipeline)
        return pattern.path(number: pattern.nextNumber(fields, countsAll: true), fields)
    }

    func suggestName(_ run: RunID, _ pipeline: Pipeline) throws {
        guard let engineRun = engineRuns[run] else { return }
        let path = try nextName(engineRun.request, pipeline)
        post(.nameSuggested(String(path.dropFirst(options.outputFolder.count + 1))))
    }

    private func fields(_ request: GenerationRequest, _ pipeline: Pipeline) -> OutputPattern.Fields
    {
        OutputPattern.Fields(
            seed: request.seed, prompt: request.prompt, model: pipeline.model.name,
            width: request.width ?? 0, height: request.height ?? 0)
    }

    /// Where a name that was typed leads: below the output folder unless it says otherwise.
    private func place(_ path: String) throws -> String {
        let name = path.split(separator: "/").last ?? ""
        guard !path.hasSuffix("/"), name != ".", name != "..", path != "~" else {
            throw SaveError.isFolder(path: path)
        }
        let named = path.lowercased().hasSuffix(".png") ? path : path + ".png"
        let isPlace = named.hasPrefix("/") || named.hasPrefix(".") || named.hasPrefix("~")
        let full =
            isPlace
            ? named.withHome : "\(options.outputFolder)/\(named)"
        try makeFolder((full as NSString).deletingLastPathComponent)
        return full
    }

    private func makeFolder(_ path: String) throws {
        guard !path.isEmpty, !FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw RunEngineError.noFolder(path)
        }
    }

    // MARK: Pictures of steps

    /// What an unfinished run can be saved as.
    func partial(_ engineRun: EngineRun, _ pipeline: Pipeline) throws -> RGBImage {
        guard let run = engineRun.run else { throw RunEngineError.nothingToSave }
        let image = try pipeline.preview(of: run)
        return engineRun.ground?.compositor.unfinished(image) ?? image
    }

    /// Every step's tokens decoded, then the finished picture.
    private func frames(_ engineRun: EngineRun, _ pipeline: Pipeline) throws
        -> [(image: RGBImage, caption: String)]
    {
        guard let run = engineRun.run else { throw RunEngineError.nothingToSave }
        let side = run.width / run.run.gridWidth
        let dark = RGBImage(width: side, height: side, red: 30, green: 30, blue: 36)
        var frames: [(image: RGBImage, caption: String)] = []
        for state in run.run.states where state.step > 0 {
            let decoded = try pipeline.preview(of: run.woundBack(to: state.step))
            var image = engineRun.ground?.filled(decoded) ?? decoded
            for (token, id) in state.ids.enumerated() where id == run.run.maskID {
                image.draw(
                    dark, x: token % run.run.gridWidth * side, y: token / run.run.gridWidth * side)
            }
            let fixed = state.ids.count - state.maskedCount
            frames.append(
                (image, "step \(state.step)/\(run.run.settings.steps)  \(fixed)/\(state.ids.count)")
            )
        }
        if let refined = engineRun.refined { frames.append((refined, "refined")) }
        guard !frames.isEmpty else { throw RunEngineError.nothingToSave }
        return frames
    }

    private func sheet(_ engineRun: EngineRun, _ pipeline: Pipeline) throws -> RGBImage {
        let frames = try frames(engineRun, pipeline)
        guard
            let sheet = RGBImage.captionedSheet(
                of: frames.map(\.image), captions: frames.map(\.caption), columns: 4)
        else { throw RunEngineError.nothingToSave }
        return sheet
    }

    /// How a picture was made; an opened one keeps what its file said.
    func metadata(of engineRun: EngineRun, _ pipeline: Pipeline) -> GenerationMetadata? {
        guard let run = engineRun.run, engineRun.metadata == nil else { return engineRun.metadata }
        var metadata = pipeline.metadata(
            of: run, grid: engineRun.grid, version: options.appVersion, lineage: engineRun.lineage)
        if let precision = engineRun.precision { metadata.record.precision = precision }
        return metadata
    }

    // MARK: Opening

    /// A name as typed; one that is not here may be in the output folder.
    func resolved(_ path: String) -> String {
        let full = path.withHome
        guard !full.hasPrefix("/"), !FileManager.default.fileExists(atPath: full) else {
            return full
        }
        let other = "\(options.outputFolder)/\(full)"
        return FileManager.default.fileExists(atPath: other) ? other : full
    }

    /// Reads a PNG: its own tokens where it carries them, else those that DC-HT finds.
    mutating func open(
        _ path: String, as id: RunID, _ fit: ImportFit, _ pipeline: Pipeline
    ) throws {
        let path = resolved(path)
        let opened = try OpenedPicture(path, fit, pipeline)
        engineRuns[id] = opened.engineRun
        let place = URL(fileURLWithPath: path).standardizedFileURL.path
        var record = opened.record(
            id: id, name: (path as NSString).lastPathComponent, path: place)
        for snapshot in record.snapshots where snapshot.step > 0 {
            record.previews[snapshot.step] = sketch(snapshot, of: id)
        }
        engineRuns[id]?.origin = record.origin
        engineRuns[id]?.path = place
        record.savedPath = place
        post(.opened(record))
        keep(id, pipeline)
        if let remark = opened.remark { post(.note(remark)) }
    }
}

extension GenerationMetadata {
    /// That of the discrete picture: what a run with a residual strength of 0 writes.
    fileprivate var discrete: GenerationMetadata {
        var copy = withoutResidual
        copy.residual = residual.map { ResidualRecord($0.values.map { _ in 0 }) }
        return copy
    }
}

extension SaveOrder.Content {
    /// What tells its file from that of a plain picture.
    fileprivate var suffix: String {
        switch self {
        case .refined, .discrete, .both, .eachStep: ""
        case .stripped: "-stripped"
        case .steps: "-sheet"
        case .animation: "-animation"
        }
    }
}
