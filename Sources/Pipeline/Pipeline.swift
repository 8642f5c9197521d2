import Generation
import HybridTokens
import Imaging
import Kernels
import Requests
import Tensors
import TextEncoding

/// Prompt to picture: owns a model and the order of the stages.
///
/// Each stage can be called by itself, so that a screen can stop, step, wind back and refine; one
/// call at a time computes.
public struct Pipeline: Sendable {
    public let model: Model

    public init(_ model: Model) {
        self.model = model
    }

    // MARK: Text

    /// The texts of a prompt's two rows.
    /// - Throws: `CheckpointError`, `Stopped`.
    public func text(for request: GenerationRequest) throws -> (text: GuidedText, isTruncated: Bool)
    {
        let configuration = model.configuration
        let prompt = model.textTokenizer.encode(request.prompt, limit: configuration.textLength)
        try model.textEncoder.prepare()
        let conditional = try textStates(of: prompt)
        let negative =
            request.negativePrompt.allSatisfy(\.isWhitespace)
            ? nil
            : try textStates(
                of: model.textTokenizer.encode(
                    request.negativePrompt, limit: configuration.textLength)
            ).states
        // The encoder's part is done; a large one would stay in memory beside the transformer.
        model.textEncoder.release()
        try model.transformer.prepare()
        let text = try model.transformer.guidedText(
            conditional.states, at: conditional.positions, negative: negative)
        return (text, prompt.isTruncated)
    }

    /// Text states [tokens, textWidth] of the real tokens and where those are: the encoder sees the
    /// pads, the transformer does not. A prompt can spell a pad itself.
    private func textStates(of text: TokenizedText) throws -> (states: Tensor, positions: [Int]) {
        let padded = text.padded(to: model.configuration.textLength)
        let states = try model.textEncoder(padded)
        let positions = padded.indices.filter { padded[$0] != text.padID }
        return (states.rows(positions), positions)
    }

    // MARK: Steps

    /// A prompt as the model reads it, which equal prompts share.
    public typealias ReadText = (text: GuidedText, isTruncated: Bool)

    /// A run with every token masked.
    ///
    /// - Parameter text: of the request's prompts, where it is known.
    /// - Throws: `RequestError`; what `text` throws.
    public func start(_ request: GenerationRequest, text: ReadText? = nil) throws -> PictureRun {
        try start(request, text: text, ids: nil, kept: nil)
    }

    /// Runs with every token masked; equal prompts are read once.
    /// - Throws: `RequestError`; what `text` throws.
    public func start(_ requests: [GenerationRequest]) throws -> [PictureRun] {
        var runs: [PictureRun] = []
        for request in requests {
            let same = runs.first { $0.request.hasTexts(of: request) }
            runs.append(try start(request, text: same.map { ($0.run.text, $0.isPromptTruncated) }))
        }
        return runs
    }

    /// Reads and arranges everything that making a picture needs. Of a large model no more than one
    /// part is in memory at a time, as later when a picture is made.
    /// - Throws: `CheckpointError`, `Stopped`.
    public func prepare() throws {
        try model.textEncoder.prepare()
        model.textEncoder.releasePages()
        try model.transformer.prepare()
        try model.prepareResidualHead()
        model.releaseGenerator()
        try model.hybridTokenizer.prepareDecoder()
        model.hybridTokenizer.releasePages()
    }

    /// A run that fills in the masked tokens of a picture; the others keep id and residual.
    ///
    /// - Parameters:
    ///   - source: the picture's tokens; its size is the run's.
    ///   - isMasked: for each token whether it is made anew.
    ///   - window: what the transformer sees, which holds all masked tokens; nil for all.
    ///   - text: of the request's prompts, where it is known.
    /// - Throws: `RequestError`; what `text` throws.
    public func start(
        _ request: GenerationRequest, editing source: HybridTokenGrid, isMasked: [Bool],
        window: TokenWindow? = nil, text: ReadText? = nil
    ) throws -> PictureRun {
        guard isMasked.count == source.ids.count else {
            throw RequestError.tokens(found: isMasked.count, expected: source.ids.count)
        }
        guard isMasked.contains(true) else { throw RequestError.emptyMask }
        let codes = model.configuration.codebookSize
        for (id, masked) in zip(source.ids, isMasked) where !masked && !(0..<codes ~= id) {
            throw RequestError.tokenID(id, codebookSize: codes)
        }
        var request = request
        request.width = source.gridWidth * model.tokenSide
        request.height = source.gridHeight * model.tokenSide
        let ids = zip(source.ids, isMasked).map { $1 ? model.configuration.maskID : $0 }
        return try start(
            request, text: text, ids: ids, kept: (source.residual.floats(), isMasked.map(!)),
            window: window)
    }

