import CKernels
import Imaging
import TerminalGraphics
import TestSupport
import Testing

@Test func aGeneratedPictureReaches40Decibels() throws {
    let source = SyntheticPicture.landscape(width: 512, height: 512)
    let decoded = try #require(try DecodedSixel(SixelEncoder.encode(source)).image)
    #expect(peakSignalToNoise(source, decoded) >= 10_000)
}

@Test(
    arguments: [
        (1, 1), (1, 7), (7, 1), (2, 5), (5, 6), (6, 12), (13, 11), (255, 13), (300, 64)
    ], [2, 16, 33, 255, 256, 257, 1024])
func everyPixelIsDrawnOnceAtEverySize(size: (Int, Int), colors: Int) throws {
    let options = SixelOptions(colors: colors)
    for source in [
        SyntheticPicture.noise(width: size.0, height: size.1, seed: 3),
        SyntheticPicture.ramps(width: size.0, height: size.1)
    ] {
        let decoded = try DecodedSixel(SixelEncoder.encode(source, options: options))
        #expect(decoded.width == size.0 && decoded.height == size.1)
        #expect(decoded.colorCount <= colors)
        #expect(decoded.image != nil)
    }
}

@Test func fewColorsOnTheHundredStepsSurviveExactly() throws {
    // 0, 20, 40 ... 100 % of 255 are levels of the format, and 216 colours fit into 256.
    var source = RGBImage(width: 216, height: 9)
    for x in 0..<216 {
        for y in 0..<9 {
            source[x, y] = SIMD3(
                UInt8(x / 36 * 51), UInt8(x / 6 % 6 * 51), UInt8((x + y) % 6 * 51))
        }
    }
    #expect(try DecodedSixel(SixelEncoder.encode(source)).image == source)
}

