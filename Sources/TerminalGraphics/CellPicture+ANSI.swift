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
            let takesInk = cell.foreground != foreground
            let takesGround = cell.background != background
            if takesInk || takesGround {
                bytes += [0x1B, UInt8(ascii: "[")]
                if takesInk { cell.foreground.appendSGR(base: 30, to: &bytes) }
                if takesInk && takesGround { bytes.append(UInt8(ascii: ";")) }
                if takesGround { cell.background.appendSGR(base: 40, to: &bytes) }
                bytes.append(UInt8(ascii: "m"))
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
    fileprivate func appendSGR(base: Int, to bytes: inout [UInt8]) {
        switch self {
        case .standard: bytes.append(decimal: base + 9)
        case .indexed(let entry) where entry < 8: bytes.append(decimal: base + Int(entry))
        case .indexed(let entry) where entry < 16: bytes.append(decimal: base + 52 + Int(entry))
        case .indexed(let entry):
            bytes.append(decimal: base + 8)
            bytes += [UInt8(ascii: ";"), UInt8(ascii: "5"), UInt8(ascii: ";")]
            bytes.append(decimal: Int(entry))
        case .rgb(let red, let green, let blue):
            bytes.append(decimal: base + 8)
            bytes += [UInt8(ascii: ";"), UInt8(ascii: "2")]
            for channel in [red, green, blue] {
                bytes.append(UInt8(ascii: ";"))
                bytes.append(decimal: Int(channel))
            }
        }
    }
}
