import Foundation
import Imaging

/// What tokens look like without the decoder: colours of a few patches per token. They are a linear
/// function of the codebook entry, fitted to pictures that the decoder made, and for entries that
/// were seen in those what the function missed on average.
public struct TokenColors: Sendable {
    /// Patches along a side of a token.
    private static let patches = 4
    private static let outputs = 3 * patches * patches
    private let codebook: [Float]
    private let channels: Int
    /// Sums of products of inputs, and of inputs and outputs.
    private var inputs: [Double]
    private var products: [Double]
    /// For each entry how often it was seen, and the sums of its colours.
    private var counts: [Float]
    private var sums: [Float]
    /// `outputs` bytes for each codebook entry.
    private var colors: [UInt8] = []

    /// Pictures learned from.
    public private(set) var pictureCount = 0
    /// Where they are kept between sessions.
    let file: String?

    /// - Parameter codebook: [entries, channels].
    init(codebook: [Float], channels: Int, file: String? = nil) {
        self.file = file
        self.codebook = codebook
        self.channels = max(1, channels)
        let width = self.channels + 1
        inputs = [Double](repeating: 0, count: width * width)
        products = [Double](repeating: 0, count: width * Self.outputs)
        counts = [Float](repeating: 0, count: codebook.count / self.channels)
        sums = [Float](repeating: 0, count: counts.count * Self.outputs)
    }

    private var isReady: Bool { !colors.isEmpty }

    /// Learns from a picture that was decoded from these tokens alone.
    public mutating func learn(ids: [Int], gridWidth: Int, from image: RGBImage) {
        guard gridWidth > 0, ids.count % gridWidth == 0 else { return }
        let small = image.resized(
            width: gridWidth * Self.patches, height: ids.count / gridWidth * Self.patches)
        let width = channels + 1
        for (position, id) in ids.enumerated() {
            let x = input(id)
            let (column, row) = (position % gridWidth, position / gridWidth)
            if counts.indices.contains(id) { counts[id] += 1 }
            for i in 0..<width {
                for j in 0..<width { inputs[i * width + j] += x[i] * x[j] }
                for patch in 0..<Self.patches * Self.patches {
                    let color = small[
                        column * Self.patches + patch % Self.patches,
                        row * Self.patches + patch / Self.patches]
                    for channel in 0..<3 {
                        products[i * Self.outputs + patch * 3 + channel] +=
                            x[i] * Double(color[channel])
                        if i == 0, counts.indices.contains(id) {
                            sums[id * Self.outputs + patch * 3 + channel] += Float(color[channel])
                        }
                    }
                }
            }
        }
        pictureCount += 1
        fit()
    }

    private func input(_ id: Int) -> [Double] {
        let start = id * channels
        guard id >= 0, start + channels <= codebook.count else {
            return [Double](repeating: 0, count: channels) + [1]
        }
        return codebook[start..<start + channels].map(Double.init) + [1]
    }

    /// Ridge regression by Cholesky's factors.
    private mutating func fit() {
        let width = channels + 1
        var factor = inputs
        let trace = (0..<width).reduce(0) { $0 + factor[$1 * width + $1] }
        for i in 0..<width { factor[i * width + i] += 1e-3 * trace / Double(width) + 1e-9 }
        for i in 0..<width {
            for j in 0...i {
                var sum = factor[i * width + j]
                for k in 0..<j { sum -= factor[i * width + k] * factor[j * width + k] }
                factor[i * width + j] =
                    i == j ? max(sum, 1e-12).squareRoot() : sum / factor[j * width + j]
            }
        }
        var solution = products
        for output in 0..<Self.outputs {
            for i in 0..<width {
                var sum = solution[i * Self.outputs + output]
                for k in 0..<i {
                    sum -= factor[i * width + k] * solution[k * Self.outputs + output]
                }
                solution[i * Self.outputs + output] = sum / factor[i * width + i]
            }
            for i in (0..<width).reversed() {
                var sum = solution[i * Self.outputs + output]
                for k in i + 1..<width {
                    sum -= factor[k * width + i] * solution[k * Self.outputs + output]
                }
                solution[i * Self.outputs + output] = sum / factor[i * width + i]
            }
        }
        let entries = codebook.count / channels
        var made = [UInt8](repeating: 0, count: entries * Self.outputs)
        for id in 0..<entries {
            let x = input(id)
            for output in 0..<Self.outputs {
                var sum = 0.0
                for i in 0..<width { sum += x[i] * solution[i * Self.outputs + output] }
                // The function counts as one sight of the entry.
                let seen = (Double(sums[id * Self.outputs + output]) + sum) / Double(counts[id] + 1)
                made[id * Self.outputs + output] = UInt8(min(max(seen, 0), 255))
            }
        }
        colors = made
    }

    // MARK: Keeping

    /// What was learned, to be read again for the same model.
    var data: Data {
        let numbers =
            [Float(pictureCount)] + inputs.map(Float.init) + products.map(Float.init) + counts
            + sums
        return numbers.withUnsafeBytes { Data($0) }
    }

    /// Takes up what was learned before; what does not fit this codebook is left.
    mutating func adopt(_ data: Data) {
        let sizes = [1, inputs.count, products.count, counts.count, sums.count]
        guard data.count == 4 * sizes.reduce(0, +) else { return }
        var numbers = [Float](repeating: 0, count: data.count / 4)
        _ = numbers.withUnsafeMutableBytes { data.copyBytes(to: $0) }
        guard numbers.allSatisfy(\.isFinite), 0...1e9 ~= numbers[0] else { return }
        var start = 1
        func part(_ count: Int) -> [Float] {
            defer { start += count }
            return Array(numbers[start..<start + count])
        }
        pictureCount = Int(numbers[0])
        inputs = part(inputs.count).map(Double.init)
        products = part(products.count).map(Double.init)
        counts = part(counts.count)
        sums = part(sums.count)
        fit()
    }

    /// A picture of the tokens, `side` pixels each; masked ones are dark. Nil before anything was
    /// learned.
    public func picture(ids: [Int?], gridWidth: Int, side: Int) -> RGBImage? {
        guard isReady, gridWidth > 0 else { return nil }
        let gridHeight = ids.count / gridWidth
        var small = RGBImage(
            width: gridWidth * Self.patches, height: gridHeight * Self.patches, red: 24, green: 24,
            blue: 28)
        for (position, id) in ids.enumerated() {
            guard let id, (id + 1) * Self.outputs <= colors.count, id >= 0 else { continue }
            for patch in 0..<Self.patches * Self.patches {
                let at = id * Self.outputs + patch * 3
                small[
                    position % gridWidth * Self.patches + patch % Self.patches,
                    position / gridWidth * Self.patches + patch / Self.patches] =
                    SIMD3(colors[at], colors[at + 1], colors[at + 2])
            }
        }
        return small.enlarged(by: max(1, side / Self.patches))
    }
}
