import Foundation
import Generation
import Imaging

/// What tokens look like without the decoder: colours of a few patches per token, a linear function
/// of the codebook entries of the token, of its four neighbours and of the mean over the picture,
/// fitted to pictures that the decoder made.
///
/// On Storybook scenes it is 19.7 dB from the decoded picture after sixteen pictures, 16.8 in the worst
/// of 32, and 20.1 after 32; without the mean, which tells night from day, 18.1 and 13.1 after sixteen.
/// Four more neighbours add at most 0.3 dB up to 32 pictures, random features of the entries nothing.
public struct TokenColors: Sendable {
    /// Patches along a side of a token.
    private static let patches = 4
    private static let outputs = 3 * patches * patches
    /// The share of tokens that are hidden when a picture is learned once more, half unmasked.
    private static let hidden: Float = 0.6
    private let codebook: [Float]
    private let channels: Int
    /// The entries of a token and of its neighbours, their mean over the picture, and a one.
    private let width: Int
    /// Sums of products of inputs (the lower triangle), and of inputs and outputs.
    private var inputs: [Double]
    private var products: [Double]
    /// The function, [width, outputs]; empty before anything was learned.
    private var weights: [SIMD16<Float>] = []

    /// Pictures learned from.
    public private(set) var pictureCount = 0
    /// Where they are kept between sessions.
    let file: String?

    /// - Parameter codebook: [entries, channels].
    package init(codebook: [Float], channels: Int, file: String? = nil) {
        self.file = file
        self.codebook = codebook
        self.channels = max(1, channels)
        width = 6 * self.channels + 1
        inputs = [Double](repeating: 0, count: width * width)
        products = [Double](repeating: 0, count: width * Self.outputs)
    }

    /// Learns from a picture that was decoded from these tokens alone.
    public mutating func learn(ids: [Int], gridWidth: Int, from image: RGBImage) {
        guard gridWidth > 0, !ids.isEmpty, ids.count % gridWidth == 0 else { return }
        let small = image.resized(
            width: gridWidth * Self.patches, height: ids.count / gridWidth * Self.patches)
        let noise = KeyedNoise(seed: UInt64(pictureCount))
        let half = ids.enumerated().map { position, id in
            noise.confidenceNoise(step: 0, position: position) < Self.hidden ? nil : id
        }
        for shown in [ids, half] {
            let mean = mean(of: shown)
            for position in ids.indices {
                add(
                    input(ids[position], at: position, in: shown, gridWidth, mean),
                    patches(of: position, gridWidth, in: small))
            }
        }
        pictureCount += 1
        fit()
    }

    private func patches(of position: Int, _ gridWidth: Int, in small: RGBImage) -> [Double] {
        (0..<Self.patches * Self.patches).flatMap { patch in
            let color = small[
                position % gridWidth * Self.patches + patch % Self.patches,
                position / gridWidth * Self.patches + patch / Self.patches]
            return (0..<3).map { Double(color[$0]) }
        }
    }

    private mutating func add(_ x: [Float], _ target: [Double]) {
        for i in 0..<width {
            let value = Double(x[i])
            for j in 0...i { inputs[i * width + j] += value * Double(x[j]) }
            for k in 0..<Self.outputs { products[i * Self.outputs + k] += value * target[k] }
        }
    }

    /// The mean codebook entry of the tokens that are shown, or zero.
    private func mean(of ids: [Int?]) -> [Float] {
        var sum = [Float](repeating: 0, count: channels)
        var count: Float = 0
        for id in ids {
            guard let id, id >= 0, (id + 1) * channels <= codebook.count else { continue }
            for channel in 0..<channels { sum[channel] += codebook[id * channels + channel] }
            count += 1
        }
        return sum.map { $0 / max(1, count) }
    }

    /// The codebook entries of a token and of its neighbours, the mean, and a one.
    private func input(
        _ id: Int, at position: Int, in ids: [Int?], _ gridWidth: Int, _ mean: [Float]
    ) -> [Float] {
        var x = [Float](repeating: 0, count: width)
        x[width - 1] = 1
        x.replaceSubrange(5 * channels..<6 * channels, with: mean)
        forEachPlace(id, at: position, in: ids, gridWidth) { place, entry in
            for channel in 0..<channels {
                x[place * channels + channel] = codebook[entry + channel]
            }
        }
        return x
    }

    /// The places of the input, the token first, then left, right, above and below, and where their
    /// codebook entries begin. A neighbour that is masked or beyond the edge counts as the token.
    private func forEachPlace(
        _ id: Int, at position: Int, in ids: [Int?], _ gridWidth: Int,
        _ body: (_ place: Int, _ entry: Int) -> Void
    ) {
        let column = position % gridWidth
        func use(_ place: Int, _ neighbor: Int) {
            let shown = ids.indices.contains(neighbor) ? ids[neighbor] ?? id : id
            if shown >= 0, (shown + 1) * channels <= codebook.count {
                body(place, shown * channels)
            }
        }
        use(0, position)
        use(1, column > 0 ? position - 1 : -1)
        use(2, column + 1 < gridWidth ? position + 1 : -1)
        use(3, position - gridWidth)
        use(4, position + gridWidth)
    }

