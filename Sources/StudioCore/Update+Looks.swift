import TerminalGraphics

/// How the screen looks in this sitting; the settings say how it looks in every one.
extension StudioState {
    mutating func changeGraphics(_ command: Command) -> [StudioEffect] {
        let choice: GraphicsChoice
        switch command {
        case .sixelGraphics: choice = .fixed(.sixel)
        case .kittyGraphics: choice = .fixed(.kitty)
        case .halfBlockGraphics: choice = .fixed(.halfBlock)
        case .quadrantGraphics: choice = .fixed(.quadrant)
        case .sextantGraphics: choice = .fixed(.sextant)
        case .asciiGraphics: choice = .fixed(.ascii)
        case .noGraphics: choice = .fixed(.none)
        case .probeTerminal:
            let drawn = graphics.isEmpty ? "" : " Until it answers, pictures are \(graphics)."
            message = Message(
                "The terminal is asked again.\(drawn) \(key(.about)) says what comes of it.")
            return [.probe]
        default: choice = .automatic
        }
        message = Message("That holds until the studio ends; graphics.protocol keeps it.")
        return [.setGraphics(choice)]
    }

    /// The next overlay, or the one before, but for those that draw nothing over what is shown.
    mutating func turnOverlay(_ direction: Int) {
        repeat {
            canvas.overlay = canvas.overlay.neighbour(direction)
        } while canvas.overlay != .off && !draws(canvas.overlay)
    }

    private func draws(_ overlay: CanvasState.Overlay) -> Bool {
        switch overlay {
        case .off: false
        case .grid: true
        case .confidence, .order: !isScaleShown
        case .tokens: !isPictureShown
        // Over a picture that is no result the mask is seen in any case.
        case .mask: isPictureShown && proposal != nil && mask.map { !$0.isEmpty } ?? false
        }
    }

    /// The themes to choose from; nil is the one that fits the terminal.
    package var themeChoices: [Theme?] { Theme.allCases.map(Optional.some) + [nil] }

    mutating func setTheme(_ index: Int) {
        popup = nil
        guard themeChoices.indices.contains(index) else { return }
        let choice = themeChoices[index]
        theme = choice ?? terminalTheme
        let name = choice == nil ? "auto, which is \(theme.rawValue)" : theme.rawValue
        message = Message(
            "Theme: \(name), until the studio ends; ui.theme in the settings keeps it.")
    }
}
