import Foundation
import Testing
import TextEncoding

/// A part of the small tokenizer.json, what stands there instead, and the sentence it earns.
private let unfitJSON: [(String, String, String)] = [
    (
        "\"ids\":[1]", "\"ids\":[0]",
        "the id of </s> is 0; a T5 tokenizer needs another id than <pad>"
    ),
    (
        "\"type\":\"Unigram\"", "\"type\":\"BPE\"",
        "model.type is \"BPE\"; a T5 tokenizer needs \"Unigram\""
    ),
    (
        "\"unk_id\":2", "\"unk_id\":null",
        "model.unk_id is null; a T5 tokenizer needs an id from 0 to 999999"
    ),
    (
        "\"unk_id\":2", "\"unk_id\":2.5",
        "model.unk_id is 2.5; a T5 tokenizer needs an id from 0 to 999999"
    ),
    (
        "\"unk_id\":2", "\"unk_id\":13",
        "the id of <unk> is 13; a T5 tokenizer needs an id below 13"
    ),
    (
        "\"unk_id\":2,", "",
        "model.unk_id is missing; a T5 tokenizer needs the id of <unk>"
    ),
    (
        "\"byte_fallback\":false", "\"byte_fallback\":true",
        "model.byte_fallback is true; a T5 tokenizer needs false"
    ),
    (
        "\"vocab\":", "\"vocabulary\":",
        "model.vocab is missing; a T5 tokenizer needs a list of pieces and scores"
    ),
    (
        "\"model\":", "\"modell\":",
        "model is missing; a T5 tokenizer needs a unigram model"
    ),
    (
        "[\"a\",-3]", "[\"\",-3]",
        "model.vocab[4] is 0 bytes long; a T5 tokenizer needs pieces of 1 to 4096 bytes"
    ),
    (
        "[\"a\",-3]", "[\"\(String(repeating: "a", count: 4097))\",-3]",
        "model.vocab[4] is 4097 bytes long; a T5 tokenizer needs pieces of 1 to 4096 bytes"
    ),
    (
        "[\"ca\",-6.5]", "[\"b\",-6.5]",
        "model.vocab[9] is \"b\", as number 5 is; a T5 tokenizer needs each piece once"
    ),
    (
        "[\"<pad>\",0]", "[\"<bad>\",0]",
        "added_tokens[0].id is 0 for \"<pad>\"; a T5 tokenizer needs one from 12 on"
    ),
    (
        "<pad>", "<bad>",
        "model.vocab is without \"<pad>\"; a T5 tokenizer needs that piece to pad with"
    ),
    (
        "\"id\":12,", "\"id\":-12,",
        "added_tokens[3].id is -12; a T5 tokenizer needs an id from 0 to 999999"
    ),
    (
        "\"id\":12,", "\"id\":1e300,",
        "added_tokens[3].id is 1e+300; a T5 tokenizer needs an id from 0 to 999999"
    ),
    (
        "\"id\":2,", "\"id\":4,",
        "added_tokens[2].id is 4 for \"<unk>\"; a T5 tokenizer needs 2"
    ),
    (
        "{\"id\":2,\"content\":\"<unk>\"}", "{\"id\":13,\"content\":\"<extra>\"}",
        "added_tokens[3].id is 12 for \"<extra>\"; a T5 tokenizer needs 13, as an earlier one says"
    ),
    (
        "\"<extra>\"", "\"\"",
        "added_tokens[3].content is 0 bytes long; a T5 tokenizer needs a text of 1 to 4096 bytes"
    ),
    (
        "\"<extra>\"", "[]",
        "added_tokens[3].content is an array of 0; a T5 tokenizer needs a string"
    ),
    (
        "\"single_word\":false", "\"single_word\":true",
        "added_tokens[0].single_word is true; a T5 tokenizer needs false"
    ),
    (
        "\"normalized\":false", "\"normalized\":true",
        "added_tokens[0].normalized is true; a T5 tokenizer needs false"
    ),
    (
        "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFKC\"}",
        "normalizer.type is \"NFKC\"; a T5 tokenizer needs \"Precompiled\""
    ),
    (
        "\"normalizer\":null", "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[]}",
        "normalizer.normalizers is an array of 0; a T5 tokenizer needs an array of 1"
    ),
    (
        "\"normalizer\":null",
        "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Strip\"}]}",
        "normalizer.normalizers[0].type is \"Strip\"; a T5 tokenizer needs \"Precompiled\""
    ),
    (
        "\"normalizer\":null",
        "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAA*\"}",
        "normalizer.precompiled_charsmap is \"AAA*\"; "
            + "a T5 tokenizer needs a precompiled character map in base 64"
    ),
    (
        "\"normalizer\":null", "\"normalizer\":{\"type\":\"Precompiled\"}",
        "normalizer.precompiled_charsmap is missing; a T5 tokenizer needs a string"
    ),
    (
        "WhitespaceSplit", "Whitespace",
        "pre_tokenizer.pretokenizers[0].type is \"Whitespace\"; "
            + "a T5 tokenizer needs \"WhitespaceSplit\""
    ),
    (
        "{\"type\":\"WhitespaceSplit\"},", "",
        "pre_tokenizer.pretokenizers is an array of 1; a T5 tokenizer needs an array of 2"
    ),
    (
        "\"pre_tokenizer\":", "\"pretokenizer\":",
        "pre_tokenizer is missing; a T5 tokenizer needs WhitespaceSplit and Metaspace"
    ),
    (
        "\"replacement\":\"▁\"", "\"replacement\":\"_\"",
        "pre_tokenizer.pretokenizers[1].replacement is \"_\"; a T5 tokenizer needs \"▁\""
    ),
    (
        "\"prepend_scheme\":\"always\"", "\"prepend_scheme\":\"often\\u0007\"",
        "pre_tokenizer.pretokenizers[1].prepend_scheme is \"often\\u{07}\"; "
            + "a T5 tokenizer needs \"always\", \"first\" or \"never\""
    ),
    (
        "\"split\":true", "\"add_prefix_space\":false",
        "pre_tokenizer.pretokenizers[1].add_prefix_space is false; "
            + "a T5 tokenizer needs true, as prepend_scheme says"
    ),
    (
        "\"split\":true", "\"split\":\"yes\"",
        "pre_tokenizer.pretokenizers[1].split is \"yes\"; a T5 tokenizer needs true or false"
    ),
    (
        "TemplateProcessing", "BertProcessing",
        "post_processor.type is \"BertProcessing\"; a T5 tokenizer needs \"TemplateProcessing\""
    ),
    (
        "\"ids\":[1]", "\"ids\":[1,1]",
        "post_processor.special_tokens.</s>.ids is an array of 2; a T5 tokenizer needs an array of 1"
    ),
    (
        "\"SpecialToken\":{\"id\":\"</s>\"", "\"SpecialToken\":{\"id\":\"\\u001b[2J\"",
        "post_processor.special_tokens.\"\\u{1B}[2J\".ids is missing; "
            + "a T5 tokenizer needs an array of 1"
    ),
    (
        "\"ids\":[1]", "\"ids\":[99]",
        "the id of </s> is 99; a T5 tokenizer needs an id below 13"
    ),
    (
        "\"post_processor\":", "\"postprocessor\":",
        "post_processor is missing; a T5 tokenizer needs \"TemplateProcessing\""
    )
]