    private func start(
        _ request: GenerationRequest, text known: ReadText?, ids: [Int]?,
        kept: (residual: [Float], isKept: [Bool])?, window: TokenWindow? = nil
    ) throws -> PictureRun {
        let (width, height) = try checked(request)
        let (text, isTruncated) = try known ?? text(for: request)
        let run = MaskedRun(
            gridWidth: width / model.tokenSide, gridHeight: height / model.tokenSide,
            maskID: model.configuration.maskID, ids: ids, window: window,
            settings: request.sampling, text: text,
            noise: KeyedNoise(seed: request.seed, residualSeed: request.residual.seed))
        return PictureRun(
            request: request, run: run, keptResidual: kept?.residual,
            isKept: kept?.isKept ?? Array(repeating: false, count: run.state.ids.count),
            isPromptTruncated: isTruncated, width: width, height: height)
    }

    /// The size of a request, after every number in it was checked.
    func checked(_ request: GenerationRequest) throws -> (width: Int, height: Int) {
        let tokenSide = model.tokenSide
        let limit = model.gridSideLimit * tokenSide
        let (width, height) = (
            request.width ?? model.trainedSide, request.height ?? model.trainedSide
        )
        guard width % tokenSide == 0, height % tokenSide == 0, tokenSide...limit ~= width,
            tokenSide...limit ~= height
        else {
            throw RequestError.size(width: width, height: height, multiple: tokenSide, limit: limit)
        }
        for text in [request.prompt, request.negativePrompt, request.rawPrompt ?? ""]
        where text.utf8.count > RequestLimits.promptBytes {
            throw RequestError.promptLength(text.utf8.count)
        }
        guard RequestLimits.steps ~= request.sampling.steps else {
            throw RequestError.steps(request.sampling.steps, limit: RequestLimits.steps.upperBound)
        }
        if let steps = request.residual.steps, !(RequestLimits.residualSteps ~= steps) {
            throw RequestError.residualSteps(
                steps, limit: RequestLimits.residualSteps.upperBound)
        }
        guard RequestLimits.guidanceScale ~= Double(request.sampling.guidanceScale) else {
            throw RequestError.guidance(request.sampling.guidanceScale)
        }
        guard RequestLimits.temperature ~= Double(request.sampling.temperature) else {
            throw RequestError.temperature(request.sampling.temperature)
        }
        if let scale = request.residual.guidanceScale,
            !(RequestLimits.guidanceScale ~= Double(scale))
        {
            throw RequestError.residualGuidance(scale)
        }
        if let temperature = request.residual.temperature,
            !(RequestLimits.residualTemperature ~= Double(temperature))
        {
            throw RequestError.residualTemperature(temperature)
        }
        guard RequestLimits.residualStrength ~= Double(request.residual.strength) else {
            throw RequestError.strength(request.residual.strength)
        }
        return (width, height)
    }

    /// What samples a round of any run.
    public var sampler: MaskedSampler {
        MaskedSampler(model.transformer, compute: model.compute)
    }

    /// Runs that the transformer sees at once; more would only take more memory.
    public static let batch = 8

    /// The next step of several runs of one size and equal settings, a batch at a time.
    /// - Throws: `KernelError.notFinite`, `Stopped`; the runs are then as they were.
    public func step(_ runs: inout [PictureRun]) throws {
        var advanced: [MaskedRun] = []
        for start in stride(from: 0, to: runs.count, by: Self.batch) {
            var masked = runs[start..<min(start + Self.batch, runs.count)].map(\.run)
            try MaskedRun.advance(&masked, with: sampler)
            advanced += masked
        }
        for index in runs.indices { runs[index].run = advanced[index] }
    }

