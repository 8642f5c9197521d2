extension RGBImage {
    /// Pictures in rows of `columns`, each with a line of text below it.
    ///
    /// - Returns: nil without pictures, or when the sheet would be too large.
    public static func captionedSheet(
        of pictures: [RGBImage], captions: [String], columns: Int
    ) -> RGBImage? {
        let tiles = zip(pictures, captions).map { picture, caption in
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

    /// Pictures row by row, with the columns' captions above and the rows' to the left.
    ///
    /// - Parameter title: a line over everything; none where it is empty.
    /// - Returns: nil without pictures, or when the sheet would be too large.
    public static func labelledSheet(
        of pictures: [RGBImage], columns: [String], rows: [String], title: String = ""
    ) -> RGBImage? {
        guard
            let sheet = contactSheet(
                of: pictures, columns: max(1, columns.count), background: SheetStyle.background),
            let cell = pictures.first
        else { return nil }
        let longest = rows.map(\.unicodeScalars.count).max() ?? 0
        let left = longest == 0 ? 0 : min(longest, 40) * PixelFont.width + 8
        let head = title.isEmpty ? 0 : SheetStyle.line
        let top = head + (columns.allSatisfy(\.isEmpty) ? 0 : SheetStyle.line)
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

    private init(width: Int, height: Int, background: SIMD3<UInt8>) {
        self.init(
            width: width, height: height, red: background.x, green: background.y,
            blue: background.z)
    }
}

private enum SheetStyle {
    static let background = SIMD3<UInt8>(24, 24, 28)
    static let text = SIMD3<UInt8>(224, 224, 232)
    /// Pixels that a line of text takes.
    static let line = PixelFont.height + 8
}

extension String {
    /// At most as long as so many pixels have room for.
    fileprivate func shortened(to pixels: Int) -> String {
        let room = max(0, pixels / PixelFont.width)
        guard unicodeScalars.count > room else { return self }
        return String(unicodeScalars.prefix(max(0, room - 2))) + ".."
    }
}
