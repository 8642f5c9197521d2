import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import StudioCore
import Tensors

/// The model and the runs of a session, as the workshop's thread holds them.
struct Bench {
    private let options: StudioOptions
    private let post: (StudioNews) -> Void
    /// Whether a pause is wanted; asking takes the wish.
    private let pause: () -> Bool
    private var pipeline: Pipeline?
    private var colors: TokenColors?
    private var pieces: [RunID: Piece] = [:]

    /// A run with all that its pixels need.
    private struct Piece {
        var run: PictureRun?
        var grid: HybridTokenGrid?
        var discrete: RGBImage?
        var refined: RGBImage?
        var edit: EditOrder?
        var request: GenerationRequest
        /// What an opened file said of itself.
        var metadata: GenerationMetadata?
        var seconds = 0.0
    }

    init(
        _ options: StudioOptions, post: @escaping (StudioNews) -> Void, pause: @escaping () -> Bool
    ) {
        self.options = options
        self.post = post
        self.pause = pause
    }

    // MARK: Model

    mutating func open() -> Model? {
        do {
            let compute = try Compute(
                threadCount: options.threads, precision: options.precision)
            let model = try Model(folder: options.modelFolder, compute: compute)
            let pipeline = Pipeline(model)
            self.pipeline = pipeline
            post(
                .modelOpened(
                    ModelFacts(
                        name: model.name, trainedSide: model.trainedSide,
                        pixelsPerToken: model.pixelsPerToken,
                        codebookSize: model.configuration.codebookSize,
                        residualSteps: model.configuration.head.steps,
                        sampling: model.configuration.defaults, threads: compute.threadCount)))
            return model
        } catch {
            post(.modelFailed("\(error)"))
            return nil
        }
    }

    /// Readies what every run needs while a person is still typing.
    mutating func warmUp() {
        do {
            _ = try pipeline?.text(for: GenerationRequest(prompt: "a", seed: 0))
            try learnColors()
        } catch {
            post(.problem("\(error)"))
        }
    }

    /// Fits the colours of tokens to a few pictures of random ones, which also readies the decoder.
    private mutating func learnColors() throws {
        guard let pipeline, colors == nil else { return }
        let model = pipeline.model
        try model.hybridTokenizer.prepareDecoder()
        let side = model.trainedSide / model.pixelsPerToken
        var learned = TokenColors(
            codebook: model.hybridTokenizer.codebook.entries.floats(),
            channels: model.configuration.latentChannels)
        var random: UInt64 = 1
        for _ in 0..<4 {
            let ids = (0..<side * side).map { _ in
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(random >> 33) % model.configuration.codebookSize
            }
            let start = Terminal.now
            let image = try pipeline.decode(plain(ids, side), strength: 0)
            learned.learn(ids: ids, gridWidth: side, from: image)
            // A large model's decoder is too slow to play with.
            if Terminal.now - start > .milliseconds(400) { break }
        }
        colors = learned
    }

    private func plain(_ ids: [Int], _ gridWidth: Int) -> HybridTokenGrid {
        let channels = pipeline?.model.configuration.latentChannels ?? 1
        return HybridTokenGrid(
            gridWidth: gridWidth, gridHeight: ids.count / gridWidth, ids: ids,
            residual: Tensor([ids.count, channels], repeating: 0))
    }

    // MARK: Orders

    mutating func perform(_ effect: StudioEffect, stop: StopSignal) {
        guard let pipeline else { return }
        let runs = effect.runs
        do {
            try pipeline.model.compute.stoppable(by: stop) {
                try carryOut(effect, pipeline)
            }
        } catch is Stopped {
            if runs.isEmpty { return }
            for run in runs { post(.cancelled(run)) }
        } catch {
            if runs.isEmpty { post(.problem("\(error)")) }
            for run in runs { post(.failed(run, "\(error)")) }
        }
    }

    private mutating func carryOut(_ effect: StudioEffect, _ pipeline: Pipeline) throws {
        switch effect {
        case .generate(let orders):
            for order in orders { try begin(order, pipeline) }
            try advance(orders.map(\.run), isSingleStep: false, pipeline)
        case .advance(let runs, let isSingleStep):
            try advance(runs, isSingleStep: isSingleStep, pipeline)
        case .decode(let run, let step): try decode(run, step, pipeline)
        case .changeStrength(let run, let strength): try restrengthen(run, strength, pipeline)
        case .pin(let run, let position, let id): try pin(run, position, id)
        case .candidates(let run, let position): try candidates(run, position, pipeline)
        case .save(let order): try save(order, pipeline)
        case .open(let path, let run): try open(path, as: run, pipeline)
        default: break
        }
    }

