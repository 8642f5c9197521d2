import Foundation

/// How a masked run samples. The initial values are the model's own, from its configuration.
public struct SamplingSettings: Hashable, Sendable, Codable {
    /// MaskGIT rounds.
    public var steps: Int
    /// The weight of the difference between conditional and unconditional logits.
    public var guidanceScale: Float
    public var guidanceDecay: GuidanceDecay
    /// The exponent of the power-cosine decay.
    public var guidancePower: Float
    /// The temperature of Gumbel noise at the first step; it falls to 0 at the last.
    public var temperature: Float
    /// Logits are divided by a number that falls from 1.3 to 0.5, as the official scripts do.
    public var annealsLogits: Bool
    public var schedule: MaskSchedule

    public init(
        steps: Int = 12, guidanceScale: Float = 4.5, guidanceDecay: GuidanceDecay = .constant,
        guidancePower: Float = 2.5, temperature: Float = 1.5, annealsLogits: Bool = true,
        schedule: MaskSchedule = .scaled
    ) {
        self.steps = steps
        self.guidanceScale = guidanceScale
        self.guidanceDecay = guidanceDecay
        self.guidancePower = guidancePower
        self.temperature = temperature
        self.annealsLogits = annealsLogits
        self.schedule = schedule
    }

    /// Noise temperature of `step` (0 is the first): falls linearly to 0.
    public func noiseTemperature(at step: Int) -> Float {
        Float(Double(temperature) * (1 - ratio(after: step)))
    }

    /// What logits are divided by at `step`.
    public func logitDivisor(at step: Int) -> Float {
        annealsLogits ? Float(0.5 + 0.8 * (1 - ratio(after: step))) : 1
    }

    /// Steps that suit an edit: all where every token is made anew, fewer as the square root of the
    /// share falls, but at least 4 where that many were asked for, and no more than there are tokens.
    public func steps(making unknown: Int, of tokens: Int) -> Int {
        let share = Double(unknown) / Double(max(1, tokens))
        let suiting = max(4, Int((Double(steps) * share.squareRoot()).rounded()))
        return max(1, min(steps, suiting, unknown))
    }

    private func ratio(after step: Int) -> Double {
        Double(step + 1) / Double(steps)
    }

    /// The guidance scale in force at `step`.
    public func guidance(at step: Int) -> Float {
        let progress = Float(step) / Float(steps)
        switch guidanceDecay {
        case .constant: return guidanceScale
        case .linear: return progress * guidanceScale
        case .powerCosine:
            let angle = Float.pi * pow(progress, guidancePower)
            return (guidanceScale - 1) * (1 - cos(angle)) / 2 + 1
        }
    }

    /// The guidance scale of the residual head: the last step's, which for linear decay has been
    /// updated once more, to the full scale.
    public var headGuidance: Float {
        guidanceDecay == .linear ? guidanceScale : guidance(at: steps - 1)
    }

    /// What of `headGuidance` took effect in pictures whose head had no scale of its own: nothing
    /// after a last step without guidance, in which only the conditional row ran.
    public var effectiveHeadGuidance: Float {
        guidance(at: steps - 1) == 0 ? 0 : headGuidance
    }
}

/// How guidance changes over the steps, and with it how the two rows of logits are combined.
public enum GuidanceDecay: String, Hashable, Sendable, Codable, CaseIterable {
    /// c + g (c - u) with the full g at every step.
    case constant
    /// c + g (c - u) with g rising from 0.
    case linear
    /// u + g (c - u) with g rising from 1 along a cosine.
    case powerCosine = "power-cosine"
}

/// How many tokens stay masked after a step.
public enum MaskSchedule: String, Hashable, Sendable, Codable, CaseIterable {
    /// arccos of the progress times the number of tokens unknown at the start: the official rule
    /// where everything is masked, and an even one where only a part is.
    case scaled
    /// The official rule, which counts all tokens whatever part is masked.
    case official
    /// A straight line from the unknown tokens to none, as aMUSEd inpaints.
    case linear

    /// Tokens that should stay masked after `step` of `steps`, before the clamp to what is masked.
    public func wanted(after step: Int, of steps: Int, tokens: Int, unknownAtStart: Int) -> Int {
        let ratio = Double(step + 1) / Double(steps)
        switch self {
        case .scaled: return Int(Double(unknownAtStart) * acos(ratio) / (.pi / 2))
        case .official: return Int(Double(tokens) * acos(ratio) / (.pi / 2))
        case .linear: return unknownAtStart * (steps - step - 1) / steps
        }
    }
}
