extension RGBImage {
    /// This picture where the mask covers, `original` where it does not, and a mix in linear light
    /// between. Where the coverage is 0 the result has exactly the original's bytes, where it is
    /// 255 exactly this picture's.
    ///
    /// - Precondition: pictures and mask have one size.
    public func composited(over original: RGBImage, mask: Mask) -> RGBImage {
        precondition(width == original.width && height == original.height)
        precondition(width == mask.width && height == mask.height)
        let light = LinearLight.ofByte
        var result = original
        for (index, coverage) in mask.coverage.enumerated() where coverage > 0 {
            for at in 3 * index..<3 * index + 3 {
                if coverage == 255 {
                    result.pixels[at] = pixels[at]
                } else if pixels[at] != original.pixels[at] {
                    let below = light[Int(original.pixels[at])]
                    let above = light[Int(pixels[at])]
                    let mixed = below + (above - below) * Float(coverage) / 255
                    result.pixels[at] = LinearLight.byte(mixed)
                }
            }
        }
        return result
    }

    /// Copies a picture onto this one with its top left pixel at `x`, `y`; what would lie outside
    /// is left out.
    public mutating func draw(_ picture: RGBImage, x: Int, y: Int) {
        let frame = PixelRectangle(x: x, y: y, width: picture.width, height: picture.height)
        guard let part = frame.clipped(width: width, height: height) else { return }
        for row in 0..<part.height {
            let source = 3 * ((part.y - y + row) * picture.width + part.x - x)
            let target = 3 * ((part.y + row) * width + part.x)
            pixels.replaceSubrange(
                target..<target + 3 * part.width,
                with: picture.pixels[source..<source + 3 * part.width])
        }
    }

    /// With the last column and row repeated until both sides are multiples of `unit`.
    public func padded(toMultipleOf unit: Int) -> RGBImage {
        var result = RGBImage(
            width: (width + unit - 1) / unit * unit, height: (height + unit - 1) / unit * unit)
        for y in 0..<result.height {
            for x in 0..<result.width {
                result[x, y] = self[min(x, width - 1), min(y, height - 1)]
            }
        }
        return result
    }

    /// Pictures in rows of `columns`, each in the middle of a cell as large as the largest of them,
    /// with `gap` pixels between and around the cells. One row of all makes a side by side.
    ///
    /// - Returns: nil without pictures or columns, or when the sheet would have more than 2^28
    ///   pixels.
    public static func contactSheet(
        of pictures: [RGBImage], columns: Int, gap: Int = 8,
        background: SIMD3<UInt8> = SIMD3(32, 32, 32)
    ) -> RGBImage? {
        guard let cellWidth = pictures.map(\.width).max(),
            let cellHeight = pictures.map(\.height).max(), columns > 0, 0...4096 ~= gap
        else { return nil }
        let columns = min(columns, pictures.count)
        let rows = (pictures.count + columns - 1) / columns
        let (width, isTooWide) = (cellWidth + gap).multipliedReportingOverflow(by: columns)
        let (height, isTooHigh) = (cellHeight + gap).multipliedReportingOverflow(by: rows)
        guard !isTooWide, !isTooHigh, width < 1 << 24, height < 1 << 24,
            (width + gap) * (height + gap) <= 1 << 28
        else { return nil }
        var sheet = RGBImage(
            width: width + gap, height: height + gap, red: background.x, green: background.y,
            blue: background.z)
        for (index, picture) in pictures.enumerated() {
            sheet.draw(
                picture,
                x: gap + (cellWidth + gap) * (index % columns) + (cellWidth - picture.width) / 2,
                y: gap + (cellHeight + gap) * (index / columns) + (cellHeight - picture.height) / 2)
        }
        return sheet
    }
}