    // MARK: Runs

    private mutating func begin(_ order: RunOrder, _ pipeline: Pipeline) throws {
        post(.phase(order.run, .encoding, done: 0, of: 1))
        let start = Terminal.now
        let run: PictureRun
        var edit: EditOrder?
        switch order.origin {
        case .prompt, .file: run = try pipeline.start(order.request)
        case .fork(let parent, let step):
            guard let source = pieces[parent]?.run else { throw WorkshopError.noTokens(parent) }
            let isSameText =
                source.request.prompt == order.request.prompt
                && source.request.negativePrompt == order.request.negativePrompt
            let text = isSameText ? nil : try pipeline.text(for: order.request).text
            run = source.woundBack(to: step).forked(order.request, text: text)
            edit = pieces[parent]?.edit
        case .edit(let asked):
            guard let source = pieces[asked.base]?.grid else {
                throw WorkshopError.noTokens(asked.base)
            }
            let grid = asked.margins.isEmpty ? source : source.extended(by: asked.margins)
            run = try pipeline.start(order.request, editing: grid, isMasked: asked.isMasked)
            edit = asked
        case .residual(let parent):
            guard let source = pieces[parent]?.run else { throw WorkshopError.noTokens(parent) }
            run = source.with(order.request.residual)
            edit = pieces[parent]?.edit
        }
        var piece = Piece(run: run, edit: edit, request: run.request)
        piece.seconds = (Terminal.now - start).seconds
        pieces[order.run] = piece
        let first = run.tokens.snapshot(maskID: pipeline.model.configuration.maskID)
        post(
            .started(
                order.run, gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight, first,
                isPromptTruncated: run.isPromptTruncated))
        // A fork or a new residual has steps behind it already.
        for state in run.run.states.dropFirst() {
            report(order.run, state.snapshot(maskID: run.run.maskID), seconds: 0, run)
        }
        try learnColors()
    }

    private func report(
        _ id: RunID, _ snapshot: StepSnapshot, seconds: Double, _ run: PictureRun
    ) {
        let preview = colors?.picture(
            ids: snapshot.ids, gridWidth: run.run.gridWidth, side: run.width / run.run.gridWidth)
        post(
            .stepped(
                id, snapshot, preview.map { StepPreview(image: $0, isDecoded: false) },
                seconds: seconds))
    }

    private mutating func advance(
        _ ids: [RunID], isSingleStep: Bool, _ pipeline: Pipeline
    ) throws {
        var runs = ids.compactMap { pieces[$0]?.run }
        guard runs.count == ids.count else { return }
        while runs.contains(where: { !$0.run.isFinished }) {
            let before = runs.map(\.tokens.step)
            let start = Terminal.now
            try pipeline.step(&runs)
            let seconds = (Terminal.now - start).seconds
            for (index, id) in ids.enumerated() where runs[index].tokens.step > before[index] {
                pieces[id]?.run = runs[index]
                pieces[id]?.seconds += seconds
                post(
                    .phase(
                        id, .steps, done: runs[index].tokens.step,
                        of: runs[index].run.settings.steps))
                let snapshot = runs[index].tokens.snapshot(maskID: runs[index].run.maskID)
                report(id, snapshot, seconds: seconds, runs[index])
            }
            if isSingleStep || pause(), runs.contains(where: { !$0.run.isFinished }) {
                for id in ids { post(.paused(id)) }
                return
            }
        }
        for id in ids { try finish(id, pipeline) }
    }

    private mutating func finish(_ id: RunID, _ pipeline: Pipeline) throws {
        guard let piece = pieces[id], let run = piece.run, piece.refined == nil else { return }
        let start = Terminal.now
        let picture = try pipeline.picture(of: run, withDiscrete: true) { event in
            switch event {
            case .phase(let phase, let count): post(.phase(id, phase, done: 0, of: count))
            case .progress(let phase, let done, let count):
                post(.phase(id, phase, done: done, of: count))
            case .stepped: break
            }
        }
        let discrete = picture.discrete ?? picture.refined
        colors?.learn(ids: picture.grid.ids, gridWidth: picture.grid.gridWidth, from: discrete)
        pieces[id]?.grid = picture.grid
        pieces[id]?.seconds += (Terminal.now - start).seconds
        post(
            .finished(
                id, compose(id, discrete, picture.refined, strength: run.request.residual.strength),
                seconds: pieces[id]?.seconds ?? 0))
    }