/// Beyond one colour a histogram bin more colours change nothing but rounding.
@Test func moreColorsNeverMeanMoreError() throws {
    let source = SyntheticPicture.landscape(width: 96, height: 96)
    let errors = try [40, 64, 128, 256].map { colors in
        let bytes = SixelEncoder.encode(source, options: SixelOptions(colors: colors))
        return peakSignalToNoise(source, try #require(try DecodedSixel(bytes).image))
    }
    for (fewer, more) in zip(errors, errors.dropFirst()) { #expect(more > 0.999 * fewer) }
    #expect(errors[2] > 1.5 * errors[0])
}

/// libsixel knows 256 registers; for more, the plain decoder of these tests is the only one here,
/// and a test of a real xterm the other.
@Test func moreRegistersKeepMoreColors() throws {
    var source = RGBImage(width: 256, height: 256)
    for y in 0..<256 {
        for x in 0..<256 { source[x, y] = SIMD3(UInt8(x), UInt8(y), UInt8((x + y) / 2)) }
    }
    func decoded(_ colors: Int) throws -> DecodedSixel {
        try DecodedSixel(SixelEncoder.encode(source, options: SixelOptions(colors: colors)))
    }
    let (few, many) = (try decoded(256), try decoded(1024))
    #expect(few.colorCount <= 256 && many.colorCount > 900 && many.colorCount <= 1024)
    let shown = try #require(many.image)
    #expect(peakSignalToNoise(source, shown) >= 10_000)
    #expect(peakSignalToNoise(source, try #require(few.image)) < 5000)
    // A frame after another is in the same wide palette.
    let first = SixelEncoder.frame(source, options: SixelOptions(colors: 1024))
    for y in 100..<104 {
        for x in 0..<128 { source[x, y] = source[x + 128, y] }
    }
    let second = SixelEncoder.frame(source, options: SixelOptions(colors: 1024), after: first)
    #expect(second.palette == first.palette && second.bandCount < 3)
    let patched = try DecodedSixel(second.bytes).over(shown)
    #expect(peakSignalToNoise(source, patched) >= 10_000)
}

@Test func ditherKeepsTheMeanOfASmoothArea() throws {
    let source = SyntheticPicture.ramps(width: 64, height: 64)
    let bytes = SixelEncoder.encode(source, options: SixelOptions(colors: 16))
    let decoded = try #require(try DecodedSixel(bytes).image)
    for top in stride(from: 8, to: 56, by: 8) {
        for left in stride(from: 8, to: 56, by: 8) {
            var sum = SIMD3<Int>.zero
            for y in top..<top + 8 {
                for x in left..<left + 8 {
                    sum &+= SIMD3<Int>(truncatingIfNeeded: decoded[x, y])
                    sum &-= SIMD3<Int>(truncatingIfNeeded: source[x, y])
                }
            }
            for channel in 0..<3 { #expect(abs(sum[channel]) < 64 * 32) }
        }
    }
}

@Test func anUnchangedFrameSendsNothing() {
    let source = SyntheticPicture.landscape(width: 60, height: 60)
    let first = SixelEncoder.frame(source)
    let second = SixelEncoder.frame(source, after: first)
    #expect(second.bytes.isEmpty)
    #expect(second.bandCount == 0)
    #expect(second.palette == first.palette)
}

@Test func onlyChangedBandsAreSent() throws {
    let before = SyntheticPicture.landscape(width: 128, height: 128)
    var after = before
    for y in 62..<70 {
        for x in 10..<20 { after[x, y] = before[x + 40, y] }
    }
    let first = SixelEncoder.frame(before)
    let second = SixelEncoder.frame(after, after: first)
    #expect(second.palette == first.palette)
    // Rows 62-69 lie in the bands that start at rows 60 and 66.
    #expect(second.bandCount == 2)
    #expect(second.bytes.count * 4 < first.bytes.count)
    let shown = try #require(try DecodedSixel(first.bytes).image)
    let patched = try DecodedSixel(second.bytes).over(shown)
    let fresh = SixelEncoder.frame(after, after: SixelEncoder.frame(after))
    #expect(fresh.bytes.isEmpty)
    #expect(peakSignalToNoise(after, patched) * 1.2 > peakSignalToNoise(before, shown))
}

/// The screen after any run of partial frames is the screen that the last frame alone would give.
@Test func partialFramesAddUpToTheWholePicture() throws {
    var generator = SplitMix64(seed: 11)
    var picture = SyntheticPicture.landscape(width: 90, height: 77)
    var frame = SixelEncoder.frame(picture)
    var screen = try #require(try DecodedSixel(frame.bytes).image)
    var reused = 0
    for _ in 0..<40 {
        let (left, top) = (
            Int.random(in: 0..<80, using: &generator), Int.random(in: 0..<67, using: &generator)
        )
        let color = picture[
            Int.random(in: 0..<90, using: &generator), Int.random(in: 0..<77, using: &generator)]
        for y in top..<top + 10 {
            for x in left..<left + 10 { picture[x, y] = color }
        }
        let next = SixelEncoder.frame(picture, after: frame)
        if next.palette == frame.palette { reused += 1 }
        if !next.bytes.isEmpty { screen = try DecodedSixel(next.bytes).over(screen) }
        frame = next
        // A frame after a frame of the same picture sends nothing, so the screen must hold it.
        #expect(SixelEncoder.frame(picture, after: frame).bytes.isEmpty)
        #expect(peakSignalToNoise(picture, screen) > 3000)
    }
    #expect(reused > 10)
}

@Test func aPictureOfOtherColorsGetsAFreshPalette() {
    let first = SixelEncoder.frame(SyntheticPicture.landscape(width: 64, height: 64))
    let second = SixelEncoder.frame(SyntheticPicture.ramps(width: 64, height: 64), after: first)
    #expect(second.palette != first.palette)
    #expect(second.bandCount == 11)
}

@Test func aFrameOfAnotherSizeIsSentWhole() {
    let first = SixelEncoder.frame(SyntheticPicture.landscape(width: 64, height: 64))
    let second = SixelEncoder.frame(
        SyntheticPicture.landscape(width: 64, height: 60), after: first)
    #expect(second.bandCount == 10)
}

@Test(arguments: [100_000, 30_000, 10_000, 3_000, 500])
func theByteLimitHolds(limit: Int) throws {
    let source = SyntheticPicture.noise(width: 200, height: 200, seed: 5)
    let frame = SixelEncoder.frame(source, options: SixelOptions(maximumBytes: limit))
    #expect(frame.bytes.count <= limit)
    #expect(frame.width <= 200 && frame.height <= 200 && frame.width >= 4)
    let decoded = try DecodedSixel(frame.bytes)
    #expect(decoded.width == frame.width && decoded.height == frame.height)
    #expect(decoded.image != nil)
}

@Test func theByteLimitTakesColorsBeforePixels() {
    let source = SyntheticPicture.landscape(width: 128, height: 128)
    let whole = SixelEncoder.encode(source).count
    let frame = SixelEncoder.frame(source, options: SixelOptions(maximumBytes: whole - 1))
    #expect(frame.width == 128)
    #expect(frame.palette.levels.count <= 128)
}

@Test func anImpossibleLimitStillEnds() {
    let frame = SixelEncoder.frame(
        SyntheticPicture.noise(width: 64, height: 64, seed: 6),
        options: SixelOptions(maximumBytes: 0))
    #expect(frame.width <= 6 || frame.height <= 6)
}

@Test func pictureSidesAreBounded() {
    let frame = SixelEncoder.frame(
        RGBImage(width: 9000, height: 3), options: SixelOptions(colors: 2))
    #expect(frame.width == 4096)
    #expect(frame.height == 1)
}

@Test func aPaletteOfOneColorIsEnoughForAFlatPicture() throws {
    let source = RGBImage(width: 12, height: 12, red: 51, green: 102, blue: 255)
    let frame = SixelEncoder.frame(source)
    #expect(frame.palette.levels == [SIMD3(20, 40, 100)])
    #expect(
        String(decoding: frame.bytes, as: UTF8.self)
            == "\u{1B}P0;1;0q\"1;1;12;12#0;2;20;40;100#0!12~-#0!12~\u{1B}\\")
    #expect(try DecodedSixel(frame.bytes).image == source)
}

@Test func aPersonDecidesWhetherAPictureIsDithered() {
    let source = SyntheticPicture.ramps(width: 64, height: 64)
    func bytes(_ colors: Int, _ isDithered: Bool?) -> [UInt8] {
        SixelEncoder.encode(
            source, options: SixelOptions(colors: colors, isDithered: isDithered))
    }
    #expect(bytes(16, nil) == bytes(16, true))
    #expect(bytes(16, nil) != bytes(16, false))
    #expect(bytes(256, nil) == bytes(256, false))
    #expect(bytes(256, nil) != bytes(256, true))
}

/// Against the definition, with palettes that fill no, some and all lanes, and with ties.
@Test(arguments: [1, 15, 16, 17, 256, 1000])
func theNearestColorIsTheFirstOfTheNearest(count: Int) {
    var generator = SystemRandomNumberGenerator()
    func channel() -> Float { Float(Int.random(in: 0...15, using: &generator) * 17) }
    let colors = (0..<count).map { _ in SIMD3(channel(), channel(), channel()) }
    let filling = [Float](repeating: 1e6, count: (16 - count % 16) % 16)
    let (red, green, blue) = (
        colors.map(\.x) + filling, colors.map(\.y) + filling, colors.map(\.z) + filling
    )
    for _ in 0..<200 {
        let wanted = SIMD3(channel(), channel(), channel())
        let distances = colors.map { (($0 - wanted) * ($0 - wanted)).sum() }
        let least = distances.min()
        var distance: Float = 0
        let index = dcar_nearest_color(
            red, green, blue, red.count, [wanted.x, wanted.y, wanted.z], &distance)
        #expect(distance == least)
        #expect(index == distances.firstIndex(of: distance))
    }
}
