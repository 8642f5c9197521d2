import Imaging
import Testing

@Suite struct LinearLightTests {
    @Test func everyByteSurvivesARoundTrip() {
        for byte in UInt8.min...UInt8.max {
            #expect(LinearLight.byte(LinearLight.ofByte[Int(byte)]) == byte)
        }
    }

    @Test func theNearestByteIsTaken() {
        #expect(LinearLight.byte(-1) == 0 && LinearLight.byte(.nan) == 0)
        #expect(LinearLight.byte(1) == 255 && LinearLight.byte(.infinity) == 255)
        // Half the light is far above half the byte.
        #expect(LinearLight.byte(0.5) == 188)
        var last: UInt8 = 0
        for part in 0...100_000 {
            let byte = LinearLight.byte(Float(part) / 100_000)
            #expect(byte >= last)
            last = byte
        }
    }
}

@Suite struct ResamplingTests {
    @Test func theSameSizeChangesNothing() {
        var generator = SeededGenerator(seed: 111)
        let image = RGBImage.random(width: 13, height: 7, using: &generator)
        #expect(image.resized(width: 13, height: 7) == image)
    }

    @Test(arguments: [(1, 1), (3, 7), (13, 13), (14, 100), (200, 2)])
    func oneColourStaysOneColour(width: Int, height: Int) {
        let image = RGBImage(width: 13, height: 13, red: 3, green: 130, blue: 255)
        let resized = image.resized(width: width, height: height)
        #expect(resized == RGBImage(width: width, height: height, red: 3, green: 130, blue: 255))
    }

    @Test func shrinkingAveragesLight() {
        // A checkerboard of black and white is half the light: 188, not 128.
        var board = RGBImage(width: 8, height: 8)
        for y in 0..<8 {
            for x in 0..<8 where (x + y) % 2 == 0 { board[x, y] = SIMD3(255, 255, 255) }
        }
        #expect(
            board.resized(width: 4, height: 4)
                == RGBImage(width: 4, height: 4, red: 188, green: 188, blue: 188))
        // Three to two: the outer pixels count twice as much as half the middle one.
        let row = RGBImage(width: 3, height: 1, pixels: [255, 255, 255, 0, 0, 0, 255, 255, 255])
        let two = row.resized(width: 2, height: 1)
        #expect(two[0, 0] == SIMD3(repeating: LinearLight.byte(2.0 / 3)))
        #expect(two[1, 0] == two[0, 0])
    }

    @Test func enlargingAndShrinkingComesBack() {
        var generator = SeededGenerator(seed: 112)
        var image = RGBImage.random(width: 6, height: 5, using: &generator)
        image.pixels = image.pixels.map { 100 + $0 / 8 }
        let large = image.resized(width: 24, height: 20)
        #expect(image.psnr(against: large.resized(width: 6, height: 5)) > 30)
        // An even ramp of light stays one between the edges.
        let ramp = RGBImage(
            width: 8, height: 1,
            pixels: (0..<8).flatMap {
                [UInt8](repeating: LinearLight.byte(Float($0 + 1) / 9), count: 3)
            })
        let finer = ramp.resized(width: 16, height: 1)
        for x in 4..<12 {
            let expected = (Float(x) + 0.5) / 2 - 0.5 + 1
            let light = LinearLight.ofByte[Int(finer[x, 0].x)]
            // One byte is up to 0.008 of the light.
            #expect(abs(light - expected / 9) < 0.008)
        }
    }

    @Test func turningThePictureTurnsTheResult() {
        var generator = SeededGenerator(seed: 113)
        let image = RGBImage.random(width: 9, height: 14, using: &generator)
        func transposed(_ image: RGBImage) -> RGBImage {
            var result = RGBImage(width: image.height, height: image.width)
            for y in 0..<image.height { for x in 0..<image.width { result[y, x] = image[x, y] } }
            return result
        }
        for (width, height) in [(4, 5), (20, 30), (5, 30)] {
            let first = transposed(image.resized(width: width, height: height))
            let second = transposed(image).resized(width: height, height: width)
            // The two orders of summation may round one step apart.
            let worst = zip(first.pixels, second.pixels).map { abs(Int($0) - Int($1)) }.max()
            #expect((worst ?? 0) <= 1)
        }
    }

    @Test func croppingTakesTheMiddle() throws {
        var image = RGBImage(width: 70, height: 40)
        image[3, 4] = SIMD3(1, 2, 3)
        let cropped = try #require(image.centreCropped(toMultipleOf: 32))
        #expect(cropped.width == 64 && cropped.height == 32)
        #expect(cropped[0, 0] == SIMD3(1, 2, 3))
        #expect(RGBImage(width: 31, height: 64).centreCropped(toMultipleOf: 32) == nil)
        #expect(RGBImage(width: 31, height: 64).centreCropped(toMultipleOf: 31)?.height == 62)
    }

    @Test(arguments: [(64, 64), (32, 96), (1, 1), (200, 10)])
    func fillingGivesExactlyTheSize(width: Int, height: Int) {
        let filled = RGBImage(width: 50, height: 30, red: 9).filling(width: width, height: height)
        #expect(filled == RGBImage(width: width, height: height, red: 9))
    }

    @Test func rectanglesAreClippedWithoutOverflow() {
        func clip(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> PixelRectangle? {
            PixelRectangle(x: x, y: y, width: width, height: height).clipped(width: 10, height: 8)
        }
        #expect(clip(-2, -3, 5, 5) == PixelRectangle(x: 0, y: 0, width: 3, height: 2))
        #expect(clip(4, 4, .max, .max) == PixelRectangle(x: 4, y: 4, width: 6, height: 4))
        #expect(clip(.min, 0, .max, 1) == nil && clip(.min, 0, 5, 5) == nil)
        #expect(clip(10, 0, 1, 1) == nil && clip(0, 0, 0, 1) == nil && clip(0, 0, -1, 1) == nil)
        #expect(clip(.max, 0, .max, 1) == nil)
    }
}

