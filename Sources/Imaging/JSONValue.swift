/// A JSON value whose 64-bit integers stay exact, read by a parser that bounds depth and time
/// whatever the text.
public enum JSONValue: Hashable, Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that fits.
    case integer(Int64)
    /// A whole number above `Int64.max`.
    case unsigned(UInt64)
    /// Any other number; NaN and infinities, which Python writes, are read too.
    case number(Double)
    /// Text.
    case string(String)
    /// `[…]`
    case array([JSONValue])
    /// `{…}`
    case object([String: JSONValue])

    /// Values inside values at most.
    static let depthLimit = 64

    /// Reads a JSON text; nil when it is not JSON. Of equal keys the last one counts.
    public init?(parsing text: some StringProtocol) {
        var parser = JSONParser(bytes: Array(text.utf8))
        guard let value = parser.parseDocument() else { return nil }
        self = value
    }

    /// The value as JSON: keys sorted, no spaces, nothing escaped that need not be; equal values
    /// give equal texts. A number JSON does not have becomes null.
    public var json: String {
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
    static func shortest(_ value: Double) -> String {
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The text as a JSON string, with only the escapes JSON demands.
    static func quoted(_ text: String) -> String {
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

extension JSONValue {
    /// The member of an object.
    subscript(_ key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// A finite number, also one written as a string.
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

    /// A whole number, also one written with a fraction of zero or as a string.
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

/// A recursive reader of JSON bytes, in one pass.
private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    mutating func parseDocument() -> JSONValue? {
        guard let value = parseValue(depth: 0) else { return nil }
        skipSpace()
        return position == bytes.count ? value : nil
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard length <= bytes.count - position else { return false }
        let isThere = word.withUTF8Buffer { bytes[position..<position + length].elementsEqual($0) }
        if isThere { position += length }
        return isThere
    }

    private mutating func parseValue(depth: Int) -> JSONValue? {
        guard depth < JSONValue.depthLimit else { return nil }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return parseObject(depth: depth)
        case UInt8(ascii: "["): return parseArray(depth: depth)
        case UInt8(ascii: "\""): return parseString().map(JSONValue.string)
        case UInt8(ascii: "t"): return takeWord("true") ? .bool(true) : nil
        case UInt8(ascii: "f"): return takeWord("false") ? .bool(false) : nil
        case UInt8(ascii: "n"): return takeWord("null") ? .null : nil
        case UInt8(ascii: "N"): return takeWord("NaN") ? .number(.nan) : nil
        case UInt8(ascii: "I"): return takeWord("Infinity") ? .number(.infinity) : nil
        default: return parseNumber()
        }
    }

    private mutating func parseObject(depth: Int) -> JSONValue? {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard let key = parseString() else { return nil }
            skipSpace()
            guard take(":"), let value = parseValue(depth: depth + 1)
            else { return nil }
            members[key] = value
            skipSpace()
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    private mutating func parseArray(depth: Int) -> JSONValue? {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(values) }
        repeat {
            guard let value = parseValue(depth: depth + 1) else { return nil }
            values.append(value)
            skipSpace()
        } while take(",")
        return take("]") ? .array(values) : nil
    }

    private mutating func parseNumber() -> JSONValue? {
        if takeWord("-Infinity") { return .number(-.infinity) }
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) || "+-.eE".utf8.contains(byte) {
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: ".")
        else { return nil }
        if let value = Int64(text) { return .integer(value) }
        if let value = UInt64(text) { return .unsigned(value) }
        return Double(text).map(JSONValue.number)
    }

    private mutating func parseString() -> String? {
        guard take("\"") else { return nil }
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = parseEscape() else { return nil }
                content += escaped.utf8
            case ..<0x20: return nil
            default: content.append(byte)
            }
        }
        return nil
    }

    private mutating func parseEscape() -> String? {
        guard let byte = next else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return String(UnicodeScalar(byte))
        case UInt8(ascii: "u"):
            guard let high = parseHex() else { return nil }
            if let scalar = Unicode.Scalar(high) { return String(Character(scalar)) }
            // Half of a pair: the other half must follow.
            guard high < 0xDC00, takeWord("\\u"), let low = parseHex(),
                (0xDC00...0xDFFF).contains(low)
            else { return nil }
            let value = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
            return Unicode.Scalar(value).map { String(Character($0)) }
        default: return nil
        }
    }

    private mutating func parseHex() -> UInt32? {
        guard bytes.count - position >= 4 else { return nil }
        let digits = bytes[position..<position + 4]
        position += 4
        var value: UInt32 = 0
        for digit in digits {
            guard let number = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(number)
        }
        return value
    }
}
