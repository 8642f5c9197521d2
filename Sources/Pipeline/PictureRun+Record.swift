import Generation
import HybridTokens
import Imaging
import Kernels
import Requests
import Tensors

extension Pipeline {
    /// What a PNG keeps of a picture: all settings, its tokens, its residual tokens.
    ///
    /// - Parameters:
    ///   - grid: the picture's tokens with their residual; nil for a run that was stopped.
    ///   - version: the program's.
    ///   - lineage: what the picture was made from; nil for a prompt.
    public func metadata(
        of run: PictureRun, grid: HybridTokenGrid?, version: String, lineage: Lineage? = nil
    ) -> GenerationMetadata {
        let state = run.run.state
        var record = record(of: run.request, version: version)
        record.width = run.width
        record.height = run.height
        record.parentHash = lineage?.parentHash
        record.forkedAtStep = lineage?.forkedAtStep
        record.chosenTokens = lineage?.chosenTokens ?? ChosenTokens()
        record.edit = lineage?.edit
        // A finished run without its residual was stopped before its pixels were made.
        record.stoppedAtStep = run.run.isFinished && grid != nil ? nil : state.step
        let maskID = model.configuration.maskID
        var metadata = GenerationMetadata(
            record: record,
            tokens: TokenGridRecord(
                gridWidth: run.run.gridWidth, gridHeight: run.run.gridHeight,
                ids: state.ids.map { $0 == maskID ? nil : UInt16($0) },
                commitSteps: state.fixedAt.map { UInt8(min(255, $0 ?? 0)) },
                confidence: state.confidence.map(TokenGridRecord.byte)),
            residual: (grid?.residual.floats() ?? run.keptResidual).map(ResidualRecord.init))
        metadata.mask = lineage?.mask
        return metadata
    }

    /// How a request makes its picture with this model.
    public func record(of request: GenerationRequest, version: String) -> ImageRecord {
        var record = ImageRecord()
        record.appVersion = version
        record.modelName = model.name
        record.modelHash = model.sha256
        record.prompt = request.prompt
        record.rawPrompt = request.rawPrompt
        record.negativePrompt = request.negativePrompt
        record.seed = request.seed
        record.rng = KeyedNoise.name
        record.steps = request.sampling.steps
        record.guidanceScale = Double(shortest: request.sampling.guidanceScale)
        record.guidanceDecay = request.sampling.guidanceDecay.rawValue
        record.guidancePower = Double(shortest: request.sampling.guidancePower)
        record.cfgForm =
            request.sampling.guidanceDecay == .powerCosine
            ? "uncond+s*(cond-uncond)" : "cond+s*(cond-uncond)"
        record.temperature = Double(shortest: request.sampling.temperature)
        record.isSoftmaxAnnealed = request.sampling.annealsLogits
        record.schedule = request.sampling.schedule == .linear ? "linear" : "arccos"
        record.isScheduleScaled = request.sampling.schedule != .official
        record.residualSteps =
            request.residual.strength == 0
            ? 0 : request.residual.steps ?? model.configuration.head.steps
        record.residualGuidanceScale =
            (request.residual.guidanceScale
            ?? model.configuration.head.guidanceScale).map(Double.init(shortest:))
        record.residualTemperature = Double(
            shortest: request.residual.temperature ?? model.configuration.head.temperature)
        record.residualSeed = request.residual.seed
        record.residualStrength = Double(shortest: request.residual.strength)
        record.width = request.width ?? model.trainedSide
        record.height = request.height ?? model.trainedSide
        record.precision = model.compute.precision.recordName
        return record
    }

    /// The run that a stopped picture's file keeps, ready to go on.
    /// - Throws: `RequestError` when the file's tokens do not fit this model.
    public func resume(_ metadata: GenerationMetadata) throws -> PictureRun {
        guard let tokens = metadata.tokens else {
            throw RequestError.grid("the picture keeps no tokens")
        }
        var request = try request(of: metadata.record)
        // What is in a file is no better checked than what is typed.
        request.width = tokens.gridWidth * model.tokenSide
        request.height = tokens.gridHeight * model.tokenSide
        let (width, height) = try checked(request)
        let ids = try checkedIDs(tokens)
        let maskID = model.configuration.maskID
        let lastFixed = zip(ids, tokens.commitSteps).map { $0 == maskID ? 0 : Int($1) }.max()
        // An edit of few tokens ends before the steps that were asked for.
        let step = metadata.record.stoppedAtStep ?? lastFixed ?? request.sampling.steps
        let fixedAt = zip(ids, tokens.commitSteps).map { $0 == maskID ? nil : Int($1) }
        let state = TokenState(
            step: step, ids: ids, fixedAt: fixedAt,
            confidence: tokens.probabilities)
        let window = window(of: metadata)
        if let window {
            guard metadata.record.edit?.mask.gridWidth == tokens.gridWidth,
                metadata.record.edit?.mask.gridHeight == tokens.gridHeight,
                fixedAt.indices.allSatisfy({
                    fixedAt[$0] == 0 || window.place(of: $0, gridWidth: tokens.gridWidth) != nil
                })
            else { throw RequestError.grid("tokens outside the edited part are missing") }
        }
        let (text, isTruncated) = try text(for: request)
        let chosen = metadata.record.forkedAtStep == 0 ? metadata.record.chosenTokens.ids : [:]
        let run = MaskedRun(
            gridWidth: tokens.gridWidth, gridHeight: tokens.gridHeight, maskID: maskID,
            resuming: state, setAtStart: Set(chosen.filter { $0.value != nil }.keys),
            window: window, settings: request.sampling, text: text,
            noise: KeyedNoise(seed: request.seed, residualSeed: request.residual.seed))
        guard !run.isFinished || run.state.maskedCount == 0 else {
            throw RequestError.grid(
                "tokens are masked after step \(step) of \(run.settings.steps)")
        }
        return PictureRun(
            request: request, run: run, keptResidual: try residual(metadata, count: ids.count),
            isKept: fixedAt.map { $0 == 0 }, isPromptTruncated: isTruncated,
            width: width, height: height)
    }

