/// Where the entries of a TOML text stand: for reading, for warnings that name a line, and to change
/// one entry while comments and all other lines stay as they are.
struct SettingsLines {
    struct Entry {
        /// The tables it lies in, then its own key.
        let path: [String]
        /// Counted from 1.
        let line: Int
        /// From the start of its line to the end of the line where its value ends.
        let lines: Range<Int>
        /// The value's bytes.
        let value: Range<Int>
    }

    struct Header {
        let path: [String]
        let line: Int
        /// The offset after the header's line.
        let end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var headers: [Header] = []
    /// Lines that are neither a section nor an entry.
    private(set) var strangeLines: [Int] = []

    let bytes: [UInt8]
    private var at = 0
    private var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
        // A byte order mark is no part of the first key.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        var table: [String] = []
        while at < bytes.count {
            let (start, startLine) = (at, line)
            skipSpaces()
            switch byte {
            case UInt8(ascii: "["):
                let isList = next == UInt8(ascii: "[")
                at += isList ? 2 : 1
                guard let path = keyPath(until: UInt8(ascii: "]")) else {
                    skipStrangeLine(startLine)
                    continue
                }
                if isList, byte == UInt8(ascii: "]") { at += 1 }
                skipSpaces()
                guard isAtEndOfLine else {
                    skipStrangeLine(startLine)
                    continue
                }
                table = path
                skipLine()
                headers.append(Header(path: path, line: startLine, end: at))
            case _ where isAtEndOfLine: skipLine()
            default:
                guard let path = keyPath(until: UInt8(ascii: "=")) else {
                    skipStrangeLine(startLine)
                    continue
                }
                skipSpaces()
                let value = skipValue()
                skipLine()
                entries.append(
                    Entry(path: table + path, line: startLine, lines: start..<at, value: value))
            }
        }
    }

    // MARK: Scanning

    private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }
    private var next: UInt8? { at + 1 < bytes.count ? bytes[at + 1] : nil }

    private mutating func skipSpaces() {
        while let byte, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { at += 1 }
    }

    private var isAtEndOfLine: Bool {
        guard let byte else { return true }
        return byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "#")
    }

    private mutating func skipStrangeLine(_ line: Int) {
        strangeLines.append(line)
        skipLine()
    }

    private mutating func skipLine() {
        while let byte, byte != UInt8(ascii: "\n") { at += 1 }
        if at < bytes.count {
            at += 1
            line += 1
        }
    }

    /// Keys with dots between them, and the mark that ends them.
    private mutating func keyPath(until end: UInt8) -> [String]? {
        var path: [String] = []
        while true {
            skipSpaces()
            guard let key = key() else { return nil }
            path.append(key)
            skipSpaces()
            guard let mark = byte else { return nil }
            if mark == end {
                at += 1
                return path
            }
            guard mark == UInt8(ascii: ".") else { return nil }
            at += 1
        }
    }

    private mutating func key() -> String? {
        guard let first = byte else { return nil }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            let start = at
            guard skipString() else { return nil }
            guard case .one(.text(let key))? = SettingsValueReader.value(bytes[start..<at]) else {
                return nil
            }
            return key
        }
        let start = at
        while let byte, byte.isBareKey { at += 1 }
        return at == start ? nil : String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// A list or long text that is never closed ends with its first line, so that the rest of the
    /// file still counts.
    ///
    /// - Returns: the value without the space and the comment after it.
    private mutating func skipValue() -> Range<Int> {
        let (start, startLine) = (at, line)
        var end = at
        var depth = 0
        while let byte {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                guard skipString() else {
                    depth = 1
                    at = bytes.count
                    continue
                }
                end = at
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "#"):
                if depth <= 0 { return start..<end }
                skipLine()
                continue
            case UInt8(ascii: "\n"):
                if depth <= 0 { return start..<end }
                line += 1
            default: break
            }
            at += 1
            if !byte.isSpace { end = at }
        }
        guard depth > 0 else { return start..<end }
        (at, line) = (start, startLine)
        while let byte, byte != UInt8(ascii: "\n") { at += 1 }
        return start..<at
    }

    /// Stands behind the closing quotation mark afterwards.
    /// - Returns: whether there is one, on the same line for short texts.
    private mutating func skipString() -> Bool {
        guard let quote = byte else { return false }
        let isLong = next == quote && at + 2 < bytes.count && bytes[at + 2] == quote
        at += isLong ? 3 : 1
        while let byte {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                at = min(at + 2, bytes.count)
            } else if byte == quote, !isLong {
                at += 1
                return true
            } else if byte == quote, next == quote, at + 2 < bytes.count, bytes[at + 2] == quote {
                at += 3
                return true
            } else {
                if byte == UInt8(ascii: "\n") {
                    if !isLong { return false }
                    line += 1
                }
                at += 1
            }
        }
        return false
    }
}

extension UInt8 {
    var isSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
            || self == UInt8(ascii: "\n")
    }

    var isBareKey: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
