import CPNG
import Imaging
import Testing

/// Every colour type with each of its depths.
private let formats: [(colourType: UInt8, bitDepth: Int)] = [
    (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8),
    (4, 8), (4, 16), (6, 8), (6, 16)
]

private func randomRaw(
    _ colourType: UInt8, _ bitDepth: Int, width: Int, height: Int,
    using generator: inout SeededGenerator
) -> RawPNG {
    let count = width * height * RawPNG.channels(colourType)
    let samples = (0..<count).map { _ in Int.random(in: 0..<1 << bitDepth, using: &generator) }
    var raw = RawPNG(
        width: width, height: height, bitDepth: bitDepth, colourType: colourType, samples: samples)
    if colourType == 3 { raw.palette = generator.bytes(3 << bitDepth) }
    return raw
}

private func expectDecoded(_ raw: RawPNG, _ background: SIMD3<UInt8>) throws {
    let decoded = try PNG.decode(raw.file, background: background)
    #expect(decoded.image.width == raw.width && decoded.image.height == raw.height)
    let isTransparent = raw.colourType >= 4 || raw.transparency != nil
    #expect((decoded.alpha != nil) == isTransparent)
    for index in 0..<raw.width * raw.height {
        let (rgb, alpha) = raw.expected(index)
        if let plane = decoded.alpha { #expect(Int(plane[index]) == alpha) }
        for channel in 0..<3 {
            let over = rgb[channel] * alpha + Int(background[channel]) * (255 - alpha)
            #expect(Int(decoded.image.pixels[3 * index + channel]) == (over + 127) / 255)
        }
    }
}

@Suite struct PNGDecodingTests {
    @Test(arguments: formats, [false, true])
    func everyFormatIsDecoded(format: (colourType: UInt8, bitDepth: Int), interlaced: Bool) throws {
        var generator = SeededGenerator(
            seed: UInt64(format.bitDepth) << 8 | UInt64(format.colourType))
        for (width, height) in [(1, 1), (9, 5), (33, 17), (3, 40)] {
            var raw = randomRaw(
                format.colourType, format.bitDepth, width: width, height: height, using: &generator)
            raw.isInterlaced = interlaced
            try expectDecoded(raw, SIMD3(255, 255, 255))
            // With a transparent colour, the first pixel's, or transparent palette entries.
            switch format.colourType {
            case 0, 2:
                raw.transparency = raw.samples[0..<raw.channels].flatMap {
                    [UInt8($0 >> 8), UInt8($0 & 0xFF)]
                }
            case 3: raw.transparency = generator.bytes(1 << format.bitDepth - 1)
            default: break
            }
            try expectDecoded(raw, SIMD3(10, 200, 77))
        }
    }

    @Test func theHeaderIsReported() throws {
        var generator = SeededGenerator(seed: 3)
        var raw = randomRaw(4, 16, width: 7, height: 3, using: &generator)
        raw.isInterlaced = true
        let header = try PNGContents(raw.file).header
        #expect(header.width == 7 && header.height == 3 && header.bitDepth == 16)
        #expect(header.colourType == .greyAlpha && header.isInterlaced)
    }

    @Test func dataAfterTheEndIsIgnored() throws {
        let image = RGBImage(width: 2, height: 2, red: 5)
        #expect(try PNG.decode(try PNG.encode(image) + [1, 2, 3]).image == image)
    }

    @Test func profilesAndGammaAreNotRead() throws {
        var generator = SeededGenerator(seed: 4)
        var raw = randomRaw(2, 8, width: 5, height: 5, using: &generator)
        raw.extra =
            RawPNG.chunk("gAMA", RawPNG.bigEndian(100_000)) + RawPNG.chunk("iCCP", [1, 2, 3])
            + RawPNG.chunk("sPLT", []) + RawPNG.chunk("quIz", generator.bytes(50))
        try expectDecoded(raw, SIMD3(255, 255, 255))
    }
}

@Suite struct PNGEncodingTests {
    @Test(arguments: [(1, 1), (3, 2), (64, 48), (257, 1), (1, 257)])
    func aRandomPictureSurvivesARoundTrip(width: Int, height: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width * 1000 + height))
        let image = RGBImage.random(width: width, height: height, using: &generator)
        for compression in [-5, 0, 1, 6, 9, 100] {
            let file = try PNG.encode(image, compression: compression)
            #expect(try PNG.decode(file).image == image)
            #expect(try PNG.encode(image, compression: compression) == file)
        }
    }

    @Test func aMaskSurvivesARoundTrip() throws {
        var generator = SeededGenerator(seed: 9)
        let mask = Mask(width: 31, height: 7, coverage: generator.bytes(31 * 7))
        #expect(Mask(try PNG.decode(try PNG.encode(mask)).image) == mask)
    }

    @Test func chunksComeInTheirOrder() throws {
        let texts = [PNGText("parameters", "a"), PNGText("dcar", "{}", international: true)]
        let file = try PNG.encode(RGBImage(width: 300, height: 300), text: texts)
        let chunks = RawPNG.chunks(of: file)
        #expect(chunks.map(\.name) == ["IHDR", "sRGB", "gAMA", "tEXt", "iTXt", "IDAT", "IEND"])
        #expect(chunks[0].data == [0, 0, 1, 44, 0, 0, 1, 44, 8, 2, 0, 0, 0])
        #expect(chunks[1].data == [0])
        #expect(chunks[2].data == RawPNG.bigEndian(45455))
        #expect(chunks[3].data == Array("parameters\0a".utf8))
        #expect(chunks[4].data == Array("dcar\0\0\0\0\0{}".utf8))
    }

    @Test func textIsLatin1WhereItCanBe() throws {
        let texts = [
            PNGText("one", "caf\u{E9} \u{FF}"), PNGText("two", "雪"), PNGText("three", "a\0b"),
            PNGText("four", "ascii", international: true), PNGText("cl\u{E9}", "")
        ]
        let file = try PNG.encode(RGBImage(width: 1, height: 1), text: texts)
        let chunks = RawPNG.chunks(of: file).filter { $0.name.hasSuffix("Xt") }
        #expect(chunks.map(\.name) == ["tEXt", "iTXt", "tEXt", "iTXt", "tEXt"])
        #expect(chunks[0].data == Array("one\0caf".utf8) + [0xE9, 0x20, 0xFF])
        #expect(chunks[1].data == Array("two\0\0\0\0\0雪".utf8))
        #expect(try PNG.decode(file).text == texts)
        #expect(texts[2].text == "ab")
    }

    @Test func randomTextsSurviveARoundTrip() throws {
        var generator = SeededGenerator(seed: 11)
        let image = RGBImage(width: 1, height: 1)
        for _ in 0..<400 {
            let texts = (0..<5).map { number in
                PNGText("key \(number)", generator.text(upTo: 80), international: number == 4)
            }
            let read = try PNG.decode(try PNG.encode(image, text: texts, compression: 0)).text
            #expect(read.map { Array($0.text.utf8) } == texts.map { Array($0.text.utf8) })
            #expect(read == texts)
        }
    }

    @Test(arguments: [
        "", " a", "a ", "a  b", "a\nb", "雪", String(repeating: "k", count: 80), "\u{7F}"
    ])
    func badKeywordsAreRefused(keyword: String) {
        #expect(throws: PNGError.badKeyword(keyword)) {
            try PNG.encode(RGBImage(width: 1, height: 1), text: [PNGText(keyword, "x")])
        }
    }

    @Test func aTextThatWouldNotBeReadIsNotWritten() throws {
        let fitting = PNGText("k", String(repeating: "x", count: PNGLimits.textChunkBytes - 2))
        let image = RGBImage(width: 1, height: 1)
        #expect(try PNG.decode(try PNG.encode(image, text: [fitting])).text == [fitting])
        #expect(throws: PNGError.textTooLong(keyword: "k", bytes: PNGLimits.textChunkBytes + 1)) {
            try PNG.encode(image, text: [PNGText("k", fitting.text + "x")])
        }
    }

    @Test func rewritingChangesTextsOnly() throws {
        var generator = SeededGenerator(seed: 12)
        var raw = randomRaw(3, 4, width: 20, height: 11, using: &generator)
        raw.transparency = [1, 2, 3]
        raw.extra =
            RawPNG.chunk("tEXt", Array("secret\0x".utf8)) + RawPNG.chunk("eXIf", [1])
            + RawPNG.chunk("gAMA", RawPNG.bigEndian(45455)) + RawPNG.chunk("tIME", [0])
            + RawPNG.chunk("prVt", [7])
        let stripped = try PNG.rewrite(raw.file, text: [])
        #expect(
            RawPNG.chunks(of: stripped).map(\.name)
                == ["IHDR", "gAMA", "PLTE", "tRNS", "IDAT", "IEND"])
        let texts = [PNGText("a", "b"), PNGText("c", "雪")]
        let rewritten = try PNG.rewrite(raw.file, text: texts)
        let (before, after) = (try PNG.decode(raw.file), try PNG.decode(rewritten))
        #expect(after.text == texts)
        #expect(after.image == before.image && after.alpha == before.alpha)
        #expect(throws: PNGError.notPNG) { try PNG.rewrite([1, 2], text: []) }
    }
}

