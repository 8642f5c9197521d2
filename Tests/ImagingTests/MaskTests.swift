import Foundation
import Imaging
import Testing

private func randomMask(
    _ width: Int, _ height: Int, using generator: inout SeededGenerator
) -> Mask {
    var mask = Mask(width: width, height: height)
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
        let rectangle = PixelRectangle(
            x: Int.random(in: -5..<width, using: &generator),
            y: Int.random(in: -5..<height, using: &generator),
            width: Int.random(in: 1...width, using: &generator),
            height: Int.random(in: 1...height, using: &generator))
        guard let part = Mask(width: width, height: height, rectangle: rectangle) else { continue }
        mask.coverage = zip(mask.coverage, part.coverage).map(max)
    }
    return mask
}

@Suite struct MaskTests {
    /// The promise of every edit: not one byte changes outside the mask and its feather.
    @Test func compositesAreExactOutsideTheFeather() {
        var generator = SeededGenerator(seed: 131)
        for turn in 0..<300 {
            let (width, height) = (Int.random(in: 1...40, using: &generator), 1 + turn % 29)
            let original = RGBImage.random(width: width, height: height, using: &generator)
            let edit = RGBImage.random(width: width, height: height, using: &generator)
            let mask = randomMask(width, height, using: &generator)
            let radius = turn % 9
            let feathered = mask.feathered(by: radius)
            let result = edit.composited(over: original, mask: feathered)
            for y in 0..<height {
                for x in 0..<width {
                    // By brute force: the distance to the nearest masked pixel.
                    var nearest = Int.max
                    for ny in max(0, y - 9)..<min(height, y + 10) {
                        for nx in max(0, x - 9)..<min(width, x + 10)
                        where mask.coverage[ny * width + nx] == 255 {
                            nearest = min(nearest, (nx - x) * (nx - x) + (ny - y) * (ny - y))
                        }
                    }
                    let coverage = feathered.coverage[y * width + x]
                    if nearest == 0 {
                        #expect(coverage == 255 && result[x, y] == edit[x, y])
                    } else if nearest > radius * radius {
                        #expect(coverage == 0 && result[x, y] == original[x, y])
                    } else {
                        let ramp = 255 * (1 - Double(nearest).squareRoot() / Double(radius + 1))
                        #expect(coverage == UInt8(ramp.rounded()))
                    }
                }
            }
        }
    }

    @Test func mixesLieBetweenThePictures() {
        let black = RGBImage(width: 1, height: 1)
        let white = RGBImage(width: 1, height: 1, red: 255, green: 255, blue: 255)
        let half = Mask(width: 1, height: 1, coverage: 128)
        #expect(white.composited(over: black, mask: half).pixels == [188, 188, 188])
        #expect(black.composited(over: black, mask: half) == black)
    }

    @Test func growingAndShrinkingMatchTheirDefinition() {
        var generator = SeededGenerator(seed: 132)
        for radius in [0, 1, 2, 5, 50] {
            let mask = Mask(width: 17, height: 12, coverage: generator.bytes(17 * 12))
            let grown = mask.grown(by: radius)
            let shrunk = mask.shrunk(by: radius)
            for y in 0..<12 {
                for x in 0..<17 {
                    var square: [UInt8] = []
                    for ny in max(0, y - radius)..<min(12, y + radius + 1) {
                        for nx in max(0, x - radius)..<min(17, x + radius + 1) {
                            square.append(mask.coverage[ny * 17 + nx])
                        }
                    }
                    #expect(grown.coverage[y * 17 + x] == square.max())
                    #expect(shrunk.coverage[y * 17 + x] == square.min())
                }
            }
        }
    }

    @Test func invertingTwiceChangesNothing() {
        var generator = SeededGenerator(seed: 133)
        let mask = Mask(width: 5, height: 5, coverage: generator.bytes(25))
        #expect(mask.inverted().inverted() == mask)
        #expect(
            zip(mask.coverage, mask.inverted().coverage).allSatisfy { Int($0) + Int($1) == 255 })
    }

    @Test func cellsAreTouchedByAnyCoveredPixel() throws {
        var mask = Mask(width: 96, height: 64)
        #expect(mask.tokens(tokenSide: 32).maskedCount == 0)
        mask.coverage[31 * 96 + 31] = 1
        mask.coverage[32 * 96 + 95] = 200
        #expect(mask.tokens(tokenSide: 32).isMasked == [true, false, false, false, false, true])
        #expect(mask.tokens(tokenSide: 16).maskedCount == 2)
        let edge = Mask(width: 33, height: 32, coverage: 255).tokens(tokenSide: 32)
        #expect(edge.gridWidth == 2 && edge.maskedCount == 2)
    }

    @Test func tokensAndPixelsGoBothWays() {
        var generator = SeededGenerator(seed: 134)
        for _ in 0..<20 {
            let (width, height) = (Int.random(in: 1...5, using: &generator), 3)
            let tokens = TokenMask(
                gridWidth: width, gridHeight: height,
                isMasked: (0..<width * height).map { _ in Bool.random(using: &generator) })
            #expect(Mask(tokens, tokenSide: 32).tokens(tokenSide: 32) == tokens)
            let area = Mask(tokens, tokenSide: 32).coverage.count { $0 == 255 }
            #expect(area == 32 * 32 * tokens.maskedCount)
        }
    }

    @Test func tokenMasksGrowAndHaveBounds() {
        let one = TokenMask(
            gridWidth: 4, gridHeight: 3, isMasked: (0..<12).map { $0 == 5 })
        #expect(one.grown(by: 1).maskedCount == 9)
        #expect(one.grown(by: 1).bounds == TokenRectangle(x: 0, y: 0, width: 3, height: 3))
        #expect(one.bounds == TokenRectangle(x: 1, y: 1, width: 1, height: 1))
        #expect(one.grown(by: 0) == one)
    }
}

