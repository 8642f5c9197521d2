/// What a program asks its terminal.
public enum TerminalQuestion: Hashable, Sendable {
    case version
    case kitty(id: Int)
    case cellSize
    case textArea
    case sixelColors
    case sixelLimit
    case mode(Int)
    case background
    case deviceAttributes
    /// DSR 5: whether everything before has been handled.
    case ready
}

extension EmulatedTerminal {
    struct Parser: Sendable {
        enum State: Sendable {
            case ground
            case escape
            case charset
            case control
            /// A string that `]`, `P`, `_`, `^` or `X` began.
            case string(UInt8)
            case stringEscape(UInt8)
        }

        var state = State.ground
        var body: [UInt8] = []
        var utf8: [UInt8] = []
        var last: Unicode.Scalar?
    }

    /// Whether a picture or another string has begun and not ended; the screen stays as it is then.
    var isInsideString: Bool {
        if case .string = parser.state { true } else { false }
    }

    /// Draws bytes.
    ///
    /// - Returns: the questions among them, in their order.
    public mutating func feed(_ bytes: some Sequence<UInt8>) -> [TerminalQuestion] {
        var questions: [TerminalQuestion] = []
        var rest = Array(bytes)[...]
        transcript += rest
        while !rest.isEmpty {
            if case .string = parser.state {
                // Pictures are long: all at once up to what may end them.
                let plain = rest.prefix { $0 != 0x1B && $0 != 7 }
                parser.body += plain
                rest = rest.dropFirst(plain.count)
                guard !rest.isEmpty else { break }
            }
            take(rest.removeFirst(), &questions)
        }
        return questions
    }

    private mutating func take(_ byte: UInt8, _ questions: inout [TerminalQuestion]) {
        switch parser.state {
        case .ground: takeInGround(byte)
        // A program that crashes in the middle of a sequence begins another; so does tmux, which
        // drops what a slow terminal has not taken.
        case .escape where byte == 0x1B, .charset where byte == 0x1B, .control where byte == 0x1B:
            parser.state = .escape
        case .escape: takeAfterEscape(byte)
        case .charset: parser.state = .ground
        case .control:
            parser.body.append(byte)
            if (0x40...0x7E).contains(byte), !(parser.body.count == 1 && byte == 0x5B) {
                parser.state = .ground
                control(String(decoding: parser.body, as: UTF8.self), &questions)
            }
        case .string(let introducer):
            if byte == 0x1B {
                parser.state = .stringEscape(introducer)
            } else if byte == 7, introducer == UInt8(ascii: "]") {
                endString(introducer, &questions)
            } else {
                parser.body.append(byte)
            }
        case .stringEscape(let introducer):
            if byte == UInt8(ascii: "\\") {
                endString(introducer, &questions)
            } else {
                unknown.append("unterminated string")
                parser.state = .escape
                takeAfterEscape(byte)
            }
        }
    }

    private mutating func takeInGround(_ byte: UInt8) {
        if !parser.utf8.isEmpty, !(0x80..<0xC0).contains(byte) {
            // What was cut off is one unknown character, and this byte is itself again.
            parser.utf8 = []
            put("\u{FFFD}")
        }
        if byte >= 0x80 {
            parser.utf8.append(byte)
            let text = String(decoding: parser.utf8, as: UTF8.self)
            if text.unicodeScalars.first != "\u{FFFD}" || parser.utf8.count == 4 {
                parser.utf8 = []
                for scalar in text.unicodeScalars {
                    if (0x80..<0xA0).contains(scalar.value) {
                        strayControls.append(UInt8(scalar.value))
                    }
                    put(scalar)
                    parser.last = scalar
                }
            }
            return
        }
        switch byte {
        case 0x1B:
            parser.state = .escape
        case 0x0D:
            cursor.column = 0
            isWrapPending = false
        case 0x0A, 0x0B, 0x0C: lineFeed()
        case 0x08:
            cursor.column = max(0, cursor.column - 1)
            isWrapPending = false
        case 0x09: cursor.column = min(columns - 1, (cursor.column / 8 + 1) * 8)
        case 0x20..<0x7F:
            let scalar = Unicode.Scalar(byte)
            put(scalar)
            parser.last = scalar
        default: strayControls.append(byte)
        }
    }

