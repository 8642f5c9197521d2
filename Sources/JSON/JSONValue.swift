/// A JSON value as a tree, whose 64-bit integers stay exact.
public enum JSONValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that fits.
    case integer(Int64)
    /// A whole number above `Int64.max`.
    case unsigned(UInt64)
    /// Any other number; NaN and infinities come from lenient reading alone.
    case number(Double)
    /// Text.
    case string(String)
    /// `[…]`
    case array([JSONValue])
    /// `{…}`
    case object([String: JSONValue])
}

extension JSONValue {
    /// Reads a whole text of at most 64 values inside each other, such as other programs write
    /// (`JSONReader.Dialect.lenient`); nil when it is none.
    package init?(lenient text: some StringProtocol) {
        var reader = JSONReader(Array(text.utf8), dialect: .lenient) { $0 }
        guard let value = try? reader.value(depth: 64), (try? reader.end()) != nil else {
            return nil
        }
        self = value
    }

    /// The member of an object.
    package subscript(_ name: String) -> JSONValue? { object?[name] }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    package var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
}

// MARK: Writing

extension JSONValue {
    /// The value as JSON: names sorted, no spaces, nothing escaped that need not be; equal values
    /// give equal texts. A number JSON does not have becomes null.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .number(let value): value.isFinite ? Self.shortest(value) : "null"
        case .string(let value): Self.quoted(value)
        case .array(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { Self.quoted($0.key) + ":" + $0.value.json }.joined(separator: ",") + "}"
        }
    }

    /// The shortest digits that read back as the same number, without ".0".
    package static func shortest(_ value: Double) -> String {
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The text as a JSON string, with only the escapes JSON demands.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case ..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
