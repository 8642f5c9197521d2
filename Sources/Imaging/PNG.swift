import CPNG

/// PNG files to pictures and back.
public enum PNG {
    /// Decodes a PNG file of any colour type and depth, interlaced or not.
    ///
    /// Samples are taken as sRGB whatever profile or gamma the file names; 16-bit samples are
    /// rounded to 8.
    ///
    /// - Parameter background: what transparent pixels are laid over, in sRGB as viewers do.
    /// - Throws: `PNGError` for a file that is no PNG, is damaged, or is over `PNGLimits`.
    public static func decode(
        _ file: [UInt8], background: SIMD3<UInt8> = SIMD3(255, 255, 255)
    ) throws(PNGError) -> DecodedPNG {
        let contents = try PNGContents(file)
        let header = contents.header
        // Deflate cannot expand more than 1032-fold: less data than that cannot fill the picture,
        // so nothing is allocated for it.
        guard contents.pictureBytes * 1032 >= header.rawBytes else {
            throw .damaged("too few bytes for \(header.width)x\(header.height) pixels")
        }
        let pixelCount = header.width * header.height
        var pixels = [UInt8](repeating: 0, count: 3 * pixelCount)
        var alpha = [UInt8](repeating: 0, count: contents.hasAlpha ? pixelCount : 0)
        try call { message in
            alpha.withUnsafeMutableBufferPointer { alpha in
                cpng_decode(
                    file, file.count, UInt32(header.width), UInt32(header.height), &pixels,
                    contents.hasAlpha ? alpha.baseAddress : nil, PNGLimits.workingBytes, message)
            }
        }
        let isStealth =
            contents.hasAlpha
            && StealthText.isIn(alpha, width: header.width, height: header.height)
        let isTransparent = contents.hasAlpha && !isStealth
        if isTransparent { lay(&pixels, over: background, alpha: alpha) }
        return DecodedPNG(
            image: RGBImage(width: header.width, height: header.height, pixels: pixels),
            alpha: isTransparent ? alpha : nil, hidesText: isStealth, contents: contents)
    }

    /// Encodes a picture as an 8-bit sRGB PNG: IHDR, sRGB, gAMA, the texts, IDAT, IEND, and no
    /// time, so that equal arguments give equal bytes.
    ///
    /// - Parameters:
    ///   - compression: zlib's level, 0 to 9; other numbers mean the nearest of these.
    ///   - hidden: a text for the lowest bits of the opacity; a picture too small for it is without.
    /// - Throws: `PNGError` for a text that cannot be stored, or when memory runs out.
    public static func encode(
        _ image: RGBImage, text: [PNGText] = [], compression: Int = 6, hidden: String? = nil
    ) throws(PNGError) -> [UInt8] {
        let stealth = hidden.flatMap {
            StealthText.alpha($0, width: image.width, height: image.height)
        }
        if let stealth {
            var pixels: [UInt8] = []
            pixels.reserveCapacity(4 * stealth.count)
            for (index, alpha) in stealth.enumerated() {
                pixels += image.pixels[3 * index..<3 * index + 3]
                pixels.append(alpha)
            }
            return try encode(
                pixels, width: image.width, height: image.height, channels: 4, text: text,
                compression: compression)
        }
        return try encode(
            image.pixels, width: image.width, height: image.height, channels: 3, text: text,
            compression: compression)
    }

    /// Encodes a mask as an 8-bit grey PNG, white where it covers.
    public static func encode(_ mask: Mask, compression: Int = 6) throws(PNGError) -> [UInt8] {
        try encode(
            mask.coverage, width: mask.width, height: mask.height, channels: 1, text: [],
            compression: compression)
    }

