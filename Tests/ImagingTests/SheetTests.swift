import Imaging
import Testing

@Suite struct SheetTests {
    private let tile = RGBImage(width: 40, height: 30, red: 200, green: 0, blue: 0)

    @Test func captionsStandAboveBelowAndBeside() throws {
        let sheet = try #require(
            RGBImage.labelledSheet(
                of: Array(repeating: tile, count: 6), columns: ["a", "b", "c"], rows: ["x", "y"]))
        // Six wide letters, eight pixels of margin, and the tiles with a gap around each.
        #expect(sheet.width == 14 + 3 * 48 + 8)
        #expect(sheet.height == 18 + 2 * 38 + 8)
        let size = RGBImage.labelledSize(
            width: 40, height: 30, columns: ["a", "b", "c"], rows: ["x", "y"])
        #expect(size?.width == sheet.width && size?.height == sheet.height)
        let bright = (0..<18).contains { y in
            (0..<sheet.width).contains { sheet[$0, y].x > 200 && sheet[$0, y].y > 200 }
        }
        #expect(bright, "There is text above the tiles.")
        #expect(sheet[14 + 8, 18 + 8] == SIMD3(200, 0, 0))
    }

    @Test func aSheetOfStepsHasALineBelowEachPicture() throws {
        let sheet = try #require(
            RGBImage.captionedSheet(of: [tile, tile], captions: ["step 1", "step 2"], columns: 2))
        #expect(sheet.width == 2 * 48 + 8 && sheet.height == 30 + 18 + 16)
    }

    @Test func textOutsideThePictureIsLeftOut() {
        var picture = RGBImage(width: 8, height: 8)
        for (x, y) in [(-3, -4), (7, 7), (-100, 0), (0, -100), (200, 200)] {
            picture.write("Äx\u{1F98A}", x: x, y: y, color: SIMD3(255, 255, 255), scale: 2)
        }
        picture.write("M", x: 0, y: 0, color: SIMD3(9, 9, 9))
        #expect(picture.pixels.contains(9))
    }

    @Test func paddingRepeatsTheLastRowAndColumn() {
        var picture = RGBImage(width: 3, height: 2)
        picture[2, 1] = SIMD3(1, 2, 3)
        let padded = picture.padded(toMultipleOf: 4)
        #expect(padded.width == 4 && padded.height == 4)
        #expect(padded[3, 3] == SIMD3(1, 2, 3) && padded[2, 3] == SIMD3(1, 2, 3))
        #expect(padded[0, 0] == picture[0, 0])
        #expect(padded.padded(toMultipleOf: 4) == padded)
    }

    /// Empty, full, one token, and thousands at random: outside mask and feather every byte is the
    /// original's, where the mask covers fully every byte is the edit's.
    @Test func editsKeepEveryByteOutsideMaskAndFeather() {
        var generator = SeededGenerator(seed: 31)
        let original = RGBImage(width: 32, height: 24, pixels: generator.bytes(3 * 32 * 24))
        let edit = RGBImage(width: 32, height: 24, pixels: generator.bytes(3 * 32 * 24))
        for round in 0..<10_000 {
            var mask = Mask(width: 32, height: 24, coverage: round == 1 ? 255 : 0)
            if round > 1 {
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let (x, y) = (
                        Int.random(in: 0..<32, using: &generator),
                        Int.random(in: 0..<24, using: &generator)
                    )
                    let width = Int.random(in: 1...12, using: &generator)
                    for row in y..<min(24, y + width) {
                        for column in x..<min(32, x + width) {
                            mask.coverage[row * 32 + column] = 255
                        }
                    }
                }
            }
            let feather = round % 9
            let result = edit.composited(over: original, mask: mask.feathered(by: feather))
            let reach = mask.grown(by: feather)
            let isExact = mask.coverage.indices.allSatisfy { at in
                let bytes = 3 * at..<3 * at + 3
                if mask.coverage[at] == 255 {
                    return result.pixels[bytes].elementsEqual(edit.pixels[bytes])
                }
                return reach.coverage[at] > 0
                    || result.pixels[bytes].elementsEqual(original.pixels[bytes])
            }
            #expect(isExact, "round \(round)")
        }
    }
}
