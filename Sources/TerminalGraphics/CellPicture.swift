import Imaging

/// One terminal cell of a picture: a glyph, its colour, and the colour behind it.
public struct Cell: Hashable, Sendable {
    /// A character of width one.
    public var glyph: Unicode.Scalar
    /// The colour of the glyph's ink.
    public var foreground: CellColor
    /// The colour of the rest of the cell.
    public var background: CellColor

    /// A cell of these three parts.
    public init(glyph: Unicode.Scalar, foreground: CellColor, background: CellColor) {
        self.glyph = glyph
        self.foreground = foreground
        self.background = background
    }
}

/// How a picture becomes cells.
public struct CellStyle: Hashable, Sendable {
    /// What a cell is drawn with.
    public enum Glyphs: Hashable, Sendable {
        /// `▀`: two pixels a cell, one above the other.
        case halfBlocks
        /// `▚` and its like: two by two pixels a cell, in the two colours that fit them best.
        case quadrants
        /// Two by three pixels a cell, in two colours; Unicode 13's blocks of six.
        case sextants
        /// The ramp ` .:-=+*#%@`: one pixel a cell, for terminals without UTF-8.
        case ascii
    }

    /// What a cell is drawn with.
    public var glyphs: Glyphs
    /// How many colours the terminal has.
    public var colors: ColorDepth
    /// Whether the cells lie under a pixel picture: then no cell is blank and, in half blocks, no
    /// two neighbours are equal, so that curses finds no line worth erasing or repeating.
    public var isTwin: Bool
    /// Whether the terminal's own background is light, so that ink means dark where colours are few.
    public var isOnLightBackground: Bool

    /// A style of these four choices.
    public init(
        glyphs: Glyphs = .halfBlocks, colors: ColorDepth = .trueColor, isTwin: Bool = false,
        isOnLightBackground: Bool = false
    ) {
        self.glyphs = glyphs
        self.colors = colors
        self.isTwin = isTwin
        self.isOnLightBackground = isOnLightBackground
    }
}

/// A picture drawn with characters.
public struct CellPicture: Hashable, Sendable {
    /// Cells.
    public let size: GridSize
    /// `size.columns * size.rows` cells, rows from the top.
    public private(set) var cells: [Cell]

    /// `image` stretched over `size`: each pixel of a cell is the mean light of the area it covers.
    ///
    /// `CellSize.grid(showing:_:within:)` gives the size that keeps a picture's proportions.
    public init(_ image: RGBImage, size: GridSize, style: CellStyle = CellStyle()) {
        self.size = size
        switch style.glyphs {
        case .halfBlocks: cells = Self.halfBlocks(image, size, style)
        case .quadrants: cells = Self.blocks(image, size, style, rows: 2)
        case .sextants: cells = Self.blocks(image, size, style, rows: 3)
        case .ascii: cells = Self.ascii(image, size, style)
        }
    }

    /// The cell at a column of a row.
    public subscript(column: Int, row: Int) -> Cell {
        get { cells[row * size.columns + column] }
        set { cells[row * size.columns + column] = newValue }
    }
}

extension CellPicture {
    private static let upperHalf: Unicode.Scalar = "▀"
    private static let lowerHalf: Unicode.Scalar = "▄"
    static let fullBlock: Unicode.Scalar = "█"
    static let noBreakSpace: Unicode.Scalar = "\u{A0}"
    private static let ramp = Array(" .:-=+*#%@".unicodeScalars)

    private static func halfBlocks(
        _ image: RGBImage, _ size: GridSize, _ style: CellStyle
    ) -> [Cell] {
        let picture = image.resized(width: size.columns, height: 2 * size.rows)
        var cells: [Cell] = []
        cells.reserveCapacity(size.columns * size.rows)
        for row in 0..<size.rows {
            for column in 0..<size.columns {
                let cell =
                    style.colors == .mono
                    ? monoCell(picture, column, row, style)
                    : colorCell(picture, column, row, style)
                cells.append(cell)
            }
        }
        return cells
    }

    private static func colorCell(
        _ picture: RGBImage, _ column: Int, _ row: Int, _ style: CellStyle
    ) -> Cell {
        // In a twin every second cell is drawn upside down, so that equal colours differ as cells.
        let isUpsideDown = style.isTwin && (column + row) % 2 == 1
        let inkRow = 2 * row + (isUpsideDown ? 1 : 0)
        let groundRow = 2 * row + (isUpsideDown ? 0 : 1)
        return Cell(
            glyph: isUpsideDown ? lowerHalf : upperHalf,
            foreground: CellColor(
                picture[column, inkRow], depth: style.colors, ground: .foreground,
                x: column, y: inkRow),
            background: CellColor(
                picture[column, groundRow], depth: style.colors, ground: .background,
                x: column, y: groundRow))
    }

    private static func monoCell(
        _ picture: RGBImage, _ column: Int, _ row: Int, _ style: CellStyle
    ) -> Cell {
        let isInk = [2 * row, 2 * row + 1].map { y in
            let luminance = picture[column, y].luminance
            return (style.isOnLightBackground ? 1 - luminance : luminance)
                > BayerThreshold.at(column, y)
        }
        let glyph =
            switch (isInk[0], isInk[1]) {
            case (true, true): fullBlock
            case (true, false): upperHalf
            case (false, true): lowerHalf
            case (false, false): style.isTwin ? noBreakSpace : " "
            }
        return Cell(glyph: glyph, foreground: .standard, background: .standard)
    }

    private static func ascii(_ image: RGBImage, _ size: GridSize, _ style: CellStyle) -> [Cell] {
        let picture = image.resized(width: size.columns, height: size.rows)
        let glyphs = style.isTwin ? ramp.dropFirst() : ramp[...]
        return (0..<size.columns * size.rows).map { index in
            let x = index % size.columns
            let y = index / size.columns
            let color = picture[x, y]
            // Steps of the sRGB code look even to the eye; steps of light would crowd the shadows.
            let code = Float(LinearLight.byte(color.luminance)) / 255
            let ink = style.isOnLightBackground ? 1 - code : code
            let step = Int(ink * Float(glyphs.count - 1) + BayerThreshold.at(x, y))
            return Cell(
                glyph: glyphs[glyphs.startIndex + min(step, glyphs.count - 1)],
                foreground: CellColor(
                    style.isOnLightBackground ? color : color.brightest, depth: style.colors,
                    ground: .foreground, x: x, y: y),
                background: .standard)
        }
    }
}

extension SIMD3<UInt8> {
    /// Relative luminance of an sRGB colour (Rec. 709), 0...1.
    var luminance: Float {
        let light = LinearLight.ofByte
        return 0.2126 * light[Int(x)] + 0.7152 * light[Int(y)] + 0.0722 * light[Int(z)]
    }

    /// The same hue at full strength: the glyph's density already says how dark it is.
    fileprivate var brightest: SIMD3<UInt8> {
        let peak = Int(self.max())
        guard peak > 0 else { return SIMD3(repeating: 255) }
        return SIMD3(truncatingIfNeeded: SIMD3<Int>(truncatingIfNeeded: self) &* 255 / peak)
    }
}
