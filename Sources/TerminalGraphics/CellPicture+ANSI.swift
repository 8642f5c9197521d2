extension CellPicture {
    /// The whole picture as lines for a terminal in its usual mode, cut to `maximumColumns`.
    ///
    /// Every line resets its colours before its line feed, so that nothing leaks past the picture.
    public func ansi(maximumColumns: Int = .max) -> [UInt8] {
        (0..<size.rows).flatMap { row in
            ansiRow(row, maximumColumns: maximumColumns) + [UInt8(ascii: "\n")]
        }
    }

    /// One row, with colours reset at its end and no line feed, cut to `maximumColumns`.
    ///
    /// A colour is named only where it changes.
    public func ansiRow(_ row: Int, maximumColumns: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        var foreground = CellColor.standard
        var background = CellColor.standard
        var isPlain = true
        let start = row * size.columns
        for cell in cells[start..<start + min(size.columns, max(0, maximumColumns))] {
            var codes: [String] = []
            if cell.foreground != foreground { codes.append(cell.foreground.sgr(base: 30)) }
            if cell.background != background { codes.append(cell.background.sgr(base: 40)) }
            if !codes.isEmpty {
                bytes += "\u{1B}[\(codes.joined(separator: ";"))m".utf8
                isPlain = false
            }
            foreground = cell.foreground
            background = cell.background
            bytes += cell.glyph.utf8
        }
        if !isPlain { bytes += "\u{1B}[0m".utf8 }
        return bytes
    }
}

extension CellColor {
    /// The SGR parameters that choose this colour; `base` is 30 for ink and 40 for the ground.
    fileprivate func sgr(base: Int) -> String {
        switch self {
        case .standard: "\(base + 9)"
        case .indexed(let entry) where entry < 8: "\(base + Int(entry))"
        case .indexed(let entry) where entry < 16: "\(base + 60 + Int(entry) - 8)"
        case .indexed(let entry): "\(base + 8);5;\(entry)"
        case .rgb(let red, let green, let blue): "\(base + 8);2;\(red);\(green);\(blue)"
        }
    }
}
