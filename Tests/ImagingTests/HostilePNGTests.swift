import Imaging
import Testing

private func picture(_ width: Int, _ height: Int, text: [PNGText] = []) throws -> [UInt8] {
    var generator = SeededGenerator(seed: 31)
    return try PNG.encode(
        RGBImage.random(width: width, height: height, using: &generator), text: text)
}

/// A zlib stream of more than 48 MB of zeros in about 50 KB, borrowed from a black picture.
private func bomb() throws -> [UInt8] {
    let file = try PNG.encode(RGBImage(width: 4096, height: 4096), compression: 9)
    return RawPNG.chunks(of: file).filter { $0.name == "IDAT" }.flatMap(\.data)
}

@Suite struct HostilePNGTests {
    @Test func aFileCutAnywhereIsAnError() throws {
        let file = try picture(12, 9, text: [PNGText("a", "b"), PNGText("c", "雪")])
        for length in 0..<file.count {
            #expect(throws: PNGError.self) { try PNG.decode(Array(file[..<length])) }
        }
        #expect(throws: Never.self) { try PNG.decode(file) }
    }

    @Test func aChangedByteNeverGivesAnotherPicture() throws {
        let file = try picture(10, 10, text: [PNGText("a", "b")])
        let image = try PNG.decode(file).image
        for index in file.indices {
            var changed = file
            changed[index] ^= 0x55
            // A changed text is left out; everything else is an error.
            if let decoded = try? PNG.decode(changed) {
                #expect(decoded.image == image)
                #expect(decoded.contents.textProblem != nil || decoded.text.count == 1)
            }
        }
    }

    static let headers: [(change: @Sendable (inout RawPNG) -> Void, sentence: String)] = [
        (
            { $0.width = 65_536 },
            "The PNG is 65536x2; at most 4096 pixels a side and 16777216 in all are read."
        ),
        (
            { $0.height = 0x7FFF_FFFF },
            "The PNG is 2x2147483647; at most 4096 pixels a side and 16777216 in all are read."
        ),
        (
            { $0.width = 0xFFFF_FFFF },
            "The PNG is 4294967295x2; at most 4096 pixels a side and 16777216 in all are read."
        ),
        ({ $0.width = 0 }, "The PNG's header is not valid: the picture is 0x2."),
        ({ $0.colourType = 5 }, "The PNG's header is not valid: colour type 5 is unknown."),
        (
            { $0.bitDepth = 3 },
            "The PNG's header is not valid: 3 bits a sample do not go with colour type 2."
        ),
        (
            {
                $0.width = 4096; $0.height = 4096
            },
            "The PNG's picture data is damaged: too few bytes for 4096x4096 pixels."
        )
    ]

    @Test(arguments: headers.indices)
    func absurdHeadersAreRefused(_ index: Int) {
        var raw = RawPNG(
            width: 2, height: 2, bitDepth: 8, colourType: 2, samples: [Int](repeating: 1, count: 12)
        )
        let valid = raw.file
        Self.headers[index].change(&raw)
        let file =
            RawPNG.signature + RawPNG.chunk("IHDR", raw.header) + valid[33...]
        let error = #expect(throws: PNGError.self) { try PNG.decode(file) }
        #expect(error?.description == Self.headers[index].sentence)
    }

