extension Mask {
    /// What was covered is not, and the other way round.
    public func inverted() -> Mask {
        Mask(width: width, height: height, coverage: coverage.map { 255 - $0 })
    }

    /// The mask of a picture that `RGBImage.filling` made another size.
    public func filling(width: Int, height: Int) -> Mask {
        let greys = RGBImage(
            width: self.width, height: self.height, pixels: coverage.flatMap { [$0, $0, $0] })
        return Mask(greys.filling(width: width, height: height))
    }

    /// What both masks cover.
    ///
    /// - Precondition: they have one size.
    public func intersection(_ other: Mask) -> Mask {
        precondition(width == other.width && height == other.height)
        return Mask(width: width, height: height, coverage: zip(coverage, other.coverage).map(min))
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
        // No picture is larger, and squares stay far from overflow.
        let radius = min(radius, 1 << 24)
        let distances = squaredDistances(beyond: radius)
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
    /// pixels; more than the square of `radius` where there is none.
    ///
    /// The exact algorithm of Meijster, Roerdink and Hesselink (2000): down and up the columns for
    /// the distance within a column, then along each row the lower envelope of the parabolas that
    /// stand on those distances. Its time does not depend on the distances.
    private func squaredDistances(beyond radius: Int) -> [Int] {
        let far = width + height + radius
        var result = [Int](repeating: far, count: width * height)
        for x in 0..<width {
            var last = far
            for y in 0..<height {
                last = coverage[y * width + x] >= 128 ? 0 : min(last + 1, far)
                result[y * width + x] = last
            }
            for y in (0..<height).reversed() {
                last = min(result[y * width + x], last + 1)
                result[y * width + x] = last
            }
        }
        // The columns whose parabolas form the envelope, and where each begins to.
        var vertices = [Int](repeating: 0, count: width)
        var starts = vertices
        for y in 0..<height {
            let down = Array(result[y * width..<(y + 1) * width])
            func height(at x: Int, of vertex: Int) -> Int {
                (x - vertex) * (x - vertex) + down[vertex] * down[vertex]
            }
            var top = 0
            vertices[0] = 0
            for x in 1..<max(width, 1) {
                while top >= 0,
                    height(at: starts[top], of: vertices[top]) > height(at: starts[top], of: x)
                {
                    top -= 1
                }
                guard top >= 0 else {
                    top = 0
                    vertices[0] = x
                    continue
                }
                let vertex = vertices[top]
                let rise = x * x - vertex * vertex + down[x] * down[x] - down[vertex] * down[vertex]
                let crossing = rise / (2 * (x - vertex)) + 1
                if crossing < width {
                    top += 1
                    vertices[top] = x
                    starts[top] = crossing
                }
            }
            for x in (0..<width).reversed() {
                result[y * width + x] = height(at: x, of: vertices[top])
                if x == starts[top], top > 0 { top -= 1 }
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