@Test(arguments: unfitJSON)
func anUnfitTokenizerJSONIsNamed(_ part: String, _ other: String, _ sentence: String) throws {
    #expect(smallTokenizerJSON.contains(part))
    let error = #expect(throws: TokenizerError.self) { try smallTokenizer((part, other)) }
    #expect(error?.description == "tokenizer.json: \(sentence).")
}

/// A text that is no JSON, or none of the expected shape, where it goes wrong, and why.
private let malformedJSON: [(String, Int, String)] = [
    ("", 0, "expected an object"),
    ("[]", 0, "expected an object"),
    ("{", 1, "expected a string"),
    ("{} x", 3, "expected the end of the file"),
    ("{\"a\":1,}", 7, "expected a value"),
    ("{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"),
    ("{\"a\" 1}", 5, "expected ':'"),
    ("{\"a\":1,\"a\":2}", 7, "expected no second \"a\""),
    ("{\"x\":{\"a\":1,\"a\":2}}", 12, "expected no second \"a\""),
    ("{\"model\":{\"type\":\"Unigram\",\"type\":0}}", 27, "expected no second \"type\""),
    ("{\"a\":01}", 5, "expected a number"),
    ("{\"a\":--1}", 5, "expected a number"),
    ("{\"a\":1.}", 7, "expected a digit"),
    ("{\"a\":1e+}", 8, "expected a digit"),
    ("{\"a\":1e999}", 5, "expected a number a Double can hold"),
    ("{\"a\":nan}", 5, "expected a value"),
    ("{\"a\":tru}", 5, "expected a value"),
    ("{\"a\":\"b}", 8, "expected the end of a string"),
    ("{\"a\":\"\n\"}", 6, "expected the end of a string"),
    ("{\"a\":\"\\n", 8, "expected the end of a string"),
    ("{\"a\":\"\\x\"}", 6, "expected an escape"),
    ("{\"a\":\"\\u12g4\"}", 10, "expected four hexadecimal digits"),
    ("{\"a\":\"\\ud800\"}", 6, "expected a pair of surrogates"),
    ("{\"a\":\"\\ud800\\u0020\"}", 6, "expected a pair of surrogates"),
    ("{\"a\":\"\\udc00\"}", 6, "expected a pair of surrogates"),
    ("{\"a\":[1,]}", 8, "expected a value"),
    ("{\"a\":[1 2]}", 8, "expected ',' or ']'"),
    ("{\"model\":{\"vocab\":[[]]}}", 21, "expected a piece"),
    ("{\"model\":{\"vocab\":[[\"a\"]]}}", 24, "expected a score"),
    ("{\"model\":{\"vocab\":[[\"a\",1,2]]}}", 26, "expected ']'"),
    ("{\"model\":{\"vocab\":[[\"a\",\"b\"]]}}", 24, "expected a number"),
    ("{\"model\":[]}", 9, "expected an object"),
    ("{\"added_tokens\":{}}", 16, "expected an array")
]

