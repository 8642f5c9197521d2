/// A prompt in which `{a|b}` stands for each of its parts in turn, such as `a {red|blue} fox`.
///
/// Braces without a `|` inside are ordinary text, and groups do not nest.
public struct PromptExpansion: Hashable, Sendable {
    /// As typed.
    public let raw: String
    /// Every combination, the last group changing fastest.
    public let prompts: [String]

    /// More combinations than this are refused: nobody means them.
    public static let limit = 256

    /// - Throws: `RequestError.expansion` for too many combinations.
    public init(_ raw: String) throws(RequestError) {
        self.raw = raw
        var made = [""]
        var rest = raw[...]
        while let group = Self.firstGroup(in: rest) {
            let before = rest[..<group.whole.lowerBound]
            guard made.count * group.parts.count <= Self.limit else {
                throw .expansion(limit: Self.limit)
            }
            made = made.flatMap { start in group.parts.map { start + before + $0 } }
            rest = rest[group.whole.upperBound...]
        }
        prompts = made.map { $0 + rest }
    }

    /// A sheet has a place for every picture already, and none for more.
    ///
    /// - Throws: `RequestError.sheetPrompt` for a prompt that stands for several.
    public static func checkSheet(_ requests: [GenerationRequest]) throws(RequestError) {
        for prompt in Set(requests.map(\.prompt)) {
            guard try !PromptExpansion(prompt).isExpanded else { throw .sheetPrompt }
        }
    }

    /// Whether there is anything to expand.
    public var isExpanded: Bool { prompts.count > 1 }

    private static func firstGroup(
        in text: Substring
    ) -> (whole: Range<Substring.Index>, parts: [Substring])? {
        var open: Substring.Index?
        for index in text.indices {
            switch text[index] {
            case "{": open = index
            case "}":
                guard let start = open else { continue }
                open = nil
                let inside = text[text.index(after: start)..<index]
                let parts = inside.split(separator: "|", omittingEmptySubsequences: false)
                if parts.count > 1 { return (start..<text.index(after: index), parts) }
            default: break
            }
        }
        return nil
    }
}
