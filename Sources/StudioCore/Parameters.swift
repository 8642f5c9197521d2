import Requests
import Settings

/// What a person can set for the next picture, apart from its texts.
package struct Parameters: Hashable, Sendable, Codable {
    package var seed: UInt64 = 1
    package var seedMode = SeedMode.random
    package var sampling = SamplingSettings()
    package var residualSteps: Int?
    /// The model's own number of residual steps, which nil stands for.
    package var modelResidualSteps = 32
    /// Nil for the model's own.
    package var residualGuidance: Float?
    /// The model's own, which nil stands for; nil for that of the tokens.
    package var modelResidualGuidance: Float?
    /// Nil for the model's own.
    package var residualTemperature: Float?
    /// The model's own, which nil stands for; nil for the official 1.
    package var modelResidualTemperature: Float?
    package var residualStrength: Float = 1
    /// Pixels over which an edit fades out.
    package var feather = 8
    /// The share of tokens, in percent, that a re-roll makes anew.
    package var rerollPercent = 10
    /// The share of tokens, in percent, that a variation makes anew.
    package var variationPercent = 50
    /// Pictures to choose from.
    package var alternatives = 4
    /// Pictures of each prompt, with this seed and those after it.
    package var count = 1
    /// Which tokens under a mask are made anew.
    package var content = MaskedContent.all
    /// Tokens around a mask that the model sees; nil for the whole picture.
    package var padding: Int?
    /// Pixels.
    package var width = 256
    /// Pixels.
    package var height = 256
    /// Pixels along a side of a token.
    package var tokenSide = 32

    package init() {}

    package func request(prompt: String, negativePrompt: String) -> GenerationRequest {
        GenerationRequest(
            prompt: prompt, negativePrompt: negativePrompt, seed: seed, width: width,
            height: height, sampling: sampling,
            residual: residual)
    }

    /// Takes what a change made different.
    ///
    /// - Parameter other: what is on the other side of the change; nil where all is taken.
    mutating func take(_ recorded: Parameters, otherThan other: Parameters?) {
        guard let other else {
            self = recorded
            return
        }
        func take<Value: Equatable>(_ value: WritableKeyPath<Parameters, Value>) {
            if recorded[keyPath: value] != other[keyPath: value] {
                self[keyPath: value] = recorded[keyPath: value]
            }
        }
        take(\.seed)
        take(\.seedMode)
        take(\.sampling.steps)
        take(\.sampling.guidanceScale)
        take(\.sampling.guidanceDecay)
        take(\.sampling.guidancePower)
        take(\.sampling.temperature)
        take(\.sampling.annealsLogits)
        take(\.sampling.schedule)
        take(\.residualSteps)
        take(\.residualGuidance)
        take(\.residualTemperature)
        take(\.residualStrength)
        take(\.feather)
        take(\.rerollPercent)
        take(\.variationPercent)
        take(\.alternatives)
        take(\.count)
        take(\.content)
        take(\.padding)
        take(\.width)
        take(\.height)
    }

    /// How residual tokens are made, apart from the seed.
    package var residual: ResidualSettings {
        get {
            ResidualSettings(
                steps: residualSteps, guidanceScale: residualGuidance,
                temperature: residualTemperature, strength: residualStrength)
        }
        set {
            residualSteps = newValue.steps
            residualGuidance = newValue.guidanceScale
            residualTemperature = newValue.temperature
            residualStrength = newValue.strength
        }
    }

    /// How the residual tokens of a request are made, in words.
    func describedResidual(of request: GenerationRequest) -> String {
        var copy = self
        (copy.sampling, copy.residual) = (request.sampling, request.residual)
        return "residual strength \(copy.shown(.strength)), guidance "
            + "\(copy.shown(.residualGuidance)), temperature \(copy.shown(.residualTemperature))"
    }

    /// What the values that nil stands for are with a model.
    mutating func takeResidualDefaults(_ model: ModelFacts) {
        modelResidualSteps = model.residualSteps
        modelResidualGuidance = model.residualGuidance
        modelResidualTemperature = model.residualTemperature
    }

    /// The guidance scale of the residual head.
    private var headGuidance: Float {
        residual.guidance(modelScale: modelResidualGuidance, sampling)
    }

    /// How much chance there is in residual tokens.
    var headTemperature: Float { residualTemperature ?? modelResidualTemperature ?? 1 }
}

