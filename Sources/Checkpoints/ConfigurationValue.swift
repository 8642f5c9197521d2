/// A value of a JSON or YAML file.
indirect enum ConfigurationValue: Sendable {
    case null
    case bool(Bool)
    /// As it is written.
    case number(String)
    case text(String)
    case list([ConfigurationValue])
    case mapping([String: ConfigurationValue])

    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    var bool: Bool? {
        switch self {
        case .bool(let value): value
        case .text("true"), .text("True"): true
        case .text("false"), .text("False"): false
        default: nil
        }
    }

    func int(in range: ClosedRange<Int>) -> Int? {
        guard let number = literal.flatMap({ Int($0) }), range.contains(number) else { return nil }
        return number
    }

    func double(in range: ClosedRange<Double>) -> Double? {
        // Double(_:) also reads "nan", "inf" and hexadecimal, which no configuration means.
        guard let literal, literal.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
            let number = Double(literal), range.contains(number)
        else { return nil }
        return number
    }

    func list<Element>(of convert: (ConfigurationValue) -> Element?) -> [Element]? {
        guard case .list(let values) = self else { return nil }
        let elements = values.compactMap(convert)
        return elements.count == values.count ? elements : nil
    }

    private var literal: String? {
        switch self {
        case .number(let text), .text(let text): text
        default: nil
        }
    }
}

extension ConfigurationValue: CustomStringConvertible {
    /// What it is, short enough for an error sentence.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let text): text.utf8.count <= 40 ? text : quoted(text)
        case .text(let text): quoted(text)
        case .list(let values) where values.count <= 16 && values.allSatisfy(\.isNumber):
            "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }

    private var isNumber: Bool {
        if case .number = self { true } else { false }
    }
}
