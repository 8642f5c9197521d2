extension Key {
    /// The key that a person names as `description` does: `Ctrl-G`, `alt-enter`, `F1`, `?`. Only a
    /// single character heeds upper and lower case.
    public init?(name: String) {
        var rest = name[...]
        var modifiers: Modifiers = []
        while let (prefix, modifier) = Self.prefixes.first(where: {
            rest.lowercased().hasPrefix($0.0) && rest.count > $0.0.count
        }) {
            rest = rest.dropFirst(prefix.count)
            guard modifiers.insert(modifier).inserted else { return nil }
        }
        if let code = Self.namedCodes[rest.lowercased()] {
            self.init(code, modifiers)
        } else if rest.count > 1, rest.first == "F" || rest.first == "f",
            let number = Int(rest.dropFirst()), 1...24 ~= number
        {
            self.init(.function(number), modifiers)
        } else if rest.unicodeScalars.count == 1, let scalar = rest.unicodeScalars.first,
            scalar.value > 0x20, !(0x7F...0x9F ~= scalar.value), !modifiers.contains(.shift)
        {
            let isTyped = modifiers.isDisjoint(with: [.control, .command])
            let lower = scalar.properties.lowercaseMapping.unicodeScalars
            self.init(
                .character(isTyped || lower.count != 1 ? scalar : lower.first ?? scalar), modifiers)
        } else {
            return nil
        }
    }

    private static let prefixes: [(String, Modifiers)] = [
        ("ctrl-", .control), ("alt-", .alt), ("shift-", .shift), ("super-", .command)
    ]

    private static let namedCodes: [String: Code] = [
        "space": .character(" "), "enter": .enter, "tab": .tab, "backspace": .backspace,
        "esc": .escape, "insert": .insert, "delete": .delete, "up": .up, "down": .down,
        "left": .left, "right": .right, "home": .home, "end": .end, "pageup": .pageUp,
        "pagedown": .pageDown
    ]
}
