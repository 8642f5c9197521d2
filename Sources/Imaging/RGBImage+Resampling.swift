extension RGBImage {
    /// Every pixel as a square of `factor` pixels. Rows are copied: previews are made at every step.
    public func enlarged(by factor: Int) -> RGBImage {
        guard factor > 1 else { return self }
        var enlarged: [UInt8] = []
        enlarged.reserveCapacity(pixels.count * factor * factor)
        for y in 0..<height {
            let start = enlarged.count
            for at in stride(from: 3 * y * width, to: 3 * (y + 1) * width, by: 3) {
                let (red, green, blue) = (pixels[at], pixels[at + 1], pixels[at + 2])
                for _ in 0..<factor {
                    enlarged.append(red)
                    enlarged.append(green)
                    enlarged.append(blue)
                }
            }
            let row = Array(enlarged[start...])
            for _ in 1..<factor { enlarged.append(contentsOf: row) }
        }
        return RGBImage(width: width * factor, height: height * factor, pixels: enlarged)
    }

    /// The picture at another size, each axis on its own: averaged over the area of each new pixel
    /// where it shrinks, by the Catmull-Rom cubic where it grows; in linear light.
    ///
    /// - Precondition: the new sides are positive.
    public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
        precondition(newWidth > 0 && newHeight > 0)
        if newWidth == width, newHeight == height { return self }
        let columns = ResamplingTaps(from: width, to: newWidth)
        let rows = ResamplingTaps(from: height, to: newHeight)

        // Rows first, so that a large picture never stands in memory as floats.
        var narrowed = [SIMD4<Float>](repeating: .zero, count: newWidth * height)
        var row = [SIMD4<Float>](repeating: .zero, count: width)
        narrowed.withUnsafeMutableBufferPointer { narrowed in
            for y in 0..<height {
                readLight(ofRow: y, into: &row)
                row.withUnsafeBufferPointer { row in
                    for x in 0..<newWidth {
                        narrowed[newWidth * y + x] = columns.sum(x) { row[$0] }
                    }
                }
            }
        }

        var result: [UInt8] = []
        result.reserveCapacity(3 * newWidth * newHeight)
        var sums = [SIMD4<Float>](repeating: .zero, count: newWidth)
        narrowed.withUnsafeBufferPointer { narrowed in
            for y in 0..<newHeight {
                for x in 0..<newWidth {
                    sums[x] = rows.sum(y) { narrowed[newWidth * $0 + x] }
                }
                LinearLight.append(sums, to: &result)
            }
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: result)
    }

    private func readLight(ofRow y: Int, into row: inout [SIMD4<Float>]) {
        LinearLight.ofByte.withUnsafeBufferPointer { light in
            pixels.withUnsafeBufferPointer { pixels in
                for x in 0..<width {
                    let at = 3 * (width * y + x)
                    row[x] = SIMD4(
                        light[Int(pixels[at])], light[Int(pixels[at + 1])],
                        light[Int(pixels[at + 2])], 0)
                }
            }
        }
    }

    /// The picture, made smaller where a side is longer than `side`.
    public func limited(toSide side: Int) -> RGBImage {
        let longest = max(width, height)
        guard longest > side else { return self }
        return resized(
            width: max(1, width * side / longest), height: max(1, height * side / longest))
    }

    /// The part of the picture in a rectangle.
    ///
    /// - Precondition: the rectangle is not empty and lies within the picture.
    public func cropped(to rectangle: PixelRectangle) -> RGBImage {
        precondition(rectangle.clipped(width: width, height: height) == rectangle)
        var result: [UInt8] = []
        result.reserveCapacity(3 * rectangle.width * rectangle.height)
        for y in rectangle.y..<rectangle.y + rectangle.height {
            let start = 3 * (y * width + rectangle.x)
            result += pixels[start..<start + 3 * rectangle.width]
        }
        return RGBImage(width: rectangle.width, height: rectangle.height, pixels: result)
    }

    /// The largest part around the middle whose sides are multiples of `side`; nil for a picture
    /// with a side below that.
    public func centreCropped(toMultipleOf side: Int) -> RGBImage? {
        let newWidth = width / side * side
        let newHeight = height / side * side
        guard newWidth > 0, newHeight > 0 else { return nil }
        return cropped(
            to: PixelRectangle(
                x: (width - newWidth) / 2, y: (height - newHeight) / 2, width: newWidth,
                height: newHeight))
    }

    /// The picture scaled and cut to the nearest size whose sides are multiples of `unit`.
    public func filling(toMultipleOf unit: Int) -> RGBImage {
        func nearest(_ side: Int) -> Int { max(unit, (side + unit / 2) / unit * unit) }
        return filling(width: nearest(width), height: nearest(height))
    }

    /// The picture scaled until it just covers a size, and the rest cut off on both sides alike.
    ///
    /// - Precondition: the new sides are positive.
    public func filling(width newWidth: Int, height newHeight: Int) -> RGBImage {
        precondition(newWidth > 0 && newHeight > 0)
        let scale = max(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
        let scaled = resized(
            width: max(newWidth, Int((Double(width) * scale).rounded())),
            height: max(newHeight, Int((Double(height) * scale).rounded())))
        return scaled.cropped(
            to: PixelRectangle(
                x: (scaled.width - newWidth) / 2, y: (scaled.height - newHeight) / 2,
                width: newWidth, height: newHeight))
    }
}