/// Where the seed of the next picture comes from.
package enum SeedMode: String, CaseIterable, Hashable, Sendable, Codable {
    case random
    case fixed
    case increment
}

/// One line of the parameters panel.
package enum Parameter: Int, CaseIterable, Hashable, Sendable {
    case steps, guidance, decay, temperature, schedule, seed, seedMode, count, width, height,
        residualSteps, residualGuidance, residualTemperature, strength, feather, content, variation,
        reroll, alternatives, area

    package var title: String {
        switch self {
        case .steps: "steps"
        case .guidance: "guidance"
        case .decay: "decay"
        case .temperature: "temperature"
        case .seed: "seed"
        case .seedMode: "seeds"
        case .residualSteps: "res. steps"
        case .residualGuidance: "res. guid."
        case .residualTemperature: "res. temp."
        case .strength: "strength"
        case .width: "width"
        case .height: "height"
        case .feather: "feather px"
        case .reroll: "re-roll %"
        case .variation: "share %"
        case .count: "pictures"
        case .content: "re-mask"
        case .alternatives: "alternatives"
        case .schedule: "schedule"
        case .area: "edit area"
        }
    }
}

extension Parameter {
    /// What it is for, in few words, to begin a sentence with.
    var purpose: String {
        switch self {
        case .steps: "Steps in which the tokens are unmasked"
        case .guidance: "How closely pictures follow prompts"
        case .decay: "How guidance changes over the steps"
        case .temperature: "Chance in the choice of tokens"
        case .schedule: "How the masked tokens thin out"
        case .seed: "The same seed gives the same picture"
        case .seedMode: "Where the next seed comes from"
        case .count: "Pictures of a prompt; seeds count up"
        case .width: "Pixels from left to right"
        case .height: "Pixels from top to bottom"
        case .residualSteps: "Steps of the residual head"
        case .residualGuidance: "How closely residuals follow prompts"
        case .residualTemperature: "Chance in residual tokens"
        case .strength: "How much residual tokens count"
        case .feather: "Pixels over which an edit fades out"
        case .content: "Which tokens under a mask are remade"
        case .variation: "Percent of tokens a variation remakes"
        case .reroll: "Percent of tokens a re-roll remakes"
        case .alternatives: "Pictures of an edit to choose from"
        case .area: "Tokens around a mask that an edit sees"
        }
    }

    /// Whether it is a side of the picture, in whole tokens.
    var isSide: Bool { self == .width || self == .height }

    /// Whether a character can stand in a value that is typed.
    func canHold(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .decay, .seedMode, .schedule, .content, .area: true
        case .seed: "0"..."9" ~= scalar
        default: "0"..."9" ~= scalar || scalar == "."
        }
    }
}

extension Parameters {
    package func shown(_ parameter: Parameter) -> String {
        switch parameter {
        case .steps: String(sampling.steps)
        case .guidance: Self.decimal(sampling.guidanceScale)
        case .decay: sampling.guidanceDecay.rawValue
        case .temperature: Self.decimal(sampling.temperature)
        case .seed: String(seed)
        case .seedMode: seedMode.rawValue
        case .residualSteps: String(residualSteps ?? modelResidualSteps)
        case .residualGuidance: Self.decimal(headGuidance)
        case .residualTemperature: Self.decimal(headTemperature)
        case .strength: Self.decimal(residualStrength)
        case .width: String(width)
        case .height: String(height)
        case .feather: String(feather)
        case .reroll: String(rerollPercent)
        case .variation: String(variationPercent)
        case .count: String(count)
        case .content: content.rawValue
        case .alternatives: String(alternatives)
        case .schedule: sampling.schedule.rawValue
        case .area: padding.map { "mask + \($0)" } ?? "whole"
        }
    }

