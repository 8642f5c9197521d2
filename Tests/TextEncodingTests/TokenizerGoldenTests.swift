import Foundation
import Testing
import TextEncoding

/// Recorded from `tokenizers` 0.23 by an independent script; see the README of the golden set.
struct TokenizerCase: Decodable {
    let text: String
    let ids: [Int]
    let untruncatedLength: Int

    enum CodingKeys: String, CodingKey {
        case text, ids
        case untruncatedLength = "untruncated_length"
    }
}

private struct TokenizerCases: Decodable {
    let maxLength: Int
    let padID: Int
    let eosID: Int
    let unkID: Int
    let cases: [TokenizerCase]

    enum CodingKeys: String, CodingKey {
        case cases
        case maxLength = "max_length"
        case padID = "pad_id"
        case eosID = "eos_id"
        case unkID = "unk_id"
    }
}

private func goldenCases() throws -> TokenizerCases {
    try JSONDecoder().decode(TokenizerCases.self, from: goldenData("tokenizer_cases.json"))
}

/// Both files give the ids of the fast tokenizer: the official code reads tokenizer.json, and makes
/// one when there is only spiece.model.
private func goldenTokenizers() throws -> [T5Tokenizer] {
    [
        try T5Tokenizer(tokenizerJSON: [UInt8](goldenData("t5/tokenizer.json"))),
        try T5Tokenizer(sentencePiece: [UInt8](goldenData("t5/spiece.model")))
    ]
}

@Test func everyRecordedPromptHasTheRecordedIDs() throws {
    let golden = try goldenCases()
    #expect(golden.cases.count == 67)
    for tokenizer in try goldenTokenizers() {
        #expect(tokenizer.padID == golden.padID)
        #expect(tokenizer.endID == golden.eosID)
        #expect(tokenizer.unknownID == golden.unkID)
        for recorded in golden.cases {
            let encoded = tokenizer.encode(recorded.text, limit: golden.maxLength)
            #expect(encoded.ids == recorded.ids, "\(recorded.text.debugDescription)")
            #expect(encoded.untruncatedCount == recorded.untruncatedLength)
            #expect(encoded.isTruncated == (recorded.untruncatedLength > golden.maxLength))
        }
    }
}

@Test func bothLayoutsOfTokenizerJSONMeanTheSame() throws {
    let json = String(decoding: try goldenData("t5/tokenizer.json"), as: UTF8.self)
    let newer = "\"prepend_scheme\": \"always\","
    let mapStart = try #require(json.range(of: "\"normalizer\": {"))
    let mapEnd = try #require(json.range(of: "\"pre_tokenizer\""))
    let map = json[mapStart.upperBound..<mapEnd.lowerBound]
    #expect(json.contains(newer))
    let older =
        json[..<mapStart.lowerBound]
        + "\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{"
        + map.trimmingCharacters(in: .whitespacesAndNewlines.union([","])) + "]},"
        + json[mapEnd.lowerBound...].replacingOccurrences(
            of: newer, with: "\"str_rep\": \"▁\", \"add_prefix_space\": true,")
    let tokenizer = try T5Tokenizer(tokenizerJSON: Array(older.utf8))
    for recorded in try goldenCases().cases {
        #expect(tokenizer.encode(recorded.text, limit: 300).ids == recorded.ids)
    }
}

/// Rows of text.safetensors: the prompts of text_prompts.json, padded.
@Test func recordedPromptsFillTheEncodersPositions() throws {
    let file = try goldenData("text.safetensors")
    let headerByteCount = file[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: file[8..<8 + headerByteCount])
    let ids = try #require((header as? [String: Any])?["ids"] as? [String: Any])
    let shape = try #require(ids["shape"] as? [Int])
    let offsets = try #require(ids["data_offsets"] as? [Int])
    let data = Data(file[(8 + headerByteCount + offsets[0])..<(8 + headerByteCount + offsets[1])])
    let rows = stride(from: 0, to: data.count, by: 4).map { at in
        Int(data[at]) | Int(data[at + 1]) << 8 | Int(data[at + 2]) << 16
    }
    let prompts = try JSONDecoder().decode([String].self, from: goldenData("text_prompts.json"))
    #expect(shape == [prompts.count, 300])
    let tokenizer = try goldenTokenizer()
    #expect(
        prompts.flatMap { tokenizer.encode($0, limit: 300).padded(to: 300) } == rows)
}

/// Every range lies at scalar boundaries and the ranges follow the prompt.
@Test func sourcesFollowThePrompt() throws {
    let tokenizer = try goldenTokenizer()
    var generator = SeededGenerator(state: 11)
    var prompts = try goldenCases().cases.map(\.text)
    prompts += (0..<300).map { _ in awkwardText(8, using: &generator) }
    for prompt in prompts {
        let bytes = Array(prompt.utf8)
        let encoded = tokenizer.encode(prompt, limit: .max)
        #expect(encoded.ids.count == encoded.sources.count)
        #expect(encoded.sources.last == bytes.count..<bytes.count)
        #expect(encoded.truncationPoint == nil)
        for (source, next) in zip(encoded.sources, encoded.sources.dropFirst()) {
            #expect(source.lowerBound <= next.lowerBound)
            #expect(source.upperBound <= next.upperBound || next.isEmpty)
            #expect(String(validating: bytes[source], as: UTF8.self) != nil)
        }
    }
}

/// What is before the truncation point is what the encoder was given.
@Test func theTruncationPointSplitsThePrompt() throws {
    let tokenizer = try goldenTokenizer()
    let truncated = try goldenCases().cases.filter { $0.untruncatedLength > 300 }
    #expect(!truncated.isEmpty)
    for recorded in truncated {
        let encoded = tokenizer.encode(recorded.text, limit: 300)
        let point = try #require(encoded.truncationPoint)
        let kept = String(decoding: recorded.text.utf8.prefix(point), as: UTF8.self)
        let again = tokenizer.encode(kept, limit: 300)
        #expect(again.ids == encoded.ids)
        #expect(!again.isTruncated)
    }
}
