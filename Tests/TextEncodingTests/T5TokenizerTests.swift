import Foundation
import Testing
import TextEncoding

private func ids(_ text: String, _ tokenizer: T5Tokenizer) -> [Int] {
    tokenizer.encode(text, limit: .max).ids
}

@Test func emptyAndBlankPromptsAreOnlyTheEnd() throws {
    let tokenizer = try goldenTokenizer()
    for prompt in ["", " ", "    ", "\t\r\n", "\u{3000}\u{A0}\u{85}"] {
        let encoded = tokenizer.encode(prompt, limit: 300)
        #expect(encoded.ids == [1])
        #expect(!encoded.isTruncated)
        #expect(encoded.padded(to: 4) == [1, 0, 0, 0])
    }
}

@Test func aLimitKeepsTheEnd() throws {
    let tokenizer = try smallTokenizer()
    let whole = tokenizer.encode("b b b", limit: 7)
    #expect(whole.ids == [3, 5, 3, 5, 3, 5, 1])
    #expect(whole.sources == [0..<0, 0..<1, 2..<2, 2..<3, 4..<4, 4..<5, 5..<5])
    let cut = tokenizer.encode("b b b", limit: 5)
    #expect(cut.ids == [3, 5, 3, 5, 1])
    #expect(cut.truncationPoint == 3)
    #expect(cut.untruncatedCount == 7)
    #expect(tokenizer.encode("b b b", limit: 1).ids == [1])
    #expect(tokenizer.encode("b b b", limit: 1).truncationPoint == 0)
}

@Test func aPromptOfTenThousandCharacters() throws {
    let tokenizer = try goldenTokenizer()
    for text in ["x", "fox ", "東", "🦊", "e\u{301}", "</s>", "\u{301}", "▁"] {
        let prompt = String(repeating: text, count: 10_000)
        let encoded = tokenizer.encode(prompt, limit: 300)
        #expect(encoded.ids.count <= 300)
        #expect(encoded.ids.last == 1)
        #expect(encoded.padded(to: 300).count == 300)
    }
}

@Test func equalScoresGoToThePieceThatStartsFirst() throws {
    // a + b and ab both score -6, so that ▁|ab ties with ▁|a|b; ▁ab is worse than both.
    #expect(ids("ab", try smallTokenizer()) == [3, 7, 1])
    #expect(ids("ab", try smallTokenizer(("\"ab\",-6", "\"ab\",-6.0000001"))) == [3, 4, 5, 1])
    #expect(ids("ab", try smallTokenizer(("\"▁ab\",-9", "\"▁ab\",-8"))) == [8, 1])
}

/// The split must score highest of all splits, found here by trying each.
@Test func theBestSplitIsFound() throws {
    let pieces = [
        "▁": -2.0, "a": -3, "b": -3, "c": -4, "ab": -6.25, "▁ab": -9, "ca": -6.5, "▁cab": -7,
        "bca": -9.75
    ]
    let tokenizer = try smallTokenizer(("\"ab\",-6]", "\"ab\",-6.25]"), ("-30]", "-9.75]"))
    func bestScore(_ word: Substring) -> Double {
        if word.isEmpty { return 0 }
        return (1...word.count).compactMap { count in
            pieces[String(word.prefix(count))].map { $0 + bestScore(word.dropFirst(count)) }
        }.max() ?? -.infinity
    }
    var generator = SeededGenerator(state: 5)
    for _ in 0..<300 {
        let count = Int.random(in: 1...9, using: &generator)
        let word = String((0..<count).map { _ in "abc".randomElement(using: &generator) ?? "a" })
        let found = ids(word, tokenizer).dropLast().compactMap { tokenizer.piece($0) }
        #expect(found.joined() == "▁" + word)
        #expect(found.reduce(0) { $0 + (pieces[$1] ?? .nan) } == bestScore("▁\(word)"))
    }
}

@Test func unknownCharactersFuseWithinAWord() throws {
    let tokenizer = try smallTokenizer()
    #expect(ids("zz", tokenizer) == [3, 2, 1])
    #expect(ids("zz 東🦊", tokenizer) == [3, 2, 3, 2, 1])
    #expect(ids("zaz", tokenizer) == [3, 2, 4, 2, 1])
    let sources = tokenizer.encode("b 東🦊b", limit: 99).sources
    #expect(sources == [0..<0, 0..<1, 2..<2, 2..<9, 9..<10, 10..<10])
}

@Test func addedTokensAreCutOutOfTheRawPromptLongestFirst() throws {
    let longer = "{\"id\":13,\"content\":\"<extra>b\"}"
    let tokenizer = try smallTokenizer(
        ("{\"id\":12,\"content\":\"<extra>\"}", "{\"id\":12,\"content\":\"<extra>\"},\(longer)"))
    #expect(tokenizer.vocabularySize == 14)
    #expect(ids("b<extra>b", tokenizer) == [3, 5, 13, 1])
    #expect(ids("b <extra> b", tokenizer) == [3, 5, 12, 3, 5, 1])
    #expect(ids("<<extra>", tokenizer) == [3, 2, 12, 1])
    #expect(ids("</s><pad>", tokenizer) == [1, 0, 1])
    #expect(tokenizer.piece(13) == "<extra>b")
    #expect(tokenizer.piece(8) == "▁ab")
    #expect(tokenizer.piece(14) == nil)
    #expect(tokenizer.piece(-1) == nil)
}