@Test(arguments: malformedJSON)
func malformedJSONIsNamed(_ json: String, _ offset: Int, _ problem: String) throws {
    let error = #expect(throws: TokenizerError.self) {
        try T5Tokenizer(tokenizerJSON: Array(json.utf8), file: "t.json")
    }
    #expect(error?.description == "t.json is damaged at byte \(offset): \(problem).")
}

/// Numbers of a file and what serde_json makes of them; nil where it refuses.
private let readNumbers: [(String, Double?)] = [
    ("0", 0), ("-3", -3), ("12.5", 12.5), ("1e2", 100), ("25E-1", 2.5), ("-2.5e+1", -25),
    // The last digits are not those of the nearest Double.
    ("-9.142679214477539", -9.14267921447754), ("-9.218461990356445", -9.218461990356444),
    ("-1.7256269454956055", -1.7256269454956057), ("-7.2839484214782715", -7.283948421478272),
    // Digits beyond 64 bits are left out.
    ("18446744073709551615", 18_446_744_073_709_551_616),
    ("184467440737095516159", 1.8446744073709552e20),
    ("0.00000000000000000001234567890123456789", 1.2345678901234569e-20),
    ("1e308", 1e308), ("1e309", nil), ("0e309", 0), ("1e-400", 0),
    ("1e99999999999999999999", nil), ("1e-99999999999999999999", 0)
]

@Test(arguments: readNumbers)
func numbersAreThoseOfTheReference(_ text: String, _ value: Double?) {
    #expect(Double(json: ArraySlice(text.utf8)) == value)
}

