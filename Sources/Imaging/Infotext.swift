import JSON

/// Generation parameters in the text form of AUTOMATIC1111's web UI, which most tools read: the
/// prompt, a line that starts `Negative prompt:`, and one line of `Key: value` pairs.
///
/// The grammar is the web UI's reader (`infotext_utils.py`): lines lose the space at their ends, a
/// line that starts `Negative prompt:` always ends the prompt, and the last line is parameters only
/// if it has three pairs. A prompt that breaks these rules changes on the way through; the `dcar`
/// text beside it does not.
public struct Infotext: Hashable, Sendable {
    /// One parameter.
    public struct Pair: Hashable, Sendable {
        /// Letters, digits, spaces, hyphens, slashes and underscores; at least two of them.
        public var key: String
        /// Any text.
        public var value: String

        /// One parameter.
        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// Perhaps of several lines.
    public var prompt: String
    /// Perhaps of several lines; empty for none.
    public var negativePrompt: String
    /// In the order of the text.
    public var pairs: [Pair]

    /// Parameters from their parts.
    public init(prompt: String, negativePrompt: String = "", pairs: [Pair]) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.pairs = pairs
    }

    /// The value of the first pair with this key.
    public subscript(_ key: String) -> String? {
        pairs.first { $0.key == key }?.value
    }
}

// MARK: Writing

extension Infotext {
    /// The text, with values quoted where the reader would cut them.
    public var text: String {
        var lines: [String] = prompt.isEmpty ? [] : [prompt]
        if !negativePrompt.isEmpty { lines.append("Negative prompt: " + negativePrompt) }
        if !pairs.isEmpty {
            lines.append(
                pairs.map { $0.key + ": " + Self.quoted($0.value) }.joined(separator: ", "))
        }
        return Self.stripped(lines.joined(separator: "\n"))
    }

    /// A JSON string where the reader needs it: a comma ends a value, a colon a key, a line feed
    /// the line, spaces in front are skipped, and a quotation mark in front starts a string.
    private static func quoted(_ value: String) -> String {
        let needsQuotes =
            value.unicodeScalars.contains { ",:\n\r".unicodeScalars.contains($0) }
            || value.unicodeScalars.first == "\"" || stripped(value) != value
        return needsQuotes ? JSONValue.quoted(value) : value
    }
}

// MARK: Reading

extension Infotext {
    /// Reads any text; one without a line of parameters is all prompt.
    public init(parsing text: String) {
        var lines = Self.stripped(text).unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false
        ).map { String($0) }
        let last = Self.pairs(in: lines.last ?? "")
        if last.count >= 3 { lines.removeLast() }

