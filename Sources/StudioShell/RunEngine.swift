import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import StudioCore
import Tensors

/// The model and the runs of a session, as the model worker's thread holds them.
struct RunEngine {
    var options: StudioOptions
    let post: (StudioNews) -> Void
    let wishes: Wishes
    /// Takes runs that a later sitting may want.
    let keep: (KeptRun) -> Void
    /// Runs as they are kept, those of an earlier sitting too.
    var earlier: [RunID: KeptRun] = [:]
    private(set) var pipeline: Pipeline?
    var colors: TokenColors?
    /// Whether the colours of tokens are still to be learned while nothing else is to do.
    var isSampling = false
    var preview: PreviewKind { wishes.preview() }
    var engineRuns: [RunID: EngineRun] = [:]
    /// Runs of a batch that have not begun.
    var waiting: [RunID: RunOrder] = [:]
    /// Runs as they were wanted, the last one last.
    var wantedLately: [RunID] = []
    /// The pass of the transformer that was last looked into.
    var pass: (run: RunID, step: Int, states: MaskedSampler.HiddenStates)?

    /// A run with all that its pixels need.
    struct EngineRun {
        var run: PictureRun?
        var grid: HybridTokenGrid?
        var discrete: RGBImage?
        var refined: RGBImage?
        /// What an edit is laid over.
        var ground: EditGround?
        /// What it was made from, for its record.
        var lineage: Lineage?
        /// How visible an edit's seam is.
        var seam: Double?
        /// The file it was opened from, while it is what that file shows.
        var file: OpenedFile?
        /// How that file was fitted.
        var fit: ImportFit?
        /// SHA-256 of the file that it is read from again in a later sitting.
        var fileHash: String?
        var request: GenerationRequest
        /// What an earlier sitting computed it in, where it is finished.
        var precision: String?
        /// What an opened file said of itself.
        var metadata: GenerationMetadata?
        /// Whether that is that it was made from a prompt and nothing else.
        var isFromPrompt: Bool {
            guard file != nil, run != nil, refined != nil, let record = metadata?.record else {
                return false
            }
            return record.edit == nil && record.forkedAtStep == nil && record.parentHash == nil
                && record.chosenTokens.isEmpty && record.stoppedAtStep == nil
        }
        var seconds = 0.0
        var origin = RunOrigin.prompt
        /// The file that shows it as it is, where it was saved or opened.
        var path: String?
        /// The file that it was opened from and has gone on from since.
        var source: String?

        /// One of its files lies elsewhere, or is gone.
        mutating func takeMove(of file: String, to place: String?) {
            if source == file, let place { source = place }
            guard path == file else { return }
            // What is only in the file is looked for there again.
            if case .file = origin, source == nil, place == nil { return }
            path = place
        }

        /// It changes, so that no file shows it as it is.
        mutating func leaveFile() {
            if case .file = origin, source == nil { source = path }
            path = nil
        }
    }

    struct OpenedFile {
        /// SHA-256.
        let hash: String
        /// Whether the run had ended in it.
        let isFinished: Bool
    }

    /// What is wanted of runs while they are made.
    struct Wishes {
        /// Whether a pause is wanted; asking takes the wish.
        let takePause: () -> Bool
        let isSkipped: (RunID) -> Bool
        /// How steps are to be shown.
        let preview: () -> PreviewKind
    }

    init(
        _ options: StudioOptions, post: @escaping (StudioNews) -> Void, wishes: Wishes,
        keep: @escaping (KeptRun) -> Void
    ) {
        self.keep = keep
        self.options = options
        self.post = post
        self.wishes = wishes
    }

    // MARK: Model

    mutating func open() -> Model? {
        do {
            let compute = try Compute(
                threadCount: options.threads, precision: options.precision)
            let model = try Model(
                folder: options.modelFolder, compute: compute, cache: options.weightCache)
            if options.settings.isOn(.verification) { try model.verify() }
            let pipeline = Pipeline(model)
            self.pipeline = pipeline
            post(
                .modelOpened(
                    ModelFacts(
                        name: model.name, trainedSide: model.trainedSide,
                        pixelsPerToken: model.tokenSide,
                        codebookSize: model.configuration.codebookSize,
                        residualSteps: model.configuration.head.steps,
                        residualGuidance: model.configuration.head.guidanceScale,
                        residualTemperature: model.configuration.head.temperature,
                        sampling: model.configuration.defaults, threads: compute.threadCount,
                        precision: compute.precision.recordName, examples: model.examples)))
            return model
        } catch {
            post(.modelFailed("\(error)"))
            return nil
        }
    }

    /// Readies what every run needs while a person is still typing.
    mutating func warmUp() {
        do {
            guard let pipeline else { return }
            try pipeline.prepare()
            recallColors(of: pipeline.model)
        } catch {
            post(.problem("\(error)"))
        }
    }

    // MARK: Colours of tokens

