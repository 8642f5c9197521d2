import CKernels
import Foundation

/// Random numbers of one image, each at a fixed place: the same whatever is computed beside it and
/// however often it is asked for.
public protocol NoiseSource: Sendable {
    /// Uniform numbers in 0 ..< 1, one for each codebook entry, for a token at a step.
    func tokenNoise(step: Int, position: Int, count: Int) -> [Float]
    /// A uniform number in 0 ..< 1 for the confidence of a token at a step.
    func confidenceNoise(step: Int, position: Int) -> Float
    /// Standard normal numbers that start the residual of a token, one for each channel.
    func initialResidual(position: Int, channels: Int) -> [Float]
    /// Standard normal numbers for a diffusion step (0 is the first and noisiest) of a token.
    func diffusionNoise(step: Int, position: Int, channels: Int) -> [Float]
}

/// Noise from Philox4x32-10 (Salmon et al., SC 2011), a counter-based generator: the key is the
/// seed; the counter is block, position, step and stream.
public struct KeyedNoise: NoiseSource, Hashable {
    public let seed: UInt64
    /// The key of the residual head's noise, so that residuals can be drawn anew alone.
    public let residualSeed: UInt64

    /// The name under which pictures record this generator.
    public static let name = "philox4x32-10"

    public init(seed: UInt64, residualSeed: UInt64? = nil) {
        self.seed = seed
        self.residualSeed = residualSeed ?? seed
    }

    private enum Stream: UInt32 {
        case token = 1
        case confidence = 2
        case initialResidual = 3
        case diffusion = 4
        case editing = 5
    }

    private func uniform(
        _ key: UInt64, _ stream: Stream, step: Int, position: Int, count: Int
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
            dcar_philox_uniform(
                key, stream.rawValue, UInt32(truncatingIfNeeded: step),
                UInt32(truncatingIfNeeded: position), 0, count, buffer.baseAddress)
            initialised = count
        }
    }

    /// Box-Muller over pairs of uniform numbers.
    private func normal(_ stream: Stream, step: Int, position: Int, count: Int) -> [Float] {
        let pairs = (count + 1) / 2
        let numbers = uniform(
            residualSeed, stream, step: step, position: position, count: 2 * pairs)
        return (0..<count).map { index in
            let pair = index / 2
            // 1 - u is in (0, 1], where the logarithm is finite.
            let radius = (-2 * log(1 - Double(numbers[2 * pair]))).squareRoot()
            let angle = 2 * Double.pi * Double(numbers[2 * pair + 1])
            return Float(radius * (index % 2 == 0 ? cos(angle) : sin(angle)))
        }
    }

    public func tokenNoise(step: Int, position: Int, count: Int) -> [Float] {
        uniform(seed, .token, step: step, position: position, count: count)
    }

    public func confidenceNoise(step: Int, position: Int) -> Float {
        uniform(seed, .confidence, step: step, position: position, count: 1)[0]
    }

    public func initialResidual(position: Int, channels: Int) -> [Float] {
        normal(.initialResidual, step: 0, position: position, count: channels)
    }

    public func diffusionNoise(step: Int, position: Int, channels: Int) -> [Float] {
        normal(.diffusion, step: step, position: position, count: channels)
    }

    /// A uniform number in 0 ..< 1 that decides which tokens a variation masks.
    public func editingNoise(position: Int) -> Float {
        uniform(seed, .editing, step: 0, position: position, count: 1)[0]
    }
}
