/// Reads JSON (RFC 8259) front to back, without building a tree: the caller says what comes next.
///
/// It is stricter than most readers: a name may not occur twice in an object, text is valid UTF-8
/// and has no lone surrogate, and a natural number has no sign, fraction or exponent.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// `bytes` must stay valid as long as the scanner is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next byte that is not white space, which stays unread; nil at the end.
    mutating func next() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    /// Checks that nothing but white space is left.
    mutating func end() throws(FormatProblem) {
        guard next() == nil else { throw problem("there is something after its end") }
    }

    /// Reads an object, calling `member` with each name, to read the value after it.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(FormatProblem) -> Void
    ) throws(FormatProblem) {
        try take("{")
        guard next() != UInt8(ascii: "}") else { return try take("}") }
        var names: Set<String> = []
        while true {
            let name = try string()
            guard names.insert(name).inserted else {
                throw problem("the name \(quoted(name)) occurs twice")
            }
            try take(":")
            try member(&self, name)
            guard next() == UInt8(ascii: ",") else { return try take("}") }
            try take(",")
        }
    }

    /// Reads an array, calling `element` at the start of each element, to read it.
    mutating func array(
        _ element: (inout JSONScanner) throws(FormatProblem) -> Void
    ) throws(FormatProblem) {
        try take("[")
        guard next() != UInt8(ascii: "]") else { return try take("]") }
        while true {
            try element(&self)
            guard next() == UInt8(ascii: ",") else { return try take("]") }
            try take(",")
        }
    }

    /// Reads a whole number that is not negative.
    mutating func natural() throws(FormatProblem) -> Int {
        guard let first = next(), Self.isDigit(first) else {
            throw problem("a whole number is missing")
        }
        let text = try number()
        guard let value = Int(text), text.utf8.allSatisfy(Self.isDigit) else {
            throw problem("\(quoted(text)) is no whole number in range")
        }
        return value
    }

    /// Reads a number and returns it as it is written.
    mutating func number() throws(FormatProblem) -> String {
        _ = next()
        let start = position
        skip("-")
        if !skip("0") { try digits() }
        if skip(".") { try digits() }
        if skip("e") || skip("E") {
            if !skip("+") { skip("-") }
            try digits()
        }
        if position < bytes.count, Self.isDigit(bytes[position]) {
            throw problem("a number starts with 0")
        }
        // Only ASCII was passed.
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Reads `true`, `false` or `null`, whichever `word` is.
    mutating func literal(_ word: StaticString) throws(FormatProblem) {
        _ = next()
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count, bytes[position] == word.utf8Start[index] else {
                throw problem("a value is missing")
            }
            position += 1
        }
    }

    /// Reads a string and undoes its escapes.
    mutating func string() throws(FormatProblem) -> String {
        try take("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw problem("a string is not valid UTF-8")
                }
                return result
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case 0..<0x20: throw problem("a string holds a control character")
            default: text.append(byte)
            }
        }
        throw problem("a string does not end")
    }

    /// A problem at the byte reached.
    func problem(_ text: String) -> FormatProblem {
        FormatProblem("\(text) (JSON byte \(position))")
    }

    private mutating func take(_ character: Unicode.Scalar) throws(FormatProblem) {
        guard next() == UInt8(ascii: character) else {
            throw problem("'\(character)' is missing")
        }
        position += 1
    }

    @discardableResult
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func digits() throws(FormatProblem) {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw problem("a digit is missing") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// The character after a backslash.
    private mutating func escape() throws(FormatProblem) -> Unicode.Scalar {
        guard position < bytes.count else { throw problem("a string does not end") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw problem("a string has an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(FormatProblem) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(first)), skip("\\"), skip("u") else {
            throw problem("a string has half a surrogate pair")
        }
        let second = try fourHexDigits()
        guard UTF16.isTrailSurrogate(UInt16(second)),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else {
            throw problem("a string has half a surrogate pair")
        }
        return scalar
    }

    private mutating func fourHexDigits() throws(FormatProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else {
                throw problem("a \\u escape lacks four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
