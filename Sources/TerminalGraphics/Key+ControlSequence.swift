extension ControlSequence {
    /// The parameter at `index`, 0 where it is missing.
    func number(_ index: Int) -> Int { part(index, 0) }

    /// One `:` part of the parameter at `index`, 0 where it is missing.
    func part(_ index: Int, _ part: Int) -> Int {
        index < parameters.count && part < parameters[index].count ? parameters[index][part] : 0
    }
}

extension Key {
    /// The key that a CSI sequence stands for: xterm's, VT220's, rxvt's, the Linux console's, and
    /// the kitty keyboard protocol's. Releases of a key are nothing.
    init?(_ sequence: ControlSequence) {
        let isRelease = sequence.part(1, 1) == 3
        guard sequence.intermediates.isEmpty, !isRelease else { return nil }
        switch (sequence.prefix, sequence.final) {
        case ("[", "A"..."E"):
            self.init(.function(Int(sequence.final.value - 0x40)))
        case (nil, "Z"):
            self.init(.tab, .shift)
        case (nil, "a"..."d"):
            guard let code = Self.letterCode(Unicode.Scalar(UInt8(sequence.final.value - 0x20)))
            else { return nil }
            self.init(code, .shift)
        case (nil, "A"..."S"):
            guard let code = Self.letterCode(sequence.final) else { return nil }
            self.init(code, Modifiers(parameter: sequence.number(1)))
        case (nil, "~") where sequence.number(0) == 27 && sequence.parameters.count == 3:
            self.init(unicode: sequence.number(2), Modifiers(parameter: sequence.number(1)))
        case (nil, "~"):
            guard let code = Self.numberedCode(sequence.number(0)) else { return nil }
            self.init(code, Modifiers(parameter: sequence.number(1)))
        case (nil, "u"):
            let shifted = sequence.part(0, 1)
            let modifiers = Modifiers(parameter: sequence.number(1))
            self.init(
                unicode: shifted > 0 && modifiers.contains(.shift) ? shifted : sequence.number(0),
                modifiers)
        default: return nil
        }
    }

    /// A key named by the code point it types, or by kitty's numbers in the private use area.
    private init?(unicode value: Int, _ modifiers: Modifiers) {
        switch value {
        case 9: self.init(.tab, modifiers)
        case 10, 13, 57414: self.init(.enter, modifiers)
        case 27: self.init(.escape, modifiers)
        case 8, 127: self.init(.backspace, modifiers)
        case 57376...57398: self.init(.function(value - 57376 + 13), modifiers)
        case 57344...63743:
            guard let code = Self.keypadCode(value) else { return nil }
            self.init(code, modifiers)
        case 0x20...0x10FFFF where !(0x80..<0xA0).contains(value):
            guard let scalar = Unicode.Scalar(UInt32(value)) else { return nil }
            let isLowercase = ("a"..."z").contains(scalar)
            let typed =
                modifiers.contains(.shift) && isLowercase
                ? Unicode.Scalar(UInt8(value - 0x20)) : scalar
            self.init(.character(typed), modifiers.subtracting(.shift))
        default: return nil
        }
    }

    /// kitty's numbers for the keys of the keypad.
    private static func keypadCode(_ value: Int) -> Code? {
        let characters = Array("0123456789./*-+".unicodeScalars)
        let codes: [Int: Code] = [
            57415: .character("="), 57416: .character(","), 57417: .left, 57418: .right,
            57419: .up, 57420: .down, 57421: .pageUp, 57422: .pageDown, 57423: .home,
            57424: .end, 57425: .insert, 57426: .delete
        ]
        let index = value - 57399
        return characters.indices.contains(index) ? .character(characters[index]) : codes[value]
    }

    /// The keys that xterm names by a letter, after CSI or SS3.
    static func letterCode(_ letter: Unicode.Scalar) -> Code? {
        switch letter {
        case "A": .up
        case "B": .down
        case "C": .right
        case "D": .left
        case "F": .end
        case "H": .home
        case "P"..."S": .function(Int(letter.value) - 0x4F)
        default: nil
        }
    }

    /// The keys that the VT220 and its heirs name by a number.
    private static func numberedCode(_ number: Int) -> Code? {
        switch number {
        case 1, 7: .home
        case 2: .insert
        case 3: .delete
        case 4, 8: .end
        case 5: .pageUp
        case 6: .pageDown
        case 11...15: .function(number - 10)
        case 17...21: .function(number - 11)
        case 23...26: .function(number - 12)
        case 28, 29: .function(number - 13)
        case 31...34: .function(number - 14)
        default: nil
        }
    }
}

extension Key.Modifiers {
    /// A modifier parameter: 1 plus the bits; 0 where it is missing. Locks are no modifiers.
    fileprivate init(parameter: Int) {
        self.init(rawValue: parameter > 0 ? UInt8((parameter - 1) & 15) : 0)
    }
}