@Suite struct PNGShimTests {
    /// Whatever allocation fails first, the call returns and leaves nothing behind.
    @Test func runningOutOfMemoryIsAnError() throws {
        var generator = SeededGenerator(seed: 21)
        var raw = randomRaw(6, 16, width: 40, height: 30, using: &generator)
        raw.isInterlaced = true
        let file = raw.file
        var rgb = [UInt8](repeating: 0, count: 3 * 40 * 30)
        var alpha = [UInt8](repeating: 0, count: 40 * 30)
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
        var statuses: [UInt32] = []
        for limit in stride(from: 0, to: 200_000, by: 500) {
            statuses.append(
                cpng_decode(file, file.count, 40, 30, &rgb, &alpha, limit, &message).rawValue)
        }
        #expect(statuses.first == CPNG_OUT_OF_MEMORY.rawValue)
        #expect(statuses.last == CPNG_OK.rawValue)
        #expect(Set(statuses) == [CPNG_OK.rawValue, CPNG_OUT_OF_MEMORY.rawValue])

        statuses = []
        for limit in stride(from: 0, to: 600_000, by: 2000) {
            var encoded: UnsafeMutablePointer<UInt8>?
            var size = 0
            let status = cpng_encode(
                rgb, 40, 30, 3, 9, [], 0, &encoded, &size, limit, &message)
            #expect((encoded != nil) == (status == CPNG_OK))
            cpng_free(encoded)
            statuses.append(status.rawValue)
        }
        #expect(statuses.first == CPNG_OUT_OF_MEMORY.rawValue)
        #expect(statuses.last == CPNG_OK.rawValue)
        #expect(Set(statuses) == [CPNG_OK.rawValue, CPNG_OUT_OF_MEMORY.rawValue])
    }

