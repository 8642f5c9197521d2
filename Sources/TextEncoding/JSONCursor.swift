// Grammar: RFC 8259.

/// Reads a JSON text front to back, each value once; a vocabulary needs no tree of a million nodes.
///
///     try cursor.openObject()
///     while let key = try cursor.nextKey() { ... read or skip exactly one value ... }
struct JSONCursor {
    /// Values nest no deeper than this.
    static let maximumDepth = 32
    /// One `value()` has no more values in it than this.
    static let maximumValueCount = 10_000

    private let file: String
    private let bytes: [UInt8]
    private var position = 0
    /// Whether the next thing in this object or array must be a comma or its end.
    private var isBehindValue = false

    /// - Parameter file: its name, for errors.
    init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
        self.bytes = bytes
        self.file = file
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(file: file, offset: 0, problem: "it is not UTF-8 text")
        }
    }

    mutating func openObject() throws(TokenizerError) {
        try open(UInt8(ascii: "{"), "an object")
    }

    mutating func openArray() throws(TokenizerError) {
        try open(UInt8(ascii: "["), "an array")
    }

    /// The next key of the open object, or nil behind its end.
    mutating func nextKey() throws(TokenizerError) -> String? {
        guard try advance(to: UInt8(ascii: "}"), "',' or '}'") else { return nil }
        let key = String(decoding: try string(), as: UTF8.self)
        guard next() == UInt8(ascii: ":") else { throw expected("':'") }
        position += 1
        isBehindValue = false
        return key
    }

    /// Whether the open array has another element; false once, behind its end.
    mutating func nextElement() throws(TokenizerError) -> Bool {
        try advance(to: UInt8(ascii: "]"), "',' or ']'")
    }

    /// A string's UTF-8.
    mutating func string() throws(TokenizerError) -> ArraySlice<UInt8> {
        guard next() == UInt8(ascii: "\"") else { throw expected("a string") }
        position += 1
        let start = position
        while position < bytes.count, bytes[position] >= 0x20 {
            if bytes[position] == UInt8(ascii: "\\") { return try escapedString(from: start) }
            if bytes[position] == UInt8(ascii: "\"") { return closeString(bytes[start..<position]) }
            position += 1
        }
        throw expected("the end of a string")
    }

    /// A finite number, rounded as `Double.init(json:)` says.
    mutating func number() throws(TokenizerError) -> Double {
        _ = next()
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let firstDigit = position
        guard skipDigits(), bytes[firstDigit] != UInt8(ascii: "0") || position == firstDigit + 1
        else { throw expected("a number", at: start) }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard skipDigits() else { throw expected("a digit") }
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            guard skipDigits() else { throw expected("a digit") }
        }
        guard let number = Double(json: bytes[start..<position]) else {
            throw expected("a number a Double can hold", at: start)
        }
        isBehindValue = true
        return number
    }

    /// Any value as a tree of at most `maximumValueCount` values.
    mutating func value() throws(TokenizerError) -> JSONValue {
        var left = Self.maximumValueCount
        return try value(depth: 0, left: &left)
    }

    /// Makes sure that nothing follows the outermost value.
    mutating func finish() throws(TokenizerError) {
        guard next() == nil else { throw expected("the end of the file") }
    }

    private mutating func value(
        depth: Int, left: inout Int
    ) throws(TokenizerError) -> JSONValue {
        left -= 1
        guard depth < Self.maximumDepth, left >= 0 else {
            throw expected("a smaller value (32 levels, 10000 values)")
        }
        switch next() {
        case UInt8(ascii: "{"):
            var fields: [String: JSONValue] = [:]
            try openObject()
            while let key = try nextKey() {
                guard fields[key] == nil else { throw expected("no second \(quoted(key))") }
                fields[key] = try value(depth: depth + 1, left: &left)
            }
            return .object(fields)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try openArray()
            while try nextElement() {
                elements.append(try value(depth: depth + 1, left: &left))
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(String(decoding: try string(), as: UTF8.self))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }
}

/// A JSON value as a tree.
enum JSONValue: Equatable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null
}

extension JSONCursor {
    /// An error about the file at an offset, by default here.
    func expected(_ what: String, at offset: Int? = nil) -> TokenizerError {
        .malformed(file: file, offset: offset ?? position, problem: "expected \(what)")
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// The first byte behind white space, which stays to be read.
    private mutating func next() -> UInt8? {
        skip { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        return peek()
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while position < bytes.count, isSkipped(bytes[position]) { position += 1 }
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        skip { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        return position > start
    }

    private mutating func open(_ bracket: UInt8, _ what: String) throws(TokenizerError) {
        guard next() == bracket else { throw expected(what) }
        position += 1
        isBehindValue = false
    }

    /// Goes to the next member of the open object or array, or behind its end.
    private mutating func advance(
        to end: UInt8, _ what: String
    ) throws(TokenizerError) -> Bool {
        let byte = next()
        if byte == end {
            position += 1
            isBehindValue = true
            return false
        }
        if isBehindValue {
            guard byte == UInt8(ascii: ",") else { throw expected(what) }
            position += 1
            // A comma promises a member: `[1,]` ends in a bracket no value starts with.
            isBehindValue = false
            guard next() != end else { throw expected("a value") }
        }
        return true
    }

    private mutating func word(
        _ word: String, _ value: JSONValue
    ) throws(TokenizerError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw expected("a value") }
        position += word.utf8.count
        isBehindValue = true
        return value
    }

    private mutating func closeString(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        position += 1
        isBehindValue = true
        return text
    }

    /// The rest of a string, from its first backslash on.
    private mutating func escapedString(
        from start: Int
    ) throws(TokenizerError) -> ArraySlice<UInt8> {
        var text = Array(bytes[start..<position])
        while let byte = peek(), byte >= 0x20 {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                position -= 1
                return closeString(text[...])
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            default: text.append(byte)
            }
        }
        throw expected("the end of a string")
    }

    /// What an escape stands for; the cursor is behind its backslash.
    private mutating func escape() throws(TokenizerError) -> [UInt8] {
        let letter = peek()
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter ?? 0]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw expected("an escape", at: position - 2)
        }
    }

    private mutating func unicodeEscape() throws(TokenizerError) -> [UInt8] {
        let start = position - 2
        var value = try hexadecimal()
        if value & 0xFC00 == 0xD800 {
            guard bytes[position...].starts(with: "\\u".utf8) else {
                throw expected("a pair of surrogates", at: start)
            }
            position += 2
            let low = try hexadecimal()
            guard low & 0xFC00 == 0xDC00 else { throw expected("a pair of surrogates", at: start) }
            value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw expected("a pair of surrogates", at: start)
        }
        return Array(String(scalar).utf8)
    }

    /// Four digits of base 16.
    private mutating func hexadecimal() throws(TokenizerError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else {
                throw expected("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

/// A text from a file as an error shows it: short, in quotation marks, control characters escaped.
func quoted(_ text: String) -> String {
    let start = String(text.unicodeScalars.prefix(40))
    return start.debugDescription + (start.utf8.count < text.utf8.count ? "..." : "")
}
