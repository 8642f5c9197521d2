import Foundation
import TextEncoding

/// A recorded file, by its name below `Tests/Golden`.
func goldenPath(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/\(name)").path
}

func goldenData(_ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: goldenPath(name)))
}

func goldenTokenizer() throws -> T5Tokenizer {
    try T5Tokenizer(folder: goldenPath("t5"))
}

/// The smallest tokenizer.json with every part that is read; tests replace parts of it.
let smallTokenizerJSON = """
    {"version":"1.0","truncation":null,"added_tokens":[{"id":0,"content":"<pad>",\
    "single_word":false,"normalized":false,"special":true},{"id":1,"content":"</s>"},\
    {"id":2,"content":"<unk>"},{"id":12,"content":"<extra>"}],"normalizer":null,\
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},\
    {"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]},\
    "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},\
    {"SpecialToken":{"id":"</s>","type_id":0}}],\
    "special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}},\
    "model":{"type":"Unigram","unk_id":2,"vocab":[["<pad>",0],["</s>",0.0],["<unk>",0],\
    ["\\u2581",-2.0],["a",-3],["b",-3e0],["c",-4],["ab",-6],["▁ab",-9],["ca",-6.5],\
    ["▁cab",-7],["bca",-30]],"byte_fallback":false}}
    """

/// A tokenizer from the small JSON with some of its parts replaced.
func smallTokenizer(_ replacements: (String, String)...) throws(TokenizerError) -> T5Tokenizer {
    let json = replacements.reduce(smallTokenizerJSON) {
        $0.replacingOccurrences(of: $1.0, with: $1.1)
    }
    return try T5Tokenizer(tokenizerJSON: Array(json.utf8))
}

/// One protobuf field that holds bytes.
func protobufField(_ number: UInt8, _ bytes: some Collection<UInt8>) -> [UInt8] {
    var length = bytes.count
    var field = [number << 3 | 2]
    while length >= 0x80 {
        field.append(UInt8(length & 0x7F | 0x80))
        length >>= 7
    }
    return field + [UInt8(length)] + bytes
}

/// One protobuf field that holds a number below 128.
func protobufField(_ number: UInt8, _ value: UInt8) -> [UInt8] {
    [number << 3, value]
}

/// A piece of a spiece.model; types are 1 normal, 2 unknown, 3 control, 4 user-defined, 6 byte.
func piece(_ text: String, _ score: Float, type: UInt8 = 1) -> [UInt8] {
    let scoreBytes = withUnsafeBytes(of: score.bitPattern.littleEndian) { Array($0) }
    let scoreField = [2 << 3 | 5] + scoreBytes
    return protobufField(1, protobufField(1, text.utf8) + scoreField + protobufField(3, type))
}

/// A spiece.model with the pieces of `smallTokenizerJSON`, and no character map.
let smallSentencePiece: [UInt8] = {
    var model = piece("<pad>", 0, type: 3) + piece("</s>", 0, type: 3) + piece("<unk>", 0, type: 2)
    for (text, score) in [
        ("▁", -2), ("a", -3), ("b", -3), ("c", -4), ("ab", -6), ("▁ab", -9), ("ca", -6.5),
        ("▁cab", -7), ("bca", -30)
    ] as [(String, Float)] {
        model += piece(text, score)
    }
    return model + protobufField(2, protobufField(3, 1))
        + protobufField(3, protobufField(1, "identity".utf8))
}()

/// A generator whose draws follow from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A string of awkward Unicode: marks, joiners, wide and control characters, special tokens.
func awkwardText(_ count: Int, using generator: inout SeededGenerator) -> String {
    let parts = [
        "a red fox", "é", "e\u{301}", "a\u{308}\u{301}", "\u{301}", "<pad>", "</s>", "<unk>",
        "<extra_",
        "＜pad＞", "▁", "\r\n", "\u{85}", "\u{A0}", "\u{3000}", "\u{200B}", "\u{200D}", "🦊", "🇩🇪",
        "👨‍👩‍👧", "ﷺ", "㎡", "東京", "ᄒ", "ᅡ", "\u{600}", "\0", "\u{1}", "İ", "ｶ\u{FF9E}", " ", "  "
    ]
    return (0..<count).map { _ in
        if Bool.random(using: &generator) { return parts.randomElement(using: &generator) ?? "" }
        let value = UInt32.random(in: 0...0x10FFFF, using: &generator)
        return Unicode.Scalar(value).map { String($0) } ?? "x"
    }.joined()
}