@Test func absurdJSONIsRefused() throws {
    func problem(_ json: String) -> String? {
        let error = #expect(throws: TokenizerError.self) {
            try T5Tokenizer(tokenizerJSON: Array(json.utf8))
        }
        return error?.description
    }
    let smaller = "expected a smaller value (32 levels, 10000 values)."
    let deep = "{\"a\":\(String(repeating: "[", count: 1_000_000))"
    #expect(problem(deep) == "tokenizer.json is damaged at byte 37: \(smaller)")
    let wide = "{\"a\":[\(String(repeating: "0,", count: 1_000_000))0]}"
    #expect(problem(wide)?.hasSuffix(smaller) == true)
    #expect(
        problem("{\"a\":\"\u{1}\"}") == "tokenizer.json is damaged at byte 6: "
            + "expected the end of a string.")
    let error = #expect(throws: TokenizerError.self) {
        try T5Tokenizer(tokenizerJSON: [0x7B, 0x22, 0xFF, 0x22])
    }
    #expect(
        error?.description == "tokenizer.json is damaged at byte 0: it is not UTF-8 text.")
    let pieces = (0..<5000).map { "[\"\($0)\(String(repeating: "x", count: 2000))\",0]" }
    #expect(
        problem("{\"model\":{\"vocab\":[\(pieces.joined(separator: ","))]}}")
            == "tokenizer.json: model.vocab is over 8 MiB of text; "
            + "a T5 tokenizer needs at most that much.")
}

@Test func tooManyPiecesAreRefused() throws {
    let pieces = (0...1_000_000).map { "[\"\(String($0, radix: 36))\",0]" }
    let json = "{\"model\":{\"vocab\":[\(pieces.joined(separator: ","))]}}"
    let error = #expect(throws: TokenizerError.self) {
        try T5Tokenizer(tokenizerJSON: Array(json.utf8))
    }
    #expect(
        error?.description == "tokenizer.json: model.vocab is over 1000000 pieces long; "
            + "a T5 tokenizer needs at most that many.")
}

@Test func tooManyAddedTokensAreRefused() throws {
    let tokens = (0..<2200).map {
        "{\"id\":\(12 + $0),\"content\":\"\(String(repeating: "x", count: 4000))\"}"
    }
    let error = #expect(throws: TokenizerError.self) {
        try smallTokenizer(
            ("{\"id\":12,\"content\":\"<extra>\"}", tokens.joined(separator: ",")))
    }
    #expect(
        error?.description == "tokenizer.json: added_tokens is over 8 MiB of text; "
            + "a T5 tokenizer needs at most that much.")
}

