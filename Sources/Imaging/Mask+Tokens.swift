extension Mask {
    /// A mask of the pixels in a rectangle; nil when it lies outside the picture.
    public init?(width: Int, height: Int, rectangle: PixelRectangle) {
        guard let part = rectangle.clipped(width: width, height: height) else { return nil }
        self.init(width: width, height: height)
        for y in part.y..<part.y + part.height {
            for x in part.x..<part.x + part.width { coverage[y * width + x] = 255 }
        }
    }

    /// A mask of all pixels of the masked tokens, `side` pixels a side each.
    public init(_ tokens: TokenMask, cell side: Int) {
        let width = tokens.gridWidth * side
        self.init(width: width, height: tokens.gridHeight * side)
        for y in 0..<height {
            for x in 0..<width where tokens.isMasked[y / side * tokens.gridWidth + x / side] {
                coverage[y * width + x] = 255
            }
        }
    }

    /// A mask from a picture, by its BT.601 luma: white is repainted, black kept.
    public init(_ picture: RGBImage) {
        let bytes = picture.pixels
        self.init(
            width: picture.width, height: picture.height,
            coverage: stride(from: 0, to: bytes.count, by: 3).map { at in
                let sum = 299 * Int(bytes[at]) + 587 * Int(bytes[at + 1]) + 114 * Int(bytes[at + 2])
                return UInt8((sum + 500) / 1000)
            })
    }

    /// The tokens, `side` pixels a side each, of which a pixel is repainted. Those at the right and
    /// lower edge may be cut off by the picture.
    public func tokenCells(of side: Int) -> TokenMask {
        let gridWidth = (width + side - 1) / side
        let gridHeight = (height + side - 1) / side
        var isMasked = [Bool](repeating: false, count: gridWidth * gridHeight)
        for y in 0..<height {
            for x in 0..<width where coverage[y * width + x] > 0 {
                isMasked[y / side * gridWidth + x / side] = true
            }
        }
        return TokenMask(gridWidth: gridWidth, gridHeight: gridHeight, isMasked: isMasked)
    }
}

extension TokenMask {
    /// Masks all tokens within a square of `radius` tokens around a masked one.
    public func grown(by radius: Int) -> TokenMask {
        let cells = Mask(
            width: gridWidth, height: gridHeight, coverage: isMasked.map { $0 ? 255 : 0 })
        return TokenMask(
            gridWidth: gridWidth, gridHeight: gridHeight,
            isMasked: cells.grown(by: radius).coverage.map { $0 > 0 })
    }

    /// The smallest rectangle of tokens that holds all masked ones, in tokens; nil without any.
    public var bounds: PixelRectangle? {
        let masked = isMasked.indices.filter { isMasked[$0] }
        let columns = masked.map { $0 % gridWidth }
        guard let left = columns.min(), let right = columns.max(), let first = masked.first,
            let last = masked.last
        else { return nil }
        let top = first / gridWidth
        return PixelRectangle(
            x: left, y: top, width: right - left + 1, height: last / gridWidth - top + 1)
    }
}
