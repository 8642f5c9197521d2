import ArgumentParser
import Foundation
import Pipeline
import Requests
import Settings

/// How pictures are sampled; what neither flags nor settings say is the model's own.
struct SamplingOptions: ParsableArguments {
    @Option(
        name: [.customShort("n"), .long], parsing: .unconditional,
        help: """
            What the picture should not be; edit and fork keep the picture's own when not given.
            """)
    var negativePrompt: String?

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "Seed from 0 to 2^64 - 1; random when not given.")
    var seed: UInt64?

    @Option(parsing: .unconditional, help: "MaskGIT steps, 1 to \(RequestLimits.steps.upperBound).")
    var steps: Int?

    @Option(
        name: [.customLong("guidance"), .customLong("cfg-scale")], parsing: .unconditional,
        help: "Guidance scale, 0 to \(Int(RequestLimits.guidanceScale.upperBound)).")
    var guidance: Float?

    @Option(help: "constant, linear or power-cosine.")
    var guidanceDecay: GuidanceDecay?

    @Option(
        parsing: .unconditional,
        help: """
            Noise temperature at the first step, 0 to \(Int(RequestLimits.temperature.upperBound)).
            """)
    var temperature: Float?

    @Option(help: "scaled, official or linear: how masked tokens thin out.")
    var schedule: MaskSchedule?

    @Option(
        parsing: .unconditional,
        help: """
            Denoising steps of the residual head, 1 to \(RequestLimits.residualSteps.upperBound).
            """)
    var residualSteps: Int?

    @Option(
        parsing: .unconditional,
        help: """
            Guidance scale of the residual head, 0 to \
            \(Int(RequestLimits.guidanceScale.upperBound)); that of a fork is its picture's own.
            """)
    var residualGuidance: Float?

    @Option(
        parsing: .unconditional,
        help: """
            How much chance there is in residual tokens, 0 to \
            \(Int(RequestLimits.residualTemperature.upperBound)); 1 is the official amount.
            """)
    var residualTemperature: Float?

    @Option(
        parsing: .unconditional,
        help: "Seed of the residual head; the picture's own when not given.")
    var residualSeed: UInt64?

    @Option(
        parsing: .unconditional,
        help: """
            How much residual tokens count, 0 to \(RequestLimits.residualStrength.upperBound); 1 is \
            the official result.
            """)
    var residualStrength: Float?

    @Flag(help: "Decode the discrete tokens alone.")
    var noResidual = false

    /// The seed that was asked for, or one by chance, another at every call.
    func chosenSeed() -> UInt64 { seed ?? UInt64.random(in: 0...UInt64(UInt32.max)) }

    func residual(_ base: ResidualSettings = ResidualSettings()) -> ResidualSettings {
        var settings = base
        let preferences = Preferences.current
        if let steps = preferences.whole(.residualSteps) { settings.steps = steps }
        if let scale = preferences.number(.residualGuidance) {
            settings.guidanceScale = Float(scale)
        }
        if let temperature = preferences.number(.residualTemperature) {
            settings.temperature = Float(temperature)
        }
        settings.strength = Float(preferences.residualStrength)
        apply(to: &settings)
        if let residualSeed { settings.seed = residualSeed }
        return settings
    }

    /// - Parameter keepingSteps: where the number of steps is worked out from the settings already.
    func sampling(_ base: SamplingSettings, keepingSteps: Bool = false) -> SamplingSettings {
        var settings = base.adopting(Preferences.current)
        if keepingSteps { settings.steps = base.steps }
        apply(to: &settings)
        return settings
    }

    /// What flags say of all but the seed.
    func apply(to settings: inout ResidualSettings) {
        if let residualSteps { settings.steps = residualSteps }
        // Files keep no sign of a zero, which a sum with it does not have either.
        if let residualGuidance { settings.guidanceScale = residualGuidance + 0 }
        if let residualTemperature { settings.temperature = residualTemperature + 0 }
        if let residualStrength { settings.strength = residualStrength + 0 }
        if noResidual { settings.strength = 0 }
    }

    /// What flags say.
    func apply(to settings: inout SamplingSettings) {
        if let steps { settings.steps = steps }
        if let guidance { settings.guidanceScale = guidance + 0 }
        if let guidanceDecay { settings.guidanceDecay = guidanceDecay }
        if let temperature { settings.temperature = temperature + 0 }
        if let schedule { settings.schedule = schedule }
    }
}

extension GuidanceDecay: ExpressibleByArgument {}
extension MaskSchedule: ExpressibleByArgument {}
extension MaskedContent: ExpressibleByArgument {}