    @Test func badFilesHaveTheirSentences() throws {
        let file = try picture(8, 8)
        let ihdr = Array(file[8..<33])
        func changed(_ index: Int) -> [UInt8] {
            var copy = file
            copy[index] ^= 1
            return copy
        }
        let dataStart =
            file.count - 12
            - RawPNG.chunks(of: file).reduce(0) {
                $1.name == "IDAT" ? $1.data.count + 12 : $0
            }
        let short = RawPNG.signature + ihdr + RawPNG.chunk("IDAT", RawPNG.stored([0, 1, 2]))
        let cases: [([UInt8], String)] = [
            ([], "The file is not a PNG; it does not start with PNG's eight bytes."),
            (
                Array("GIF89a, not PNG".utf8),
                "The file is not a PNG; it does not start with PNG's eight bytes."
            ),
            (RawPNG.signature, "The PNG's header is not valid: it is missing or damaged."),
            (RawPNG.signature + ihdr, "The PNG ends early, at byte 33."),
            (Array(file[..<50]), "The PNG ends early, at byte 50."),
            (changed(20), "The PNG's header is not valid: it is missing or damaged."),
            (
                RawPNG.signature + RawPNG.chunk("IHDR", [1, 2]),
                "The PNG's header is not valid: it has not 13 bytes."
            ),
            (
                changed(dataStart + 9),
                "The PNG's IDAT chunk at byte \(dataStart) is damaged: its checksum does not match."
            ),
            (
                RawPNG.signature + ihdr + [0, 0, 0, 0, 1, 2, 3, 4] + [0, 0, 0, 0],
                "The PNG has no valid chunk at byte 33."
            ),
            (
                RawPNG.signature + ihdr + [0xFF, 0xFF, 0xFF, 0xFF] + Array("tEXt".utf8) + [
                    0, 0, 0, 0
                ],
                "The PNG has no valid chunk at byte 33."
            ),
            (
                short + RawPNG.chunk("IEND", []),
                "The PNG's picture data is damaged: Not enough image data."
            ),
            (
                RawPNG.signature + ihdr + RawPNG.chunk("IEND", []),
                "The PNG's picture data is damaged: too few bytes for 8x8 pixels."
            )
        ]
        for (bytes, sentence) in cases {
            let error = #expect(throws: PNGError.self) { try PNG.decode(bytes) }
            #expect(error?.description == sentence)
        }
    }

