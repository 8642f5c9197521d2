import Imaging
import TerminalGraphics
import Testing

private let twoColors = RGBImage(
    width: 1, height: 2, pixels: [255, 0, 0, 0, 0, 255])

private func text(_ picture: CellPicture) -> [String] {
    (0..<picture.size.rows).map { row in
        var line = String.UnicodeScalarView()
        for column in 0..<picture.size.columns { line.append(picture[column, row].glyph) }
        return String(line)
    }
}

@Test func aHalfBlockShowsTwoPixels() {
    let picture = CellPicture(twoColors, size: GridSize(columns: 1, rows: 1))
    #expect(
        picture[0, 0]
            == Cell(
                glyph: "▀", foreground: .rgb(red: 255, green: 0, blue: 0),
                background: .rgb(red: 0, green: 0, blue: 255)))
}

@Test func areasAreAveragedAsLight() {
    let checks = RGBImage(width: 2, height: 1, pixels: [0, 0, 0, 255, 255, 255])
    let picture = CellPicture(checks, size: GridSize(columns: 1, rows: 1))
    // Half the light of white is sRGB 188, not 128.
    #expect(picture[0, 0].foreground == .rgb(red: 188, green: 188, blue: 188))
}

@Test func aPictureOfTheSameSizeKeepsEveryByte() {
    let source = SyntheticPicture.noise(width: 16, height: 32, seed: 1)
    let picture = CellPicture(source, size: GridSize(columns: 16, rows: 16))
    for row in 0..<16 {
        for column in 0..<16 {
            let (top, bottom) = (source[column, 2 * row], source[column, 2 * row + 1])
            let cell = picture[column, row]
            #expect(cell.foreground == .rgb(red: top.x, green: top.y, blue: top.z))
            #expect(cell.background == .rgb(red: bottom.x, green: bottom.y, blue: bottom.z))
        }
    }
}

@Test(arguments: [(1, 1), (3, 2), (7, 5), (40, 12), (200, 60)], ColorDepth.allCases)
func aTwinHasNoBlankAndNoEqualNeighbours(size: (Int, Int), colors: ColorDepth) {
    let black = RGBImage(width: 8, height: 8)
    for glyphs in [CellStyle.Glyphs.halfBlocks, .quadrants, .sextants, .ascii] {
        let twin = CellPicture(
            black, size: GridSize(columns: size.0, rows: size.1),
            style: CellStyle(glyphs: glyphs, colors: colors, isTwin: true))
        #expect(twin.cells.allSatisfy { $0.glyph != " " })
        guard glyphs == .halfBlocks && colors != .mono else { continue }
        for row in 0..<size.1 {
            for column in 1..<max(1, size.0) where column < size.0 {
                #expect(twin[column, row] != twin[column - 1, row])
            }
        }
    }
}

@Test func aTwinShowsTheSameColorsAsThePictureItStandsFor() {
    let source = SyntheticPicture.ramps(width: 8, height: 16)
    let size = GridSize(columns: 8, rows: 8)
    let plain = CellPicture(source, size: size)
    let twin = CellPicture(source, size: size, style: CellStyle(isTwin: true))
    for (a, b) in zip(plain.cells, twin.cells) {
        let turned = Cell(glyph: "▄", foreground: a.background, background: a.foreground)
        #expect(b == a || b == turned)
    }
}

@Test func xterm256KeepsItsOwnColorsUndithered() {
    for entry in UInt8(16)...255 {
        let color = xtermColor(entry)
        let source = RGBImage(width: 1, height: 1, red: color.x, green: color.y, blue: color.z)
        let picture = CellPicture(
            source, size: GridSize(columns: 8, rows: 4), style: CellStyle(colors: .xterm256))
        for cell in picture.cells {
            guard case .indexed(let chosen) = cell.foreground else {
                Issue.record("\(cell) is not a palette entry")
                return
            }
            // Cube and ramp share some greys: the colour must agree, not the entry.
            #expect(xtermColor(chosen) == color)
        }
    }
}