@Suite struct MaskSourceTests {
    @Test func sourcesAreReadFromTheCommandLine() throws {
        #expect(
            try MaskSource("rect:1,-2,30,4")
                == .rectangle(PixelRectangle(x: 1, y: -2, width: 30, height: 4)))
        #expect(try MaskSource("tokens:0,5,16-19") == .tokens([0...0, 5...5, 16...19]))
        #expect(try MaskSource("a/b.png") == .file("a/b.png"))
    }

    @Test func masksAreMadeForAPicture() throws {
        let rectangle = try MaskSource("rect:60,0,100,1").mask(width: 64, height: 32, tokenSide: 32)
        #expect(rectangle.coverage.count { $0 == 255 } == 4)
        let tokens = try MaskSource("tokens:1").mask(width: 64, height: 32, tokenSide: 32)
        #expect(tokens.tokens(tokenSide: 32).isMasked == [false, true])
        let small = try MaskSource("tokens:1,7").mask(width: 64, height: 32, tokenSide: 16)
        #expect(small.coverage.count { $0 == 255 } == 2 * 16 * 16)
        #expect(small.coverage[16] == 255 && small.coverage[31 * 64 + 63] == 255)
        let folder = try TemporaryFolder()
        let path = folder.path + "/mask.png"
        var raw = RawPNG(
            width: 2, height: 1, bitDepth: 8, colourType: 4, samples: [255, 255, 255, 0])
        try ImageFile.save(raw.file, to: path)
        // White is repainted; what is transparent is kept.
        #expect(try MaskSource(path).mask(width: 2, height: 1, tokenSide: 32).coverage == [255, 0])
        raw = RawPNG(width: 2, height: 1, bitDepth: 1, colourType: 0, samples: [0, 1])
        try ImageFile.save(raw.file, to: path, overwrite: true)
        #expect(try MaskSource(path).mask(width: 2, height: 1, tokenSide: 32).coverage == [0, 255])
    }

    @Test(arguments: [
        (
            "rect:1,2,3",
            "The mask rect:1,2,3 is no rectangle; write rect:x,y,w,h with four whole numbers, width "
                + "and height above 0."
        ),
        (
            "rect:1,2,0,4",
            "The mask rect:1,2,0,4 is no rectangle; write rect:x,y,w,h with four whole numbers, "
                + "width and height above 0."
        ),
        ("tokens:", "The mask tokens: is no list of tokens; write tokens:0,5,16-19."),
        ("tokens:5-2", "The mask tokens:5-2 is no list of tokens; write tokens:0,5,16-19."),
        ("tokens:-1", "The mask tokens:-1 is no list of tokens; write tokens:0,5,16-19."),
        ("rect:64,0,1,1", "The mask lies outside the picture, which is 64x32."),
        ("tokens:2", "The mask names token 2, but the picture has tokens 0 to 1."),
        ("tokens:0-9999999", "The mask names token 9999999, but the picture has tokens 0 to 1."),
        ("/none/m.png", "/none/m.png cannot be read: No such file or directory.")
    ])
    func badMasksAreExplained(argument: String, sentence: String) {
        let error = #expect(throws: MaskError.self) {
            try MaskSource(argument).mask(width: 64, height: 32, tokenSide: 32)
        }
        #expect(error?.description == sentence)
    }

    @Test func aMaskOfAnotherSizeIsExplained() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/mask.png"
        try ImageFile.save(try PNG.encode(Mask(width: 3, height: 2)), to: path)
        let error = #expect(throws: MaskError.self) {
            try MaskSource(path).mask(width: 64, height: 32, tokenSide: 32)
        }
        #expect(
            error?.description
                == "The mask is 3x2, but the picture is 64x32; both must have one size.")
    }

    @Test func filesThatAreNoPicturesAreExplained() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/x.png"
        try ImageFile.save([1, 2, 3], to: path)
        let cases = [
            path: "\(path): The file is not a PNG; it does not start with PNG's eight bytes.",
            folder.path: "\(folder.path) is not a regular file.",
            "/dev/null": "/dev/null is not a regular file."
        ]
        for (path, sentence) in cases {
            let error = #expect(throws: ImageReadError.self) { try ImageFile.open(path) }
            #expect(error?.description == sentence)
            #expect(throws: ImageReadError.self) { try ImageFile.contents(of: path) }
        }
        mkfifo(folder.path + "/pipe", 0o600)
        #expect(throws: ImageReadError.notAFile(path: folder.path + "/pipe")) {
            try ImageFile.read(folder.path + "/pipe")
        }
        let large = folder.path + "/large"
        #expect(FileManager.default.createFile(atPath: large, contents: nil))
        truncate(large, off_t(PNGLimits.fileBytes) + 1)
        #expect(throws: ImageReadError.tooLarge(path: large, bytes: PNGLimits.fileBytes + 1)) {
            try ImageFile.read(large)
        }
    }
}
