/// Turns units of terminal input that are no replies into keys, mouse reports and pastes.
struct KeyDecoder {
    /// Characters of a paste that has not ended; nothing outside a paste.
    private var paste: String.UnicodeScalarView?
    private var pasteLength = 0
    /// Whether the paste's last token was CR, so that LF after it is the same line end.
    private var followsReturn = false
    /// The button that a mouse report from before mode 1006 lets go without naming it.
    private var heldButton = MouseEvent.Button.left

    /// The most characters of one paste; what follows is cut off.
    private static let longestPaste = 1 << 20

    /// What `token` means, or nothing where it means nothing to us.
    mutating func decode(_ token: InputToken) -> TerminalInput? {
        if paste != nil { return decodeInPaste(token) }
        switch token {
        case .character(let scalar): return .key(Key(.character(scalar)))
        case .controlByte(let byte): return .key(Self.key(controlByte: byte))
        case .escape: return .key(Key(.escape))
        case .altCharacter(let scalar): return .key(Key(.character(scalar), .alt))
        case .altControlByte(let byte):
            var key = Self.key(controlByte: byte)
            key.modifiers.insert(.alt)
            return .key(key)
        case .singleShift(let byte): return Self.key(singleShift: byte).map { .key($0) }
        case .control(let sequence): return decode(sequence)
        case .oldMouse(let code, let x, let y): return decodeOldMouse(code, x, y)
        case .string: return nil
        }
    }

    /// Whether the end of a paste is still to come.
    var isInPaste: Bool { paste != nil }

    /// The paste so far, which has no end; nil outside one.
    mutating func endPaste() -> TerminalInput? {
        defer { paste = nil }
        return paste.map { .paste(String($0)) }
    }

    private mutating func decodeInPaste(_ token: InputToken) -> TerminalInput? {
        defer { followsReturn = token == .controlByte(0x0D) }
        switch token {
        case .character(let scalar), .altCharacter(let scalar): append(scalar)
        case .controlByte(0x0D): append("\n")
        case .controlByte(0x0A): if !followsReturn { append("\n") }
        case .controlByte(0x09): append("\t")
        case .control(let sequence) where sequence.final == "~" && sequence.number(0) == 201:
            return endPaste()
        // Escape sequences and control bytes inside a paste are never what a person meant to type.
        default: break
        }
        return nil
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        guard pasteLength < Self.longestPaste else { return }
        paste?.append(scalar)
        pasteLength += 1
    }

    private mutating func decode(_ sequence: ControlSequence) -> TerminalInput? {
        switch (sequence.prefix, sequence.final) {
        case ("<", "M"), ("<", "m"):
            return MouseEvent(
                code: sequence.number(0), x: sequence.number(1), y: sequence.number(2),
                isRelease: sequence.final == "m"
            ).map { .mouse($0) }
        case (nil, "I") where sequence.parameters.isEmpty: return .focus(isGained: true)
        case (nil, "O") where sequence.parameters.isEmpty: return .focus(isGained: false)
        case (nil, "~") where sequence.number(0) == 200:
            paste = String.UnicodeScalarView()
            pasteLength = 0
            return nil
        default: return Key(sequence).map { .key($0) }
        }
    }

    private mutating func decodeOldMouse(_ code: UInt8, _ x: UInt8, _ y: UInt8) -> TerminalInput? {
        let event = MouseEvent(
            code: Int(code) - 32, x: Int(x) - 32, y: Int(y) - 32, isRelease: false,
            held: heldButton)
        if case .press(let button) = event?.action { heldButton = button }
        return event.map { .mouse($0) }
    }

    /// Terminals send Enter as CR, Tab as HT and Backspace as DEL or BS, so Ctrl-M, J, I and H
    /// cannot be told from them.
    private static func key(controlByte byte: UInt8) -> Key {
        switch byte {
        case 0x00: Key(.character(" "), .control)
        case 0x08, 0x7F: Key(.backspace)
        case 0x09: Key(.tab)
        case 0x0A, 0x0D: Key(.enter)
        case 0x01...0x1A: Key(.character(Unicode.Scalar(byte + 0x60)), .control)
        default: Key(.character(Unicode.Scalar(byte + 0x40)), .control)
        }
    }

    private static func key(singleShift byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "M"): return Key(.enter)
        case UInt8(ascii: "I"): return Key(.tab)
        case UInt8(ascii: "X"): return Key(.character("="))
        case UInt8(ascii: "a")...UInt8(ascii: "d"):
            return Key.letterCode(Unicode.Scalar(byte - 0x20)).map { Key($0, .control) }
        // The keypad in application mode: the character's code plus 0x40.
        case UInt8(ascii: "j")...UInt8(ascii: "y"):
            return Key(.character(Unicode.Scalar(byte - 0x40)))
        default: return Key.letterCode(Unicode.Scalar(byte)).map { Key($0) }
        }
    }
}