    /// The tokens that a finished picture's file keeps, so that it need not be encoded; nil when it
    /// keeps none, or those of another model.
    /// - Throws: `RequestError` when they do not fit this model.
    public func grid(of metadata: GenerationMetadata) throws -> HybridTokenGrid? {
        guard let tokens = metadata.tokens, metadata.record.modelHash == model.sha256,
            !tokens.ids.contains(nil),
            let residual = try residual(metadata, count: tokens.ids.count)
        else { return nil }
        return HybridTokenGrid(
            gridWidth: tokens.gridWidth, gridHeight: tokens.gridHeight,
            ids: try checkedIDs(tokens),
            residual: Tensor([tokens.ids.count, model.configuration.latentChannels], residual))
    }

    private func checkedIDs(_ tokens: TokenGridRecord) throws -> [Int] {
        let codes = model.configuration.codebookSize
        return try tokens.ids.map { id in
            guard let id else { return model.configuration.maskID }
            guard Int(id) < codes else {
                throw RequestError.tokenID(Int(id), codebookSize: codes)
            }
            return Int(id)
        }
    }

    func residual(_ metadata: GenerationMetadata, count: Int) throws -> [Float]? {
        guard let values = metadata.residual?.values else { return nil }
        guard values.count == count * model.configuration.latentChannels else {
            throw RequestError.grid(
                "its residual has \(values.count) numbers, not "
                    + "\(count * model.configuration.latentChannels)")
        }
        return values
    }

    /// The request that a record describes.
    /// - Throws: `RequestError.unknownWord` for what a later version wrote.
    public func request(of record: ImageRecord) throws -> GenerationRequest {
        var sampling = model.configuration.defaults
        sampling.steps = record.steps
        sampling.guidanceScale = Float(record.guidanceScale)
        guard let decay = GuidanceDecay(rawValue: record.guidanceDecay) else {
            throw RequestError.unknownWord(
                record.guidanceDecay, of: "guidance decay",
                known: GuidanceDecay.allCases.map(\.rawValue))
        }
        let curves = ["arccos", "linear"]
        guard curves.contains(record.schedule) else {
            throw RequestError.unknownWord(record.schedule, of: "mask schedule", known: curves)
        }
        sampling.guidanceDecay = decay
        if let power = record.guidancePower { sampling.guidancePower = Float(power) }
        sampling.temperature = Float(record.temperature)
        sampling.annealsLogits = record.isSoftmaxAnnealed
        sampling.schedule =
            record.schedule == "linear" ? .linear : record.isScheduleScaled ? .scaled : .official
        var request = GenerationRequest(
            prompt: record.prompt, negativePrompt: record.negativePrompt, seed: record.seed,
            width: record.width, height: record.height, sampling: sampling,
            residual: ResidualSettings(
                steps: record.residualSteps > 0 ? record.residualSteps : nil,
                // Without a scale of its own the head took that of the tokens.
                guidanceScale: record.residualGuidanceScale.map { Float($0) }
                    ?? model.configuration.head.guidanceScale.map { _ in
                        sampling.effectiveHeadGuidance
                    },
                temperature: Float(record.residualTemperature), seed: record.residualSeed,
                strength: record.residualSteps > 0 ? Float(record.residualStrength) : 0))
        request.rawPrompt = record.rawPrompt
        return request
    }
}

/// What a picture was made from, for its record.
public struct Lineage: Sendable {
    /// SHA-256 of the parent's file.
    public var parentHash: String?
    /// The parent's step that was gone on from.
    public var forkedAtStep: Int?
    /// Tokens that a person changed before the fork went on.
    public var chosenTokens = ChosenTokens()
    public var edit: EditRecord?
    /// The pixels that an edit makes anew.
    public var mask: Mask?

    public init(
        parentHash: String?, forkedAtStep: Int? = nil, edit: EditRecord? = nil, mask: Mask? = nil
    ) {
        self.parentHash = parentHash
        self.forkedAtStep = forkedAtStep
        self.edit = edit
        self.mask = mask
    }

    /// That of a picture in a file, which what goes on from it keeps.
    public init(_ metadata: GenerationMetadata) {
        self.init(
            parentHash: metadata.record.parentHash, forkedAtStep: metadata.record.forkedAtStep,
            edit: metadata.record.edit, mask: metadata.mask)
        chosenTokens = metadata.record.chosenTokens
    }
}

extension Precision {
    /// As pictures' metadata names it.
    public var recordName: String {
        switch self {
        case .float32: "float32"
        case .bfloat16: "bfloat16"
        case .int8: "int8"
        }
    }
}

extension Double {
    /// The number with the digits that a person wrote, such as 0.7 of 0.699999988; the same as a
    /// `Float` again.
    fileprivate init(shortest number: Float) {
        let written = Double(number.description) ?? Double(number)
        self = Float(written) == number ? written : Double(number)
    }
}
