/// One key press, as far as a terminal can tell.
public struct Key: Hashable, Sendable {
    /// Which key.
    public enum Code: Hashable, Sendable {
        /// A key that types a character. Shift is part of the character: `A`, not Shift and `a`.
        case character(Unicode.Scalar)
        case enter, tab, backspace, escape, insert, delete
        case up, down, left, right, home, end, pageUp, pageDown
        /// F1 and up.
        case function(Int)
    }

    /// Keys held down with it.
    public struct Modifiers: OptionSet, Hashable, Sendable {
        /// In the order of the bits that terminals send, less one.
        public let rawValue: UInt8

        /// The bits that terminals send, less one.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Shift; never set for a character.
        public static let shift = Modifiers(rawValue: 1)
        /// Alt, or an ESC sent before the key.
        public static let alt = Modifiers(rawValue: 2)
        /// Control.
        public static let control = Modifiers(rawValue: 4)
        /// The Windows or Command key; only with the kitty keyboard protocol.
        public static let command = Modifiers(rawValue: 8)
    }

    /// Which key.
    public var code: Code
    /// Keys held down with it.
    public var modifiers: Modifiers

    /// A key with the modifiers held down with it.
    public init(_ code: Code, _ modifiers: Modifiers = []) {
        self.code = code
        self.modifiers = modifiers
    }
}

extension Key: CustomStringConvertible {
    /// The key as a person writes it: `Ctrl-G`, `Alt-Enter`, `F1`, `?`.
    public var description: String {
        var parts: [String] = []
        if modifiers.contains(.command) { parts.append("Super") }
        if modifiers.contains(.control) { parts.append("Ctrl") }
        if modifiers.contains(.alt) { parts.append("Alt") }
        if modifiers.contains(.shift) { parts.append("Shift") }
        let isPlain = modifiers.isDisjoint(with: [.control, .command])
        switch code {
        case .character(" "): parts.append("Space")
        case .character(let scalar):
            parts.append(isPlain ? String(scalar) : String(scalar).uppercased())
        case .enter: parts.append("Enter")
        case .tab: parts.append("Tab")
        case .backspace: parts.append("Backspace")
        case .escape: parts.append("Esc")
        case .insert: parts.append("Insert")
        case .delete: parts.append("Delete")
        case .up: parts.append("Up")
        case .down: parts.append("Down")
        case .left: parts.append("Left")
        case .right: parts.append("Right")
        case .home: parts.append("Home")
        case .end: parts.append("End")
        case .pageUp: parts.append("PageUp")
        case .pageDown: parts.append("PageDown")
        case .function(let number): parts.append("F\(number)")
        }
        return parts.joined(separator: "-")
    }
}