    @Test func headersThatDisagreeAreAnError() throws {
        let file = try PNG.encode(RGBImage(width: 4, height: 4))
        var rgb = [UInt8](repeating: 0, count: 3 * 5 * 5)
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
        #expect(cpng_decode(file, file.count, 5, 5, &rgb, nil, 1 << 20, &message) == CPNG_BAD_DATA)
        #expect(cpng_decode(file, file.count, 3, 3, &rgb, nil, 1 << 20, &message) == CPNG_BAD_DATA)
        #expect(cpng_decode(file, 0, 4, 4, &rgb, nil, 1 << 20, &message) == CPNG_BAD_DATA)
        #expect(cpng_decode(file, file.count, 4, 4, &rgb, nil, 1 << 20, &message) == CPNG_OK)
    }

    @Test func chunkListsThatEndEarlyAreAnError() {
        var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE_SIZE))
        for list in [[0], [0, 0, 0, 9, 0x74, 0x45, 0x58, 0x74, 1]] as [[UInt8]] {
            var encoded: UnsafeMutablePointer<UInt8>?
            var size = 0
            let status = cpng_encode(
                [0, 0, 0], 1, 1, 3, 6, list, list.count, &encoded, &size, 1 << 20, &message)
            #expect(status == CPNG_BAD_DATA && encoded == nil)
        }
    }
}