    /// The same file with other texts: its pixels and colour chunks are copied as they are, its
    /// texts, Exif block, time and unknown chunks are left out, and `text` comes before the pixels.
    ///
    /// - Throws: `PNGError` as `PNGContents` does, and for a text that cannot be stored.
    public static func rewrite(_ file: [UInt8], text: [PNGText]) throws(PNGError) -> [UInt8] {
        _ = try PNGContents(file)
        let kept: Set<String> = [
            "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "sRGB", "gAMA", "cHRM", "iCCP", "sBIT", "bKGD",
            "pHYs", "cICP"
        ]
        var newTexts: [UInt8]? = []
        for entry in text {
            let chunk = try entry.chunk()
            newTexts? += chunk
            newTexts? += checksum(of: chunk.dropFirst(4))
        }
        var result = PNGChunks.signature
        var chunks = try PNGChunks(file)
        while let chunk = try chunks.next() {
            if chunk.name == "IDAT", let texts = newTexts {
                result += texts
                newTexts = nil
            }
            if kept.contains(chunk.name), chunk.isIntact { result += file[chunk.range] }
            if chunk.name == "IEND" { break }
        }
        return result
    }

    private static func encode(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, text: [PNGText],
        compression: Int
    ) throws(PNGError) -> [UInt8] {
        guard width > 0, height > 0, width < 1 << 24, height < 1 << 24,
            pixels.count == channels * width * height
        else { throw .badPicture(width: width, height: height) }
        // Rendering intent "perceptual", and the gamma that stands for sRGB.
        var chunks = chunkStart("sRGB", length: 1) + [0]
        chunks += chunkStart("gAMA", length: 4) + [0x00, 0x00, 0xB1, 0x8F]
        for entry in text { chunks += try entry.chunk() }

        var file: UnsafeMutablePointer<UInt8>?
        var fileSize = 0
        defer { cpng_free(file) }
        try call { message in
            cpng_encode(
                pixels, UInt32(width), UInt32(height), Int32(channels),
                Int32(min(max(compression, 0), 9)), chunks, chunks.count, &file, &fileSize,
                PNGLimits.workingBytes, message)
        }
        return Array(UnsafeBufferPointer(start: file, count: fileSize))
    }

    /// A chunk's length and name.
    static func chunkStart(_ name: StaticString, length: Int) -> [UInt8] {
        bigEndian(UInt32(length)) + name.withUTF8Buffer { Array($0) }
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        bigEndian(bytes.withUnsafeBufferPointer { cpng_crc($0.baseAddress, $0.count) })
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    /// Calls into C and turns the status into an error.
    private static func call(
        _ body: (UnsafeMutablePointer<CChar>?) -> CPNGStatus
    ) throws(PNGError) {
        var status = CPNG_OK
        let message = withUnsafeTemporaryAllocation(
            of: CChar.self, capacity: Int(CPNG_MESSAGE_SIZE)
        ) { buffer in
            status = body(buffer.baseAddress)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        switch status {
        case CPNG_OK: return
        case CPNG_OUT_OF_MEMORY: throw .outOfMemory
        default: throw .damaged(SanitizedText(message, limit: Int(CPNG_MESSAGE_SIZE)).text)
        }
    }

    private static func lay(
        _ pixels: inout [UInt8], over background: SIMD3<UInt8>, alpha: [UInt8]
    ) {
        for index in alpha.indices where alpha[index] < 255 {
            let share = Int(alpha[index])
            for channel in 0..<3 {
                let colour = Int(pixels[3 * index + channel])
                let sum = colour * share + Int(background[channel]) * (255 - share)
                pixels[3 * index + channel] = UInt8((sum + 127) / 255)
            }
        }
    }
}

/// A decoded PNG file.
public struct DecodedPNG: Hashable, Sendable {
    /// The picture, transparent pixels laid over the background.
    public let image: RGBImage
    /// One byte a pixel, 255 opaque; nil for a file without transparency.
    public let alpha: [UInt8]?
    /// Whether the lowest bits of the opacity are a text.
    public let hidesText: Bool
    /// Its header, texts and Exif comment.
    public let contents: PNGContents

    /// Its texts in the file's order.
    public var text: [PNGText] { contents.text }
}
