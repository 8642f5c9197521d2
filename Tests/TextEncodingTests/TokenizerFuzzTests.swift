import Foundation
import Testing
import TextEncoding

/// A few bytes changed, dropped, doubled or cut off.
private func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[at] = .random(in: 0...255, using: &generator)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        case 2: bytes.remove(at: at)
        case 3: bytes.insert(.random(in: 0...255, using: &generator), at: at)
        case 4:
            let end = min(bytes.count, at + Int.random(in: 1...30, using: &generator))
            bytes.insert(contentsOf: bytes[at..<end], at: at)
        default: bytes.removeSubrange(max(at, bytes.count / 2)...)
        }
    }
    return bytes
}

/// Whatever a file made of the tokenizer, its ids are its own and its text ends.
private func expectSoundEncoding(
    _ tokenizer: T5Tokenizer, using generator: inout SeededGenerator
) {
    let text = awkwardText(12, using: &generator) + " ab cab <extra> <pad>"
    let encoded = tokenizer.encode(text, limit: 20)
    #expect(encoded.ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
    #expect(encoded.ids.last == tokenizer.endID)
    #expect(encoded.ids.count <= 20)
    #expect(encoded.sources.allSatisfy { $0.upperBound <= text.utf8.count })
}

@Test func noTokenizerJSONBreaksTheReader() {
    var generator = SeededGenerator(state: 1)
    let seed = Array(smallTokenizerJSON.utf8)
    var loadedCount = 0
    for _ in 0..<4000 {
        let bytes = mutated(seed, using: &generator)
        guard let tokenizer = try? T5Tokenizer(tokenizerJSON: bytes) else { continue }
        loadedCount += 1
        expectSoundEncoding(tokenizer, using: &generator)
    }
    #expect((1..<4000).contains(loadedCount))
}

@Test func everyCutTokenizerJSONIsRefused() {
    let bytes = Array(smallTokenizerJSON.utf8)
    for count in 0..<bytes.count {
        #expect(throws: TokenizerError.self) {
            try T5Tokenizer(tokenizerJSON: Array(bytes.prefix(count)))
        }
    }
}

@Test func noSentencePieceModelBreaksTheReader() {
    var generator = SeededGenerator(state: 2)
    var loadedCount = 0
    for _ in 0..<8000 {
        let bytes = mutated(smallSentencePiece, using: &generator)
        guard let tokenizer = try? T5Tokenizer(sentencePiece: bytes, extraIDCount: 1) else {
            continue
        }
        loadedCount += 1
        expectSoundEncoding(tokenizer, using: &generator)
    }
    #expect((1..<8000).contains(loadedCount))
}

/// The character map of the golden tokenizer.json.
private func goldenCharsmap() throws -> [UInt8] {
    let json = try JSONSerialization.jsonObject(with: goldenData("t5/tokenizer.json"))
    let normalizer = (json as? [String: Any])?["normalizer"] as? [String: Any]
    let encoded = try #require(normalizer?["precompiled_charsmap"] as? String)
    return [UInt8](try #require(Data(base64Encoded: encoded)))
}

@Test func noCharacterMapLeadsOutsideItself() throws {
    var generator = SeededGenerator(state: 4)
    let map = try goldenCharsmap()
    let arrayByteCount = map[0..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    for _ in 0..<60 {
        var hostile = map
        for _ in 0..<20_000 {
            let at = Int.random(in: 4..<4 + arrayByteCount, using: &generator)
            hostile[at] = .random(in: 0...255, using: &generator)
        }
        let charsmap = try #require(PrecompiledCharsmap(hostile))
        let prompt = Array(awkwardText(200, using: &generator).utf8)
        for start in prompt.indices {
            guard let replacement = charsmap.replacement(for: prompt[start...]) else { continue }
            #expect(String(validating: replacement, as: UTF8.self) != nil)
        }
    }
}

@Test func aHostileCharacterMapStillGivesIDs() throws {
    var generator = SeededGenerator(state: 6)
    // All units point everywhere: label and leaf bits of every kind, in a small table.
    for _ in 0..<2000 {
        let units = (0..<Int.random(in: 1...300, using: &generator)).flatMap { _ in
            let label = UInt32.random(in: 0...255, using: &generator)
            let unit = UInt32.random(in: 0...UInt32.max, using: &generator) & 0x7FFF_FF00 | label
            return (0..<4).map { UInt8(truncatingIfNeeded: unit >> (8 * $0)) }
        }
        let pool = Array("é\0東京\0  ab\0x".utf8)
        let size = (0..<4).map { UInt8(truncatingIfNeeded: units.count >> (8 * $0)) }
        let map = protobufField(3, protobufField(2, size + units + pool))
        let tokenizer = try T5Tokenizer(sentencePiece: smallSentencePiece + map)
        expectSoundEncoding(tokenizer, using: &generator)
    }
}

@Test func aCharacterMapNeedsItsParts() throws {
    let map = try goldenCharsmap()
    #expect(PrecompiledCharsmap(map) != nil)
    #expect(PrecompiledCharsmap([]) == nil)
    #expect(PrecompiledCharsmap([1, 0, 0]) == nil)
    #expect(PrecompiledCharsmap([0, 0, 0, 0]) == nil)
    #expect(PrecompiledCharsmap([3, 0, 0, 0, 1, 2, 3]) == nil)
    #expect(PrecompiledCharsmap([4, 0, 0, 0, 1, 2, 3]) == nil)
    #expect(PrecompiledCharsmap([4, 0, 0, 0, 1, 2, 3, 4]) != nil)
    #expect(PrecompiledCharsmap([4, 0, 0, 0, 1, 2, 3, 4, 0xFF]) == nil)
    #expect(PrecompiledCharsmap([0xFC, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4]) == nil)
}

/// The map is NFKC on the letters an ASCII-minded table would get wrong, and folds spaces.
@Test func theMapNormalisesClusters() throws {
    let charsmap = try #require(PrecompiledCharsmap(goldenCharsmap()))
    func replacement(_ text: String) -> String? {
        charsmap.replacement(for: ArraySlice(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(replacement("e\u{301}") == "é")
    #expect(replacement("ﬁ") == "fi")
    #expect(replacement("\r\n") == " ")
    #expect(replacement("\u{1}") == "")
    #expect(replacement("a") == nil)
    #expect(replacement("") == nil)
}
