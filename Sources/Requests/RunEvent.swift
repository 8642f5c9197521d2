/// News of a run, in order. Images of a batch are numbered from 0.
public enum RunEvent: Hashable, Sendable {
    /// A phase begins; `count` is how many units it has, 1 when it cannot be divided.
    case phase(RunPhase, count: Int)
    /// A unit of the phase is done; `done` counts from 1.
    case progress(RunPhase, done: Int, of: Int)
    /// A MaskGIT step of one image is done.
    case stepped(image: Int, StepNews)
}

/// The parts of a run.
public enum RunPhase: String, Hashable, Sendable, Codable {
    case loading
    case encoding
    case steps
    case residual
    case decoding
}

/// What a step did to an image's tokens.
public struct StepNews: Hashable, Sendable {
    /// Steps done.
    public let step: Int
    public let steps: Int
    /// Tokens fixed by this step.
    public let newlyFixed: Int
    /// Tokens still masked.
    public let masked: Int
    /// The mean probability of the tokens fixed by this step.
    public let confidence: Float

    public init(step: Int, steps: Int, newlyFixed: Int, masked: Int, confidence: Float) {
        self.step = step
        self.steps = steps
        self.newlyFixed = newlyFixed
        self.masked = masked
        self.confidence = confidence
    }
}
