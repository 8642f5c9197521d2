import Imaging

/// What a person painted over a picture: a bit for each pixel.
package struct PaintedMask: Hashable, Sendable {
    package let width: Int
    package let height: Int
    private var words: [UInt64]

    package init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
        words = [UInt64](repeating: 0, count: (self.width * self.height + 63) / 64)
    }

    package subscript(x: Int, y: Int) -> Bool {
        get {
            guard 0..<width ~= x, 0..<height ~= y else { return false }
            let at = y * width + x
            return words[at >> 6] >> UInt64(at & 63) & 1 == 1
        }
        set {
            guard 0..<width ~= x, 0..<height ~= y else { return }
            let at = y * width + x
            let bit = UInt64(1) << UInt64(at & 63)
            words[at >> 6] = newValue ? words[at >> 6] | bit : words[at >> 6] & ~bit
        }
    }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
    /// Pixels covered.
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    // MARK: Shapes

    /// A disc around a pixel.
    package mutating func stamp(x: Int, y: Int, radius: Int, _ isPainted: Bool) {
        let reach = max(0, radius)
        for row in y - reach...y + reach {
            for column in x - reach...x + reach {
                let (dx, dy) = (column - x, row - y)
                if dx * dx + dy * dy <= reach * reach { self[column, row] = isPainted }
            }
        }
    }

    /// Discs along a line.
    package mutating func stroke(
        from start: PixelPoint, to end: PixelPoint, radius: Int, _ isPainted: Bool
    ) {
        let length = max(abs(end.x - start.x), abs(end.y - start.y))
        let spacing = max(1, radius / 3)
        for at in stride(from: 0, through: length, by: spacing) {
            stamp(
                x: start.x + (end.x - start.x) * at / max(1, length),
                y: start.y + (end.y - start.y) * at / max(1, length), radius: radius, isPainted)
        }
        stamp(x: end.x, y: end.y, radius: radius, isPainted)
    }

    /// The box between two corners, or the ellipse in it.
    package mutating func fill(
        from start: PixelPoint, to end: PixelPoint, isEllipse: Bool, _ isPainted: Bool
    ) {
        let (left, right) = (max(0, min(start.x, end.x)), min(width - 1, max(start.x, end.x)))
        let (top, bottom) = (max(0, min(start.y, end.y)), min(height - 1, max(start.y, end.y)))
        guard left <= right, top <= bottom else { return }
        let (across, down) = (Double(right - left + 1) / 2, Double(bottom - top + 1) / 2)
        for y in top...bottom {
            for x in left...right {
                let dx = (Double(x - left) + 0.5 - across) / across
                let dy = (Double(y - top) + 0.5 - down) / down
                if !isEllipse || dx * dx + dy * dy <= 1 { self[x, y] = isPainted }
            }
        }
    }

    /// The inside of a closed line (even-odd rule).
    package mutating func fill(lasso points: [PixelPoint], _ isPainted: Bool) {
        guard points.count > 2 else { return }
        let top = max(0, points.map(\.y).min() ?? 0)
        let bottom = min(height - 1, points.map(\.y).max() ?? 0)
        guard top <= bottom else { return }
        for y in top...bottom {
            var crossings: [Double] = []
            for (index, a) in points.enumerated() {
                let b = points[(index + 1) % points.count]
                let row = Double(y) + 0.5
                guard (Double(a.y) <= row) != (Double(b.y) <= row) else { continue }
                let share = (row - Double(a.y)) / Double(b.y - a.y)
                crossings.append(Double(a.x) + share * Double(b.x - a.x))
            }
            crossings.sort()
            for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                let start = max(0, Int(crossings[pair].rounded(.up)))
                let end = min(width - 1, Int(crossings[pair + 1].rounded(.down)))
                guard start <= end else { continue }
                for x in start...end { self[x, y] = isPainted }
            }
        }
    }

    /// Everything that joins a pixel and differs from it by at most `tolerance` in each channel.
    package mutating func flood(
        from start: PixelPoint, in picture: RGBImage, tolerance: Int, _ isPainted: Bool
    ) {
        guard picture.width == width, picture.height == height, 0..<width ~= start.x,
            0..<height ~= start.y
        else { return }
        let wanted = SIMD3<Int>(truncatingIfNeeded: picture[start.x, start.y])
        var seen = [Bool](repeating: false, count: width * height)
        var open = [start]
        seen[start.y * width + start.x] = true
        while let point = open.popLast() {
            self[point.x, point.y] = isPainted
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let (x, y) = (point.x + dx, point.y + dy)
                guard 0..<width ~= x, 0..<height ~= y, !seen[y * width + x] else { continue }
                let found = SIMD3<Int>(truncatingIfNeeded: picture[x, y])
                let (low, high) = (found &- wanted, wanted &- found)
                guard max(low.max(), high.max()) <= tolerance else { continue }
                seen[y * width + x] = true
                open.append(PixelPoint(x: x, y: y))
            }
        }
    }

    // MARK: As a whole

    package mutating func invert() { self = PaintedMask(mask.inverted()) }
    package mutating func grow(by radius: Int) { self = PaintedMask(mask.grown(by: radius)) }
    package mutating func shrink(by radius: Int) { self = PaintedMask(mask.shrunk(by: radius)) }

    /// The token cells that it touches, and so many around them; itself for none.
    package func grown(byCells count: Int, of side: Int) -> PaintedMask {
        guard count > 0 else { return self }
        let gridWidth = (width + side - 1) / side
        let touched = tokens(cell: side)
        let cells = TokenMask(
            gridWidth: gridWidth, gridHeight: touched.count / gridWidth, isMasked: touched
        ).grown(by: count)
        var grown = PaintedMask(width: width, height: height)
        for (token, isMasked) in cells.isMasked.enumerated() where isMasked {
            let corner = PixelPoint(x: token % gridWidth * side, y: token / gridWidth * side)
            grown.fill(
                from: corner, to: PixelPoint(x: corner.x + side - 1, y: corner.y + side - 1),
                isEllipse: false, true)
        }
        return grown
    }

    /// Coverage 255 where painted.
    package var mask: Mask {
        var mask = Mask(width: width, height: height)
        for at in mask.coverage.indices where words[at >> 6] >> UInt64(at & 63) & 1 == 1 {
            mask.coverage[at] = 255
        }
        return mask
    }

    /// Painted where at least half is covered.
    package init(_ mask: Mask) {
        self.init(width: mask.width, height: mask.height)
        for (at, coverage) in mask.coverage.enumerated() where coverage >= 128 {
            words[at >> 6] |= UInt64(1) << UInt64(at & 63)
        }
    }

    /// For each token cell whether any of its pixels is painted.
    package func tokens(cell: Int) -> [Bool] {
        let gridWidth = (width + cell - 1) / cell
        var tokens = [Bool](repeating: false, count: gridWidth * ((height + cell - 1) / cell))
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                let at = index * 64 + rest.trailingZeroBitCount
                tokens[at / width / cell * gridWidth + at % width / cell] = true
                rest &= rest - 1
            }
        }
        return tokens
    }
}

/// A pixel of a picture.
package struct PixelPoint: Hashable, Sendable {
    package var x: Int
    package var y: Int

    package init(x: Int, y: Int) {
        self.x = x
        self.y = y
    }
}