    private mutating func takeAfterEscape(_ byte: UInt8) {
        parser.state = .ground
        parser.body = []
        switch Unicode.Scalar(byte) {
        case "[": parser.state = .control
        case "]", "P", "_", "^", "X": parser.state = .string(byte)
        case "(", ")": parser.state = .charset
        case "7": saved = (cursor.column, cursor.row, style)
        case "8":
            cursor = (min(saved.column, columns - 1), min(saved.row, rows - 1))
            style = saved.style
            isWrapPending = false
        case "=": isKeypadApplication = true
        case ">": isKeypadApplication = false
        // The end of a string that has ended already.
        case "\\": break
        case "M":
            if cursor.row == region.lowerBound {
                scroll(up: -1, in: region)
            } else {
                cursor.row = max(0, cursor.row - 1)
            }
        default: unknown.append(String(Unicode.Scalar(byte)))
        }
    }

    // MARK: CSI

    private mutating func control(_ body: String, _ questions: inout [TerminalQuestion]) {
        guard let final = body.unicodeScalars.last else { return }
        let inner = body.dropLast()
        if let prefix = inner.first, "?>=<".contains(prefix) {
            return privateControl(inner, final, &questions)
        }
        let numbers = inner.split(separator: ";", omittingEmptySubsequences: false)
            .map { Int($0) ?? 0 }
        func number(_ index: Int, or missing: Int = 1) -> Int {
            index < numbers.count && numbers[index] > 0 ? numbers[index] : missing
        }
        if final != "m", final != "n", final != "t", final != "b" { isWrapPending = false }
        switch final {
        case "A": cursor.row = max(0, cursor.row - number(0))
        case "B": cursor.row = min(rows - 1, cursor.row + number(0))
        case "C": cursor.column = min(columns - 1, cursor.column + number(0))
        case "D": cursor.column = max(0, cursor.column - number(0))
        case "G": cursor.column = min(columns, number(0)) - 1
        case "d": cursor.row = min(rows, number(0)) - 1
        case "H", "f": cursor = (min(columns, number(1)) - 1, min(rows, number(0)) - 1)
        case "J":
            let kind = number(0, or: 0)
            if kind == 0 { erase(cursor.column..<columns, cursor.row) }
            if kind == 1 { erase(0..<cursor.column + 1, cursor.row) }
            for row in 0..<rows
            where kind == 2 || kind == 0 && row > cursor.row || kind == 1 && row < cursor.row {
                erase(0..<columns, row)
            }
        case "K":
            let kind = number(0, or: 0)
            erase(
                (kind == 0 ? cursor.column : 0)..<(kind == 1 ? cursor.column + 1 : columns),
                cursor.row)
        case "X": erase(cursor.column..<min(columns, cursor.column + number(0)), cursor.row)
        case "@": insertCells(number(0))
        case "P": deleteCells(number(0))
        case "L":
            if region ~= cursor.row { scroll(up: -number(0), in: cursor.row...region.upperBound) }
        case "M":
            if region ~= cursor.row { scroll(up: number(0), in: cursor.row...region.upperBound) }
        case "S": scroll(up: number(0), in: region)
        case "T": scroll(up: -number(0), in: region)
        case "b": if let last = parser.last { for _ in 0..<number(0) { put(last) } }
        case "r":
            let (top, bottom) = (number(0) - 1, number(1, or: rows) - 1)
            if top < bottom, bottom < rows { region = top...bottom }
            cursor = (0, 0)
        case "m": setStyle(numbers)
        case "h" where numbers == [4]: isInserting = true
        case "l" where numbers == [4]: isInserting = false
        case "n" where numbers == [5]: questions.append(.ready)
        case "c": questions.append(.deviceAttributes)
        case "t" where numbers.first == 16: questions.append(.cellSize)
        case "t" where numbers.first == 14: questions.append(.textArea)
        // Titles kept and set back around the alternate screen.
        case "t" where numbers.first == 22 || numbers.first == 23: break
        default: unknown.append("[" + body)
        }
    }