    /// A value as it can be typed.
    func typed(_ parameter: Parameter) -> String {
        parameter == .area ? padding.map(String.init) ?? "whole" : shown(parameter)
    }

    /// One notch up or down.
    package mutating func adjust(_ parameter: Parameter, by direction: Int) {
        switch parameter {
        case .steps: set(.steps, Double(sampling.steps + direction))
        case .guidance: set(.guidance, Double(sampling.guidanceScale) + 0.5 * Double(direction))
        case .decay: sampling.guidanceDecay = sampling.guidanceDecay.neighbour(direction)
        case .temperature:
            set(.temperature, Double(sampling.temperature) + 0.1 * Double(direction))
        case .seed: seed = direction > 0 ? seed &+ 1 : seed &- 1
        case .seedMode: seedMode = seedMode.neighbour(direction)
        case .residualSteps:
            set(.residualSteps, Double((residualSteps ?? modelResidualSteps) + direction))
        case .residualGuidance:
            set(.residualGuidance, Double(headGuidance) + 0.5 * Double(direction))
        case .residualTemperature:
            set(.residualTemperature, Double(headTemperature) + 0.1 * Double(direction))
        case .strength: set(.strength, Double(residualStrength) + 0.1 * Double(direction))
        case .width: set(.width, Double(width + direction * tokenSide))
        case .height: set(.height, Double(height + direction * tokenSide))
        case .feather: set(.feather, Double(feather + direction))
        case .reroll: set(.reroll, Double(rerollPercent + 5 * direction))
        case .variation: set(.variation, Double(variationPercent + 5 * direction))
        case .schedule: sampling.schedule = sampling.schedule.neighbour(direction)
        case .count: set(.count, Double(count + direction))
        case .content: content = content.neighbour(direction)
        case .alternatives: set(.alternatives, Double(alternatives + direction))
        case .area:
            let next = (padding ?? -1) + direction
            padding = next < 0 ? nil : min(next, RequestLimits.padding.upperBound)
        }
    }

    /// A value as typed; false where it does not fit.
    @discardableResult
    package mutating func set(_ parameter: Parameter, typed text: String) -> Bool {
        let text = text.filter { !$0.isWhitespace }
        switch parameter {
        case .seed:
            guard let number = UInt64(text) else { return false }
            seed = number
            seedMode = .fixed
        case .decay:
            guard let decay = GuidanceDecay(rawValue: text) else { return false }
            sampling.guidanceDecay = decay
        case .seedMode:
            guard let mode = SeedMode(rawValue: text) else { return false }
            seedMode = mode
        case .schedule:
            guard let schedule = MaskSchedule(rawValue: text) else { return false }
            sampling.schedule = schedule
        case .content:
            guard let content = MaskedContent(rawValue: text) else { return false }
            self.content = content
        case .area where text == "whole": padding = nil
        default:
            guard let number = Double(text), number.isFinite else { return false }
            set(parameter, number)
        }
        return true
    }

    /// Sets a number, moved to the nearest end of its range where it lies outside.
    private mutating func set(_ parameter: Parameter, _ number: Double) {
        guard let range = range(of: parameter) else { return }
        let number = min(max(number, range.lowerBound), range.upperBound)
        let whole = Int(number.rounded())
        let hundredths = Float((number * 100).rounded() / 100)
        switch parameter {
        case .steps: sampling.steps = whole
        case .guidance: sampling.guidanceScale = hundredths
        case .temperature: sampling.temperature = hundredths
        case .residualSteps: residualSteps = whole
        case .residualGuidance: residualGuidance = hundredths
        case .residualTemperature: residualTemperature = hundredths
        case .strength: residualStrength = hundredths
        case .width: width = max(1, whole / tokenSide) * tokenSide
        case .height: height = max(1, whole / tokenSide) * tokenSide
        case .feather: feather = whole
        case .reroll: rerollPercent = whole
        case .variation: variationPercent = whole
        case .count: count = whole
        case .alternatives: alternatives = whole
        case .area: padding = whole
        case .decay, .seed, .seedMode, .schedule, .content: break
        }
    }

