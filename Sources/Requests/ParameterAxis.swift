/// One side of a parameter sheet: a parameter and the values it takes, written `seed=1,2,3`.
public struct ParameterAxis: Hashable, Sendable, CustomStringConvertible {
    public let parameter: Parameter
    /// As written.
    public let values: [String]

    public enum Parameter: String, CaseIterable, Sendable {
        case seed
        case steps
        case guidance
        case decay
        case temperature
        case schedule
        case residualSteps = "residual-steps"
        case residualGuidance = "residual-guidance"
        case residualTemperature = "residual-temperature"
        case residualSeed = "residual-seed"
        case residualStrength = "residual-strength"
        case prompt
        case negative

        /// By its name, or by the one that it had in older sheets.
        init?(named name: String) {
            self.init(rawValue: name == "strength" ? "residual-strength" : name)
        }
    }

    /// Values along one side.
    public static let limit = 32

    /// - Throws: `RequestError.axis` for anything but a parameter's name, `=` and values that it
    ///   can take.
    public init(_ text: String) throws(RequestError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].filter { !$0.isWhitespace }
        guard parts.count == 2, let parameter = Parameter(named: String(name)) else {
            throw .axis(
                "\"\(text)\" is no parameter with values; write a parameter and its values, such as seed=1,2,3. "
                    + "Parameters are "
                    + Parameter.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self.parameter = parameter
        values = Self.values(parts[1])
        guard 1...Self.limit ~= values.count else {
            throw .axis("\(name) has \(values.count) values; a side has 1 to \(Self.limit)")
        }
        var request = GenerationRequest(prompt: "", seed: 0)
        for index in values.indices { try apply(index, to: &request) }
    }

    /// Parts between commas; one after a backslash belongs to its part, as in prompts.
    private static func values(_ text: Substring) -> [String] {
        var values: [String] = []
        var value = ""
        var isEscaped = false
        for character in text {
            if character == ",", !isEscaped {
                values.append(value.trimmed)
                value = ""
            } else if character == "\\", !isEscaped {
                isEscaped = true
                continue
            } else {
                if isEscaped, character != ",", character != "\\" { value.append("\\") }
                value.append(character)
            }
            isEscaped = false
        }
        if isEscaped { value.append("\\") }
        return values + [value.trimmed]
    }

    public var description: String {
        let words = values.map {
            $0.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
                .split(separator: ",", omittingEmptySubsequences: false).joined(separator: "\\,")
        }
        return "\(parameter.rawValue)=\(words.joined(separator: ","))"
    }

    /// What stands beside a row or above a column.
    public func caption(_ index: Int) -> String {
        parameter == .prompt ? values[index] : "\(parameter.rawValue) \(values[index])"
    }

    /// Sets the parameter to its value at a place. Ranges are checked where the request is used.
    /// - Throws: `RequestError.axis` for a value of the wrong kind.
    public func apply(_ index: Int, to request: inout GenerationRequest) throws(RequestError) {
        let value = values[index]
        switch parameter {
        case .seed: request.seed = try read(value, "a whole number from 0")
        case .steps: request.sampling.steps = try read(value, "a whole number")
        case .guidance: request.sampling.guidanceScale = try number(value)
        case .decay:
            request.sampling.guidanceDecay = try read(
                value, Self.names(GuidanceDecay.allCases), GuidanceDecay.init(rawValue:))
        case .temperature: request.sampling.temperature = try number(value)
        case .schedule:
            request.sampling.schedule = try read(
                value, Self.names(MaskSchedule.allCases), MaskSchedule.init(rawValue:))
        case .residualSteps: request.residual.steps = try read(value, "a whole number") as Int
        case .residualGuidance:
            request.residual.guidanceScale = try number(value)
        case .residualTemperature:
            request.residual.temperature = try number(value)
        case .residualSeed:
            request.residual.seed = try read(value, "a whole number from 0") as UInt64
        case .residualStrength: request.residual.strength = try number(value)
        case .prompt: request.prompt = value
        case .negative: request.negativePrompt = value
        }
    }

    /// Never a negative zero, which files do not keep.
    private func number(_ text: String) throws(RequestError) -> Float {
        try read(text, "a number") + 0
    }

    private func read<Value: LosslessStringConvertible>(
        _ text: String, _ right: String
    ) throws(RequestError) -> Value {
        try read(text, right, Value.init)
    }

    private func read<Value>(
        _ text: String, _ right: String, _ convert: (String) -> Value?
    ) throws(RequestError) -> Value {
        guard let value = convert(text) else {
            throw .axis("\(parameter.rawValue) cannot be \"\(text)\"; it is \(right)")
        }
        return value
    }

    private static func names<Value: RawRepresentable<String>>(_ values: [Value]) -> String {
        "one of " + values.map(\.rawValue).joined(separator: ", ")
    }
}

/// As it is written.
extension ParameterAxis: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(String(from: decoder))
    }

    public func encode(to encoder: any Encoder) throws {
        try description.encode(to: encoder)
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
