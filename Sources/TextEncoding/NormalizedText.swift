/// A stretch of a prompt after normalisation, with the way back to the prompt.
struct NormalizedText {
    /// `▁`, which stands for the space before a word.
    static let wordMark = Array("▁".utf8)

    /// Valid UTF-8.
    private(set) var bytes: [UInt8] = []
    /// For each byte, the part of the prompt it stands for: offsets into the prompt's UTF-8.
    private(set) var sources: [Range<Int>] = []
    /// The first scalar of the prompt, if this stretch starts with it.
    private let promptStart: Range<Int>?

    /// Normalises as the `tokenizers` package does, which is not as SentencePiece does: a grapheme
    /// cluster (UAX 29, extended) of fewer than six bytes is replaced whole when any prefix of it
    /// has a replacement; of longer clusters each scalar is looked up by itself.
    ///
    /// - Parameters:
    ///   - prompt: valid UTF-8.
    ///   - stretch: the part to normalise, cut at scalar boundaries.
    ///   - charsmap: nil keeps the text as it is.
    init(_ prompt: [UInt8], _ stretch: Range<Int>, charsmap: PrecompiledCharsmap?) {
        promptStart =
            stretch.lowerBound == 0 && !stretch.isEmpty
            ? 0..<prompt.scalarByteCount(at: 0) : nil
        bytes.reserveCapacity(stretch.count)
        sources.reserveCapacity(stretch.count)
        guard let charsmap else {
            for scalar in prompt.scalarRanges(in: stretch) { append(prompt[scalar], from: scalar) }
            return
        }
        var start = stretch.lowerBound
        for cluster in String(decoding: prompt[stretch], as: UTF8.self) {
            let range = start..<start + cluster.utf8.count
            start = range.upperBound
            if range.count < 6, let whole = charsmap.replacement(for: prompt[range]) {
                append(whole, from: range)
                continue
            }
            for scalar in prompt.scalarRanges(in: range) {
                let text = charsmap.replacement(for: prompt[scalar]) ?? prompt[scalar]
                append(text, from: scalar)
            }
        }
    }

    /// The parts between white space; each may also be split before every `▁` inside it.
    func words(splittingAtWordMark: Bool) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var wordStart: Int?
        var position = 0
        while position < bytes.count {
            let scalar = bytes.scalar(at: position)
            let isSpace = scalar.properties.isWhitespace
            if let start = wordStart, isSpace || splittingAtWordMark && scalar == "▁" {
                words.append(start..<position)
                wordStart = nil
            }
            if wordStart == nil, !isSpace { wordStart = position }
            position += bytes.scalarByteCount(at: position)
        }
        if let start = wordStart { words.append(start..<bytes.count) }
        return words
    }

    /// Whether a word starts where the prompt does; never for a stretch behind an added token.
    func startsPrompt(_ word: Range<Int>) -> Bool {
        // What is dropped before the word does not count, as in the `tokenizers` package.
        promptStart != nil && word.lowerBound == 0 || sources[word.lowerBound] == promptStart
    }

    private mutating func append(_ text: ArraySlice<UInt8>, from source: Range<Int>) {
        bytes.append(contentsOf: text)
        for _ in text { sources.append(source) }
    }
}

extension [UInt8] {
    /// The ranges of the scalars in a part of valid UTF-8 that is cut at scalar boundaries.
    func scalarRanges(in part: Range<Int>) -> some Sequence<Range<Int>> {
        sequence(state: part.lowerBound) { start -> Range<Int>? in
            guard start < part.upperBound else { return nil }
            defer { start += self.scalarByteCount(at: start) }
            return start..<start + self.scalarByteCount(at: start)
        }
    }

    /// How many bytes the scalar has that starts at `index` of valid UTF-8.
    @inline(__always)
    func scalarByteCount(at index: Int) -> Int {
        switch self[index] {
        case ..<0x80: 1
        case ..<0xE0: 2
        case ..<0xF0: 3
        default: 4
        }
    }

    /// The scalar that starts at `index` of valid UTF-8.
    func scalar(at index: Int) -> Unicode.Scalar {
        let count = scalarByteCount(at: index)
        guard count > 1 else { return Unicode.Scalar(self[index]) }
        var value = UInt32(self[index]) & (0x7F >> UInt32(count))
        for offset in 1..<count { value = value << 6 | UInt32(self[index + offset] & 0x3F) }
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}
