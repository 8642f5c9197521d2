/// Cuts the bytes from a terminal into whole units, wherever reads happen to split them.
///
/// Inside CSI, OSC, DCS and APC nothing is ever given up because time passes: a reply that takes
/// five seconds in two halves is still one reply. What ends them early is a byte that cannot belong
/// to them; so a person who starts one by accident (Alt-P, Alt-[) is free again at the next Enter,
/// Esc or Ctrl-C.
struct InputTokenizer: Sendable {
    /// A lone ESC is the Esc key once no byte has followed for this long.
    static let escapeDelay = Duration.milliseconds(50)
    private static let longestControl = 64
    private static let longestString = 4096

    private enum State {
        case ground
        case escape(since: Duration)
        case singleShift(since: Duration)
        case control
        case oldMouse
        case string(UInt8)
        /// ESC inside a string: its terminator, or the start of something else.
        case stringEscape(UInt8)
        /// Esc was reported while a reply is due. Bytes that go on like a reply are held until it
        /// is clear whether that ESC was the reply's first byte.
        case heldAfterEscape(until: Duration)
    }

    private var state = State.ground
    private var body: [UInt8] = []
    private var character = PartialScalar()
    private var isAlt = false
    private var tokens: [InputToken] = []

    /// When `tick` may next have something to say, if no byte comes first.
    var nextTick: Duration? {
        switch state {
        case .escape(let since), .singleShift(let since): since + Self.escapeDelay
        case .heldAfterEscape(let deadline): deadline
        default: nil
        }
    }

    /// The tokens that end with these bytes.
    mutating func feed(_ bytes: some Sequence<UInt8>, at now: Duration) -> [InputToken] {
        for byte in bytes { take(byte, at: now) }
        return takeTokens()
    }

    /// What the passing of time decides. To be called only when no byte is waiting to be read.
    ///
    /// - Parameter replyDeadline: until when a reply may come, if one is due.
    mutating func tick(at now: Duration, replyDeadline: Duration?) -> [InputToken] {
        switch state {
        case .escape(let since) where now - since >= Self.escapeDelay:
            tokens.append(.escape)
            body = []
            state = .ground
            if let replyDeadline, now < replyDeadline {
                state = .heldAfterEscape(until: replyDeadline)
            }
        case .singleShift(let since) where now - since >= Self.escapeDelay:
            tokens.append(.altCharacter("O"))
            state = .ground
        case .heldAfterEscape(let deadline) where now >= deadline:
            releaseHeld(at: now)
        default: break
        }
        return takeTokens()
    }

    private mutating func takeTokens() -> [InputToken] {
        defer { tokens.removeAll(keepingCapacity: true) }
        return tokens
    }
}

extension InputTokenizer {
    private mutating func take(_ byte: UInt8, at now: Duration) {
        switch state {
        case .ground: takeInGround(byte, at: now)
        case .escape: takeAfterEscape(byte, at: now)
        case .singleShift: takeAfterSingleShift(byte, at: now)
        case .control: takeInControl(byte, at: now)
        case .oldMouse: takeInOldMouse(byte, at: now)
        case .string(let introducer): takeInString(introducer, byte, at: now)
        case .stringEscape(let introducer):
            state = .ground
            if byte == UInt8(ascii: "\\") {
                endString(introducer)
            } else {
                body = []
                takeAfterEscape(byte, at: now)
            }
        case .heldAfterEscape: takeHeld(byte, at: now)
        }
    }

    private mutating func takeInGround(_ byte: UInt8, at now: Duration) {
        if byte < 0x80 {
            character = PartialScalar()
            switch byte {
            case 0x1B: state = .escape(since: now)
            case 0x20..<0x7F: tokens.append(.character(Unicode.Scalar(byte)))
            default: tokens.append(.controlByte(byte))
            }
            isAlt = false
        } else if let scalar = character.take(byte) {
            // U+0080-9F would be control characters; no key types them.
            if scalar.value >= 0xA0 {
                tokens.append(isAlt ? .altCharacter(scalar) : .character(scalar))
            }
            isAlt = false
        }
    }

    private mutating func takeAfterEscape(_ byte: UInt8, at now: Duration) {
        state = .ground
        body = []
        switch byte {
        case UInt8(ascii: "["): state = .control
        case UInt8(ascii: "O"): state = .singleShift(since: now)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"): state = .string(byte)
        case 0x1B:
            tokens.append(.escape)
            state = .escape(since: now)
        case 0x20..<0x7F: tokens.append(.altCharacter(Unicode.Scalar(byte)))
        case 0x80...:
            isAlt = true
            takeInGround(byte, at: now)
        default: tokens.append(.altControlByte(byte))
        }
    }

