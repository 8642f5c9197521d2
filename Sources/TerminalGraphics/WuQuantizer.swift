// Method: Xiaolin Wu, "Efficient Statistical Computations for Optimal Color Quantization",
// Graphics Gems II, 1991.

/// Cuts the colours of a picture into boxes, always where that lowers the squared error most.
struct WuQuantizer {
    /// One more than the bins along a channel: index 0 is the empty sum.
    private static let side = ColorHistogram.side + 1

    /// Sums over all bins below and including an index in every channel: red, green, blue, count.
    /// They may wrap around; only differences are used, and those are exact.
    private var sums: [SIMD4<UInt32>]
    /// Likewise, of the squared length of each bin's mean times its count.
    private var squares: [Double]

    init(_ histogram: ColorHistogram) {
        let side = Self.side
        sums = [SIMD4<UInt32>](repeating: .zero, count: side * side * side)
        squares = [Double](repeating: 0, count: side * side * side)
        var plane = [SIMD4<UInt32>](repeating: .zero, count: side)
        var squarePlane = [Double](repeating: 0, count: side)
        for red in 1..<side {
            for index in 0..<side {
                plane[index] = .zero
                squarePlane[index] = 0
            }
            for green in 1..<side {
                var line = SIMD4<UInt32>.zero
                var squareLine = 0.0
                for blue in 1..<side {
                    let sum = histogram.sums[(red - 1) << 10 | (green - 1) << 5 | (blue - 1)]
                    if sum.w > 0 {
                        line &+= sum
                        squareLine += Self.squaredLength(sum) / Double(sum.w)
                    }
                    plane[blue] &+= line
                    squarePlane[blue] += squareLine
                    let at = Self.index(red, green, blue)
                    sums[at] = sums[at - side * side] &+ plane[blue]
                    squares[at] = squares[at - side * side] + squarePlane[blue]
                }
            }
        }
    }

    /// The mean colours of at most `count` boxes, as sRGB bytes with fractions.
    func colors(_ count: Int) -> [SIMD3<Float>] {
        var boxes = [Box.everything]
        var errors = [squaredError(Box.everything)]
        while boxes.count < count {
            guard let worst = errors.indices.max(by: { errors[$0] < errors[$1] }),
                errors[worst] > 0
            else { break }
            guard let (lower, upper) = cut(boxes[worst]) else {
                errors[worst] = 0
                continue
            }
            boxes[worst] = lower
            errors[worst] = squaredError(lower)
            boxes.append(upper)
            errors.append(squaredError(upper))
        }
        return boxes.compactMap { box in
            let sum = self.sum(box)
            guard sum.w > 0 else { return nil }
            return SIMD3(Float(sum.x), Float(sum.y), Float(sum.z)) / Float(sum.w)
        }
    }
}

/// Bins `low + 1 ... high` of every channel, in the indices of the summed table.
private struct Box {
    var low: SIMD3<Int>
    var high: SIMD3<Int>

    static let everything = Box(low: .zero, high: SIMD3(repeating: ColorHistogram.side))
}

extension WuQuantizer {
    private static func index(_ red: Int, _ green: Int, _ blue: Int) -> Int {
        (red * side + green) * side + blue
    }

    private static func squaredLength(_ sum: SIMD4<UInt32>) -> Double {
        let color = SIMD3(Double(sum.x), Double(sum.y), Double(sum.z))
        return (color * color).sum()
    }

    private func sum(_ box: Box) -> SIMD4<UInt32> {
        face(box, axis: 0, at: box.high.x) &- face(box, axis: 0, at: box.low.x)
    }

    /// The sum over a box that starts at 0 along `axis` and ends at `end` there.
    private func face(_ box: Box, axis: Int, at end: Int) -> SIMD4<UInt32> {
        let (near, far) = ((axis + 1) % 3, (axis + 2) % 3)
        let strides = SIMD3(Self.side * Self.side, Self.side, 1)
        let base = end * strides[axis]
        let (lowNear, highNear) = (box.low[near] * strides[near], box.high[near] * strides[near])
        let (lowFar, highFar) = (box.low[far] * strides[far], box.high[far] * strides[far])
        return sums[base + highNear + highFar] &- sums[base + highNear + lowFar]
            &- sums[base + lowNear + highFar] &+ sums[base + lowNear + lowFar]
    }

    private func squareSum(_ box: Box) -> Double {
        let (low, high) = (box.low, box.high)
        func face(_ red: Int) -> Double {
            squares[Self.index(red, high.y, high.z)] - squares[Self.index(red, high.y, low.z)]
                - squares[Self.index(red, low.y, high.z)] + squares[Self.index(red, low.y, low.z)]
        }
        return face(high.x) - face(low.x)
    }

    /// The squared distances of the bins in a box to its mean; 0 for a box that cannot be cut.
    private func squaredError(_ box: Box) -> Double {
        let sum = self.sum(box)
        guard sum.w > 0, box.high &- box.low != SIMD3(repeating: 1) else { return 0 }
        return squareSum(box) - Self.squaredLength(sum) / Double(sum.w)
    }

    /// The two halves with the least squared error, or nothing when only one bin holds pixels.
    private func cut(_ box: Box) -> (Box, Box)? {
        let whole = sum(box)
        var best = -1.0
        var bestAxis = 0
        var bestPosition = 0
        for axis in 0..<3 {
            let start = face(box, axis: axis, at: box.low[axis])
            for position in box.low[axis] + 1..<max(box.high[axis], box.low[axis] + 1) {
                let lower = face(box, axis: axis, at: position) &- start
                guard lower.w > 0 else { continue }
                let upper = whole &- lower
                guard upper.w > 0 else { break }
                let score =
                    Self.squaredLength(lower) / Double(lower.w)
                    + Self.squaredLength(upper) / Double(upper.w)
                if score > best {
                    best = score
                    bestAxis = axis
                    bestPosition = position
                }
            }
        }
        guard best >= 0 else { return nil }
        var (lower, upper) = (box, box)
        lower.high[bestAxis] = bestPosition
        upper.low[bestAxis] = bestPosition
        return (lower, upper)
    }
}
