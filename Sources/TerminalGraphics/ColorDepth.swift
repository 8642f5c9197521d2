/// How many colours a terminal's cells can take, least first.
public enum ColorDepth: Int, CaseIterable, Comparable, Sendable {
    /// The terminal's own foreground and background only.
    case mono
    /// SGR 30-37, 40-47 and 90-97.
    case ansi16
    /// SGR 38;5;n with the 6x6x6 cube and the 24 greys; 0-15 are never used, as users change them.
    case xterm256
    /// SGR 38;2;r;g;b.
    case trueColor

    /// By the number of colours a cell may take.
    public static func < (left: ColorDepth, right: ColorDepth) -> Bool {
        left.rawValue < right.rawValue
    }
}