    // MARK: Pixels

    /// The residual tokens [tokens, latentChannels] of a run at its present state. The transformer
    /// does not run again, except for a state whose hidden states are not at hand.
    ///
    /// - Parameter progress: called with the denoising steps done.
    /// - Throws: `CheckpointError`, `Stopped`.
    public func residual(
        of picture: PictureRun, progress: (Int) throws -> Void = { _ in }
    ) throws -> Tensor {
        try model.prepareResidualHead()
        let (run, channels) = (picture.run, model.configuration.latentChannels)
        let positions = picture.isKept.indices.filter { !picture.isKept[$0] }
        var numbers = keptResidual(of: picture)
        let (settings, own) = (picture.request.residual, model.configuration.head)
        let guidance = settings.guidance(modelScale: own.guidanceScale, run.settings)
        // By the official rule the head has no guidance where the last step had none.
        let isOfficial = (settings.guidanceScale ?? own.guidanceScale) == nil
        let isGuided = !isOfficial && ResidualSettings.isGuided(by: guidance)
        if !positions.isEmpty,
            let hidden = try run.hiddenStates(
                of: run.state.step, with: sampler, isGuided: isGuided)
        {
            let rows = positions.compactMap(run.seenPlace)
            let noise = KeyedNoise(
                seed: picture.request.seed, residualSeed: picture.request.residual.seed)
            let sampled = try model.residualHead.sample(
                conditional: hidden.conditional.rows(rows),
                unconditional: hidden.unconditional?.rows(rows),
                guidance: guidance, temperature: settings.temperature ?? own.temperature,
                steps: settings.steps,
                initial: positions.flatMap {
                    noise.initialResidual(position: $0, channels: channels)
                },
                noise: { step in
                    positions.flatMap {
                        noise.diffusionNoise(step: step, position: $0, channels: channels)
                    }
                }, progress: progress
            ).floats()
            for (row, position) in positions.enumerated() {
                for channel in 0..<channels {
                    numbers[position * channels + channel] = sampled[row * channels + channel]
                }
            }
        }
        return Tensor([run.state.ids.count, channels], numbers)
    }

    /// The residual tokens [tokens, latentChannels] that a run keeps of the picture it edits, zeros
    /// for all others.
    func keptResidual(of picture: PictureRun) -> [Float] {
        let channels = model.configuration.latentChannels
        let count = picture.run.state.ids.count * channels
        guard let kept = picture.keptResidual else { return Array(repeating: 0, count: count) }
        return (0..<count).map { picture.isKept[$0 / channels] ? kept[$0] : 0 }
    }

    /// The pixels of tokens, the residual times `strength`.
    /// - Throws: `KernelError`, `CheckpointError`, `Stopped`.
    public func decode(_ grid: HybridTokenGrid, strength: Float) throws -> RGBImage {
        try decode(model.hybridTokenizer.latents(of: grid, strength: strength))
    }

    /// The pixels of latents [gridHeight, gridWidth, latentChannels].
    func decode(_ latents: Tensor) throws -> RGBImage {
        model.releaseGenerator()
        let numbers = try model.hybridTokenizer.decode(latents)
        model.hybridTokenizer.releasePages()
        return RGBImage(
            width: numbers.shape[1], height: numbers.shape[0], pixels: PixelValues.bytes(numbers))
    }

    /// The tokens and residual tokens of any picture whose sides are multiples of the token size.
    /// - Throws: `RequestError.size`, `KernelError`, `CheckpointError`, `Stopped`.
    public func encode(_ image: RGBImage) throws -> HybridTokenizer.Encoding {
        let tokenSide = model.tokenSide
        let limit = model.gridSideLimit * tokenSide
        guard image.width % tokenSide == 0, image.height % tokenSide == 0, image.width <= limit,
            image.height <= limit
        else {
            throw RequestError.size(
                width: image.width, height: image.height, multiple: tokenSide, limit: limit)
        }
        return try model.hybridTokenizer.encode(
            PixelValues.numbers(image.pixels, width: image.width, height: image.height))
    }
}
