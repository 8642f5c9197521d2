import Generation
import HybridTokens
import Imaging
import Requests
import TextEncoding

/// A picture being made: a request, its masked run, and the residual tokens to keep.
public struct PictureRun: Sendable {
    public internal(set) var request: GenerationRequest
    public internal(set) var run: MaskedRun
    /// Residual tokens of the source picture [tokens, latentChannels], for tokens that are kept.
    public let keptResidual: [Float]?
    /// True for tokens whose residual is kept.
    public let isKept: [Bool]
    /// True when the text encoder saw only a part of the prompt.
    public internal(set) var isPromptTruncated: Bool

    /// Pixels.
    public let width: Int
    /// Pixels.
    public let height: Int

    /// What a change of the residual alone does not touch.
    public var tokens: TokenState { run.state }

    /// Lets go of what only the residual head reads and can be made again.
    public mutating func forgetHiddenStates() { run.forgetHiddenStates() }
}

/// A finished picture.
public struct Picture: Sendable {
    public let request: GenerationRequest
    public let tokens: TokenState
    /// The grid with its residual tokens.
    public let grid: HybridTokenGrid
    /// Decoded from the discrete tokens alone; nil when it was not asked for.
    public let discrete: RGBImage?
    /// Decoded from discrete and residual tokens, the residual as strong as requested.
    public let refined: RGBImage
}