    /// Lays an edit over its base and measures it.
    private mutating func compose(
        _ id: RunID, _ discrete: RGBImage, _ refined: RGBImage, strength: Float
    ) -> FinishedPicture {
        var (discrete, refined) = (discrete, refined)
        var seam: Double?
        if let edit = pieces[id]?.edit, edit.operation != "variation",
            let base = pieces[edit.base], var oldDiscrete = base.discrete,
            var oldRefined = base.refined
        {
            if !edit.margins.isEmpty {
                oldDiscrete = oldDiscrete.placed(edit.margins, in: discrete)
                oldRefined = oldRefined.placed(edit.margins, in: refined)
            }
            let mask = edit.coverage(width: refined.width, height: refined.height)
            if oldRefined.width == refined.width, oldRefined.height == refined.height {
                seam = refined.seamError(to: oldRefined, around: mask)
                let soft = mask.feathered(by: edit.feather)
                discrete = discrete.composited(over: oldDiscrete, mask: soft)
                refined = refined.composited(over: oldRefined, mask: soft)
            }
        }
        pieces[id]?.discrete = discrete
        pieces[id]?.refined = refined
        return FinishedPicture(
            discrete: discrete, refined: refined,
            residualLengths: pieces[id]?.grid?.residualLengths ?? [], seamError: seam,
            strength: strength)
    }

    // MARK: Looking closer

    private func decode(_ id: RunID, _ step: Int, _ pipeline: Pipeline) throws {
        guard let run = pieces[id]?.run,
            let state = run.run.states.first(where: { $0.step == step })
        else { return }
        let ids = state.ids.map { $0 == run.run.maskID ? 0 : $0 }
        let image = try pipeline.decode(plain(ids, run.run.gridWidth), strength: 0)
        post(.decoded(id, step: step, StepPreview(image: image, isDecoded: true)))
    }

    private mutating func restrengthen(_ id: RunID, _ strength: Float, _ pipeline: Pipeline) throws
    {
        guard let grid = pieces[id]?.grid else { return }
        let refined = try pipeline.decode(grid, strength: strength)
        let discrete = try pipeline.decode(grid, strength: 0)
        pieces[id]?.request.residual.strength = strength
        if let run = pieces[id]?.run {
            var residual = run.request.residual
            residual.strength = strength
            pieces[id]?.run = run.with(residual)
        }
        post(.restrengthened(id, compose(id, discrete, refined, strength: strength)))
    }

    private mutating func pin(_ id: RunID, _ position: Int, _ code: Int?) throws {
        guard var run = pieces[id]?.run, run.tokens.ids.indices.contains(position) else { return }
        if let code, 0..<run.run.maskID ~= code {
            run.pin(position, to: code)
        } else {
            run.unpin(position)
        }
        pieces[id]?.run = run
        post(.changed(id, run.tokens.snapshot(maskID: run.run.maskID)))
    }

