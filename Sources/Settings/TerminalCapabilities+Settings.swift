import TerminalGraphics

extension CellSize {
    /// Such as `10x20`; nil for anything else, or for what no cell measures.
    init?(setting text: String) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false)
        guard sides.count == 2, let width = Int(sides[0]), let height = Int(sides[1]),
            2...400 ~= width, 2...400 ~= height
        else { return nil }
        self.init(width: width, height: height)
    }
}

extension TerminalCapabilities {
    /// What a person knows better than the terminal says.
    package mutating func adopt(_ settings: ResolvedSettings) {
        if let colors = settings.whole(.colors), colors < sixelColors {
            sixelColors = colors
            if graphics == .sixel {
                reasons.append("Of these colours \(colors) are used, as graphics.colors says.")
            }
        }
        if let colors = settings.whole(.previewColors) { previewColors = colors }
        previewLimit = settings.whole(.previewSide)
        if let bytes = settings.whole(.maximumBytes) { maximumBytes = bytes }
        if let size = settings.text(.cellSize).flatMap(CellSize.init(setting:)) { cellSize = size }
        if let isOn = settings.choice(.synchronized) { hasSynchronizedOutput = isOn }
        if let isOn = settings.choice(.unicode) { hasUnicode = isOn }
        isDithered = settings.choice(.dither)
    }
}

extension ResolvedSettings {
    /// A choice of `on` and `off`; nil for `auto`.
    fileprivate func choice(_ setting: Setting) -> Bool? {
        switch text(setting) {
        case "on": true
        case "off": false
        default: nil
        }
    }
}