/// Half of the way between two levels is dithered, so a mean errs by a quarter of it at most.
@Test(arguments: [SIMD3<UInt8>(100, 160, 220), SIMD3(210, 99, 180), SIMD3(139, 250, 170)])
func ditheredXterm256StaysNearTheMean(color: SIMD3<UInt8>) {
    let source = RGBImage(width: 1, height: 1, red: color.x, green: color.y, blue: color.z)
    let picture = CellPicture(
        source, size: GridSize(columns: 8, rows: 4), style: CellStyle(colors: .xterm256))
    var sum = SIMD3<Int>.zero
    for cell in picture.cells {
        for shown in [cell.foreground, cell.background] {
            guard case .indexed(let entry) = shown else { continue }
            sum &+= SIMD3<Int>(truncatingIfNeeded: xtermColor(entry))
        }
    }
    for channel in 0..<3 { #expect(abs(sum[channel] - 64 * Int(color[channel])) <= 64 * 10) }
}

@Test func sixteenColorsUseOnlyDarkGrounds() {
    let picture = CellPicture(
        SyntheticPicture.noise(width: 32, height: 32, seed: 2),
        size: GridSize(columns: 32, rows: 16), style: CellStyle(colors: .ansi16))
    for cell in picture.cells {
        guard case .indexed(let ink) = cell.foreground, case .indexed(let ground) = cell.background
        else {
            Issue.record("\(cell) has a colour outside the palette")
            return
        }
        #expect(ink < 16 && ground < 8)
    }
}

@Test func monoDrawsInkWhereLightIs() {
    let source = RGBImage(
        width: 2, height: 2, pixels: [255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    let size = GridSize(columns: 2, rows: 1)
    let dark = CellPicture(source, size: size, style: CellStyle(colors: .mono))
    #expect(text(dark) == ["▀ "])
    let light = CellPicture(
        source, size: size, style: CellStyle(colors: .mono, isOnLightBackground: true))
    #expect(text(light) == ["▄█"])
}

@Test func theAsciiRampRunsFromDarkToLight() {
    let source = RGBImage(
        width: 10, height: 1,
        pixels: (0..<10).flatMap { [UInt8](repeating: UInt8($0 * 28), count: 3) })
    let picture = CellPicture(
        source, size: GridSize(columns: 10, rows: 1),
        style: CellStyle(glyphs: .ascii, colors: .mono))
    let ramp = Array(" .:-=+*#%@".unicodeScalars)
    let steps = picture.cells.compactMap { ramp.firstIndex(of: $0.glyph) }
    #expect(steps.count == 10)
    for (position, step) in steps.enumerated() { #expect(abs(step - position) <= 1) }
}

@Test func ansiNamesAColorOnlyWhereItChanges() {
    let flat = CellPicture(
        RGBImage(width: 1, height: 1, red: 1, green: 2, blue: 3),
        size: GridSize(columns: 3, rows: 2))
    let line = "\u{1B}[38;2;1;2;3;48;2;1;2;3m▀▀▀\u{1B}[0m\n"
    #expect(String(decoding: flat.ansi(), as: UTF8.self) == line + line)
}

@Test func ansiCutsLinesToTheWidth() {
    let flat = CellPicture(
        RGBImage(width: 1, height: 1), size: GridSize(columns: 5, rows: 1),
        style: CellStyle(glyphs: .ascii, colors: .mono, isTwin: true))
    #expect(String(decoding: flat.ansi(maximumColumns: 3), as: UTF8.self) == "...\n")
    #expect(String(decoding: flat.ansi(maximumColumns: 0), as: UTF8.self) == "\n")
    #expect(String(decoding: flat.ansi(maximumColumns: -4), as: UTF8.self) == "\n")
}

@Test(arguments: [
    (CellColor.standard, CellColor.indexed(3), "\u{1B}[43mx\u{1B}[0m"),
    (.indexed(0), .indexed(7), "\u{1B}[30;47mx\u{1B}[0m"),
    (.indexed(9), .indexed(15), "\u{1B}[91;107mx\u{1B}[0m"),
    (.indexed(16), .indexed(255), "\u{1B}[38;5;16;48;5;255mx\u{1B}[0m")
])
func everyKindOfColorHasItsSGR(ink: CellColor, ground: CellColor, expected: String) {
    var picture = CellPicture(
        RGBImage(width: 1, height: 1), size: GridSize(columns: 1, rows: 1),
        style: CellStyle(colors: .mono))
    picture[0, 0] = Cell(glyph: "x", foreground: ink, background: ground)
    #expect(String(decoding: picture.ansiRow(0), as: UTF8.self) == expected)
}

@Test(arguments: [
    (512, 512, 80, 24, 48, 24), (512, 512, 40, 40, 40, 20), (1024, 512, 80, 40, 80, 20),
    (1, 4096, 80, 24, 1, 24), (4096, 1, 80, 24, 80, 1), (0, 0, 10, 10, 10, 5)
])
func aGridKeepsProportions(
    width: Int, height: Int, columns: Int, rows: Int, fitColumns: Int, fitRows: Int
) {
    let grid = CellSize.assumed.grid(
        showing: width, height, within: GridSize(columns: columns, rows: rows))
    #expect(grid == GridSize(columns: fitColumns, rows: fitRows))
}

@Test func sixelHeightsAreWholeBands() {
    for height in 1...40 {
        for rows in 1...12 {
            let size = CellSize(width: 9, height: height)
                .sixelPixels(in: GridSize(columns: 3, rows: rows))
            #expect(size.width == 27)
            #expect(size.height <= rows * height && size.height > 0)
            #expect(size.height % 6 == 0 || rows * height < 6)
        }
    }
}

/// Entries 16-255 of xterm's palette, from its definition.
private func xtermColor(_ entry: UInt8) -> SIMD3<UInt8> {
    if entry >= 232 { return SIMD3(repeating: 8 + 10 * (entry - 232)) }
    let levels: [UInt8] = [0, 95, 135, 175, 215, 255]
    let cube = Int(entry) - 16
    return SIMD3(levels[cube / 36], levels[cube / 6 % 6], levels[cube % 6])
}

/// Every pattern of two colours in a cell comes out pixel for pixel, and no two look the same.
@Test(arguments: [(CellStyle.Glyphs.quadrants, 2), (.sextants, 3)])
func aCellShowsAnyPatternOfTwoColours(glyphs: CellStyle.Glyphs, rows: Int) {
    let (dark, light) = (SIMD3<UInt8>(30, 60, 90), SIMD3<UInt8>(250, 200, 10))
    var seen: Set<Unicode.Scalar> = []
    for pattern in 0..<1 << (2 * rows) {
        var image = RGBImage(width: 2, height: rows)
        for pixel in 0..<2 * rows {
            image[pixel % 2, pixel / 2] = pattern & 1 << pixel == 0 ? dark : light
        }
        let cell = CellPicture(
            image, size: GridSize(columns: 1, rows: 1), style: CellStyle(glyphs: glyphs))[0, 0]
        let last = pattern >> (2 * rows - 1) == 0 ? dark : light
        let isFlat = pattern == 0 || pattern == 1 << (2 * rows) - 1
        let ink = isFlat ? last : last == dark ? light : dark
        #expect(cell.background == .rgb(red: last.x, green: last.y, blue: last.z))
        #expect(cell.foreground == .rgb(red: ink.x, green: ink.y, blue: ink.z))
        #expect(cell.glyph == " " || cell.glyph.properties.generalCategory == .otherSymbol)
        seen.insert(cell.glyph)
    }
    // With either colour as ink, half of them are all there are.
    #expect(seen.count == 1 << (2 * rows - 1))
}

@Test func blocksOfSixHaveTheirPlacesInUnicode() {
    var mono = CellStyle(glyphs: .sextants, colors: .mono)
    mono.isOnLightBackground = false
    func glyph(_ bits: Int) -> Unicode.Scalar {
        var image = RGBImage(width: 2, height: 3)
        for pixel in 0..<6 where bits & 1 << pixel != 0 {
            image[pixel % 2, pixel / 2] = SIMD3(255, 255, 255)
        }
        return CellPicture(image, size: GridSize(columns: 1, rows: 1), style: mono)[0, 0].glyph
    }
    #expect(
        [0, 1, 20, 21, 22, 41, 42, 43, 62, 63].map(glyph)
            == [
                " ", "\u{1FB00}", "\u{1FB13}", "▌", "\u{1FB14}", "\u{1FB27}", "▐", "\u{1FB28}",
                "\u{1FB3B}", "█"
            ])
}
