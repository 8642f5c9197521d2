import Imaging

/// A picture in linear light: red, green, blue in lanes 0, 1, 2, each in 0...1; lane 3 is unused.
struct LinearPicture {
    let width: Int
    let height: Int
    /// `width * height` pixels, rows from the top.
    var pixels: [SIMD4<Float>]

    /// `image` at another size: each pixel is the mean light of the source area it covers.
    ///
    /// Enlarging by this rule keeps hard edges, which is what a picture of tokens wants.
    ///
    /// - Precondition: `width` and `height` are at least 1.
    init(areaAveraging image: RGBImage, width: Int, height: Int) {
        self.width = width
        self.height = height
        let columns = Coverage.all(from: image.width, to: width)
        let rows = Coverage.all(from: image.height, to: height)
        let light = LinearLight.ofByte
        pixels = [SIMD4<Float>](repeating: .zero, count: width * height)
        var averaged = [SIMD4<Float>](repeating: .zero, count: width)
        var averagedRow = -1
        for (y, coverage) in rows.enumerated() {
            for (offset, rowWeight) in coverage.weights.enumerated() {
                let sourceRow = coverage.first + offset
                // Neighbouring rows share at most their edge row, so one averaged row is enough.
                if sourceRow != averagedRow {
                    averagedRow = sourceRow
                    let start = 3 * sourceRow * image.width
                    for (x, column) in columns.enumerated() {
                        var at = start + 3 * column.first
                        var sum = SIMD4<Float>.zero
                        for weight in column.weights {
                            let pixel = SIMD4(
                                light[Int(image.pixels[at])], light[Int(image.pixels[at + 1])],
                                light[Int(image.pixels[at + 2])], 0)
                            sum += weight * pixel
                            at += 3
                        }
                        averaged[x] = sum
                    }
                }
                for x in 0..<width { pixels[y * width + x] += rowWeight * averaged[x] }
            }
        }
    }

    subscript(x: Int, y: Int) -> SIMD4<Float> { pixels[y * width + x] }
}

extension RGBImage {
    /// This picture at another size, averaged by area in linear light.
    func areaAveraged(width: Int, height: Int) -> RGBImage {
        if width == self.width && height == self.height { return self }
        let linear = LinearPicture(areaAveraging: self, width: width, height: height)
        var pixels = [UInt8]()
        pixels.reserveCapacity(3 * width * height)
        for light in linear.pixels {
            pixels.append(LinearLight.byte(light.x))
            pixels.append(LinearLight.byte(light.y))
            pixels.append(LinearLight.byte(light.z))
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }
}

/// The source positions under one target position, and the share of it that each one covers.
private struct Coverage {
    let first: Int
    /// Their sum is 1.
    let weights: [Float]

    static func all(from sourceCount: Int, to targetCount: Int) -> [Coverage] {
        (0..<targetCount).map { target in
            // In units of 1/targetCount of a source position every edge is a whole number.
            let start = target * sourceCount
            let end = start + sourceCount
            let first = start / targetCount
            let last = (end - 1) / targetCount
            let weights = (first...last).map { source in
                let covered =
                    min(end, (source + 1) * targetCount) - max(start, source * targetCount)
                return Float(covered) / Float(sourceCount)
            }
            return Coverage(first: first, weights: weights)
        }
    }
}
