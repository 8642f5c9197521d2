import CNcurses
import Foundation
import TerminalGraphics

extension TerminalCapabilities {
    /// Terminals that show 256 colours often say no more than `xterm` or `screen`, which have 8 in
    /// terminfo.
    var terminfoName: String? {
        guard let type = ProcessInfo.processInfo.environment["TERM"], colors >= .xterm256,
            dcar_terminfo_colors(type) < 256
        else { return nil }
        let richer = type + "-256color"
        return dcar_terminfo_colors(richer) >= 256 ? richer : nil
    }

    /// With no more colours than curses can draw with; a negative number where it has not begun.
    func limited(toColors count: Int) -> TerminalCapabilities {
        guard count >= 0, count < 256, colors >= .xterm256 else { return self }
        var limited = self
        limited.colors = count >= 8 ? .ansi16 : .mono
        return limited
    }

    /// Whether all is as in `other`, though perhaps for other reasons.
    func isSame(as other: TerminalCapabilities) -> Bool {
        var copy = self
        copy.reasons = other.reasons
        return copy == other
    }

    /// For the header.
    var shortName: String {
        switch graphics {
        case .sixel: "sixel \(sixelColors) colours"
        case .kitty: "kitty graphics"
        case .halfBlock: "half blocks\(colorRemark)"
        case .quadrant: "quarter blocks\(colorRemark)"
        case .sextant: "sixth blocks\(colorRemark)"
        case .ascii: "ASCII"
        case .none: "no pictures"
        }
    }

    private var colorRemark: String {
        switch colors {
        case .trueColor: ""
        case .xterm256: ", 256 colours"
        case .ansi16: ", 16 colours"
        case .mono: ", mono"
        }
    }
}
