/// What a picture's file says that it shows, whoever made it.
public struct PictureWords: Hashable, Sendable {
    /// Empty where the file says none.
    public let prompt: String
    /// Empty where the file says none.
    public let negativePrompt: String
    /// Nil where the file says none.
    public let seed: UInt64?

    /// - Parameters:
    ///   - metadata: what this program wrote; nil for a file of another.
    ///   - contents: the file, of which other programs' parameters are read where there is nothing of
    ///     this one's.
    public init(_ metadata: GenerationMetadata?, _ contents: PNGContents) {
        let foreign = metadata == nil ? ForeignParameters(contents) : nil
        prompt = metadata?.record.prompt ?? foreign?.prompt ?? ""
        negativePrompt = metadata?.record.negativePrompt ?? foreign?.negativePrompt ?? ""
        seed = metadata?.record.seed ?? foreign?.seed
    }
}
