import Foundation

extension RGBImage {
    /// The peak signal-to-noise ratio in decibels over all samples of all channels, as sRGB bytes;
    /// infinite for equal pictures.
    ///
    /// - Precondition: the pictures have one size.
    public func psnr(against other: RGBImage) -> Double {
        precondition(width == other.width && height == other.height)
        var sum = 0
        for (first, second) in zip(pixels, other.pixels) {
            let difference = Int(first) - Int(second)
            sum += difference * difference
        }
        return 10 * log10(255 * 255 * Double(pixels.count) / Double(sum))
    }

    /// The mean structural similarity (Wang et al. 2004) of the lumas: a Gaussian window of 11x11
    /// and sigma 1.5, only where it lies within the picture, K1 0.01, K2 0.03. Pictures below 11
    /// pixels a side get a window cut to their size.
    ///
    /// - Precondition: the pictures have one size.
    public func ssim(against other: RGBImage) -> Double {
        precondition(width == other.width && height == other.height)
        let first = luma
        let second = other.luma
        let window = GaussianWindow(width: width, height: height)
        let meanFirst = window.means(of: first)
        let meanSecond = window.means(of: second)
        let squareFirst = window.means(of: zip(first, first).map(*))
        let squareSecond = window.means(of: zip(second, second).map(*))
        let product = window.means(of: zip(first, second).map(*))
        let c1 = (0.01 * 255) * (0.01 * 255)
        let c2 = (0.03 * 255) * (0.03 * 255)
        var sum = 0.0
        for index in meanFirst.indices {
            let (a, b) = (meanFirst[index], meanSecond[index])
            let varianceFirst = squareFirst[index] - a * a
            let varianceSecond = squareSecond[index] - b * b
            let covariance = product[index] - a * b
            let above = (2 * a * b + c1) * (2 * covariance + c2)
            let below = (a * a + b * b + c1) * (varianceFirst + varianceSecond + c2)
            sum += above / below
        }
        return sum / Double(meanFirst.count)
    }

    /// What has to be added to this picture to get `other`, `gain`-fold, around middle grey.
    ///
    /// - Precondition: the pictures have one size.
    public func difference(to other: RGBImage, gain: Int = 8) -> RGBImage {
        precondition(width == other.width && height == other.height)
        let result = zip(pixels, other.pixels).map { first, second in
            UInt8((128 + gain * (Int(second) - Int(first))).clamped(to: 0...255))
        }
        return RGBImage(width: width, height: height, pixels: result)
    }

    /// BT.601 luma of each pixel, 0 to 255.
    private var luma: [Double] {
        stride(from: 0, to: pixels.count, by: 3).map { at in
            let red = Double(pixels[at])
            let green = Double(pixels[at + 1])
            let blue = Double(pixels[at + 2])
            return 0.299 * red + 0.587 * green + 0.114 * blue
        }
    }
}

/// Weighted means over a window at every place where it lies within the picture.
private struct GaussianWindow {
    let width: Int
    let height: Int
    let across: [Double]
    let down: [Double]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        across = Self.weights(min(11, width))
        down = Self.weights(min(11, height))
    }

    private static func weights(_ count: Int) -> [Double] {
        let middle = Double(count - 1) / 2
        let values = (0..<count).map {
            exp(-(Double($0) - middle) * (Double($0) - middle) / (2 * 1.5 * 1.5))
        }
        let total = values.reduce(0, +)
        return values.map { $0 / total }
    }

    func means(of values: [Double]) -> [Double] {
        let newWidth = width - across.count + 1
        let newHeight = height - down.count + 1
        var rows = [Double](repeating: 0, count: newWidth * height)
        for y in 0..<height {
            for (offset, weight) in across.enumerated() {
                for x in 0..<newWidth {
                    rows[y * newWidth + x] += weight * values[y * width + x + offset]
                }
            }
        }
        var result = [Double](repeating: 0, count: newWidth * newHeight)
        for y in 0..<newHeight {
            for (offset, weight) in down.enumerated() {
                for x in 0..<newWidth {
                    result[y * newWidth + x] += weight * rows[(y + offset) * newWidth + x]
                }
            }
        }
        return result
    }
}
