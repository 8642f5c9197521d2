import Tensors

/// A model's configuration, or a part of it: names with values, from a JSON or a YAML file.
///
/// Every getter takes a key dotted from this node, such as "generator.hidden_size". The plain ones
/// refuse a key that is absent; those named `optional` give nil where it is absent or null. All
/// refuse a value of another kind.
public struct ConfigurationNode: Sendable {
    /// The file it is from.
    public let path: String
    /// Where it stands in the file, dotted; empty for the whole file.
    public let key: String
    let value: ConfigurationValue

    /// The names in this node, sorted; empty when it is no mapping.
    public var names: [String] {
        guard case .mapping(let members) = value else { return [] }
        return members.keys.sorted()
    }

    /// True when the key is there and is not null.
    public func has(_ key: String) -> Bool {
        find(key) != nil
    }

    /// The mapping at `key`.
    public func node(_ key: String) throws(ConfigurationError) -> ConfigurationNode {
        let value = try required(key, "a mapping") { value in
            if case .mapping = value { value } else { nil }
        }
        return ConfigurationNode(path: path, key: full(key), value: value)
    }

    /// The text at `key`.
    public func string(_ key: String) throws(ConfigurationError) -> String {
        try required(key, "text", \.text)
    }

    /// The text at `key`, if any.
    public func optionalString(_ key: String) throws(ConfigurationError) -> String? {
        try optional(key, "text", \.text)
    }

    /// The texts of the list at `key`, if any.
    public func optionalStrings(_ key: String) throws(ConfigurationError) -> [String]? {
        try optional(key, "a list of texts") { $0.list(of: \.text) }
    }

    /// The truth value at `key`; `True` and the text "true" will do.
    public func bool(_ key: String) throws(ConfigurationError) -> Bool {
        try required(key, "true or false", \.bool)
    }

    /// The truth value at `key`, if any.
    public func optionalBool(_ key: String) throws(ConfigurationError) -> Bool? {
        try optional(key, "true or false", \.bool)
    }

    /// The whole number at `key`, which may be written as text, as the official files do.
    public func int(
        _ key: String, in range: ClosedRange<Int> = .min ... .max
    ) throws(ConfigurationError) -> Int {
        try required(key, Self.expected("a whole number", range)) { $0.int(in: range) }
    }

    /// The whole number at `key`, if any.
    public func optionalInt(
        _ key: String, in range: ClosedRange<Int> = .min ... .max
    ) throws(ConfigurationError) -> Int? {
        try optional(key, Self.expected("a whole number", range)) { $0.int(in: range) }
    }

    /// The whole numbers of the list at `key`, if any.
    public func optionalInts(
        _ key: String, in range: ClosedRange<Int> = .min ... .max
    ) throws(ConfigurationError) -> [Int]? {
        try optional(key, Self.expected("a list of whole numbers", range)) { value in
            value.list { $0.int(in: range) }
        }
    }

    /// The finite number at `key`, which may be written as text.
    public func double(
        _ key: String,
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude
            ... .greatestFiniteMagnitude
    ) throws(ConfigurationError) -> Double {
        try required(key, Self.expected("a number", range)) { $0.double(in: range) }
    }

    /// The finite number at `key`, if any.
    public func optionalDouble(
        _ key: String,
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude
            ... .greatestFiniteMagnitude
    ) throws(ConfigurationError) -> Double? {
        try optional(key, Self.expected("a number", range)) { $0.double(in: range) }
    }

    private func full(_ key: String) -> String {
        self.key.isEmpty ? key : "\(self.key).\(key)"
    }

    /// The value at a dotted key; nil when it is absent or null.
    private func find(_ key: String) -> ConfigurationValue? {
        var value = value
        for name in key.split(separator: ".") {
            guard case .mapping(let members) = value, let member = members[String(name)] else {
                return nil
            }
            value = member
        }
        if case .null = value { return nil }
        return value
    }

    private func required<Result>(
        _ key: String, _ expected: String, _ convert: (ConfigurationValue) -> Result?
    ) throws(ConfigurationError) -> Result {
        guard let result = try optional(key, expected, convert) else {
            throw .missing(path: path, key: full(key))
        }
        return result
    }

    private func optional<Result>(
        _ key: String, _ expected: String, _ convert: (ConfigurationValue) -> Result?
    ) throws(ConfigurationError) -> Result? {
        guard let value = find(key) else { return nil }
        guard let result = convert(value) else {
            throw .wrongValue(
                path: path, key: full(key), found: value.description, expected: expected)
        }
        return result
    }

    private static func expected(_ kind: String, _ range: ClosedRange<Int>) -> String {
        range == .min ... .max
            ? kind : "\(kind) from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func expected(_ kind: String, _ range: ClosedRange<Double>) -> String {
        range.upperBound == .greatestFiniteMagnitude
            ? kind : "\(kind) from \(range.lowerBound) to \(range.upperBound)"
    }
}