    /// The likeliest entries at a place, by the guided logits of the last pass.
    private func candidates(_ id: RunID, _ position: Int, _ pipeline: Pipeline) throws {
        guard let run = pieces[id]?.run, let hidden = run.run.hidden,
            run.tokens.ids.indices.contains(position)
        else { return }
        let transformer = pipeline.model.transformer
        let codes = pipeline.model.configuration.codebookSize
        var logits = Array(
            try transformer.logits(hidden.conditional, at: [position]).floats().prefix(codes))
        if let unconditional = hidden.unconditional {
            let other = try transformer.logits(unconditional, at: [position]).floats()
            let scale = run.run.settings.guidanceScale
            for code in logits.indices { logits[code] += scale * (logits[code] - other[code]) }
        }
        let most = logits.max() ?? 0
        let weights = logits.map { exp($0 - most) }
        let total = weights.reduce(0, +)
        let ranked = weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }.prefix(4)
        post(
            .candidates(
                id, position: position,
                ranked.map { TokenCandidate(id: $0, probability: weights[$0] / total) }))
    }

    // MARK: Files

    private func save(_ order: SaveOrder, _ pipeline: Pipeline) throws {
        guard let piece = pieces[order.run] else { throw WorkshopError.noTokens(order.run) }
        let metadata = options.writesMetadata ? metadata(of: piece, pipeline) : []
        let image: RGBImage
        switch order.content {
        case .refined, .both: image = try piece.refined ?? partial(piece, pipeline)
        case .discrete: image = try piece.discrete ?? partial(piece, pipeline)
        case .steps: image = try sheet(piece, pipeline)
        case .animation:
            let bytes = try AnimatedPNG.encode(
                frames(piece, pipeline), text: metadata, millisecondsPerFrame: 250)
            post(.saved(order.run, path: try write(bytes, order, piece, pipeline)))
            return
        }
        let bytes = try PNG.encode(image, text: metadata)
        let path = try write(bytes, order, piece, pipeline)
        if order.content == .both, let discrete = piece.discrete {
            let name = (path as NSString).deletingPathExtension + "-discrete.png"
            try ImageFile.save(try PNG.encode(discrete, text: metadata), to: name)
        }
        post(.saved(order.run, path: path))
    }

    private func write(
        _ bytes: [UInt8], _ order: SaveOrder, _ piece: Piece, _ pipeline: Pipeline
    ) throws -> String {
        if let path = order.path {
            let named = path.lowercased().hasSuffix(".png") ? path : path + ".png"
            let isPlace = named.hasPrefix("/") || named.hasPrefix(".") || named.hasPrefix("~")
            let full =
                isPlace
                ? (named as NSString).expandingTildeInPath : "\(options.outputFolder)/\(named)"
            try makeFolder((full as NSString).deletingLastPathComponent)
            try ImageFile.save(bytes, to: full)
            return full
        }
        try makeFolder(options.outputFolder)
        let pattern = try OutputPattern("\(options.outputFolder)/\(options.outputPattern)")
        let size = piece.refined.map { ($0.width, $0.height) } ?? (0, 0)
        return try ImageFile.save(
            bytes, as: pattern,
            fields: OutputPattern.Fields(
                seed: piece.request.seed, prompt: piece.request.prompt, model: pipeline.model.name,
                width: size.0, height: size.1))
    }

    private func makeFolder(_ path: String) throws {
        guard !path.isEmpty, !FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw WorkshopError.noFolder(path)
        }
    }

    /// The discrete picture of an unfinished run.
    private func partial(_ piece: Piece, _ pipeline: Pipeline) throws -> RGBImage {
        guard let run = piece.run else { throw WorkshopError.nothingToSave }
        let ids = run.tokens.ids.map { $0 == run.run.maskID ? 0 : $0 }
        return try pipeline.decode(plain(ids, run.run.gridWidth), strength: 0)
    }

    /// Every step's tokens decoded, then the finished picture.
    private func frames(_ piece: Piece, _ pipeline: Pipeline) throws -> [RGBImage] {
        guard let run = piece.run else { throw WorkshopError.nothingToSave }
        let side = run.width / run.run.gridWidth
        var images: [RGBImage] = []
        for state in run.run.states where state.step > 0 {
            let ids = state.ids.map { $0 == run.run.maskID ? 0 : $0 }
            var image = try pipeline.decode(plain(ids, run.run.gridWidth), strength: 0)
            for (token, id) in state.ids.enumerated() where id == run.run.maskID {
                image.draw(
                    RGBImage(width: side, height: side, red: 30, green: 30, blue: 36),
                    x: token % run.run.gridWidth * side, y: token / run.run.gridWidth * side)
            }
            images.append(image)
        }
        if let refined = piece.refined { images.append(refined) }
        return images
    }

    private func sheet(_ piece: Piece, _ pipeline: Pipeline) throws -> RGBImage {
        guard let sheet = RGBImage.contactSheet(of: try frames(piece, pipeline), columns: 4) else {
            throw WorkshopError.nothingToSave
        }
        return sheet
    }

    /// How a picture was made; an opened one keeps what its file said.
    private func metadata(of piece: Piece, _ pipeline: Pipeline) -> [PNGText] {
        guard let run = piece.run else { return piece.metadata?.text ?? [] }
        return pipeline.metadata(
            of: run, grid: piece.grid, version: options.appVersion,
            edit: piece.edit?.record(gridWidth: run.run.gridWidth)
        ).text
    }

    /// Reads a PNG: its own tokens where it carries them, else those that DC-HT finds.
    private mutating func open(_ path: String, as id: RunID, _ pipeline: Pipeline) throws {
        let path = (path as NSString).expandingTildeInPath
        let opened = try OpenedPicture(path, pipeline)
        post(.opened(opened.record(id: id, name: (path as NSString).lastPathComponent)))
        pieces[id] = Piece(
            run: nil, grid: opened.grid, discrete: opened.discrete, refined: opened.refined,
            edit: nil, request: opened.request, metadata: opened.metadata)
    }
}