    @Test func tooManyChunksAreRefused() throws {
        let file = try picture(2, 2)
        let chunk = RawPNG.chunk("teSt", [])
        let many = [[UInt8]](repeating: chunk, count: 100_000).joined()
        #expect(throws: PNGError.tooManyChunks(limit: 1000)) {
            try PNG.decode(Array(file[..<33]) + many + file[33...])
        }
        let some = [[UInt8]](repeating: chunk, count: 998).joined()
        #expect(throws: Never.self) { try PNG.decode(Array(file[..<33]) + some + file[33...]) }
    }

    @Test func tooLargeAFileIsRefused() {
        let file = RawPNG.signature + [UInt8](repeating: 0, count: PNGLimits.fileBytes)
        #expect(throws: PNGError.fileTooLarge(bytes: file.count, limit: PNGLimits.fileBytes)) {
            try PNG.decode(file)
        }
    }

    /// Texts that are left out, and why; the picture beside them is read all the same.
    @Test func unreadableTextsAreLeftOut() throws {
        let bomb = try bomb()
        #expect(bomb.count < PNGLimits.textChunkBytes)
        let file = try picture(2, 2)
        let image = try PNG.decode(file).image
        func problem(_ chunks: [UInt8]) throws -> String? {
            let decoded = try PNG.decode(Array(file[..<33]) + chunks + file[33...])
            #expect(decoded.image == image)
            return decoded.contents.textProblem?.description
        }
        func text(_ bytes: String, _ rest: [UInt8] = []) -> [UInt8] { Array(bytes.utf8) + rest }
        let cases: [(String, [UInt8], String)] = [
            (
                "zTXt", text("k\0\0", bomb),
                "\"k\" was left out: the texts together have more than 1048576 bytes."
            ),
            (
                "iTXt", text("k\0\u{1}\0\0\0", bomb),
                "\"k\" was left out: the texts together have more than 1048576 bytes."
            ),
            (
                "zTXt", text("k\0\0", [1, 2, 3]),
                "\"k\" was left out: its compressed data is damaged."
            ),
            (
                "zTXt", text("k\0\0", Array(bomb[..<9])),
                "\"k\" was left out: its compressed data is damaged."
            ),
            ("zTXt", text("k\0\u{7}"), "\"k\" was left out: its compression method is unknown."),
            ("iTXt", text("k\0\0\0\0\0", [0xC3]), "\"k\" was left out: it is not valid UTF-8."),
            ("iTXt", text("k\0\0\0en"), "\"k\" was left out: it is damaged."),
            ("iTXt", text("k\0\u{2}\0\0\0"), "\"k\" was left out: it is damaged."),
            ("tEXt", text("no end"), "\"\" was left out: its keyword has not 1 to 79 characters."),
            (
                "tEXt", text("\u{1B}]0;x\0y", [UInt8](repeating: 0, count: 1 << 19)),
                "\"<U+001B>]0;x\" was left out: it has more than 524288 bytes."
            )
        ]
        for (name, data, sentence) in cases {
            #expect(try problem(RawPNG.chunk(name, data)) == "The PNG's text " + sentence)
        }
        var damaged = RawPNG.chunk("tEXt", text("k\0v"))
        damaged[8] ^= 1
        #expect(
            try problem(damaged)
                == "The PNG's tEXt chunk at byte 33 is damaged: its checksum does not match.")
        let many = (0..<70).flatMap { RawPNG.chunk("tEXt", text("k\($0)\0v")) }
        let decoded = try PNG.decode(Array(file[..<33]) + many + file[33...])
        #expect(decoded.text.count == PNGLimits.textChunks)
        #expect(
            decoded.contents.textProblem?.description
                == "The PNG's text \"tEXt\" was left out: only 64 texts are read.")
    }

    @Test func compressedTextsAreRead() throws {
        let file = try picture(2, 2)
        let latin = RawPNG.stored(Array("caf".utf8) + [0xE9])
        let unicode = RawPNG.stored(Array("雪".utf8))
        let chunks =
            RawPNG.chunk("zTXt", Array("a\0\0".utf8) + latin)
            + RawPNG.chunk("iTXt", Array("b\0\u{1}\0en\0schlüssel\0".utf8) + unicode)
        let decoded = try PNG.decode(Array(file[..<33]) + chunks + file[33...])
        #expect(decoded.text == [PNGText("a", "caf\u{E9}"), PNGText("b", "雪", international: true)])
        #expect(decoded.contents.textProblem == nil)
    }

    /// Random damage to valid files, half of it behind correct checksums, is decoded or refused.
    @Test func damagedFilesNeverTrap() throws {
        var generator = SeededGenerator(seed: 77)
        var corpus: [[UInt8]] = []
        for (colourType, bitDepth) in [(0, 1), (2, 16), (3, 4), (4, 8), (6, 16)] {
            var raw = RawPNG(
                width: 13, height: 11, bitDepth: bitDepth, colourType: UInt8(colourType),
                samples: [])
            raw.samples = (0..<13 * 11 * raw.channels).map { _ in
                Int.random(in: 0..<1 << bitDepth, using: &generator)
            }
            raw.palette = generator.bytes(3 << 4)
            raw.isInterlaced = bitDepth == 16
            raw.transparency = colourType == 3 ? [1, 2] : nil
            raw.extra =
                RawPNG.chunk("zTXt", Array("k\0\0".utf8) + RawPNG.stored(Array("text".utf8)))
                + RawPNG.chunk(
                    "iTXt", Array("parameters\0\0\0\0\0a\nSteps: 1, Seed: 2, Size: 1x1".utf8))
                + RawPNG.chunk("eXIf", exifBlock("UNICODE\0", [0, 65, 0, 66]))
            corpus.append(raw.file)
        }
        corpus.append(try picture(20, 20, text: [PNGText("prompt", "{\"1\":{\"inputs\":{}}}")]))
        var decodedCount = 0
        for turn in 0..<6000 {
            var file = corpus[turn % corpus.count]
            if turn % 2 == 0 {
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let index = Int.random(in: 8..<file.count, using: &generator)
                    file[index] = UInt8.random(in: 0...255, using: &generator)
                }
            } else {
                var chunks = RawPNG.chunks(of: file)
                let chosen = Int.random(in: 0..<chunks.count - 1, using: &generator)
                if !chunks[chosen].data.isEmpty {
                    let index = Int.random(in: 0..<chunks[chosen].data.count, using: &generator)
                    chunks[chosen].data[index] = UInt8.random(in: 0...255, using: &generator)
                }
                if turn % 5 == 0 { chunks.swapAt(1, chosen) }
                file = RawPNG.signature + chunks.flatMap { RawPNG.chunk($0.name, $0.data) }
            }
            guard let decoded = try? PNG.decode(file) else { continue }
            decodedCount += 1
            _ = ForeignParameters(decoded.contents)
            _ = try? GenerationMetadata(decoded.contents)
        }
        #expect(decodedCount > 500)
    }
}

/// A big-endian Exif block with one user comment.
func exifBlock(_ charset: String, _ comment: [UInt8]) -> [UInt8] {
    let value = Array(charset.utf8) + comment
    func short(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
    let main = short(1) + short(0x8769) + short(4) + RawPNG.bigEndian(1) + RawPNG.bigEndian(26)
    let exif =
        short(1) + short(0x9286) + short(7) + RawPNG.bigEndian(value.count) + RawPNG.bigEndian(44)
    return Array("MM".utf8) + short(42) + RawPNG.bigEndian(8) + main + RawPNG.bigEndian(0) + exif
        + RawPNG.bigEndian(0) + value
}
