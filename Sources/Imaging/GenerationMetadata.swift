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

    /// That of the picture of the discrete tokens alone.
    public var withoutResidual: GenerationMetadata {
        var copy = self
        (copy.record.residualSteps, copy.record.residualStrength, copy.residual) = (0, 0, nil)
        return copy
    }

    /// What a file keeps of it for a person who wants no tokens in files. A run that was stopped
    /// would be lost without them.
    public func withTokens(_ areWanted: Bool) -> GenerationMetadata {
        areWanted || record.stoppedAtStep != nil ? self : GenerationMetadata(record: record)
    }

    /// The same for a file with these pixels, so that tokens whose pixels were changed since, by any
    /// program that keeps texts, are not taken for theirs.
    public func sealed(for image: RGBImage) -> GenerationMetadata {
        var copy = self
        copy.record.pixelChecksum = tokens == nil ? nil : image.checksum
        return copy
    }

    /// Whether its tokens are those of a file's pixels; those of earlier versions' files count as such.
    public func isOf(_ image: RGBImage) -> Bool {
        record.pixelChecksum.map { $0 == image.checksum } ?? true
    }

    /// How it was made, in the words of web UIs.
    public var parameters: String { Infotext(record).text }

    /// The texts for `PNG.encode`: the web UI's parameters for other tools, the record, the tokens,
    /// and the program's name. A residual or mask too long for one text is left out; pictures of the
    /// sizes that are made have none so long, but for a mask of noise. No date, so that the same
    /// picture is the same file, unless `SOURCE_DATE_EPOCH` gives one.
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
        let epoch = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"]
        if let time = epoch.flatMap(Self.creationTime) {
            text.append(PNGText("Creation Time", time))
        }
        return text
    }

    /// The date of PNG's `Creation Time`, as RFC 1123 writes it. Nil for what is no number of
    /// seconds since 1970 up to the year 9999.
    ///
    /// Source: reproducible-builds.org, `SOURCE_DATE_EPOCH` specification.
    private static func creationTime(_ secondsSince1970: String) -> String? {
        guard let seconds = UInt64(secondsSince1970), seconds < 253_402_300_800 else { return nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.string(from: Date(timeIntervalSince1970: Double(seconds)))
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
