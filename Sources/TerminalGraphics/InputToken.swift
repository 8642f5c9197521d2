/// One whole unit of terminal input: a character, a control byte or an escape sequence.
enum InputToken: Equatable {
    case character(Unicode.Scalar)
    /// A C0 byte other than ESC, or DEL.
    case controlByte(UInt8)
    /// ESC alone.
    case escape
    /// ESC and a character.
    case altCharacter(Unicode.Scalar)
    /// ESC and a C0 byte or DEL.
    case altControlByte(UInt8)
    /// ESC `[` and what follows.
    case control(ControlSequence)
    /// ESC `O` and a letter.
    case singleShift(UInt8)
    /// ESC, one of `]`, `P`, `_`, and the text up to the terminator.
    case string(UInt8, [UInt8])
    /// ESC `[ M` and three bytes: a mouse report from before mode 1006.
    case oldMouse(UInt8, UInt8, UInt8)
}

/// A CSI sequence (ECMA-48 5.4), taken apart.
struct ControlSequence: Equatable {
    /// One of `<`, `=`, `>`, `?` before the parameters, or `[` from the Linux console.
    var prefix: Unicode.Scalar?
    /// Parameters, each with its `:` parts; a part left out is 0.
    var parameters: [[Int]]
    /// Bytes 0x20-0x2F before the final.
    var intermediates: String
    /// The byte that ends it and says what it is.
    var final: Unicode.Scalar
    /// All bytes after ESC.
    var bytes: [UInt8]

    /// Numbers above this, which no terminal sends in earnest, are read as this.
    private static let largestNumber = 10_000_000

    /// - Parameter body: the bytes after ESC `[`, the final one last.
    init?(_ body: [UInt8]) {
        guard let last = body.last, (0x40...0x7E).contains(last) else { return nil }
        bytes = [UInt8(ascii: "[")] + body
        final = Unicode.Scalar(last)
        var rest = body.dropLast()
        if let first = rest.first, (0x3C...0x3F).contains(first) || first == UInt8(ascii: "[") {
            prefix = Unicode.Scalar(first)
            rest = rest.dropFirst()
        }
        let digits = rest.prefix { (0x30...0x3B).contains($0) }
        let others = rest.dropFirst(digits.count)
        guard others.allSatisfy({ (0x20...0x2F).contains($0) }) else { return nil }
        intermediates = String(decoding: others, as: UTF8.self)
        parameters =
            digits.isEmpty
            ? []
            : digits.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
                $0.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map(
                    Self.number)
            }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int {
        digits.reduce(0) { min($0 * 10 + Int($1 - 0x30), largestNumber) }
    }
}
