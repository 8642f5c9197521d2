// Port of the default number reader of serde_json 1.0 (`f64_from_parts`, src/de.rs).

extension Double {
    /// The value of a JSON number as `serde_json` reads it, which is not always the nearest Double:
    /// the digits become an integer, which is then divided by a power of ten, so that there are two
    /// roundings. One number in six of a real vocabulary differs in its last bits, and they decide
    /// between splits into the same pieces in another order.
    ///
    /// - Parameter text: a number by the grammar of RFC 8259.
    /// - Returns: nil when the number is too large.
    package init?(json text: ArraySlice<UInt8>) {
        let parts = text.split(maxSplits: 1) { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
        var digits: UInt64 = 0
        var exponent = 0
        var isFraction = false
        var isFull = false
        for byte in parts[0] where byte != UInt8(ascii: "-") {
            if byte == UInt8(ascii: ".") {
                (isFraction, isFull) = (true, false)
                continue
            }
            let (shifted, isTooLong) = digits.multipliedReportingOverflow(by: 10)
            let (longer, isTooLarge) = shifted.addingReportingOverflow(UInt64(byte & 0x0F))
            isFull = isFull || isTooLong || isTooLarge
            if !isFull { digits = longer }
            // A digit that is left out counts by its place alone, and not at all in a fraction.
            if isFull != isFraction { exponent += isFraction ? -1 : 1 }
        }
        if parts.count == 2 {
            let isNegative = parts[1].first == UInt8(ascii: "-")
            let written = Int(String(decoding: parts[1], as: UTF8.self))
            let limit = 1 << 40
            exponent += Swift.max(
                -limit, Swift.min(limit, written ?? (isNegative ? -limit : limit)))
        }
        var value = Double(digits)
        while exponent < -308, value != 0 {
            value /= 1e308
            exponent += 308
        }
        if exponent < 0 {
            value /= Self.powersOfTen[Swift.min(308, -exponent)]
        } else if value != 0 {
            value *= exponent > 308 ? .infinity : Self.powersOfTen[exponent]
        }
        guard value.isFinite else { return nil }
        self = text.first == UInt8(ascii: "-") ? -value : value
    }

    /// 1e0 to 1e308.
    private static let powersOfTen = (0...308).map { Double("1e\($0)") ?? .infinity }
}
