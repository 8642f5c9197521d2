import Foundation
import JSON

// Layout: huggingface/tokenizers, as google-t5/t5-base has it.

extension TokenizerTables {
    /// Reads a `tokenizer.json` whose steps are T5's; truncation, padding and decoder are passed
    /// over, since they play no part in encoding.
    init(tokenizerJSON bytes: [UInt8], file: String) throws(TokenizerError) {
        self.init(file: file, vocabularyField: "model.vocab")
        var reader = try JSONReader(bytes, file: file)
        var seen: Set<String> = []
        try reader.openObject()
        while let key = try reader.nextName() {
            seen.insert(key)
            switch key {
            case "added_tokens": try readAddedTokens(&reader)
            case "normalizer": try readNormalizer(field(key, try reader.value()))
            case "pre_tokenizer": try readPreTokenizer(field(key, try reader.value()))
            case "post_processor": try readPostProcessor(field(key, try reader.value()))
            case "model": try readModel(&reader)
            default: _ = try reader.value()
            }
        }
        try reader.end()
        for (key, needed) in [
            ("model", "a unigram model"), ("pre_tokenizer", "WhitespaceSplit and Metaspace"),
            ("post_processor", "\"TemplateProcessing\"")
        ] where !seen.contains(key) {
            throw field(key, nil).unfit(needed)
        }
    }

    /// The `extra_ids` of a `tokenizer_config.json`; nil when it names none.
    static func extraIDCount(
        tokenizerConfig bytes: [UInt8], file: String
    ) throws(TokenizerError) -> Int? {
        var reader = try JSONReader(bytes, file: file)
        let config = try reader.value()
        try reader.end()
        guard let count = config["extra_ids"] else { return nil }
        return try TokenizerField(file: file, name: "extra_ids", value: count).id()
    }

    private func field(_ name: String, _ value: JSONValue?) -> TokenizerField {
        TokenizerField(file: file, name: name, value: value)
    }

    private mutating func readAddedTokens(
        _ reader: inout JSONReader<TokenizerError>
    ) throws(TokenizerError) {
        try reader.openArray()
        while try reader.nextElement() {
            let token = field("added_tokens[\(addedTokens.count)]", try reader.value())
            // Spaces beside a token (`lstrip`, `rstrip`) vanish in a T5 tokenizer either way.
            try token["single_word"].require(.bool(false), orAbsent: true)
            try token["normalized"].require(.bool(false), orAbsent: true)
            let text = ArraySlice(try token["content"].string().utf8)
            addedTokens.append((try token["id"].id(), text))
        }
    }

    private mutating func readNormalizer(_ normalizer: TokenizerField) throws(TokenizerError) {
        var normalizer = normalizer
        if normalizer.value == .null { return }
        if normalizer["type"].value == .string("Sequence") {
            normalizer = try normalizer["normalizers"].elements(1)[0]
        }
        try normalizer["type"].require(.string("Precompiled"))
        let encoded = normalizer["precompiled_charsmap"]
        guard let bytes = Data(base64Encoded: try encoded.string()),
            let charsmap = PrecompiledCharsmap(bytes)
        else { throw encoded.unfit("a precompiled character map in base 64") }
        self.charsmap = charsmap
    }

    private mutating func readPreTokenizer(_ sequence: TokenizerField) throws(TokenizerError) {
        try sequence["type"].require(.string("Sequence"))
        let steps = try sequence["pretokenizers"].elements(2)
        try steps[0]["type"].require(.string("WhitespaceSplit"))
        let metaspace = steps[1]
        try metaspace["type"].require(.string("Metaspace"))
        try metaspace["replacement"].require(.string("▁"))
        if metaspace["split"].value != nil { splitsAtWordMark = try metaspace["split"].bool() }
        let scheme = metaspace["prepend_scheme"]
        switch scheme.value {
        case nil, .string("always"): wordPrefix = .always
        case .string("first"): wordPrefix = .first
        case .string("never"): wordPrefix = .never
        default: throw scheme.unfit("\"always\", \"first\" or \"never\"")
        }
        // The older name of the same choice.
        let addsPrefix = metaspace["add_prefix_space"]
        guard addsPrefix.value != nil, try !addsPrefix.bool() else { return }
        guard scheme.value == nil || wordPrefix == .never else {
            throw addsPrefix.unfit("true, as prepend_scheme says")
        }
        wordPrefix = .never
    }

