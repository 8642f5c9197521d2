/// Reads JSON (RFC 8259) front to back, each value once and without a tree: the caller says what
/// comes next.
///
///     try reader.openObject()
///     while let name = try reader.nextName() { ... read exactly one value ... }
///     try reader.end()
///
/// It is stricter than most readers: a name may not occur twice in an object, text is valid UTF-8
/// and has no lone surrogate, and a natural number has no sign, fraction or exponent. After an
/// error it is of no further use.
package struct JSONReader<Failure: Error> {
    /// Which texts count as JSON.
    package enum Dialect: Sendable {
        /// Those of RFC 8259.
        case strict
        /// Also what other programs write: NaN and infinities as Python spells them, numbers such
        /// as `01`, `1.` and `-.5`, form feeds between values, and equal names, of which the last
        /// counts.
        case lenient
    }

    let dialect: Dialect
    /// The offset of the byte to be read next.
    package private(set) var position = 0
    private let bytes: [UInt8]
    private let failure: (JSONProblem) -> Failure
    /// Whether the next thing in this object or array must be a comma or its end.
    private var isBehindValue = false
    /// The names seen in each open object.
    private var names: [Set<String>] = []

    /// - Parameter failure: the error that is thrown for a problem.
    package init(
        _ bytes: [UInt8], dialect: Dialect = .strict, failure: @escaping (JSONProblem) -> Failure
    ) {
        self.bytes = bytes
        self.dialect = dialect
        self.failure = failure
    }

    /// The next byte that is not white space, which stays unread; nil at the end.
    package mutating func next() -> UInt8? {
        while let byte = peek() {
            guard byte.isJSONSpace || dialect == .lenient && (0x0B...0x0C).contains(byte) else {
                return byte
            }
            position += 1
        }
        return nil
    }

    /// Checks that nothing but white space is left.
    package mutating func end() throws(Failure) {
        guard next() == nil else { throw problem(.leftover) }
    }

    /// The error for a problem that starts at `start`, by default here.
    package func problem(_ kind: JSONProblem.Kind, from start: Int? = nil) -> Failure {
        failure(JSONProblem(kind: kind, range: (start ?? position)..<position))
    }
}

// MARK: Objects and arrays

extension JSONReader {
    package mutating func openObject() throws(Failure) {
        try take("{")
        isBehindValue = false
        names.append([])
    }

    package mutating func openArray() throws(Failure) {
        try take("[")
        isBehindValue = false
    }

    /// The next name of the open object, or nil behind its end.
    package mutating func nextName() throws(Failure) -> String? {
        guard try advance(to: "}", orElse: .missingMember) else {
            names.removeLast()
            return nil
        }
        _ = next()
        let start = position
        let name = try string()
        guard dialect == .lenient || names[names.count - 1].insert(name).inserted else {
            throw problem(.repeatedName(name), from: start)
        }
        try take(":")
        isBehindValue = false
        return name
    }

    /// Whether the open array has another element; false once, behind its end.
    package mutating func nextElement() throws(Failure) -> Bool {
        try advance(to: "]", orElse: .missingValue)
    }

    /// Goes to the next member of the open object or array, or behind its end.
    private mutating func advance(
        to end: Unicode.Scalar, orElse lack: JSONProblem.Kind
    ) throws(Failure) -> Bool {
        if next() == UInt8(ascii: end) {
            position += 1
            isBehindValue = true
            return false
        }
        guard isBehindValue else { return true }
        guard skip(",") else { throw problem(.missing(end)) }
        // A comma promises a member.
        isBehindValue = false
        guard next() != UInt8(ascii: end) else { throw problem(lack) }
        return true
    }
}

// MARK: Words and numbers