    /// Ridge regression by Cholesky's factors.
    private mutating func fit() {
        var factor = inputs
        let trace = (0..<width).reduce(0) { $0 + factor[$1 * width + $1] }
        for i in 0..<width { factor[i * width + i] += 1e-2 * trace / Double(width) + 1e-9 }
        for i in 0..<width {
            for j in 0...i {
                var sum = factor[i * width + j]
                for k in 0..<j { sum -= factor[i * width + k] * factor[j * width + k] }
                factor[i * width + j] =
                    i == j ? max(sum, 1e-12).squareRoot() : sum / factor[j * width + j]
            }
        }
        var solution = products
        for i in 0..<width {
            for k in 0..<i { subtract(row: k, times: factor[i * width + k], from: i, &solution) }
            divide(row: i, by: factor[i * width + i], &solution)
        }
        for i in (0..<width).reversed() {
            for k in i + 1..<width {
                subtract(row: k, times: factor[k * width + i], from: i, &solution)
            }
            divide(row: i, by: factor[i * width + i], &solution)
        }
        weights = (0..<solution.count / 16).map { part in
            SIMD16((0..<16).map { Float(solution[part * 16 + $0]) })
        }
    }

    private func subtract(row: Int, times factor: Double, from other: Int, _ a: inout [Double]) {
        for k in 0..<Self.outputs {
            a[other * Self.outputs + k] -= factor * a[row * Self.outputs + k]
        }
    }

    private func divide(row: Int, by divisor: Double, _ a: inout [Double]) {
        for k in 0..<Self.outputs { a[row * Self.outputs + k] /= divisor }
    }

    // MARK: Keeping

    /// What was learned, to be read again for the same model.
    package var data: Data {
        let numbers = [Float(pictureCount)] + inputs.map(Float.init) + products.map(Float.init)
        return numbers.withUnsafeBytes { Data($0) }
    }

    /// Takes up what was learned before; what does not fit this codebook, or gives no colours, is left.
    package mutating func adopt(_ data: Data) {
        let before = self
        let count = 1 + inputs.count + products.count
        guard data.count == 4 * count else { return }
        var numbers = [Float](repeating: 0, count: count)
        _ = numbers.withUnsafeMutableBytes { data.copyBytes(to: $0) }
        guard numbers.allSatisfy(\.isFinite), 1...1e9 ~= numbers[0] else { return }
        pictureCount = Int(numbers[0])
        inputs = numbers[1...inputs.count].map(Double.init)
        products = numbers[(1 + inputs.count)...].map(Double.init)
        fit()
        // Entries of the codebook have length 1, colours go to 255.
        let isSensible = weights.allSatisfy { weight in
            (0..<16).allSatisfy { -1e6...1e6 ~= weight[$0] }
        }
        if !isSensible { self = before }
    }

    /// A picture of the tokens, `tokenSide` pixels a side each; masked ones are dark. Nil before anything was
    /// learned.
    public func picture(ids: [Int?], gridWidth: Int, tokenSide: Int) -> RGBImage? {
        guard !weights.isEmpty, gridWidth > 0 else { return nil }
        let gridHeight = ids.count / gridWidth
        var small = RGBImage(
            width: gridWidth * Self.patches, height: gridHeight * Self.patches, red: 24, green: 24,
            blue: 28)
        let base = base(of: ids)
        for (position, id) in ids.enumerated() {
            guard let id else { continue }
            let (first, second, third) = colors(base, id, at: position, in: ids, gridWidth)
            let colors = [first, second, third]
            for patch in 0..<Self.patches * Self.patches {
                func byte(_ at: Int) -> UInt8 { UInt8(min(max(colors[at / 16][at % 16], 0), 255)) }
                small[
                    position % gridWidth * Self.patches + patch % Self.patches,
                    position / gridWidth * Self.patches + patch / Self.patches] =
                    SIMD3(byte(3 * patch), byte(3 * patch + 1), byte(3 * patch + 2))
            }
        }
        return small.enlarged(by: max(1, tokenSide / Self.patches))
    }

    /// The channels of a token's patches, in parts of 16.
    private typealias Colors = (SIMD16<Float>, SIMD16<Float>, SIMD16<Float>)

    /// What all tokens of a picture have in common: the one and the mean.
    private func base(of ids: [Int?]) -> Colors {
        var sums = (weights[3 * width - 3], weights[3 * width - 2], weights[3 * width - 1])
        for (channel, value) in mean(of: ids).enumerated() {
            let at = 3 * (5 * channels + channel)
            sums.0 += value * weights[at]
            sums.1 += value * weights[at + 1]
            sums.2 += value * weights[at + 2]
        }
        return sums
    }

    private func colors(
        _ base: Colors, _ id: Int, at position: Int, in ids: [Int?], _ gridWidth: Int
    ) -> Colors {
        var sums = base
        forEachPlace(id, at: position, in: ids, gridWidth) { place, entry in
            for channel in 0..<channels {
                let (value, at) = (codebook[entry + channel], 3 * (place * channels + channel))
                sums.0 += value * weights[at]
                sums.1 += value * weights[at + 1]
                sums.2 += value * weights[at + 2]
            }
        }
        return sums
    }
}