/// Why the workshop cannot do something.
enum WorkshopError: Error, CustomStringConvertible {
    case noTokens(RunID)
    case nothingToSave
    case noFolder(String)
    case wrongGrid(String)

    var description: String {
        switch self {
        case .noTokens(let run):
            "Picture \(run) has no tokens to go on from; generate or open one first."
        case .nothingToSave: "There are no steps to save; opened pictures have none."
        case .noFolder(let path):
            "The folder \(SanitizedText(path)) cannot be made; choose another output folder."
        case .wrongGrid(let path):
            "\(SanitizedText(path)) is too small; a picture needs at least one whole token."
        }
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}

extension TokenState {
    /// As the studio keeps it.
    func snapshot(maskID: Int) -> StepSnapshot {
        StepSnapshot(
            step: step, ids: ids.map { $0 == maskID ? nil : $0 }, fixedAt: fixedAt,
            confidence: confidence)
    }
}

extension HybridTokenGrid {
    /// The length of each token's residual as a share of the longest.
    var residualLengths: [Float] {
        let channels = residual.shape[1]
        let numbers = residual.floats()
        let lengths = ids.indices.map { token in
            numbers[token * channels..<(token + 1) * channels].reduce(0) { $0 + $1 * $1 }
                .squareRoot()
        }
        let most = lengths.max() ?? 0
        return most > 0 ? lengths.map { $0 / most } : lengths
    }

    /// A larger grid with this one inside; entry 0 and no residual in the margins.
    func extended(by margins: EditOrder.Margins) -> HybridTokenGrid {
        let width = gridWidth + margins.left + margins.right
        let height = gridHeight + margins.top + margins.bottom
        let channels = residual.shape[1]
        let old = residual.floats()
        var ids = [Int](repeating: 0, count: width * height)
        var numbers = [Float](repeating: 0, count: width * height * channels)
        for token in self.ids.indices {
            let place =
                (token / gridWidth + margins.top) * width + token % gridWidth + margins.left
            ids[place] = self.ids[token]
            for channel in 0..<channels {
                numbers[place * channels + channel] = old[token * channels + channel]
            }
        }
        return HybridTokenGrid(
            gridWidth: width, gridHeight: height, ids: ids,
            residual: Tensor([width * height, channels], numbers))
    }
}

extension RGBImage {
    /// This picture at its place in a larger one made from it.
    fileprivate func placed(_ margins: EditOrder.Margins, in larger: RGBImage) -> RGBImage {
        var image = larger
        let side = Mask.cellSize
        image.draw(self, x: margins.left * side, y: margins.top * side)
        return image
    }

    /// The mean difference in sRGB bytes on the ring of 8 pixels around a mask.
    fileprivate func seamError(to other: RGBImage, around mask: Mask) -> Double? {
        let wide = mask.grown(by: 8)
        var sum = 0
        var count = 0
        for at in mask.coverage.indices where mask.coverage[at] == 0 && wide.coverage[at] > 0 {
            for channel in 3 * at..<3 * at + 3 {
                sum += abs(Int(pixels[channel]) - Int(other.pixels[channel]))
            }
            count += 3
        }
        return count == 0 ? nil : Double(sum) / Double(count)
    }
}

extension EditOrder {
    /// What the picture's file says of the edit.
    fileprivate func record(gridWidth: Int) -> EditRecord {
        EditRecord(
            operation: operation,
            mask: TokenMask(
                gridWidth: gridWidth, gridHeight: isMasked.count / gridWidth, isMasked: isMasked),
            strength: share,
            content: operation == "reroll"
                ? "least-sure" : operation == "variation" ? "random" : "mask-all",
            feather: feather, area: "whole-picture")
    }

    /// The pixels that may change, before feathering.
    fileprivate func coverage(width: Int, height: Int) -> Mask {
        if let mask, mask.width == width, mask.height == height { return mask.mask }
        let gridWidth = max(1, width / Mask.cellSize)
        var result = Mask(width: width, height: height)
        for at in result.coverage.indices {
            let token = at / width / Mask.cellSize * gridWidth + at % width / Mask.cellSize
            if isMasked.indices.contains(token), isMasked[token] { result.coverage[at] = 255 }
        }
        return result
    }
}