extension JSONReader {
    /// Reads `true`, `false` or `null`, whichever `word` is.
    package mutating func literal(_ word: StaticString) throws(Failure) {
        _ = next()
        let start = position
        for index in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[index] else {
                throw problem(.missingValue, from: start)
            }
            position += 1
        }
        isBehindValue = true
    }

    /// Reads a whole number that is not negative.
    package mutating func natural() throws(Failure) -> Int {
        guard let first = next(), first.isDigit else { throw problem(.missingNatural) }
        let text = try number()
        guard let value = Int(text), text.utf8.allSatisfy(\.isDigit) else {
            throw problem(.notNatural(text))
        }
        return value
    }

    /// Reads a number and returns it as it is written.
    package mutating func number() throws(Failure) -> String {
        String(decoding: try numberBytes(), as: UTF8.self)
    }

    /// Reads a number and returns it as it is written; indices are byte offsets. Lenient reading
    /// takes all characters that numbers are made of, and leaves it to the caller to convert them.
    package mutating func numberBytes() throws(Failure) -> ArraySlice<UInt8> {
        _ = next()
        let start = position
        if dialect == .strict {
            try skipNumber()
        } else {
            guard let first = peek(), first.isDigit || first == UInt8(ascii: "-") else {
                throw problem(.missingNumber)
            }
            skip { $0.isDigit || "+-.eE".utf8.contains($0) }
        }
        isBehindValue = true
        return bytes[start..<position]
    }

    private mutating func skipNumber() throws(Failure) {
        let start = position
        skip("-")
        if skip("0") {
            guard peek()?.isDigit != true else { throw problem(.leadingZero, from: start) }
        } else {
            guard skipDigits() else { throw problem(.missingNumber, from: start) }
        }
        if skip(".") {
            guard skipDigits() else { throw problem(.missingDigit) }
        }
        if skip("e") || skip("E") {
            if !skip("+") { skip("-") }
            guard skipDigits() else { throw problem(.missingDigit) }
        }
    }

    /// One of the numbers JSON does not have, where the dialect has them; nil for others.
    mutating func nonFiniteNumber() -> Double? {
        guard dialect == .lenient, let first = next(), !first.isDigit else { return nil }
        for value in [Double.nan, .infinity, -.infinity] {
            let word = value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
            guard bytes[position...].starts(with: word.utf8) else { continue }
            position += word.utf8.count
            isBehindValue = true
            return value
        }
        return nil
    }
}

// MARK: Strings

extension JSONReader {
    /// Reads a string and undoes its escapes.
    package mutating func string() throws(Failure) -> String {
        guard let text = String(validating: try stringBytes(), as: UTF8.self) else {
            throw problem(.invalidUTF8)
        }
        return text
    }

    /// Reads a string and undoes its escapes; for callers who know that all bytes are UTF-8.
    package mutating func stringBytes() throws(Failure) -> ArraySlice<UInt8> {
        try take("\"")
        var text: [UInt8] = []
        while true {
            let start = position
            skip { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            let part = bytes[start..<position]
            switch peek() {
            case UInt8(ascii: "\""):
                position += 1
                isBehindValue = true
                return text.isEmpty ? part : text[...] + part
            case UInt8(ascii: "\\"):
                text += part
                text += String(try escape()).utf8
            case nil: throw problem(.openString)
            default:
                position += 1
                throw problem(.controlCharacter, from: position - 1)
            }
        }
    }

    /// What an escape stands for, from its backslash on.
    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        let start = position
        position += 1
        guard let letter = peek() else { throw problem(.openEscape, from: start) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape(from: start)
        default: throw problem(.unknownEscape, from: start)
        }
    }

    private mutating func unicodeEscape(from start: Int) throws(Failure) -> Unicode.Scalar {
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, skip("\\"), skip("u") else {
            throw problem(.halfSurrogatePair, from: start)
        }
        let low = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else {
            throw problem(.halfSurrogatePair, from: start)
        }
        return scalar
    }

    /// Four digits of base 16.
    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap({ Character(Unicode.Scalar($0)).hexDigitValue })
            else {
                throw problem(.missingHexadecimal)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}

// MARK: Bytes

extension JSONReader {
    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) throws(Failure) {
        guard next() == UInt8(ascii: character) else { throw problem(.missing(character)) }
        position += 1
    }

    @discardableResult
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    @inline(__always)
    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while position < bytes.count, isSkipped(bytes[position]) { position += 1 }
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        skip { $0.isDigit }
        return position > start
    }
}

extension UInt8 {
    /// Whether JSON may have this byte between its values.
    package var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }

    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
