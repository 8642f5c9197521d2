import Imaging

/// Cells of two by two or two by three pixels, of which each takes one of two colours.
extension CellPicture {
    /// - Parameter rows: pixels of a cell from top to bottom, 2 or 3.
    static func blocks(
        _ image: RGBImage, _ size: GridSize, _ style: CellStyle, rows: Int
    ) -> [Cell] {
        let picture = image.resized(width: 2 * size.columns, height: rows * size.rows)
        let glyphs = rows == 2 ? quadrants : sextants
        return (0..<size.columns * size.rows).map { index in
            let (column, row) = (index % size.columns, index / size.columns)
            let places = (0..<2 * rows).map { (x: 2 * column + $0 % 2, y: rows * row + $0 / 2) }
            let pixels = places.map { picture[$0.x, $0.y] }
            if style.colors == .mono {
                let inked = pixels.indices.filter { place in
                    let luminance = pixels[place].luminance
                    return (style.isOnLightBackground ? 1 - luminance : luminance)
                        > BayerThreshold.at(places[place].x, places[place].y)
                }
                return cell(
                    glyphs[inked.reduce(0) { $0 | 1 << $1 }], .standard, .standard, style)
            }
            let split = bestSplit(pixels.map { SIMD3<Float>($0) })
            return cell(
                glyphs[split.ink],
                CellColor(
                    split.inkColor, depth: style.colors, ground: .foreground, x: column, y: row),
                CellColor(
                    split.groundColor, depth: style.colors, ground: .background, x: column, y: row),
                style)
        }
    }

    private static func cell(
        _ glyph: Unicode.Scalar, _ foreground: CellColor, _ background: CellColor,
        _ style: CellStyle
    ) -> Cell {
        let isBlank = glyph == " " && style.isTwin
        return Cell(
            glyph: isBlank ? noBreakSpace : glyph, foreground: foreground, background: background)
    }

    /// The two colours with the least squared error, and which pixels are ink, a bit each. The last
    /// pixel is ground: the other half of all splits is the same with the colours changed about.
    private static func bestSplit(_ pixels: [SIMD3<Float>]) -> (
        ink: Int, inkColor: SIMD3<UInt8>, groundColor: SIMD3<UInt8>
    ) {
        let whole = pixels.reduce(SIMD3<Float>()) { $0 + $1 }
        var best = (ink: 0, gain: -Float.infinity, sum: SIMD3<Float>())
        for ink in 0..<1 << (pixels.count - 1) {
            var sum = SIMD3<Float>()
            for place in pixels.indices where ink & 1 << place != 0 { sum += pixels[place] }
            let count = Float(ink.nonzeroBitCount)
            let rest = whole - sum
            // What two means take off the sum of squares.
            let gain =
                (count > 0 ? (sum * sum).sum() / count : 0)
                + (rest * rest).sum() / (Float(pixels.count) - count)
            if gain > best.gain { best = (ink, gain, sum) }
        }
        let count = Float(best.ink.nonzeroBitCount)
        let ground = (whole - best.sum) / (Float(pixels.count) - count)
        let ink = count > 0 ? best.sum / count : ground
        return (
            best.ink, SIMD3<UInt8>(ink, rounding: .toNearestOrEven),
            SIMD3<UInt8>(ground, rounding: .toNearestOrEven)
        )
    }

    /// By their pixels, a bit each from the top left, row by row.
    private static let quadrants = Array(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█".unicodeScalars)

    /// The same of six. Those that Unicode had before are left out of its row of them.
    private static let sextants: [Unicode.Scalar] = (0..<64).map { bits in
        switch bits {
        case 0: " "
        case 0b010101: "▌"
        case 0b101010: "▐"
        case 63: fullBlock
        default:
            Unicode.Scalar(
                UInt32(0x1FB00 + bits - 1 - (bits > 0b010101 ? 1 : 0) - (bits > 0b101010 ? 1 : 0)))
                ?? fullBlock
        }
    }
}
