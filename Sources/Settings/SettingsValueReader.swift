/// Reads one value of a TOML file: a text, a number, true, false, or a list of these. Dates and
/// tables in braces are no settings.
///
/// toml++, which other Swift packages wrap, aborts on some malformed files and tells no lines.
struct SettingsValueReader {
    private let bytes: ArraySlice<UInt8>
    private var at: Int

    /// Nil unless the bytes are one whole value.
    static func value(_ bytes: ArraySlice<UInt8>) -> SettingsFile.Value? {
        var reader = SettingsValueReader(bytes: bytes, at: bytes.startIndex)
        guard let value = reader.value(), reader.at == bytes.endIndex else { return nil }
        return value
    }

    private var byte: UInt8? { at < bytes.endIndex ? bytes[at] : nil }

    private func sees(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[at...].starts(with: $0) }
    }

    private mutating func value() -> SettingsFile.Value? {
        if byte == UInt8(ascii: "[") { return list() }
        return one().map { .one($0) }
    }

    private mutating func one() -> SettingValue? {
        guard let byte else { return nil }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return string().map { .text($0) }
        }
        let start = at
        while let byte = self.byte, !Self.ends(byte) { at += 1 }
        let word = String(decoding: bytes[start..<at], as: UTF8.self)
        switch word {
        case "true": return .flag(true)
        case "false": return .flag(false)
        default: return Self.number(word)
        }
    }

    private static func ends(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "#")
            || byte.isSpace
    }

    private static func number(_ word: String) -> SettingValue? {
        guard !word.hasPrefix("_"), !word.hasSuffix("_"), !word.contains("__") else { return nil }
        let digits = word.replacing("_", with: "")
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(digits.dropFirst(2), radix: radix).map { .whole($0) }
        }
        if let whole = Int(digits) { return .whole(whole) }
        let isDecimal = digits.allSatisfy { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
        guard isDecimal, let number = Double(digits), number.isFinite else { return nil }
        return .number(number)
    }

    private mutating func list() -> SettingsFile.Value? {
        var values: [SettingValue] = []
        at += 1
        while true {
            skipSpaceAndComments()
            if byte == UInt8(ascii: "]") { break }
            guard let value = one() else { return nil }
            values.append(value)
            skipSpaceAndComments()
            if byte == UInt8(ascii: ",") { at += 1 } else { break }
        }
        skipSpaceAndComments()
        guard byte == UInt8(ascii: "]") else { return nil }
        at += 1
        return .list(values)
    }

    private mutating func skipSpaceAndComments() {
        while let byte {
            if byte == UInt8(ascii: "#") {
                while let byte = self.byte, byte != UInt8(ascii: "\n") { at += 1 }
            } else if byte.isSpace {
                at += 1
            } else {
                return
            }
        }
    }

    // MARK: Texts

    private mutating func string() -> String? {
        guard let quote = byte else { return nil }
        let isLong = sees("\"\"\"") || sees("'''")
        at += isLong ? 3 : 1
        if isLong {
            if sees("\r\n") { at += 2 } else if sees("\n") { at += 1 }
        }
        var text: [UInt8] = []
        while let byte {
            let isEnd =
                byte == quote && (!isLong || sees(quote == UInt8(ascii: "'") ? "'''" : "\"\"\""))
            if isEnd {
                at += isLong ? 3 : 1
                return String(validating: text, as: UTF8.self)
            }
            at += 1
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                guard let escaped = escape(isLong: isLong) else { return nil }
                text += escaped.utf8
            } else {
                text.append(byte)
            }
        }
        return nil
    }

    /// What follows a backslash.
    private mutating func escape(isLong: Bool) -> String? {
        guard let byte else { return nil }
        at += 1
        switch Unicode.Scalar(byte) {
        case "\"": return "\""
        case "\\": return "\\"
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b": return "\u{8}"
        case "f": return "\u{C}"
        case "u": return scalar(digits: 4)
        case "U": return scalar(digits: 8)
        case _ where isLong && byte.isSpace:
            // A backslash at the end of a line takes the space after it along.
            while let byte = self.byte, byte.isSpace { at += 1 }
            return ""
        default: return nil
        }
    }

    private mutating func scalar(digits: Int) -> String? {
        guard at + digits <= bytes.endIndex else { return nil }
        let number = UInt32(String(decoding: bytes[at..<at + digits], as: UTF8.self), radix: 16)
        at += digits
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
