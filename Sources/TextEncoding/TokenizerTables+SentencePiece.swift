// Layout: google/sentencepiece, sentencepiece_model.proto.

extension TokenizerTables {
    /// Reads a `spiece.model` as Hugging Face converts it: every piece is in the vocabulary, with
    /// its score, and the special ones are also cut out of the prompt.
    ///
    /// - Parameter extraIDCount: how many `<extra_id_N>` follow the pieces, highest N first.
    init(
        sentencePiece bytes: [UInt8], extraIDCount: Int, file: String
    ) throws(TokenizerError) {
        self.init(file: file, vocabularyField: "pieces")
        guard (0...Self.maximumPieceCount).contains(extraIDCount) else {
            throw unfit("extra_ids", "\(extraIDCount)", "0 to 1000000")
        }
        var unknownIDs: [Int] = []
        var model = ProtobufCursor(bytes[...], file: file)
        while let (number, value) = try model.next() {
            switch (number, value) {
            case (1, .bytes(let piece)): try readPiece(piece, unknownIDs: &unknownIDs)
            case (2, .bytes(let trainer)): try checkTrainer(trainer)
            case (3, .bytes(let normalizer)): try readNormalizer(normalizer)
            default: break
            }
        }
        guard unknownIDs.count == 1 else {
            throw unfit("pieces", "with \(unknownIDs.count) unknown pieces", "one")
        }
        unknownID = unknownIDs[0]
        for number in (0..<extraIDCount).reversed() {
            let text = ArraySlice("<extra_id_\(number)>".utf8)
            addedTokens.append((vocabulary.count, text))
            try addPiece(text, score: 0)
        }
        guard let end = addedTokens.first(where: { $0.text.elementsEqual("</s>".utf8) }) else {
            throw unfit("pieces", "without \"</s>\"", "that control piece to end a text with")
        }
        endID = end.id
    }

    /// The kinds of piece, `SentencePiece.Type`.
    private enum Kind: UInt64 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
    }

    private mutating func readPiece(
        _ message: ArraySlice<UInt8>, unknownIDs: inout [Int]
    ) throws(TokenizerError) {
        let id = vocabulary.count
        var text: ArraySlice<UInt8> = []
        var score: Float = 0
        var type = Kind.normal.rawValue
        var fields = ProtobufCursor(message, file: file)
        while let (number, value) = try fields.next() {
            switch (number, value) {
            case (1, .bytes(let bytes)): text = bytes
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .varint(let number)): type = number
            default: break
            }
        }
        guard String(validating: text, as: UTF8.self) != nil else {
            throw unfit("pieces[\(id)]", "not UTF-8", "a UTF-8 text")
        }
        guard score.isFinite else {
            throw unfit("pieces[\(id)].score", "\(score)", "a finite number")
        }
        guard let kind = Kind(rawValue: type) else {
            throw unfit("pieces[\(id)].type", "\(type)", "1 to 5, for it has no byte pieces")
        }
        if kind == .unknown { unknownIDs.append(id) }
        if kind != .normal, kind != .unused { addedTokens.append((id, text)) }
        try addPiece(text, score: Double(score))
    }

    private func checkTrainer(_ message: ArraySlice<UInt8>) throws(TokenizerError) {
        var fields = ProtobufCursor(message, file: file)
        while let (number, value) = try fields.next() {
            switch (number, value) {
            case (3, .varint(let type)) where type != 1:
                throw unfit("trainer_spec.model_type", "\(type)", "1, a unigram model")
            default: break
            }
        }
    }

    private mutating func readNormalizer(
        _ message: ArraySlice<UInt8>
    ) throws(TokenizerError) {
        var fields = ProtobufCursor(message, file: file)
        while let (number, value) = try fields.next() {
            guard case (2, .bytes(let bytes)) = (number, value), !bytes.isEmpty else { continue }
            guard let charsmap = PrecompiledCharsmap(bytes) else {
                throw unfit(
                    "normalizer_spec.precompiled_charsmap",
                    "\(bytes.count) bytes of something else",
                    "a precompiled character map")
            }
            self.charsmap = charsmap
        }
    }
}