@Test func wordMarksAreAddedAsTheSchemeSays() throws {
    let always = "\"prepend_scheme\":\"always\""
    let first = try smallTokenizer((always, "\"prepend_scheme\":\"first\""))
    #expect(ids("b b<pad>b", first) == [3, 5, 5, 0, 5, 1])
    #expect(ids(" b", first) == [5, 1])
    for scheme in ["\"prepend_scheme\":\"never\"", "\"add_prefix_space\":false"] {
        #expect(ids("b b", try smallTokenizer((always, scheme))) == [5, 5, 1])
    }
    for scheme in ["\"add_prefix_space\":true", "\"str_rep\":\"▁\""] {
        #expect(ids("b b", try smallTokenizer((always, scheme))) == [3, 5, 3, 5, 1])
    }
    // Without a character map a ▁ in the prompt stays, and starts a word of its own.
    #expect(ids("b▁ab ▁b", try smallTokenizer()) == [3, 5, 3, 7, 3, 5, 1])
    #expect(
        ids("a▁cab", try smallTokenizer(("\"split\":true", "\"split\":false"))) == [3, 4, 10, 1])
}

@Test func escapesInAFileAreUndone() throws {
    let pieces = try smallTokenizer(
        ("\"bca\"", #""\ud83e\udd8a\u00e9\"\\\/\b\f\n\r\t""#))
    #expect(pieces.piece(11) == "🦊é\"\\/\u{8}\u{C}\n\r\t")
}

@Test func aSentencePieceModelMeansWhatItsConversionMeans() throws {
    let json = try smallTokenizer()
    let model = try T5Tokenizer(sentencePiece: smallSentencePiece, extraIDCount: 2)
    #expect(model.vocabularySize == 14)
    #expect(model.piece(12) == "<extra_id_1>")
    #expect(ids("b <extra_id_0>", model) == [3, 5, 13, 1])
    var generator = SeededGenerator(state: 3)
    for _ in 0..<200 {
        let text = awkwardText(6, using: &generator)
        #expect(ids(text, model) == ids(text, json))
    }
    let none = try T5Tokenizer(sentencePiece: smallSentencePiece, extraIDCount: 0)
    #expect(none.vocabularySize == 12)
    #expect(ids("<extra_id_0>", none) == [3, 2, 4, 2, 1])
}

@Test func userDefinedPiecesAreAddedTokens() throws {
    let model = smallSentencePiece + piece("cab!", 0, type: 4) + piece("bb", -5, type: 5)
    let tokenizer = try T5Tokenizer(sentencePiece: model, extraIDCount: 0)
    #expect(ids("bcab!b", tokenizer) == [3, 5, 12, 3, 5, 1])
}

@Test func aFolderMayHoldEitherFile() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: TokenizerError.absent(folder: folder.path)) {
        try T5Tokenizer(folder: folder.path)
    }
    try Data(smallSentencePiece).write(to: folder.appending(path: "spiece.model"))
    #expect(try T5Tokenizer(folder: folder.path).vocabularySize == 112)
    let config = folder.appending(path: "tokenizer_config.json")
    try Data("{\"extra_ids\": 3}".utf8).write(to: config)
    #expect(try T5Tokenizer(folder: folder.path + "/").vocabularySize == 15)
    try Data("{\"pad_token\": \"<pad>\"}".utf8).write(to: config)
    #expect(try T5Tokenizer(folder: folder.path).vocabularySize == 112)
    try Data(smallTokenizerJSON.utf8).write(to: folder.appending(path: "tokenizer.json"))
    #expect(try T5Tokenizer(folder: folder.path).vocabularySize == 13)
}

@Test func withAVocabularyAllOtherWordsAreUnknown() throws {
    let tokenizer = try goldenTokenizer()
    #expect(
        tokenizer.unknownWords(
            in: "A red fox, resting by {a lake|an ocean}; resting",
            vocabulary: [
                "a", "an", "red", "fox", "lake"
            ]) == ["resting", "by", "ocean"])
    #expect(tokenizer.unknownWords(in: "", vocabulary: []).isEmpty)
}

@Test func unknownWordsAreThoseOfUnknownOrSpelledPieces() throws {
    let tokenizer = try goldenTokenizer()
    #expect(tokenizer.unknownWords(in: "a red fox resting under a frozen lake").isEmpty)
    #expect(tokenizer.unknownWords(in: "").isEmpty)
    #expect(
        tokenizer.unknownWords(in: "a red 東京 FOX, a red fox; 東京!") == ["東京", "FOX"])
    // Behind the dash it has no ▁ in front, and this vocabulary has no such piece.
    #expect(tokenizer.unknownWords(in: "fox—fox 🦊🦊 x 123") == ["fox", "🦊🦊"])
    let small = try smallTokenizer()
    #expect(small.unknownWords(in: "bbb, cab b ca bb c-c (bbb) <extra> b") == ["bbb"])
}
