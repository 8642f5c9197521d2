extension T5Tokenizer {
    /// The words of a prompt that the encoder hardly knows, each once, as written, in their order.
    ///
    /// A word is what stands between white space and punctuation. With a vocabulary, those are
    /// unknown that are not in it. Without, a word is unknown when part of it becomes `<unk>`, or
    /// when it has three letters or more and must be spelled: none of its pieces has more than one
    /// character of it. Shorter words are spelled even where they were trained.
    ///
    /// - Parameter vocabulary: all words of the captions that the model was trained on, in small
    ///   letters; nil where there is no such list.
    public func unknownWords(in text: String, vocabulary: Set<String>? = nil) -> [String] {
        let prompt = Array(text.utf8)
        if let vocabulary {
            var seen = vocabulary
            return words(of: prompt).map { String(decoding: prompt[$0], as: UTF8.self) }
                .filter { seen.insert($0.lowercased()).inserted }
        }
        let tokens = tokens(of: prompt)
        var firstToken = 0
        var unknown: [String] = []
        var seen: Set<String> = []
        for range in words(of: prompt) {
            while firstToken < tokens.count,
                tokens[firstToken].source.upperBound <= range.lowerBound
            { firstToken += 1 }
            let wordTokens = tokens[firstToken...].prefix {
                $0.source.lowerBound < range.upperBound
            }
            let word = String(decoding: prompt[range], as: UTF8.self)
            if isUnknown(word, wordTokens), seen.insert(word).inserted { unknown.append(word) }
        }
        return unknown
    }

    private func isUnknown(_ word: String, _ tokens: some Collection<Token>) -> Bool {
        if tokens.contains(where: { $0.id == unknownID }) { return true }
        let letterCount = word.unicodeScalars.count { $0.properties.isAlphabetic }
        return letterCount > 2
            && tokens.allSatisfy { token in
                let scalars = piece(token.id)?.unicodeScalars.filter { $0 != "▁" }
                return (scalars?.count ?? 0) <= 1
            }
    }

    /// The parts of a prompt between white space and punctuation.
    private func words(of prompt: [UInt8]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        for range in prompt.scalarRanges(in: 0..<prompt.count) {
            let scalar = prompt.scalar(at: range.lowerBound)
            let properties = scalar.properties
            // Unicode counts the | of {a|b} among the signs of mathematics.
            if properties.isWhitespace || properties.generalCategory.isPunctuation
                || scalar == "|"
            {
                continue
            }
            if let last = words.last, last.upperBound == range.lowerBound {
                words[words.count - 1] = last.lowerBound..<range.upperBound
            } else {
                words.append(range)
            }
        }
        return words
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isPunctuation: Bool {
        switch self {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            true
        default: false
        }
    }
}