@Suite struct ComparisonTests {
    private func pattern(_ colour: (Int, Int) -> [Int]) -> RGBImage {
        RGBImage(
            width: 48, height: 40,
            pixels: (0..<40).flatMap { y in
                (0..<48).flatMap { x in colour(x, y).map { UInt8(($0 + 512) % 256) } }
            })
    }

    /// Values from scikit-image 0.26.0: Gaussian weights, sigma 1.5, population covariance.
    @Test func ssimAndPSNRMatchTheReference() {
        let first = pattern { x, y in [x * 5 + y * 3, x * y, 255 - x * 4] }
        let second = pattern { x, y in
            [x * 5 + y * 3 + (x * 7 + y * 11) % 13, x * y + (x + y) % 5, 255 - x * 4 + y % 3]
        }
        #expect(abs(first.ssim(against: second) - 0.9229380738016869) < 1e-9)
        #expect(abs(first.psnr(against: second) - 18.527111723967675) < 1e-9)
    }

    @Test func equalPicturesAreFullyAlike() {
        var generator = SeededGenerator(seed: 121)
        for (width, height) in [(1, 1), (5, 30), (11, 11), (20, 12)] {
            let image = RGBImage.random(width: width, height: height, using: &generator)
            #expect(image.psnr(against: image) == .infinity)
            #expect(abs(image.ssim(against: image) - 1) < 1e-12)
            #expect(
                image.difference(to: image)
                    == RGBImage(width: width, height: height, red: 128, green: 128, blue: 128))
        }
    }

    @Test func differencesAreEnlargedAroundGrey() {
        let dark = RGBImage(width: 1, height: 1, pixels: [10, 10, 10])
        let other = RGBImage(width: 1, height: 1, pixels: [11, 8, 200])
        #expect(dark.difference(to: other).pixels == [136, 112, 255])
        #expect(other.difference(to: dark).pixels == [120, 144, 0])
    }

    @Test func contactSheetsPlacePicturesInCells() throws {
        let red = RGBImage(width: 4, height: 2, red: 200)
        let blue = RGBImage(width: 2, height: 4, blue: 200)
        let sheet = try #require(
            RGBImage.contactSheet(of: [red, blue, red], columns: 2, gap: 1, background: .zero))
        #expect(sheet.width == 11 && sheet.height == 11)
        #expect(sheet[1, 2].x == 200 && sheet[1, 1].x == 0 && sheet[4, 3].x == 200)
        #expect(sheet[7, 1].z == 200 && sheet[6, 1].z == 0 && sheet[8, 4].z == 200)
        #expect(sheet[1, 7].x == 200 && sheet[6, 7] == .zero)
        let sum = sheet.pixels.reduce(0) { $0 + Int($1) }
        #expect(sum == 200 * 24)
        let row = try #require(RGBImage.contactSheet(of: [red, blue], columns: 9, gap: 0))
        #expect(row.width == 8 && row.height == 4)
        #expect(RGBImage.contactSheet(of: [], columns: 2) == nil)
        #expect(RGBImage.contactSheet(of: [red], columns: 0) == nil)
        #expect(RGBImage.contactSheet(of: [red], columns: 1, gap: -1) == nil)
    }
}

@Test(arguments: [1, 2, 5])
func everyPixelOfAnEnlargedPictureIsTheOneItStandsFor(factor: Int) {
    var picture = RGBImage(width: 3, height: 2)
    for place in 0..<6 {
        picture[place % 3, place / 3] = SIMD3(UInt8(place), UInt8(10 + place), UInt8(40 * place))
    }
    let enlarged = picture.enlarged(by: factor)
    #expect(enlarged.width == 3 * factor && enlarged.height == 2 * factor)
    for y in 0..<enlarged.height {
        for x in 0..<enlarged.width {
            #expect(enlarged[x, y] == picture[x / factor, y / factor])
        }
    }
}
