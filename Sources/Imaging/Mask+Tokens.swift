extension Mask {
    /// A mask of the pixels in a rectangle; nil when it lies outside the picture.
    public init?(width: Int, height: Int, rectangle: PixelRectangle) {
        guard let part = rectangle.clipped(width: width, height: height) else { return nil }
        self.init(width: width, height: height)
        for y in part.y..<part.y + part.height {
            for x in part.x..<part.x + part.width { coverage[y * width + x] = 255 }
        }
    }

    /// A mask of all pixels of the masked tokens, each of `tokenSide` x `tokenSide` pixels.
    public init(_ tokens: TokenMask, tokenSide: Int) {
        let width = tokens.gridWidth * tokenSide
        self.init(width: width, height: tokens.gridHeight * tokenSide)
        for y in 0..<height {
            for x in 0..<width
            where tokens.isMasked[y / tokenSide * tokens.gridWidth + x / tokenSide] {
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

    /// The tokens, each of `tokenSide` x `tokenSide` pixels, of which a pixel is repainted. Those at
    /// the right and lower edge may be cut off by the picture.
    public func tokens(tokenSide: Int) -> TokenMask {
        let gridWidth = (width + tokenSide - 1) / tokenSide
        let gridHeight = (height + tokenSide - 1) / tokenSide
        var isMasked = [Bool](repeating: false, count: gridWidth * gridHeight)
        for y in 0..<height {
            for x in 0..<width where coverage[y * width + x] > 0 {
                isMasked[y / tokenSide * gridWidth + x / tokenSide] = true
            }
        }
        return TokenMask(gridWidth: gridWidth, gridHeight: gridHeight, isMasked: isMasked)
    }
}

extension TokenMask {
    /// Masks all tokens within a square of `radius` tokens around a masked one.
    public func grown(by radius: Int) -> TokenMask {
        let mask = Mask(self, tokenSide: 1)
        return TokenMask(
            gridWidth: gridWidth, gridHeight: gridHeight,
            isMasked: mask.grown(by: radius).coverage.map { $0 > 0 })
    }

    /// The smallest rectangle that holds all masked tokens; nil without any.
    public var bounds: TokenRectangle? {
        let masked = isMasked.indices.filter { isMasked[$0] }
        let columns = masked.map { $0 % gridWidth }
        guard let left = columns.min(), let right = columns.max(), let first = masked.first,
            let last = masked.last
        else { return nil }
        let top = first / gridWidth
        return TokenRectangle(
            x: left, y: top, width: right - left + 1, height: last / gridWidth - top + 1)
    }
}
