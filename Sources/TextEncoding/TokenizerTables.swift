/// What a T5 tokenizer is made of, whichever file it was read from.
///
/// Limits: files of 32 MiB, 1,000,000 pieces of 1 to 4,096 bytes, 8 MiB of pieces in all.
struct TokenizerTables: Sendable {
    static let maximumFileByteCount = 32 << 20
    static let maximumPieceCount = 1_000_000
    static let maximumPieceByteCount = 4096

    /// When a word gets a `▁` in front.
    enum WordPrefix: Sendable {
        case always, first, never
    }

    /// The file, and how it names its list of pieces: for errors.
    let file: String
    let vocabularyField: String

    var vocabulary = Vocabulary()
    var unknownID = 0
    var endID = 0
    /// Strings that are cut out of the prompt before anything else, by id.
    var addedTokens: [(id: Int, text: ArraySlice<UInt8>)] = []
    var charsmap: PrecompiledCharsmap?
    var wordPrefix = WordPrefix.always
    /// Whether a `▁` within a word starts a new one.
    var splitsAtWordMark = true

    init(file: String, vocabularyField: String) {
        self.file = file
        self.vocabularyField = vocabularyField
    }

    /// Adds the piece of the next id, if its length and the vocabulary's allow.
    ///
    /// - Parameter piece: valid UTF-8.
    mutating func addPiece(_ piece: ArraySlice<UInt8>, score: Double) throws(TokenizerError) {
        guard (1...Self.maximumPieceByteCount).contains(piece.count) else {
            throw unfit(
                "\(vocabularyField)[\(vocabulary.count)]", "\(piece.count) bytes long",
                "pieces of 1 to 4096 bytes")
        }
        vocabulary.append(piece, score: score)
        guard vocabulary.count <= Self.maximumPieceCount else {
            throw unfit(vocabularyField, "over 1000000 pieces long", "at most that many")
        }
        guard vocabulary.text.count <= ByteTrie.maximumTextByteCount else {
            throw unfit(vocabularyField, "over 8 MiB of text", "at most that much")
        }
    }

    /// The pieces by id, each of them once.
    func pieceTrie() throws(TokenizerError) -> ByteTrie {
        var trie = ByteTrie()
        for id in 0..<vocabulary.count {
            guard let twin = trie.insert(vocabulary[id], number: Int32(id)) else { continue }
            throw unfit(
                "\(vocabularyField)[\(id)]",
                "\(quoted(String(decoding: vocabulary[id], as: UTF8.self))), as number \(twin) is",
                "each piece once")
        }
        return trie
    }

    /// The added tokens by id; one that is also a piece has the piece's id.
    func addedTokenTrie(_ pieces: ByteTrie) throws(TokenizerError) -> ByteTrie {
        let byteCount = addedTokens.reduce(0) { $0 + $1.text.count }
        guard byteCount <= ByteTrie.maximumTextByteCount else {
            throw unfit("added_tokens", "over 8 MiB of text", "at most that much")
        }
        var trie = ByteTrie()
        for (index, token) in addedTokens.enumerated() {
            let text = quoted(String(decoding: token.text, as: UTF8.self))
            guard (1...Self.maximumPieceByteCount).contains(token.text.count) else {
                throw unfit(
                    "added_tokens[\(index)].content", "\(token.text.count) bytes long",
                    "a text of 1 to 4096 bytes")
            }
            let pieceID = pieces.number(of: token.text).map(Int.init)
            guard pieceID == token.id || pieceID == nil && token.id >= vocabulary.count else {
                let needed = pieceID.map(String.init) ?? "one from \(vocabulary.count) on"
                throw unfit("added_tokens[\(index)].id", "\(token.id) for \(text)", needed)
            }
            if let earlier = trie.insert(token.text, number: Int32(token.id)), earlier != token.id {
                throw unfit(
                    "added_tokens[\(index)].id", "\(token.id) for \(text)",
                    "\(earlier), as an earlier one says")
            }
        }
        return trie
    }

    func unfit(_ field: String, _ found: String, _ needed: String) -> TokenizerError {
        .unfit(file: file, field: field, found: found, needed: needed)
    }
}

/// The pieces of a unigram model, by id.
struct Vocabulary: Sendable {
    /// All pieces end to end, UTF-8.
    private(set) var text: [UInt8] = []
    /// Where each piece ends in `text`.
    private(set) var ends: [Int] = []
    /// Log-probabilities.
    private(set) var scores: [Double] = []

    var count: Int { ends.count }

    /// The UTF-8 of one piece.
    subscript(id: Int) -> ArraySlice<UInt8> {
        text[(id == 0 ? 0 : ends[id - 1])..<ends[id]]
    }

    mutating func append(_ piece: some Collection<UInt8>, score: Double) {
        text.append(contentsOf: piece)
        ends.append(text.count)
        scores.append(score)
    }
}
