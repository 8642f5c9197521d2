import StudioCore
import TerminalGraphics

/// The styles of a theme at a number of colours. Meaning never hangs on colour alone: what is
/// focused, selected or wrong also differs in attributes or words. Themes with colours paint their
/// own ground, as no terminal has to say what its own looks like.
package struct Palette {
    /// What is under everything.
    var ground = TextStyle()
    var text = TextStyle()
    var faint = TextStyle(.standard, on: .standard, .dim)
    var title = TextStyle(.standard, on: .standard, .bold)
    var rule = TextStyle(.standard, on: .standard, .dim)
    var focus = TextStyle(.standard, on: .standard, .bold)
    var selection = TextStyle(.standard, on: .standard, .reverse)
    var key = TextStyle(.standard, on: .standard, .bold)
    var bar = TextStyle(.standard, on: .standard, .reverse)
    var barFaint = TextStyle(.standard, on: .standard, .reverse)
    /// Keys on a bar.
    var barKey = TextStyle(.standard, on: .standard, [.reverse, .bold])
    /// The open view's tab.
    var tab = TextStyle(.standard, on: .standard, .bold)
    var success = TextStyle(.standard, on: .standard, .bold)
    var problem = TextStyle(.standard, on: .standard, [.bold, .underline])
    /// The part of a prompt that the model does not read.
    var unread = TextStyle(.standard, on: .standard, [.dim, .underline])
    var popup = TextStyle()
    var popupKey = TextStyle(.standard, on: .standard, .bold)
    var popupFaint = TextStyle()

    package init(_ theme: Theme, _ colors: ColorDepth) {
        guard theme != .mono, colors != .mono else { return }
        let isRich = colors >= .xterm256
        func pair(
            _ rich: (UInt8, UInt8), _ basic: (UInt8, UInt8),
            _ attributes: TextStyle.Attributes = []
        ) -> TextStyle {
            let (ink, ground) = isRich ? rich : basic
            // With 16 colours many terminals write bold black in grey.
            let isGrey = !isRich && ink == 0
            return TextStyle(
                .indexed(ink), on: .indexed(ground),
                isGrey ? attributes.subtracting(.bold) : attributes)
        }
        switch theme {
        case .dark:
            func ink(_ rich: UInt8, _ basic: UInt8, _ attributes: TextStyle.Attributes = [])
                -> TextStyle
            { pair((rich, 234), (basic, 0), attributes) }
            text = ink(252, 7)
            faint = ink(246, 7)
            title = ink(255, 15, .bold)
            rule = ink(243, 8)
            focus = ink(80, 14, .bold)
            key = ink(222, 11)
            success = ink(114, 10)
            problem = ink(210, 9, .bold)
            selection = pair((16, 80), (0, 6))
            bar = pair((254, 237), (15, 4))
            barFaint = pair((249, 237), (7, 4))
            barKey = pair((222, 237), (11, 4), .bold)
            popup = pair((252, 236), (7, 0))
            popupKey = pair((222, 236), (11, 0), .bold)
            popupFaint = pair((248, 236), (7, 0))
        case .light:
            func ink(_ rich: UInt8, _ basic: UInt8, _ attributes: TextStyle.Attributes = [])
                -> TextStyle
            { pair((rich, 231), (basic, 7), attributes) }
            text = ink(235, 0)
            faint = ink(241, 0)
            title = ink(16, 0, .bold)
            rule = ink(245, 0)
            focus = ink(25, 4, .bold)
            key = ink(94, 0, .bold)
            success = ink(22, 0, .bold)
            problem = ink(124, 1, .bold)
            selection = pair((231, 25), (7, 4))
            bar = pair((235, 253), (7, 4))
            barFaint = pair((239, 253), (7, 4))
            barKey = pair((88, 253), (7, 4), .bold)
            popup = pair((235, 255), (0, 7))
            popupKey = pair((94, 255), (0, 7), .bold)
            popupFaint = pair((241, 255), (0, 7))
        case .contrast:
            func ink(_ rich: UInt8, _ basic: UInt8, _ attributes: TextStyle.Attributes = [])
                -> TextStyle
            { pair((rich, 16), (basic, 0), attributes) }
            text = ink(231, 15)
            faint = text
            title = ink(231, 15, .bold)
            rule = text
            focus = ink(226, 11, .bold)
            key = ink(226, 11, .bold)
            success = ink(46, 10, .bold)
            problem = pair((16, 226), (0, 3), .bold)
            selection = pair((16, 231), (0, 7), .bold)
            bar = pair((16, 231), (0, 7))
            barFaint = bar
            barKey = pair((16, 231), (0, 7), [.bold, .underline])
            popup = text
            popupKey = key
            popupFaint = text
        case .mono: break
        }
        ground = text
        // On a bar that is as bright as a selection, the open tab is as dark as the ground.
        tab = theme == .contrast ? focus : selection
        if isRich || tab.foreground != .indexed(0) { tab.attributes.insert(.bold) }
        unread = faint
        unread.attributes.insert(.underline)
    }

    /// What lines are drawn in, which only divide.
    package var lines: TextStyle { rule }

    /// Every style that text is written in, by name.
    package var texts: [String: TextStyle] {
        [
            "text": text, "faint": faint, "title": title, "focus": focus, "selection": selection,
            "key": key, "bar": bar, "barFaint": barFaint, "barKey": barKey, "tab": tab,
            "success": success, "problem": problem, "unread": unread, "popup": popup,
            "popupKey": popupKey, "popupFaint": popupFaint
        ]
    }
}
