/// How pictures reach the screen.
public enum GraphicsProtocol: String, CaseIterable, Hashable, Sendable {
    /// DEC sixel pixels.
    case sixel
    /// kitty graphics protocol pixels.
    case kitty
    /// Two pixels a cell with `▀`.
    case halfBlock = "halfblock"
    /// Four pixels in two colours a cell with `▚` and its like.
    case quadrant
    /// Six pixels in two colours a cell, for fonts that have Unicode 13's legacy computing.
    case sextant
    /// One pixel a cell with ASCII characters.
    case ascii
    /// No pictures at all.
    case none
}

/// What a person asked for with `--graphics`, `DCAR_GRAPHICS` or `graphics.protocol`.
public enum GraphicsChoice: Hashable, Sendable {
    /// What the terminal can do best.
    case automatic
    /// This and nothing else.
    case fixed(GraphicsProtocol)

    /// `auto` or the name of a protocol.
    public init?(_ name: String) {
        if name == "auto" {
            self = .automatic
        } else if let named = GraphicsProtocol(rawValue: name) {
            self = .fixed(named)
        } else {
            return nil
        }
    }

    /// Every word that `init` understands.
    public static let names = ["auto"] + GraphicsProtocol.allCases.map(\.rawValue)
}
