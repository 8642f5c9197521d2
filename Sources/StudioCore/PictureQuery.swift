/// What is looked for in the gallery: `cat "red hat" -dog seed:42 steps>8 size:512 is:starred
/// tag:x`. A picture must match every term; one after a minus must not match.
package struct PictureQuery: Hashable, Sendable {
    package let text: String
    private let terms: [Term]

    private struct Term: Hashable, Sendable {
        var isNegated: Bool
        var test: Test
    }

    private enum Test: Hashable, Sendable {
        /// In the prompt, the file's name or a tag; in small letters.
        case word(String)
        case number(Field, Comparison, Double)
        case text(Field, String)
        case size(Comparison, width: Int, height: Int)
        case flag(Flag)
    }

    private enum Field: String, Sendable {
        case seed, steps, guidance, temperature, width, height, strength
        case residualSteps = "residual-steps"
        case residualGuidance = "residual-guidance"
        case residualTemperature = "residual-temperature"
        case tag, model, negative, name, edit, decay
    }

    fileprivate enum Comparison: String, Sendable {
        case equal, less, atMost, more, atLeast
    }

    private enum Flag: String, Sendable {
        case starred, tagged, edited, stopped, broken, trashed
    }

    package init(_ text: String) {
        self.text = text
        terms = Self.words(text).map { word in
            let isNegated = word.count > 1 && word.hasPrefix("-")
            return Term(isNegated: isNegated, test: Self.test(word.dropFirst(isNegated ? 1 : 0)))
        }
    }

    package var isEmpty: Bool { terms.isEmpty }

    /// What is asked for as a field and is none, such as `bogus` in `bogus:3`; it is looked for as a
    /// word.
    package var unknownField: String? {
        for word in Self.words(text) {
            let word = word.drop { $0 == "-" }
            guard !word.hasPrefix("\""), let at = word.firstIndex(where: { ":=<>".contains($0) })
            else { continue }
            let name = word[..<at].lowercased()
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0 == "-" }) else { continue }
            let isKnown =
                ["is", "size"].contains(name) || Field(rawValue: name) != nil
                || Self.aliases[name] != nil
            if !isKnown { return name }
        }
        return nil
    }

    /// The fields there are, in a sentence.
    package static let fieldWords =
        "There are seed, steps, guidance, size, tag, model, name, edit, is:starred and others."

    /// Whether pictures in the trash are looked for; they are not shown otherwise.
    package var seeksTrash: Bool {
        terms.contains { $0.test == .flag(.trashed) && !$0.isNegated }
    }

    package func matches(_ entry: PictureEntry) -> Bool {
        guard seeksTrash || entry.trashPath == nil else { return false }
        return terms.allSatisfy { Self.holds($0.test, entry) != $0.isNegated }
    }

    // MARK: Reading

    /// Parts between spaces, of which those in double quotes hold a word together.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        var start: String.Index?
        var isQuoted = false
        for at in text.indices {
            let character = text[at]
            if character == "\"" { isQuoted.toggle() }
            if character.isWhitespace, !isQuoted {
                if let start { words.append(text[start..<at]) }
                start = nil
            } else if start == nil {
                start = at
            }
        }
        if let start { words.append(text[start...]) }
        return words
    }

    private static func test(_ word: Substring) -> Test {
        let bare = word.filter { $0 != "\"" }.lowercased()
        guard !word.hasPrefix("\""), let at = word.firstIndex(where: { ":=<>".contains($0) }),
            at != word.startIndex
        else { return .word(bare) }
        let name = word[..<at].lowercased()
        var rest = word[at...]
        let first = rest.removeFirst()
        let isOpen = rest.first == "="
        if isOpen { rest.removeFirst() }
        let comparison: Comparison =
            switch (first, isOpen) {
            case ("<", false): .less
            case ("<", true): .atMost
            case (">", false): .more
            case (">", true): .atLeast
            default: .equal
            }
        let value = rest.filter { $0 != "\"" }.lowercased()
        return test(name, comparison, value) ?? .word(bare)
    }

    private static let aliases = [
        "cfg": Field.guidance, "tags": .tag, "file": .name, "op": .edit
    ]

    private static func test(_ name: String, _ comparison: Comparison, _ value: String) -> Test? {
        guard !value.isEmpty else { return nil }
        if name == "is" { return Flag(rawValue: value).map(Test.flag) }
        if name == "size" {
            let sides = value.split(whereSeparator: { "x×".contains($0) }).map { Int($0) }
            guard 1...2 ~= sides.count, let width = sides[0], let height = sides[sides.count - 1]
            else { return nil }
            return .size(comparison, width: width, height: height)
        }
        guard let field = Field(rawValue: name) ?? aliases[name] else { return nil }
        switch field {
        case .tag, .model, .negative, .name, .edit, .decay: return .text(field, value)
        default: return Double(value).map { .number(field, comparison, $0) }
        }
    }

    // MARK: Matching

    private static func holds(_ test: Test, _ entry: PictureEntry) -> Bool {
        switch test {
        case .word(let word):
            return entry.prompt.containsIgnoringCase(word)
                || entry.name.containsIgnoringCase(word)
                || entry.tags.contains { $0.containsIgnoringCase(word) }
        case .text(let field, let value):
            switch field {
            case .tag: return entry.tags.contains { $0.lowercased() == value }
            case .model: return entry.model.containsIgnoringCase(value)
            case .negative: return entry.negativePrompt.containsIgnoringCase(value)
            case .edit: return entry.operation.containsIgnoringCase(value)
            case .decay: return entry.decay == value
            default: return entry.name.containsIgnoringCase(value)
            }
        case .number(let field, let comparison, let value):
            guard let number = number(field, entry) else { return false }
            return comparison.holds(number, value)
        case .size(let comparison, let width, let height):
            return comparison.holds(Double(entry.width), Double(width))
                && comparison.holds(Double(entry.height), Double(height))
        case .flag(let flag):
            switch flag {
            case .starred: return entry.isStarred
            case .tagged: return !entry.tags.isEmpty
            case .edited: return !entry.operation.isEmpty
            case .stopped: return entry.stoppedAt != nil
            case .broken: return entry.problem != nil
            case .trashed: return entry.trashPath != nil
            }
        }
    }

    private static func number(_ field: Field, _ entry: PictureEntry) -> Double? {
        switch field {
        case .seed: entry.seed.map { Double($0) }
        case .steps: entry.steps.map { Double($0) }
        case .guidance: entry.guidance
        case .temperature: entry.temperature
        case .width: Double(entry.width)
        case .height: Double(entry.height)
        case .strength: entry.strength
        case .residualSteps: entry.residualSteps.map { Double($0) }
        case .residualGuidance: entry.residualGuidance
        case .residualTemperature: entry.residualTemperature
        default: nil
        }
    }
}

