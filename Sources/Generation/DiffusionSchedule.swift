// Port of gaussian_diffusion.py and respace.py, LTH14/mar, diffusion/.

import Foundation

/// The respaced cosine schedule of the residual head: tables over the kept steps, index 0 the
/// cleanest.
public struct DiffusionSchedule: Sendable {
    /// The original timesteps, 0 ..< 1000, which the network sees.
    public let timesteps: [Int]
    public let betas: [Double]
    /// Bounds between which the network's variance output interpolates.
    public let logVarianceMinimum: [Double]
    public let logVarianceMaximum: [Double]
    /// mean = cleanWeight * x0 + noisyWeight * x.
    public let cleanWeight: [Double]
    public let noisyWeight: [Double]
    /// x0 = signalScale * x - noiseScale * epsilon.
    public let signalScale: [Double]
    public let noiseScale: [Double]

    private static let originalSteps = 1_000

    /// - Parameter steps: how many of the thousand steps are kept, evenly spread; at least 1.
    public init(steps: Int) {
        let originalBetas = (0..<Self.originalSteps).map { step in
            let count = Double(Self.originalSteps)
            return min(
                1 - Self.alphaBar((Double(step) + 1) / count) / Self.alphaBar(Double(step) / count),
                0.999)
        }
        var product = 1.0
        let originalProducts = originalBetas.map { beta in
            product *= 1 - beta
            return product
        }
        timesteps = Self.kept(steps)
        var previous = 1.0
        betas = timesteps.map { step in
            defer { previous = originalProducts[step] }
            return 1 - originalProducts[step] / previous
        }
        var running = 1.0
        let products = betas.map { beta in
            running *= 1 - beta
            return running
        }
        let previousProducts = [1] + products.dropLast()
        let indices = betas.indices
        let betas = betas
        let variances = indices.map { betas[$0] * (1 - previousProducts[$0]) / (1 - products[$0]) }
        logVarianceMinimum = indices.map { log(variances[max($0, min(1, indices.count - 1))]) }
        logVarianceMaximum = betas.map { log($0) }
        cleanWeight = indices.map {
            betas[$0] * previousProducts[$0].squareRoot() / (1 - products[$0])
        }
        noisyWeight = indices.map {
            (1 - previousProducts[$0]) * (1 - betas[$0]).squareRoot() / (1 - products[$0])
        }
        signalScale = products.map { (1 / $0).squareRoot() }
        noiseScale = products.map { (1 / $0 - 1).squareRoot() }
    }

    private static func alphaBar(_ time: Double) -> Double {
        let cosine = cos((time + 0.008) / 1.008 * .pi / 2)
        return cosine * cosine
    }

    /// Positions 0, then steps of 999 / (count - 1) added up, each rounded half to even.
    private static func kept(_ count: Int) -> [Int] {
        let stride = count > 1 ? Double(originalSteps - 1) / Double(count - 1) : 1
        var position = 0.0
        return (0..<count).map { _ in
            defer { position += stride }
            return Int(position.rounded(.toNearestOrEven))
        }
    }
}
