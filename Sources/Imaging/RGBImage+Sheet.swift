extension RGBImage {
    /// By what whole number pictures of a size are made smaller on a sheet, so that the sheet can be
    /// read again (`PNGLimits`); nil where they would be smaller than a sixteenth.
    ///
    /// - Parameters:
    ///   - left: pixels beside all columns.
    ///   - top: pixels above all rows.
    ///   - line: pixels of text under each picture.
    public static func sheetDivisor(
        width: Int, height: Int, columns: Int, rows: Int, left: Int = SheetStyle.widestLeft,
        top: Int = 2 * SheetStyle.line, line: Int = 0
    ) -> Int? {
        (1...16).first { divisor in
            let (sheetWidth, isTooWide) = (width / divisor + SheetStyle.gap)
                .multipliedReportingOverflow(by: columns)
            let (sheetHeight, isTooHigh) = (height / divisor + line + SheetStyle.gap)
                .multipliedReportingOverflow(by: rows)
            let (all, tall) = (
                sheetWidth + SheetStyle.gap + left, sheetHeight + SheetStyle.gap + top
            )
            return !isTooWide && !isTooHigh && max(all, tall) <= PNGLimits.side
                && all * tall <= PNGLimits.pixels && min(width, height) >= divisor
        }
    }

    private func divided(by divisor: Int) -> RGBImage {
        divisor == 1 ? self : resized(width: width / divisor, height: height / divisor)
    }

    /// Pictures in rows of `columns`, each with a line of text below it; smaller where the sheet
    /// would be too large.
    ///
    /// - Returns: nil without pictures, or when they would be too small.
    public static func captionedSheet(
        of pictures: [RGBImage], captions: [String], columns: Int
    ) -> RGBImage? {
        guard columns > 0, let width = pictures.map(\.width).max(),
            let height = pictures.map(\.height).max(),
            let divisor = sheetDivisor(
                width: width, height: height, columns: min(columns, pictures.count),
                rows: (pictures.count + columns - 1) / columns, left: 0, top: 0,
                line: SheetStyle.line)
        else { return nil }
        let tiles = zip(pictures, captions).map { picture, caption in
            let picture = picture.divided(by: divisor)
            var tile = RGBImage(
                width: picture.width, height: picture.height + SheetStyle.line,
                background: SheetStyle.background)
            tile.draw(picture, x: 0, y: 0)
            tile.write(
                caption.shortened(to: picture.width), x: 0, y: picture.height + 5,
                color: SheetStyle.text)
            return tile
        }
        return contactSheet(of: tiles, columns: columns, background: SheetStyle.background)
    }

    /// Pictures row by row, with the columns' captions above and the rows' to the left; smaller where
    /// the sheet would be too large.
    ///
    /// - Parameter title: a line over everything; none where it is empty.
    /// - Returns: nil without pictures, or when they would be too small.
    public static func labelledSheet(
        of pictures: [RGBImage], columns: [String], rows: [String], title: String = ""
    ) -> RGBImage? {
        let count = max(1, columns.count)
        guard let first = pictures.first,
            let divisor = sheetDivisor(
                width: first.width, height: first.height, columns: count,
                rows: (pictures.count + count - 1) / count),
            let sheet = contactSheet(
                of: pictures.map { $0.divided(by: divisor) }, columns: count, gap: SheetStyle.gap,
                background: SheetStyle.background)
        else { return nil }
        let cell = (width: first.width / divisor, height: first.height / divisor)
        let (left, head, top) = labelRoom(columns: columns, rows: rows, title: title)
        var result = RGBImage(
            width: sheet.width + left, height: sheet.height + top,
            background: SheetStyle.background)
        result.draw(sheet, x: left, y: top)
        result.write(title.shortened(to: result.width - 16), x: 8, y: 6, color: SheetStyle.text)
        for (index, caption) in columns.enumerated() {
            let text = caption.shortened(to: cell.width)
            result.write(
                text,
                x: left + 8 + index * (cell.width + 8)
                    + (cell.width - text.unicodeScalars.count * PixelFont.width) / 2,
                y: head + 6, color: SheetStyle.text)
        }
        for (index, caption) in rows.enumerated() {
            result.write(
                caption.shortened(to: left - 8), x: 8,
                y: top + 8 + index * (cell.height + 8) + (cell.height - PixelFont.height) / 2,
                color: SheetStyle.text)
        }
        return result
    }

    /// The size of a labelled sheet of pictures that have all one size.
    ///
    /// - Returns: nil when they would be too small.
    public static func labelledSize(
        width: Int, height: Int, columns: [String], rows: [String], title: String = ""
    ) -> (width: Int, height: Int)? {
        guard
            let divisor = sheetDivisor(
                width: width, height: height, columns: columns.count, rows: rows.count)
        else { return nil }
        let (left, _, top) = labelRoom(columns: columns, rows: rows, title: title)
        let gap = SheetStyle.gap
        return (
            (width / divisor + gap) * columns.count + gap + left,
            (height / divisor + gap) * rows.count + gap + top
        )
    }

    /// Pixels beside a labelled sheet's pictures, of its title, and above its pictures in all.
    private static func labelRoom(
        columns: [String], rows: [String], title: String
    ) -> (left: Int, head: Int, top: Int) {
        let longest = rows.map(\.unicodeScalars.count).max() ?? 0
        let left = min(longest * PixelFont.width + SheetStyle.gap, SheetStyle.widestLeft)
        let head = title.isEmpty ? 0 : SheetStyle.line
        let top = head + (columns.allSatisfy(\.isEmpty) ? 0 : SheetStyle.line)
        return (longest == 0 ? 0 : left, head, top)
    }

    private init(width: Int, height: Int, background: SIMD3<UInt8>) {
        self.init(
            width: width, height: height, red: background.x, green: background.y,
            blue: background.z)
    }
}

/// What sheets look like.
public enum SheetStyle {
    static let background = SIMD3<UInt8>(24, 24, 28)
    static let text = SIMD3<UInt8>(224, 224, 232)
    /// Pixels between pictures and around them.
    static let gap = 8
    /// Pixels that a line of text takes.
    public static let line = PixelFont.height + 8
    /// Pixels that the rows' captions take at most.
    public static let widestLeft = 40 * PixelFont.width + gap
}

extension String {
    /// At most as long as so many pixels have room for.
    fileprivate func shortened(to pixels: Int) -> String {
        let room = max(0, pixels / PixelFont.width)
        guard unicodeScalars.count > room else { return self }
        return String(unicodeScalars.prefix(max(0, room - 2))) + ".."
    }
}
