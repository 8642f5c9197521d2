/// What a terminal answers to a question, told apart from what a person types.
public enum TerminalReply: Hashable, Sendable {
    /// XTVERSION: name and version, printable ASCII, at most 64 characters.
    case version(String)
    /// A kitty graphics answer: the picture's number, and `OK` or what was wrong.
    case kittyGraphics(id: Int, message: String)
    /// `CSI 6 ; height ; width t`.
    case cellSize(CellSize)
    /// `CSI 4 ; height ; width t`: the text area in pixels.
    case textArea(width: Int, height: Int)
    /// XTSMGRAPHICS 1: how many colours a sixel picture may have, now or at most.
    case sixelColors(Int)
    /// XTSMGRAPHICS 2: the largest sixel picture in pixels.
    case sixelLimit(width: Int, height: Int)
    /// DECRPM: a private mode, and whether the terminal knows it (1, 2, 3) or not (0, 4).
    case mode(Int, state: Int)
    /// OSC 11: the background as sRGB bytes.
    case background(red: UInt8, green: UInt8, blue: UInt8)
    /// DA1: what the terminal is and can do; 4 is sixel. The answer to the last question of all.
    case deviceAttributes([Int])
    /// DSR 5: all bytes sent before the question have been handled.
    case ready
    /// The kitty keyboard flags in force.
    case keyboardFlags(Int)
    /// Any other report, without its ESC.
    case other([UInt8])
}

extension TerminalReply {
    /// The reply that `token` is, if it is none of a person's keys.
    init?(_ token: InputToken) {
        switch token {
        case .string(let introducer, let body):
            self = Self.string(introducer, body)
        case .control(let sequence):
            guard let reply = Self.control(sequence) else { return nil }
            self = reply
        default:
            return nil
        }
    }

    private static func string(_ introducer: UInt8, _ body: [UInt8]) -> TerminalReply {
        let text = String(decoding: body, as: UTF8.self)
        switch introducer {
        case UInt8(ascii: "P") where text.hasPrefix(">|"):
            let printable = body.dropFirst(2).filter { (0x20...0x7E).contains($0) }
            return .version(String(decoding: printable.prefix(64), as: UTF8.self))
        case UInt8(ascii: "]") where text.hasPrefix("11;"):
            if let color = color(text.dropFirst(3)) { return color }
        case UInt8(ascii: "_"):
            let parts = text.dropFirst().split(separator: ";", maxSplits: 1)
            let id = parts.first?.split(separator: ",").first { $0.hasPrefix("i=") }
                .flatMap { Int($0.dropFirst(2)) }
            if let id, parts.count == 2 {
                let printable = parts[1].unicodeScalars.filter { (0x20...0x7E).contains($0.value) }
                return .kittyGraphics(id: id, message: String(String.UnicodeScalarView(printable)))
            }
        default: break
        }
        return .other([introducer] + body)
    }

    /// `rgb:r/g/b` with one to four hexadecimal digits each, or `rgba:` with a fourth.
    private static func color(_ text: Substring) -> TerminalReply? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, parts[0] == "rgb" || parts[0] == "rgba" else { return nil }
        let bytes = parts[1].split(separator: "/").prefix(3).compactMap { digits -> UInt8? in
            guard digits.count <= 4, let value = Int(digits, radix: 16), value >= 0 else {
                return nil
            }
            let largest = (1 << (4 * digits.count)) - 1
            return UInt8((value * 255 + largest / 2) / largest)
        }
        guard bytes.count == 3 else { return nil }
        return .background(red: bytes[0], green: bytes[1], blue: bytes[2])
    }

    private static func control(_ sequence: ControlSequence) -> TerminalReply? {
        let numbers = sequence.parameters.map { $0.first ?? 0 }
        switch (sequence.prefix, sequence.intermediates, sequence.final, numbers.count) {
        case ("?", "", "c", _): return .deviceAttributes(numbers)
        case (nil, "", "n", 1) where numbers[0] == 0: return .ready
        case (nil, "", "t", 3) where numbers[0] == 6 && numbers[1] > 0 && numbers[2] > 0:
            return .cellSize(CellSize(width: numbers[2], height: numbers[1]))
        case (nil, "", "t", 3) where numbers[0] == 4 && numbers[1] > 0 && numbers[2] > 0:
            return .textArea(width: numbers[2], height: numbers[1])
        case ("?", "", "S", 3) where numbers[0] == 1 && numbers[1] == 0:
            return .sixelColors(numbers[2])
        case ("?", "", "S", 4) where numbers[0] == 2 && numbers[1] == 0:
            return .sixelLimit(width: numbers[2], height: numbers[3])
        case ("?", "$", "y", 2): return .mode(numbers[0], state: numbers[1])
        case ("?", "", "u", 1): return .keyboardFlags(numbers[0])
        case ("<", "", "M", 3), ("<", "", "m", 3): return nil
        // A cursor report looks like F3 with modifiers; we never ask for one in the first row.
        case (nil, "", "R", 2) where numbers[0] != 1: return .other(sequence.bytes)
        case (nil, "", "t", _), (nil, "", "n", _), (nil, "", "c", _), (nil, "", "y", _):
            return .other(sequence.bytes)
        case (nil, "", _, _), ("[", "", _, _): return nil
        default: return .other(sequence.bytes)
        }
    }
}