        var prompt: [String] = []
        var negative: [String] = []
        var isNegative = false
        for line in lines.map(Self.stripped) {
            var line = line
            if line.unicodeScalars.starts(with: Self.negativeMark.unicodeScalars) {
                isNegative = true
                let rest = line.unicodeScalars.dropFirst(Self.negativeMark.unicodeScalars.count)
                line = Self.stripped(String(rest))
            }
            // Empty lines at the start of either prompt vanish, as in the web UI.
            if isNegative {
                if !(negative.isEmpty && line.isEmpty) { negative.append(line) }
            } else if !(prompt.isEmpty && line.isEmpty) {
                prompt.append(line)
            }
        }
        self.init(
            prompt: prompt.joined(separator: "\n"),
            negativePrompt: negative.joined(separator: "\n"),
            pairs: last.count >= 3 ? last : [])
    }

    private static let negativeMark = "Negative prompt:"

    /// All matches of `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`, in one pass.
    private static func pairs(in line: String) -> [Pair] {
        let scalars = Array(line.unicodeScalars)
        var pairs: [Pair] = []
        var position = 0
        while position < scalars.count {
            guard scalars[position].isWordCharacter else {
                position += 1
                continue
            }
            let start = position
            while position < scalars.count, scalars[position].isKeyCharacter { position += 1 }
            guard position < scalars.count, scalars[position] == ":", position - start >= 2
            else { continue }
            let key = String(String.UnicodeScalarView(scalars[start..<position]))
            position += 1
            while position < scalars.count, scalars[position].isPythonSpace { position += 1 }
            let value: ArraySlice<Unicode.Scalar>
            if let end = endOfString(in: scalars, at: position) {
                value = scalars[position..<end]
            } else {
                value = scalars[position...].prefix { $0 != "," }
            }
            position = value.endIndex + 1
            let text = String(String.UnicodeScalarView(value))
            pairs.append(Pair(key, unquoted(text)))
        }
        return pairs
    }

    /// The end of a quoted string of at least one character that starts at `start` and is followed
    /// by a comma or the end of the line.
    private static func endOfString(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        guard start < scalars.count, scalars[start] == "\"" else { return nil }
        var position = start + 1
        while position < scalars.count, scalars[position] != "\"" {
            position += scalars[position] == "\\" ? 2 : 1
        }
        let end = position + 1
        guard position < scalars.count, position > start + 1,
            end == scalars.count || scalars[end] == ","
        else { return nil }
        return end
    }

    /// The content of a JSON string; a text that is none stays as it is.
    private static func unquoted(_ text: String) -> String {
        guard text.unicodeScalars.first == "\"", text.unicodeScalars.last == "\"" else {
            return text
        }
        return JSONValue(lenient: text)?.string ?? text
    }

    /// Without white space at both ends, as Python's `strip` does it.
    static func stripped(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.isPythonSpace }),
            let last = scalars.lastIndex(where: { !$0.isPythonSpace })
        else { return "" }
        return String(scalars[first...last])
    }
}

extension Unicode.Scalar {
    /// Python's `\s`.
    fileprivate var isPythonSpace: Bool {
        properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(self)
    }

    /// Python's `\w`.
    fileprivate var isWordCharacter: Bool {
        if self == "_" { return true }
        return switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber:
            true
        default: false
        }
    }

    fileprivate var isKeyCharacter: Bool {
        isWordCharacter || self == " " || self == "-" || self == "/"
    }
}

// MARK: From a record

extension Infotext {
    /// A record's parameters under the web UI's keys in its order, then this program's own.
    public init(_ record: ImageRecord) {
        var pairs: [Pair] = []
        func add(_ key: String, _ value: String?) {
            if let value, !value.isEmpty { pairs.append(Pair(key, value)) }
        }
        add("Steps", String(record.steps))
        add("Sampler", "DC-AR MaskGIT")
        add("Schedule type", record.schedule)
        add("CFG scale", JSONValue.shortest(record.guidanceScale))
        add("Seed", String(record.seed))
        add("Size", "\(record.width)x\(record.height)")
        add("Model hash", record.modelHash.map { String($0.prefix(10)) })
        add("Model", record.modelName)
        add("Denoising strength", record.edit?.strength.map(JSONValue.shortest))
        add("Mask blur", record.edit?.feather.map { String($0) })
        add("Masked content", record.edit?.content)
        add("Inpaint area", record.edit?.area)
        add("Masked area padding", record.edit?.padding.map { String($0) })
        add("Init image hash", record.parentHash.map { String($0.prefix(10)) })
        add("RNG", record.rng)
        add("Randomize temperature", JSONValue.shortest(record.temperature))
        add("Guidance decay", record.guidanceDecay)
        add("Residual steps", String(record.residualSteps))
        add("Residual guidance", record.residualGuidanceScale.map(JSONValue.shortest))
        if record.residualTemperature != 1 {
            add("Residual temperature", JSONValue.shortest(record.residualTemperature))
        }
        add("Masked tokens", record.edit.map { String($0.mask.maskedCount) })
        add("Stopped at step", record.stoppedAtStep.map { String($0) })
        for (side, axis) in [("X", record.sheet?.across), ("Y", record.sheet?.down)] {
            let parts = axis?.split(separator: "=", maxSplits: 1) ?? []
            add("\(side) Type", parts.first.map(String.init))
            add("\(side) Values", parts.count > 1 ? String(parts[1]) : nil)
        }
        add("Version", "dcar " + record.appVersion)
        self.init(prompt: record.prompt, negativePrompt: record.negativePrompt, pairs: pairs)
    }
}
