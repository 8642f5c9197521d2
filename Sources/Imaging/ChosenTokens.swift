/// Tokens that a person set, or masked again, before a run went on: `12=873`, `13=mask`.
public struct ChosenTokens: Hashable, Sendable {
    /// Codebook entries by the token's place in reading order; nil for one that was masked again.
    public private(set) var ids: [Int: Int?] = [:]

    /// None.
    public init() {}

    /// - Returns: nil where a word is neither `PLACE=ENTRY` nor `PLACE=mask`.
    public init?(_ words: [String]) {
        for word in words {
            let sides = word.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let place = Int(sides[0]), place >= 0 else { return nil }
            if sides[1] == "mask" {
                choose(nil, at: place)
            } else {
                guard let id = Int(sides[1]), id >= 0 else { return nil }
                choose(id, at: place)
            }
        }
    }

    /// What was chosen last for a token counts.
    public mutating func choose(_ id: Int?, at place: Int) { ids.updateValue(id, forKey: place) }

    /// A token is again as the model left it.
    public mutating func forget(_ place: Int) { ids.removeValue(forKey: place) }

    public var isEmpty: Bool { ids.isEmpty }

    /// As `init` reads them, by place.
    public var words: [String] {
        ids.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.map(String.init) ?? "mask")" }
    }
}
