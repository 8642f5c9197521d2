import Foundation

/// What a picture of this program carries in its PNG file: how it was made, and its tokens, so that
/// it can be opened and edited again.
public struct GenerationMetadata: Hashable, Sendable {
    /// How it was made.
    public var record: ImageRecord
    /// Its discrete tokens.
    public var tokens: TokenGridRecord?
    /// Its residual tokens.
    public var residual: ResidualRecord?

    /// The pixels that an edit makes anew, before they are feathered.
    public var mask: Mask?

    private static let recordKeyword = "dcar"
    private static let tokensKeyword = "dcar:tokens"
    private static let residualKeyword = "dcar:residual"
    private static let maskKeyword = "dcar:mask"

    /// A picture's record and tokens.
    public init(
        record: ImageRecord, tokens: TokenGridRecord? = nil, residual: ResidualRecord? = nil
    ) {
        self.record = record
        self.tokens = tokens
        self.residual = residual
    }

    /// What a file keeps of it for a person who wants no tokens in files. A run that was stopped
    /// would be lost without them.
    public func withTokens(_ areWanted: Bool) -> GenerationMetadata {
        areWanted || record.stoppedAtStep != nil ? self : GenerationMetadata(record: record)
    }

    /// How it was made, in the words of web UIs.
    public var parameters: String { Infotext(record).text }

    /// The texts for `PNG.encode`: the web UI's parameters for other tools, the record, the tokens,
    /// and the program's name. A residual too long for one text is left out; it is made anew then.
    public var text: [PNGText] {
        var text = [
            PNGText("parameters", parameters),
            PNGText(Self.recordKeyword, record.json, international: true)
        ]
        if let tokens {
            text.append(PNGText(Self.tokensKeyword, tokens.base64, international: true))
        }
        if let residual = residual?.base64, residual.utf8.count + 64 < PNGLimits.textChunkBytes {
            text.append(PNGText(Self.residualKeyword, residual, international: true))
        }
        if let mask = mask?.base64, mask.utf8.count + 64 < PNGLimits.textChunkBytes {
            text.append(PNGText(Self.maskKeyword, mask, international: true))
        }
        text.append(PNGText("Software", "dcar " + record.appVersion))
        return text
    }

    /// Reads what `text` wrote; nil for a picture without a `dcar` text. Damaged tokens count as
    /// missing.
    ///
    /// - Throws: `ImageRecordError` for a `dcar` text that is no record.
    public init?(_ contents: PNGContents) throws(ImageRecordError) {
        guard let json = contents[Self.recordKeyword] else { return nil }
        let tokens = contents[Self.tokensKeyword].flatMap(TokenGridRecord.init(base64:))
        self.init(
            record: try ImageRecord(json: json), tokens: tokens,
            residual: tokens.flatMap { tokens in
                contents[Self.residualKeyword].flatMap {
                    ResidualRecord(base64: $0, tokenCount: tokens.ids.count)
                }
            })
        mask = contents[Self.maskKeyword].flatMap(Mask.init(base64:))
    }
}

extension Mask {
    /// As a PNG of greys; nil where that cannot be made.
    fileprivate var base64: String? {
        (try? PNG.encode(self, compression: 9)).map { Data($0).base64EncodedString() }
    }

    fileprivate init?(base64 text: String) {
        guard let bytes = Data(base64Encoded: text), let decoded = try? PNG.decode(Array(bytes))
        else { return nil }
        self.init(decoded.image)
    }
}
