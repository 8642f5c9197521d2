/// What the replies that a terminal may send look like, without their ESC.
enum ReplyShape {
    enum Match {
        case none
        /// The bytes may yet become a reply.
        case partial
        case whole
    }

    /// How many bytes of a string decide whether it can be a reply.
    static let longestStart = 7

    /// Whether a string begins as replies do: OSC with a number and `;`, DCS with one of the starts
    /// of XTVERSION, DECRQSS, XTGETTCAP and DA3, APC with `G`.
    ///
    /// - Parameter isWhole: the start must be there in full, not only as far as the bytes go.
    static func isStringStart(_ introducer: UInt8, _ body: [UInt8], isWhole: Bool) -> Bool {
        let start = Array(body.prefix(longestStart))
        if introducer == UInt8(ascii: "]") {
            let digits = start.prefix { (0x30...0x39).contains($0) }
            if digits.count == start.count { return !isWhole && start.count < longestStart }
            return !digits.isEmpty && start[digits.count] == UInt8(ascii: ";")
        }
        let known = introducer == UInt8(ascii: "_") ? apcStarts : dcsStarts
        return known.contains { known in
            isWhole
                ? start.starts(with: known) : zip(start, known).allSatisfy { $0.0 == $0.1 }
        }
    }

    private static let apcStarts = [Array("G".utf8)]
    private static let dcsStarts = [">|", "!|", "0$r", "1$r", "0+r", "1+r"].map { Array($0.utf8) }

    /// How far `bytes`, which follow an ESC, look like a reply.
    static func match(_ bytes: [UInt8]) -> Match {
        guard let introducer = bytes.first else { return .partial }
        let body = Array(bytes.dropFirst())
        switch introducer {
        case UInt8(ascii: "["): return matchControl(body)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"):
            return matchString(introducer, body)
        default: return .none
        }
    }

    private static func matchControl(_ body: [UInt8]) -> Match {
        var rest = body[...]
        if let first = rest.first, (0x3D...0x3F).contains(first) { rest = rest.dropFirst() }
        rest = rest.drop { (0x30...0x3B).contains($0) || $0 == UInt8(ascii: "$") }
        guard let final = rest.first else { return .partial }
        let isReply = "cnStyuR".utf8.contains(final) && body.count > 1
        return isReply && rest.count == 1 ? .whole : .none
    }

    private static func matchString(_ introducer: UInt8, _ body: [UInt8]) -> Match {
        let text = body.prefix { $0 >= 0x20 && $0 != 0x7F }
        guard text.count < body.count else {
            return isStringStart(introducer, body, isWhole: false) ? .partial : .none
        }
        guard isStringStart(introducer, Array(text), isWhole: true) else { return .none }
        switch Array(body[text.count...]) {
        case [0x07], [0x1B, UInt8(ascii: "\\")]: return .whole
        case [0x1B]: return .partial
        default: return .none
        }
    }
}
