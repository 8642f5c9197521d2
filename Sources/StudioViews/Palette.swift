import StudioCore
import TerminalGraphics

/// The styles of a theme at a number of colours. Meaning never hangs on colour alone: what is
/// focused, selected or wrong also differs in attributes or words.
struct Palette {
    var text = TextStyle()
    var faint = TextStyle(.standard, on: .standard, .dim)
    var title = TextStyle(.standard, on: .standard, .bold)
    var rule = TextStyle(.standard, on: .standard, .dim)
    var focus = TextStyle(.standard, on: .standard, .bold)
    var selection = TextStyle(.standard, on: .standard, .reverse)
    var key = TextStyle(.standard, on: .standard, .bold)
    var bar = TextStyle(.standard, on: .standard, .reverse)
    var barFaint = TextStyle(.standard, on: .standard, .reverse)
    /// The open view's tab.
    var tab = TextStyle(.standard, on: .standard, .bold)
    var success = TextStyle(.standard, on: .standard, .bold)
    var problem = TextStyle(.standard, on: .standard, [.bold, .underline])
    var popup = TextStyle()

    init(_ theme: Theme, _ colors: ColorDepth) {
        guard theme != .mono, colors != .mono else { return }
        let isRich = colors >= .xterm256
        func ink(_ rich: UInt8, _ basic: UInt8, _ attributes: TextStyle.Attributes = [])
            -> TextStyle
        {
            TextStyle(.indexed(isRich ? rich : basic), on: .standard, attributes)
        }
        switch theme {
        case .dark:
            text = isRich ? ink(252, 7) : TextStyle()
            faint = isRich ? ink(246, 7) : TextStyle(.standard, on: .standard, .dim)
            title = ink(255, 15, .bold)
            rule = ink(240, 8)
            focus = ink(80, 14, .bold)
            selection = TextStyle(.indexed(isRich ? 16 : 0), on: .indexed(isRich ? 80 : 6))
            key = ink(222, 11)
            bar = TextStyle(.indexed(isRich ? 254 : 15), on: .indexed(isRich ? 236 : 4))
            barFaint = TextStyle(.indexed(isRich ? 248 : 7), on: .indexed(isRich ? 236 : 4))
            tab = selection
            tab.attributes = .bold
            success = ink(114, 10)
            problem = ink(210, 9, .bold)
            popup = TextStyle(
                .indexed(isRich ? 252 : 7), on: isRich ? .indexed(235) : .standard)
        case .light:
            text = ink(235, 0)
            faint = ink(241, 0)
            title = ink(16, 0, .bold)
            rule = ink(249, 7)
            focus = ink(25, 4, .bold)
            selection = TextStyle(.indexed(isRich ? 231 : 7), on: .indexed(isRich ? 25 : 4))
            key = ink(94, 5)
            bar = TextStyle(.indexed(isRich ? 235 : 0), on: .indexed(isRich ? 254 : 7))
            barFaint = TextStyle(.indexed(isRich ? 240 : 0), on: .indexed(isRich ? 254 : 7))
            tab = selection
            tab.attributes = .bold
            success = ink(22, 2)
            problem = ink(124, 1, .bold)
            popup = TextStyle(
                .indexed(isRich ? 235 : 0), on: isRich ? .indexed(255) : .standard)
        case .contrast:
            title = TextStyle(.standard, on: .standard, [.bold, .underline])
            faint = TextStyle()
            rule = TextStyle()
            focus = ink(226, 11, [.bold, .underline])
            key = ink(226, 11, .bold)
            success = ink(46, 10, .bold)
            problem = ink(226, 11, [.bold, .reverse])
        case .mono: break
        }
    }
}