    private mutating func recallColors(of model: Model) {
        guard colors == nil else { return }
        let learned = TokenColors(of: model)
        colors = learned
        isSampling = learned.wantsSamples
    }

    /// Learns from one picture that nobody asked for; to be done while there is nothing else.
    mutating func sample(stop: StopSignal) {
        guard let pipeline, colors?.wantsSamples == true else {
            isSampling = false
            return
        }
        let start = Terminal.now
        do {
            try pipeline.model.compute.stoppable(by: stop) { try colors?.sample(pipeline) }
        } catch is Stopped {
            // There was something else to do.
        } catch {
            isSampling = false
        }
        // A large model is too slow to play with; it learns from the pictures that are asked for.
        if Terminal.now - start > .seconds(1) { isSampling = false }
    }

    // MARK: Orders

    /// - Returns: false where it was stopped.
    mutating func perform(_ effect: StudioEffect, stop: StopSignal) -> Bool {
        guard let pipeline else { return true }
        defer { letGoOfPixels(after: effect) }
        do {
            try pipeline.model.compute.stoppable(by: stop) {
                for run in effect.sources { try restore(run, pipeline) }
                try carryOut(effect, pipeline)
            }
        } catch is Stopped {
            for run in unfinished(effect) {
                post(.cancelled(run))
                keep(run, pipeline)
            }
            return false
        } catch {
            let runs = unfinished(effect)
            if case .save(let order) = effect {
                post(.notSaved(order.run, "\(error)"))
            } else if runs.isEmpty {
                post(.problem("\(error)"))
            }
            for run in runs { post(.failed(run, "\(error)")) }
        }
        return true
    }

    private mutating func unfinished(_ effect: StudioEffect) -> [RunID] {
        let runs = effect.runs
        for run in runs { waiting[run] = nil }
        return runs.filter { engineRuns[$0]?.refined == nil }
    }

    private mutating func carryOut(_ effect: StudioEffect, _ pipeline: Pipeline) throws {
        switch effect {
        case .generate(let orders):
            for order in orders { waiting[order.run] = order }
            try advance(orders.map(\.run), isSingleStep: false, pipeline)
        case .prepare(let orders):
            for order in orders {
                try begin(order, pipeline)
                post(.paused(order.run))
                keep(order.run, pipeline)
            }
        case .advance(let runs, let isSingleStep):
            try advance(runs, isSingleStep: isSingleStep, pipeline)
        case .decode(let run, let step): try decode(run, step, pipeline)
        case .changeStrength(let run, let strength): try changeStrength(run, strength, pipeline)
        case .pin(let run, let position, let id): try pin(run, position, id, pipeline)
        case .putBack(let run, let mark): putBack(run, mark, pipeline)
        case .candidates(let run, let step, let position):
            try candidates(run, step, position, pipeline)
        case .save(let order): try save(order, pipeline)
        case .suggestName(let run): try suggestName(run, pipeline)
        case .saveSheet(let order): try saveSheet(order, pipeline)
        case .loadMask(let path, let run, let width, let height):
            let mask = try MaskSource(resolved(path)).mask(
                width: width, height: height, tokenSide: pipeline.model.tokenSide)
            post(.maskLoaded(run, PaintedMask(mask)))
        case .saveMask(let path, let mask): try saveMask(path, mask)
        case .load(let run): try load(run, pipeline)
        case .open(let path, let run, let fit): try open(path, as: run, fit, pipeline)
        case .verifyModel:
            let count = try pipeline.model.verify()
            post(.note("\(count) files are those that \(Model.checksumFile) lists."))
        case .fileMoved(let path, let place): move(path, to: place, pipeline)
        case .use(let settings): options.settings = settings
        // The model worker's own, the library's and the screen's.
        case .skip, .pause, .cancel, .preview, .inspect, .library, .copy, .present, .editPrompt,
            .writeSetting,
            .editSettings, .reloadSettings, .reopen, .readLog, .setGraphics, .probe, .redraw,
            .suspend,
            .quit:
            break
        }
    }
}

/// Why the model worker cannot do something.
enum RunEngineError: Error, CustomStringConvertible {
    case noTokens(RunID)
    case nothingToSave
    case emptySheet
    case noFolder(String)
    case otherModel(String)
    case notKept
    case changedFile(String)

    var description: String {
        switch self {
        case .noTokens(let run):
            "Picture \(run) has no tokens to go on from; generate or open one first."
        case .nothingToSave: "There are no steps to save; this picture has none."
        case .emptySheet: "None of the sheet's pictures was made; make the sheet again."
        case .noFolder(let path):
            "The folder \(SanitizedText(path)) cannot be made; output.dir in the settings names another."
        case .otherModel(let name):
            "This picture was made with the model \(SanitizedText(name)); open the studio with it "
                + "to see it again, or open its file."
        case .notKept: "What this picture was made from was not kept."
        case .changedFile(let path):
            "\(SanitizedText(path)) is not the file that was opened any more; open it anew."
        }
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}