extension PictureQuery.Comparison {
    /// Equal up to the digits that a person sees.
    fileprivate func holds(_ a: Double, _ b: Double) -> Bool {
        switch self {
        case .equal: abs(a - b) < 0.005
        case .less: a < b
        case .atMost: a <= b
        case .more: a > b
        case .atLeast: a >= b
        }
    }
}

extension String {
    /// Whether small letters occur here in any case. ASCII, which most prompts are, is compared
    /// byte by byte: ten thousand prompts are searched with every key.
    fileprivate func containsIgnoringCase(_ small: String) -> Bool {
        guard let first = small.utf8.first else { return true }
        var isASCII = true
        var text = self
        let found = text.withUTF8 { bytes in
            small.utf8.withContiguousStorageIfAvailable { pattern in
                guard bytes.count >= pattern.count else {
                    isASCII = bytes.allSatisfy { $0 < 0x80 }
                    return false
                }
                for start in 0...bytes.count - pattern.count {
                    if bytes[start] >= 0x80 { isASCII = false }
                    guard bytes[start].small == first else { continue }
                    if pattern.indices.allSatisfy({ bytes[start + $0].small == pattern[$0] }) {
                        return true
                    }
                }
                if bytes.contains(where: { $0 >= 0x80 }) { isASCII = false }
                return false
            }
        }
        if found == true { return true }
        return (found == nil || !isASCII) && lowercased().contains(small)
    }
}

extension UInt8 {
    /// An ASCII letter in small.
    fileprivate var small: UInt8 { 0x41...0x5A ~= self ? self + 0x20 : self }
}