    private mutating func privateControl(
        _ inner: Substring, _ final: Unicode.Scalar, _ questions: inout [TerminalQuestion]
    ) {
        let numbers = inner.dropFirst().prefix { $0 != "$" }.split(separator: ";")
            .map { Int($0) ?? 0 }
        switch (inner.first, final) {
        case ("?", "h"), ("?", "l"):
            for mode in numbers { setMode(mode, isOn: final == "h") }
        case ("?", "s"): for mode in numbers { savedModes[mode] = modes.contains(mode) }
        case ("?", "r"):
            for mode in numbers { if let isOn = savedModes[mode] { setMode(mode, isOn: isOn) } }
        case ("?", "p") where printsUnknown: put("p")
        case ("?", "p") where inner.hasSuffix("$"): questions.append(.mode(numbers.first ?? 0))
        case ("?", "S"): questions.append(numbers.first == 1 ? .sixelColors : .sixelLimit)
        case (">", "q"): questions.append(.version)
        default: unknown.append("[" + inner + String(final))
        }
    }

    private mutating func setMode(_ mode: Int, isOn: Bool) {
        if mode == 1049 { isOn ? enterAlternateScreen() : leaveAlternateScreen() }
        if mode == 2026, isOn { synchronizedUpdates += 1 }
        if isOn { modes.insert(mode) } else { modes.remove(mode) }
    }

    private mutating func setStyle(_ numbers: [Int]) {
        var rest = (numbers.isEmpty ? [0] : numbers)[...]
        while let number = rest.popFirst() {
            switch number {
            case 0: style = Style()
            case 1...9: style.attributes.insert(number)
            case 22: style.attributes.subtract([1, 2])
            case 23...29: style.attributes.remove(number - 20)
            case 30...37, 90...97: style.foreground = "\(number)"
            case 40...47, 100...107: style.background = "\(number)"
            case 39: style.foreground = ""
            case 49: style.background = ""
            case 38, 48:
                let count = rest.first == 2 ? 4 : 2
                let color =
                    "\(number);" + rest.prefix(count).map(String.init).joined(separator: ";")
                rest = rest.dropFirst(count)
                if number == 38 { style.foreground = color } else { style.background = color }
            default: unknown.append("[\(number)m")
            }
        }
    }

    // MARK: Strings

    private mutating func endString(_ introducer: UInt8, _ questions: inout [TerminalQuestion]) {
        parser.state = .ground
        let body = parser.body
        switch introducer {
        case UInt8(ascii: "]"):
            let text = String(decoding: body, as: UTF8.self)
            if text == "11;?" { questions.append(.background) } else { commands.append(text) }
        case UInt8(ascii: "P"):
            if body.first.map({ (0x30...0x3B).contains($0) }) == true
                || body.first == UInt8(ascii: "q")
            {
                drawSixel(body)
            } else {
                unknown.append("P" + String(decoding: body.prefix(20), as: UTF8.self))
            }
        case UInt8(ascii: "_") where printsUnknown:
            for byte in body { put(Unicode.Scalar(byte)) }
        case UInt8(ascii: "_") where body.first == UInt8(ascii: "G"):
            switch pictures.kitty(Array(body.dropFirst()), at: cursor) {
            case .none: break
            case .answer(let id): questions.append(.kitty(id: id))
            case .move(let columns, let rows):
                for _ in 1..<max(1, rows) { lineFeed() }
                cursor.column = min(self.columns - 1, cursor.column + columns)
            }
        default: unknown.append(String(Unicode.Scalar(introducer)))
        }
    }
}
