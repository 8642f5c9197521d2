extension Mask {
    /// What was covered is not, and the other way round.
    public func inverted() -> Mask {
        Mask(width: width, height: height, coverage: coverage.map { 255 - $0 })
    }

    /// Every pixel takes the highest coverage within a square of `radius` pixels around it.
    public func grown(by radius: Int) -> Mask {
        guard radius > 0 else { return self }
        var result = coverage
        for y in 0..<height {
            result.slideMaximum(from: y * width, count: width, stride: 1, radius: radius)
        }
        for x in 0..<width {
            result.slideMaximum(from: x, count: height, stride: width, radius: radius)
        }
        return Mask(width: width, height: height, coverage: result)
    }

    /// Every pixel takes the lowest coverage within a square of `radius` pixels around it; the
    /// outside of the picture does not count.
    public func shrunk(by radius: Int) -> Mask {
        inverted().grown(by: radius).inverted()
    }

    /// Lets coverage fade out over `radius` pixels outside the mask, straight with the distance.
    ///
    /// Pixels that are covered stay as they are, and pixels farther than `radius` from all pixels
    /// of at least half coverage stay exactly 0, so a composite is byte-exact there.
    public func feathered(by radius: Int) -> Mask {
        guard radius > 0 else { return self }
        let distances = squaredDistances(limit: radius)
        var result = self
        for index in result.coverage.indices {
            let distance = Double(distances[index]).squareRoot()
            guard distance <= Double(radius) else { continue }
            let ramp = 255 * (1 - distance / Double(radius + 1))
            result.coverage[index] = max(coverage[index], UInt8(ramp.rounded()))
        }
        return result
    }

    /// For each pixel the squared distance to the nearest pixel of at least half coverage, in
    /// pixels; some larger number where that is farther than `limit`.
    ///
    /// Meijster's two passes: down the columns for the distance within a column, then along the
    /// rows for the least sum of squares, here searched only up to `limit` columns away.
    private func squaredDistances(limit: Int) -> [Int] {
        let far = limit + 1
        var within = [Int](repeating: far, count: width * height)
        for x in 0..<width {
            var last = far
            for y in 0..<height {
                last = coverage[y * width + x] >= 128 ? 0 : min(last + 1, far)
                within[y * width + x] = last
            }
            for y in (0..<height).reversed() {
                last = min(within[y * width + x], last + 1)
                within[y * width + x] = last
            }
        }
        var result = [Int](repeating: far * far, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                var best = far * far
                var reach = 0
                while reach <= limit, reach * reach < best {
                    if x - reach >= 0 {
                        let down = within[y * width + x - reach]
                        if down < far { best = min(best, down * down + reach * reach) }
                    }
                    if x + reach < width {
                        let down = within[y * width + x + reach]
                        if down < far { best = min(best, down * down + reach * reach) }
                    }
                    reach += 1
                }
                result[y * width + x] = best
            }
        }
        return result
    }
}

extension [UInt8] {
    /// Replaces every `stride`-th byte by the maximum of those up to `radius` places away, in one
    /// pass over a queue of falling candidates.
    fileprivate mutating func slideMaximum(
        from start: Int, count: Int, stride: Int, radius: Int
    ) {
        let old = (0..<count).map { self[start + $0 * stride] }
        var candidates: [Int] = []
        var first = 0
        var next = 0
        for place in 0..<count {
            while next < count, next <= place + radius {
                while candidates.count > first, let last = candidates.last, old[last] <= old[next] {
                    candidates.removeLast()
                }
                candidates.append(next)
                next += 1
            }
            while candidates[first] < place - radius { first += 1 }
            self[start + place * stride] = old[candidates[first]]
        }
    }
}