    /// From where to where a number goes; nil for what is none.
    private func range(of parameter: Parameter) -> ClosedRange<Double>? {
        func numbers(_ range: ClosedRange<Int>) -> ClosedRange<Double> {
            Double(range.lowerBound)...Double(range.upperBound)
        }
        return switch parameter {
        case .steps: numbers(RequestLimits.steps)
        case .guidance, .residualGuidance: RequestLimits.guidanceScale
        case .temperature: RequestLimits.temperature
        case .residualSteps: numbers(RequestLimits.residualSteps)
        case .residualTemperature: RequestLimits.residualTemperature
        case .strength: RequestLimits.residualStrength
        case .width, .height: numbers(tokenSide...max(tokenSide, RequestLimits.side))
        case .feather: numbers(RequestLimits.feather)
        case .reroll, .variation: 1.0...100.0
        case .count, .alternatives: numbers(RequestLimits.pictures)
        case .area: numbers(RequestLimits.padding)
        case .decay, .seed, .seedMode, .schedule, .content: nil
        }
    }

    /// Whether a value can be set just as it is typed.
    package func takes(_ parameter: Parameter, typed text: String) -> Bool {
        var copy = self
        guard copy.set(parameter, typed: text) else { return false }
        let number = Double(text.filter { !$0.isWhitespace })
        guard let range = range(of: parameter), let number else { return true }
        let isWhole = !parameter.isSide || number.remainder(dividingBy: Double(tokenSide)) == 0
        return range ~= number && isWhole
    }

    /// What a value must be, to follow "must be".
    package func allowed(_ parameter: Parameter) -> String {
        switch parameter {
        case .seed: return "a whole number from 0 to 2^64 - 1"
        case .decay: return Self.names(GuidanceDecay.allCases.map(\.rawValue))
        case .seedMode: return Self.names(SeedMode.allCases.map(\.rawValue))
        case .schedule: return Self.names(MaskSchedule.allCases.map(\.rawValue))
        case .content: return Self.names(MaskedContent.allCases.map(\.rawValue))
        default: break
        }
        guard let range = range(of: parameter) else { return "a number" }
        let ends = [range.lowerBound, range.upperBound].map { SettingValue.number($0).description }
        if parameter.isSide { return "a multiple of \(tokenSide) from \(ends[0]) to \(ends[1])" }
        return "a number from \(ends[0]) to \(ends[1])" + (parameter == .area ? ", or whole" : "")
    }

    /// What a parameter is for and what it can be, in one sentence.
    package func explanation(of parameter: Parameter) -> String {
        "\(parameter.purpose): \(allowed(parameter))."
    }

    private static func names(_ names: [String]) -> String {
        "one of \(names.joined(separator: ", "))"
    }

    /// Up to two decimals, at least one.
    package static func decimal(_ number: Float) -> String {
        guard let hundredths = Int(exactly: (number * 100).rounded()) else { return "\(number)" }
        let (whole, rest) = (hundredths / 100, abs(hundredths % 100))
        return rest % 10 == 0
            ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension CaseIterable where Self: Equatable, AllCases == [Self] {
    /// The case so many places on, round and round.
    func neighbour(_ distance: Int) -> Self {
        let cases = Self.allCases
        let at = cases.firstIndex(of: self) ?? 0
        return cases[((at + distance) % cases.count + cases.count) % cases.count]
    }
}