    private mutating func readPostProcessor(_ template: TokenizerField) throws(TokenizerError) {
        try template["type"].require(.string("TemplateProcessing"))
        let single = try template["single"].elements(2)
        try single[0]["Sequence"]["id"].require(.string("A"))
        let end = try single[1]["SpecialToken"]["id"].string()
        endID = try template["special_tokens"][end]["ids"].elements(1)[0].id()
    }

    private mutating func readModel(
        _ reader: inout JSONReader<TokenizerError>
    ) throws(TokenizerError) {
        var seen: Set<String> = []
        try reader.openObject()
        while let key = try reader.nextName() {
            seen.insert(key)
            switch key {
            case "vocab": try readVocabulary(&reader)
            case "type": try field("model.type", try reader.value()).require(.string("Unigram"))
            case "unk_id": unknownID = try field("model.unk_id", try reader.value()).id()
            case "byte_fallback":
                try field("model.byte_fallback", try reader.value()).require(.bool(false))
            default: _ = try reader.value()
            }
        }
        guard seen.contains("vocab") else {
            throw field("model.vocab", nil).unfit("a list of pieces and scores")
        }
        guard seen.contains("unk_id") else {
            throw field("model.unk_id", nil).unfit("the id of <unk>")
        }
    }

    private mutating func readVocabulary(
        _ reader: inout JSONReader<TokenizerError>
    ) throws(TokenizerError) {
        try reader.openArray()
        while try reader.nextElement() {
            try reader.openArray()
            guard try reader.nextElement() else { throw expected("a piece", reader) }
            let piece = try reader.stringBytes()
            guard try reader.nextElement() else { throw expected("a score", reader) }
            try addPiece(piece, score: try reader.double())
            guard try !reader.nextElement() else { throw expected("']'", reader) }
        }
    }

    private func expected(_ what: String, _ reader: JSONReader<TokenizerError>) -> TokenizerError {
        .malformed(file: file, offset: reader.position, problem: "expected \(what)")
    }
}

/// One place in a tokenizer.json, for checks whose errors name it.
private struct TokenizerField {
    let file: String
    let name: String
    /// nil where the file has nothing.
    let value: JSONValue?

    subscript(key: String) -> TokenizerField {
        let isPlain = key.utf8.count <= 40 && key.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let name = "\(name).\(isPlain ? key : quoted(key))"
        return TokenizerField(file: file, name: name, value: value?[key])
    }

    /// The elements of an array of exactly `count`.
    func elements(_ count: Int) throws(TokenizerError) -> [TokenizerField] {
        guard let values = value?.array, values.count == count else {
            throw unfit("an array of \(count)")
        }
        return values.indices.map {
            TokenizerField(file: file, name: "\(name)[\($0)]", value: values[$0])
        }
    }

    func string() throws(TokenizerError) -> String {
        guard let text = value?.string else { throw unfit("a string") }
        return text
    }

    func bool() throws(TokenizerError) -> Bool {
        guard let flag = value?.bool else { throw unfit("true or false") }
        return flag
    }

    func id() throws(TokenizerError) -> Int {
        let id: Int? =
            switch value {
            case .integer(let number): Int(number)
            case .number(let number): Int(exactly: number)
            default: nil
            }
        guard let id, (0..<TokenizerTables.maximumPieceCount).contains(id) else {
            throw unfit("an id from 0 to 999999")
        }
        return id
    }

    func require(_ needed: JSONValue, orAbsent: Bool = false) throws(TokenizerError) {
        guard value == needed || orAbsent && value == nil else { throw unfit(needed.shown) }
    }

    func unfit(_ needed: String) -> TokenizerError {
        .unfit(file: file, field: name, found: value?.shown ?? "missing", needed: needed)
    }
}

extension JSONValue {
    /// As an error shows it.
    fileprivate var shown: String {
        switch self {
        case .object: "an object"
        case .array(let elements): "an array of \(elements.count)"
        case .string(let text): TextEncoding.quoted(text)
        case .integer(let number): String(number)
        case .unsigned(let number): String(number)
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        case .bool(let flag): String(flag)
        case .null: "null"
        }
    }
}
