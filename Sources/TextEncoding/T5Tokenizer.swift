// Port of the T5 pipeline of huggingface/tokenizers 0.23.

/// Turns a prompt into the token ids of a T5 text encoder.
///
/// The steps, in order: special tokens written in the prompt are cut out; what is between them is
/// normalised (nmt_nfkc) and split at white space; each word gets a `▁` in front and is split into
/// the pieces of the highest total score; `</s>` ends the whole.
///
/// The ids are those of the fast tokenizer, which reads `tokenizer.json`. Where a folder has only
/// `spiece.model` they are the same, as if it had been converted first; the `sentencepiece` package
/// by itself differs on special tokens, some combining marks and control characters.
public struct T5Tokenizer: Sendable {
    /// One more than the highest id.
    public let vocabularySize: Int
    /// The id of `<pad>`, which fills unused positions.
    public let padID: Int
    /// The id of `</s>`, which ends every text.
    public let endID: Int
    /// The id of `<unk>`, which stands for characters that no piece covers.
    public let unknownID: Int

    private let vocabulary: Vocabulary
    private let model: UnigramModel
    private let charsmap: PrecompiledCharsmap?
    private let wordPrefix: TokenizerTables.WordPrefix
    private let splitsAtWordMark: Bool
    /// Strings cut out of the prompt before anything else.
    private let addedTokens: ByteTrie
    private let addedTexts: [Int: String]

    init(_ tables: TokenizerTables) throws(TokenizerError) {
        let pieces = try tables.pieceTrie()
        addedTokens = try tables.addedTokenTrie(pieces)
        let padding = ArraySlice("<pad>".utf8)
        guard let pad = addedTokens.number(of: padding) ?? pieces.number(of: padding) else {
            throw tables.unfit(
                tables.vocabularyField, "without \"<pad>\"", "that piece to pad with")
        }
        let size = max(tables.vocabulary.count, 1 + (tables.addedTokens.map(\.id).max() ?? 0))
        for (name, id) in [("</s>", tables.endID), ("<unk>", tables.unknownID)] where id >= size {
            throw tables.unfit("the id of \(name)", "\(id)", "an id below \(size)")
        }
        guard Int(pad) != tables.endID else {
            throw tables.unfit("the id of </s>", "\(tables.endID)", "another id than <pad>")
        }
        vocabularySize = size
        padID = Int(pad)
        endID = tables.endID
        unknownID = tables.unknownID
        vocabulary = tables.vocabulary
        model = UnigramModel(
            trie: pieces, scores: tables.vocabulary.scores, unknownID: tables.unknownID)
        charsmap = tables.charsmap
        wordPrefix = tables.wordPrefix
        splitsAtWordMark = tables.splitsAtWordMark
        addedTexts = Dictionary(
            tables.addedTokens.map { ($0.id, String(decoding: $0.text, as: UTF8.self)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The ids of a prompt, cut to `limit` with `</s>` kept as the last.
    ///
    /// - Precondition: `limit` is at least 1.
    public func encode(_ text: String, limit: Int) -> TokenizedText {
        precondition(limit >= 1)
        let tokens = tokens(of: Array(text.utf8))
        let kept = tokens.prefix(limit - 1)
        let end =
            kept.count < tokens.count
            ? kept.map(\.source.upperBound).max() ?? 0 : text.utf8.count
        return TokenizedText(
            ids: kept.map(\.id) + [endID], sources: kept.map(\.source) + [end..<end],
            untruncatedCount: tokens.count + 1, padID: padID)
    }

    /// The text of a piece or special token; nil for an id that has none.
    public func piece(_ id: Int) -> String? {
        (0..<vocabulary.count).contains(id)
            ? String(decoding: vocabulary[id], as: UTF8.self) : addedTexts[id]
    }
}

extension T5Tokenizer {
    /// A piece and the part of the prompt's UTF-8 it stands for.
    typealias Token = (id: Int, source: Range<Int>)

    /// The tokens of a whole prompt, without the end.
    func tokens(of prompt: [UInt8]) -> [Token] {
        var tokens: [Token] = []
        var stretchStart = 0
        var position = 0
        while position < prompt.count {
            guard let added = longestAddedToken(in: prompt, at: position) else {
                position += 1
                continue
            }
            appendTokens(of: prompt, stretchStart..<position, to: &tokens)
            tokens.append(added)
            position = added.source.upperBound
            stretchStart = position
        }
        appendTokens(of: prompt, stretchStart..<prompt.count, to: &tokens)
        return tokens
    }

    private func longestAddedToken(in prompt: [UInt8], at start: Int) -> Token? {
        var longest: Token?
        var node = ByteTrie.root
        var end = start
        while end < prompt.count, let next = addedTokens.child(of: node, prompt[end]) {
            node = next
            end += 1
            if let id = addedTokens.number(at: node) { longest = (Int(id), start..<end) }
        }
        return longest
    }

    /// Appends the tokens of a stretch that has no added token in it.
    private func appendTokens(
        of prompt: [UInt8], _ stretch: Range<Int>, to tokens: inout [Token]
    ) {
        let text = NormalizedText(prompt, stretch, charsmap: charsmap)
        for word in text.words(splittingAtWordMark: splitsAtWordMark) {
            appendTokens(ofWord: word, in: text, to: &tokens)
        }
    }

    private func appendTokens(
        ofWord range: Range<Int>, in text: NormalizedText, to tokens: inout [Token]
    ) {
        let word = text.bytes[range]
        let isPrefixed =
            switch wordPrefix {
            case .always: !word.starts(with: NormalizedText.wordMark)
            case .first: !word.starts(with: NormalizedText.wordMark) && text.startsPrompt(range)
            case .never: false
            }
        let prefix = isPrefixed ? NormalizedText.wordMark : []
        for (id, bytes) in model.pieces(of: prefix + word) {
            // Bytes of the prefix stand for nothing.
            let start = range.lowerBound + max(0, bytes.lowerBound - prefix.count)
            let end = range.lowerBound + max(0, bytes.upperBound - prefix.count)
            let sourceStart = text.sources[start].lowerBound
            let sourceEnd = start < end ? text.sources[end - 1].upperBound : sourceStart
            tokens.append((id, sourceStart..<sourceEnd))
        }
    }
}
