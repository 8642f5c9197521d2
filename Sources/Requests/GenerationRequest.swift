/// Everything that decides a picture, apart from the model.
public struct GenerationRequest: Hashable, Sendable, Codable {
    public var prompt: String
    /// The prompt as typed, before `{a|b}` was expanded; nil where nothing was.
    public var rawPrompt: String?
    /// Replaces the model's own unconditional text when it is not empty.
    public var negativePrompt: String
    public var seed: UInt64
    /// Pixels; a multiple of the token size. Nil for the size the model was trained for.
    public var width: Int?
    /// Pixels; a multiple of the token size. Nil for the size the model was trained for.
    public var height: Int?
    public var sampling: SamplingSettings
    public var residual: ResidualSettings

    public init(
        prompt: String, negativePrompt: String = "", seed: UInt64, width: Int? = nil,
        height: Int? = nil, sampling: SamplingSettings = SamplingSettings(),
        residual: ResidualSettings = ResidualSettings()
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.seed = seed
        self.width = width
        self.height = height
        self.sampling = sampling
        self.residual = residual
    }

    /// Whether another request has the same prompts, so that the model need not read them again.
    public func hasTexts(of other: GenerationRequest) -> Bool {
        prompt == other.prompt && negativePrompt == other.negativePrompt
    }
}

/// How residual tokens are sampled and used.
public struct ResidualSettings: Hashable, Sendable, Codable {
    /// Denoising steps; nil for the model's own number.
    public var steps: Int?
    /// The weight of the difference between conditional and unconditional noise estimates; nil for
    /// the model's own, and where it has none for that of the tokens, the official rule.
    public var guidanceScale: Float?
    /// What the noise of every denoising step is multiplied by, 1 in the official code; nil for the
    /// model's own. Less gives likelier residual tokens, 0 nearly the mean of them all.
    public var temperature: Float?
    /// The key of the head's noise; nil for the request's seed.
    public var seed: UInt64?
    /// Residual tokens count this much: 1 is the official picture, 0 the discrete one.
    public var strength: Float

    public init(
        steps: Int? = nil, guidanceScale: Float? = nil, temperature: Float? = nil,
        seed: UInt64? = nil, strength: Float = 1
    ) {
        self.steps = steps
        self.guidanceScale = guidanceScale
        self.temperature = temperature
        self.seed = seed
        self.strength = strength
    }
}

extension ResidualSettings {
    /// The guidance scale of the residual head: its own, else the model's, else that of the tokens,
    /// the official rule.
    ///
    /// - Parameter modelScale: what the model's configuration says; nil where it says nothing.
    public func guidance(modelScale: Float?, _ sampling: SamplingSettings) -> Float {
        guidanceScale ?? modelScale ?? sampling.headGuidance
    }

    /// Whether a guidance scale guides the residual head: 0 takes nothing of the difference, and 1
    /// stands for no guidance in the official code.
    public static func isGuided(by scale: Float) -> Bool { scale != 0 && scale != 1 }
}
