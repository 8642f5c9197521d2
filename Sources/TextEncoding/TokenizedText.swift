/// A prompt as the text encoder reads it.
public struct TokenizedText: Hashable, Sendable {
    /// Token ids, `</s>` last, without padding; never empty.
    public let ids: [Int]
    /// For each id, where it comes from in the prompt: offsets into the prompt's UTF-8.
    ///
    /// A piece that stands for no character of the prompt (the `▁` before a word, `</s>`) has an
    /// empty range at its place. Ranges of neighbours are equal where one character became several
    /// pieces (`㎡` is `m2`).
    public let sources: [Range<Int>]
    /// How many ids the whole prompt has, `</s>` included: what `ids` would count without a limit.
    public let untruncatedCount: Int
    /// The id that fills the rest of the encoder's positions.
    public let padID: Int

    /// Whether the end of the prompt was cut off.
    public var isTruncated: Bool { untruncatedCount > ids.count }

    /// Where the prompt was cut, as an offset into its UTF-8; nil when nothing was.
    public var truncationPoint: Int? { isTruncated ? sources.last?.lowerBound : nil }

    /// The ids, filled up with `padID` to `count` positions.
    public func padded(to count: Int) -> [Int] {
        ids + Array(repeating: padID, count: max(0, count - ids.count))
    }
}