/// A spiece.model that is no protobuf or no T5 model, and the sentence it earns.
private let badSentencePieces: [([UInt8], String)] = [
    ([], ": pieces is with 0 unknown pieces; a T5 tokenizer needs one."),
    ([0x0A], " is damaged at byte 1: a number does not end."),
    ([0x0A, 0x05, 0x0A], " is damaged at byte 2: a field of 5 bytes where 1 are left."),
    ([0x0A, 0x03, 0x0A, 0x02, 0x61], " is damaged at byte 4: a field of 2 bytes where 1 are left."),
    ([0x0B], " is damaged at byte 0: wire type 3 is not in use."),
    ([0x02, 0x00], " is damaged at byte 0: no field number."),
    (
        [0x0A] + Array(repeating: 0xFF, count: 9) + [0x01],
        " is damaged at byte 11: a field of 18446744073709551615 bytes where 0 are left."
    ),
    (
        [0x08] + Array(repeating: 0xFF, count: 9) + [0x02],
        " is damaged at byte 1: a number does not end."
    ),
    (
        protobufField(1, protobufField(1, [0xFF])),
        ": pieces[0] is not UTF-8; a T5 tokenizer needs a UTF-8 text."
    ),
    (
        protobufField(1, []),
        ": pieces[0] is 0 bytes long; a T5 tokenizer needs pieces of 1 to 4096 bytes."
    ),
    (
        piece("a", .nan),
        ": pieces[0].score is nan; a T5 tokenizer needs a finite number."
    ),
    (
        piece("<0x00>", 0, type: 6),
        ": pieces[0].type is 6; a T5 tokenizer needs 1 to 5, for it has no byte pieces."
    ),
    (
        smallSentencePiece + piece("<unknown>", 0, type: 2),
        ": pieces is with 2 unknown pieces; a T5 tokenizer needs one."
    ),
    (
        smallSentencePiece + piece("ab", 0),
        ": pieces[12] is \"ab\", as number 7 is; a T5 tokenizer needs each piece once."
    ),
    (
        smallSentencePiece + piece("<extra_id_7>", 0),
        ": pieces[105] is \"<extra_id_7>\", as number 12 is; a T5 tokenizer needs each piece once."
    ),
    (
        piece("<unk>", 0, type: 2),
        ": pieces is without \"</s>\"; a T5 tokenizer needs that control piece to end a text with."
    ),
    (
        piece("<unk>", 0, type: 2) + piece("</s>", 0, type: 3),
        ": pieces is without \"<pad>\"; a T5 tokenizer needs that piece to pad with."
    ),
    (
        protobufField(2, protobufField(3, 2)),
        ": trainer_spec.model_type is 2; a T5 tokenizer needs 1, a unigram model."
    ),
    (
        protobufField(3, protobufField(2, [1, 0, 0, 0, 0])),
        ": normalizer_spec.precompiled_charsmap is 5 bytes of something else; "
            + "a T5 tokenizer needs a precompiled character map."
    )
]

@Test(arguments: badSentencePieces)
func aBadSentencePieceModelIsNamed(_ model: [UInt8], _ sentence: String) throws {
    let error = #expect(throws: TokenizerError.self) { try T5Tokenizer(sentencePiece: model) }
    #expect(error?.description == "spiece.model\(sentence)")
}

@Test func theNumberOfExtraIDsIsChecked() throws {
    let error = #expect(throws: TokenizerError.self) {
        try T5Tokenizer(sentencePiece: smallSentencePiece, extraIDCount: -1)
    }
    #expect(
        error?.description
            == "spiece.model: extra_ids is -1; a T5 tokenizer needs 0 to 1000000.")
}

@Test func filesThatCannotBeReadAreNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func sentence() -> String? {
        let error = #expect(throws: TokenizerError.self) { try T5Tokenizer(folder: folder.path) }
        return error?.description
    }
    #expect(
        sentence() == "\(folder.path) has neither tokenizer.json nor spiece.model; "
            + "a T5 folder needs one of them.")
    let json = folder.appending(path: "tokenizer.json")
    try FileManager.default.createDirectory(at: json, withIntermediateDirectories: true)
    #expect(sentence() == "\(json.path) cannot be read: it is not a regular file.")
    try FileManager.default.removeItem(at: json)
    try FileManager.default.createSymbolicLink(at: json, withDestinationURL: json)
    #expect(sentence() == "\(json.path) cannot be read: Too many levels of symbolic links.")
    try FileManager.default.removeItem(at: json)
    #expect(FileManager.default.createFile(atPath: json.path, contents: nil))
    #expect(sentence() == "\(json.path) is damaged at byte 0: expected an object.")
    let handle = try FileHandle(forWritingTo: json)
    try handle.truncate(atOffset: 33_554_433)
    try handle.close()
    #expect(
        sentence() == "\(json.path) has 33554433 bytes; a tokenizer file may have 33554432.")
    try FileManager.default.removeItem(at: json)
    try Data(smallSentencePiece).write(to: folder.appending(path: "spiece.model"))
    let config = folder.appending(path: "tokenizer_config.json")
    try Data("{\"extra_ids\": \"ten\"}".utf8).write(to: config)
    #expect(
        sentence() == "\(config.path): extra_ids is \"ten\"; "
            + "a T5 tokenizer needs an id from 0 to 999999.")
}