    private mutating func takeAfterSingleShift(_ byte: UInt8, at now: Duration) {
        state = .ground
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            tokens.append(.singleShift(byte))
        default:
            tokens.append(.altCharacter("O"))
            take(byte, at: now)
        }
    }

    private mutating func takeInControl(_ byte: UInt8, at now: Duration) {
        switch byte {
        case UInt8(ascii: "M") where body.isEmpty:
            state = .oldMouse
        case UInt8(ascii: "[") where body.isEmpty, 0x20..<0x40:
            if body.count <= Self.longestControl { body.append(byte) }
        case 0x40..<0x7F:
            state = .ground
            body.append(byte)
            // One that is malformed or too long is dropped: it is no key and must not be typed.
            if body.count <= Self.longestControl, let sequence = ControlSequence(body) {
                tokens.append(.control(sequence))
            }
        default:
            state = .ground
            take(byte, at: now)
        }
    }

    private mutating func takeInOldMouse(_ byte: UInt8, at now: Duration) {
        guard byte >= 0x20 else {
            state = .ground
            take(byte, at: now)
            return
        }
        body.append(byte)
        if body.count == 3 {
            state = .ground
            tokens.append(.oldMouse(body[0], body[1], body[2]))
        }
    }

    private mutating func takeInString(_ introducer: UInt8, _ byte: UInt8, at now: Duration) {
        switch byte {
        case 0x1B where ReplyShape.isStringStart(introducer, body, isWhole: true):
            state = .stringEscape(introducer)
        case 0x07 where ReplyShape.isStringStart(introducer, body, isWhole: true):
            state = .ground
            endString(introducer)
        case 0x20..<0x7F, 0x80...:
            if body.count <= Self.longestString { body.append(byte) }
            if body.count <= ReplyShape.longestStart
                && !ReplyShape.isStringStart(introducer, body, isWhole: false)
            {
                typeString(introducer, at: now)
            }
        default:
            // No reply holds a control byte. Short of the start of a reply these were keys.
            if ReplyShape.isStringStart(introducer, body, isWhole: true) {
                state = .ground
            } else {
                typeString(introducer, at: now)
            }
            take(byte, at: now)
        }
    }

    private mutating func endString(_ introducer: UInt8) {
        if body.count <= Self.longestString { tokens.append(.string(introducer, body)) }
        body = []
    }

    /// What looked like the start of a string was Alt and a letter, and then typing.
    private mutating func typeString(_ introducer: UInt8, at now: Duration) {
        let typed = body
        body = []
        state = .ground
        tokens.append(.altCharacter(Unicode.Scalar(introducer)))
        for byte in typed { take(byte, at: now) }
    }

    private mutating func takeHeld(_ byte: UInt8, at now: Duration) {
        body.append(byte)
        switch ReplyShape.match(body) {
        case .partial where body.count <= Self.longestString: break
        case .whole:
            let held = body
            takeAfterEscape(held[0], at: now)
            for byte in held.dropFirst() { take(byte, at: now) }
        default: releaseHeld(at: now)
        }
    }

    /// The ESC before was the Esc key after all, and these bytes are what was typed after it.
    private mutating func releaseHeld(at now: Duration) {
        let held = body
        body = []
        state = .ground
        for byte in held { take(byte, at: now) }
    }
}

/// UTF-8 bytes that do not make a character yet.
private struct PartialScalar {
    private var value: UInt32 = 0
    private var least: UInt32 = 0
    private var missing = 0

    /// The character that `byte`, which is not ASCII, completes. Bytes that fit nowhere are dropped.
    mutating func take(_ byte: UInt8) -> Unicode.Scalar? {
        switch byte {
        case 0x80..<0xC0:
            guard missing > 0 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
            missing -= 1
            guard missing == 0, value >= least else { return nil }
            return Unicode.Scalar(value)
        case 0xC2..<0xE0: self = PartialScalar(value: UInt32(byte & 0x1F), least: 0x80, missing: 1)
        case 0xE0..<0xF0:
            self = PartialScalar(value: UInt32(byte & 0x0F), least: 0x800, missing: 2)
        case 0xF0..<0xF5:
            self = PartialScalar(value: UInt32(byte & 0x07), least: 0x10000, missing: 3)
        default: self = PartialScalar()
        }
        return nil
    }
}