/// A rectangle of pixels.
public struct PixelRectangle: Hashable, Sendable {
    /// The left column.
    public var x: Int
    /// The top row.
    public var y: Int
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int

    /// A rectangle from its top left pixel and its size.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The part within a picture of this size; nil when that is empty.
    public func clipped(width pictureWidth: Int, height pictureHeight: Int) -> PixelRectangle? {
        guard width > 0, height > 0 else { return nil }
        let left = max(x, 0)
        let top = max(y, 0)
        let (right, isTooWide) = x.addingReportingOverflow(width)
        let (bottom, isTooHigh) = y.addingReportingOverflow(height)
        let newWidth = (isTooWide ? pictureWidth : min(right, pictureWidth)) - left
        let newHeight = (isTooHigh ? pictureHeight : min(bottom, pictureHeight)) - top
        guard left < pictureWidth, top < pictureHeight, newWidth > 0, newHeight > 0
        else { return nil }
        return PixelRectangle(x: left, y: top, width: newWidth, height: newHeight)
    }
}

/// The old pixels that make one new pixel along an axis, and their shares, which sum to 1.
private struct ResamplingTaps {
    /// For each new pixel the first old one, and where its weights are.
    private var starts: [(pixel: Int, weights: Range<Int>)] = []
    private var weights: [Float] = []

    init(from oldCount: Int, to newCount: Int) {
        for index in 0..<newCount {
            let (start, added) =
                newCount < oldCount
                ? Self.average(index, from: oldCount, to: newCount)
                : Self.cubic(index, from: oldCount, to: newCount)
            starts.append((start, weights.count..<weights.count + added.count))
            weights += added
        }
    }

    /// A new pixel from its old ones.
    @inline(__always)
    func sum(_ index: Int, of old: (Int) -> SIMD4<Float>) -> SIMD4<Float> {
        let (start, range) = starts[index]
        var sum = SIMD4<Float>.zero
        for at in range { sum += weights[at] * old(start + at - range.lowerBound) }
        return sum
    }

    /// Each old pixel by how much of the new one it covers.
    private static func average(
        _ index: Int, from oldCount: Int, to newCount: Int
    ) -> (start: Int, weights: [Float]) {
        let scale = Double(oldCount) / Double(newCount)
        let low = Double(index) * scale
        let high = min(low + scale, Double(oldCount))
        let start = Int(low)
        let end = max(start + 1, min(Int(high.rounded(.up)), oldCount))
        let overlaps = (start..<end).map { min(high, Double($0) + 1) - max(low, Double($0)) }
        let total = overlaps.reduce(0, +)
        return (start, overlaps.map { Float($0 / total) })
    }

    /// Catmull-Rom over the four nearest pixels; beyond the edge the edge pixel counts again.
    private static func cubic(
        _ index: Int, from oldCount: Int, to newCount: Int
    ) -> (start: Int, weights: [Float]) {
        let centre = (Double(index) + 0.5) * Double(oldCount) / Double(newCount) - 0.5
        let left = Int(centre.rounded(.down))
        let t = centre - Double(left)
        let factors = [
            ((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2,
            (t - 1) * t * t / 2
        ]
        let start = max(left - 1, 0)
        let end = min(left + 2, oldCount - 1)
        var weights = [Float](repeating: 0, count: end - start + 1)
        for (offset, factor) in factors.enumerated() {
            weights[(left - 1 + offset).clamped(to: start...end) - start] += Float(factor)
        }
        return (start, weights)
    }
}
