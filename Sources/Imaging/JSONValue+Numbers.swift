import JSON

// Some programs write their numbers as strings, or whole ones with a fraction of zero.

extension JSONValue {
    /// A finite number.
    var double: Double? {
        let value: Double? =
            switch self {
            case .integer(let value): Double(value)
            case .unsigned(let value): Double(value)
            case .number(let value): value
            case .string(let text): Double(text)
            default: nil
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    /// A whole number.
    var int: Int? {
        switch self {
        case .integer(let value): Int(value)
        case .string(let text): Int(text)
        default: double.flatMap { Int(exactly: $0) }
        }
    }

    /// A whole number from 0 to 2^64 - 1.
    var uint64: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        case .string(let text): UInt64(text)
        default: double.flatMap { UInt64(exactly: $0) }
        }
    }
}
