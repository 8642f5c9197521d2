extension TerminalCapabilities {
    /// What a terminal can do, from what is known and what it answered. Asked again with more
    /// replies it may decide otherwise.
    ///
    /// - Parameters:
    ///   - flag: what `--graphics` says; it counts even where output is not a terminal.
    ///   - configuration: what `graphics.protocol` says; `DCAR_GRAPHICS` comes between the two.
    public static func decide(
        _ environment: TerminalEnvironment, _ replies: TerminalReplies,
        flag: GraphicsChoice? = nil, configuration: GraphicsChoice? = nil
    ) -> TerminalCapabilities {
        let isOutside = environment.isOutside(replies)
        let environment = isOutside ? environment.outside : environment
        var decision = Decision(environment: environment, replies: replies)
        decision.identify()
        let graphics = decision.graphics(flag: flag, configuration: configuration)
        let colors = decision.colors()
        let cellSize = decision.cellSize()
        let sixelColors = decision.sixelColors(graphics)
        let sixelLimit = decision.sixelLimit(graphics)
        return TerminalCapabilities(
            graphics: graphics,
            isInTmux: environment.isTmux,
            hasUnicode: environment.isUTF8,
            colors: colors,
            cellSize: cellSize,
            hasSynchronizedOutput: decision.hasSynchronizedOutput(),
            background: replies.background,
            sixelColors: sixelColors,
            sixelLimit: sixelLimit,
            maximumBytes: environment.isTmux || environment.isOverSSH
                ? SixelOptions.usualBytes : SixelOptions.mostBytes,
            canUpdateInPart: decision.canUpdateInPart(graphics),
            isRemote: environment.isOverSSH,
            hasExactColors: !environment.isTmux || environment.tmuxClientFeatures.contains("RGB"),
            reasons: decision.reasons)
    }
}

/// The rules, and the reasons gathered on the way.
private struct Decision {
    let environment: TerminalEnvironment
    let replies: TerminalReplies
    var reasons: [String] = []

    private mutating func because(_ reason: String) { reasons.append(reason) }
}

// MARK: Who it is

extension Decision {
    /// The terminal's name in lower case, as it says itself or as variables say.
    private var name: String {
        (replies.terminalVersion ?? environment.terminalName?.name ?? "").lowercased()
    }

    private func isNamed(_ names: String...) -> Bool {
        names.contains { name.hasPrefix($0) }
    }

    mutating func identify() {
        if environment.window == nil { return }
        if environment.isTmux {
            because("This is tmux \(Self.printable(tmuxVersionText ?? "of unknown version")).")
        }
        if environment.isScreen { because("This is GNU screen.") }
        if let version = replies.terminalVersion {
            because("The terminal says that it is \(version).")
        } else if let (name, variable) = environment.terminalName {
            because("\(variable) says that the terminal is \(Self.printable(name)).")
        } else {
            because("TERM is \(Self.printable(environment.term)); the terminal gives no name.")
        }
        if replies.deviceAttributes.isEmpty && !environment.isDumb {
            because("The terminal has not answered the probe.")
        }
    }

    /// tmux's version as it says itself, or as the variable says that it sets.
    private var tmuxVersionText: String? {
        let told = replies.versions.first { $0.hasPrefix("tmux ") }?.dropFirst(5)
        let set = environment["TERM_PROGRAM"] == "tmux" ? environment["TERM_PROGRAM_VERSION"] : nil
        return told.map(String.init) ?? set
    }

    private var tmuxVersion: (major: Int, minor: Int)? {
        guard let text = tmuxVersionText else { return nil }
        let numbers = text.drop { !$0.isASCII || !$0.isNumber }.split(separator: ".")
        guard numbers.count >= 2, let major = Int(numbers[0]),
            let minor = Int(numbers[1].prefix { $0.isASCII && $0.isNumber })
        else { return nil }
        return (major, minor)
    }

    private static func printable(_ text: String) -> String {
        let shown = text.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" }
        return String(String.UnicodeScalarView(shown.prefix(64)))
    }
}

// MARK: Pictures

extension Decision {
    mutating func graphics(
        flag: GraphicsChoice?, configuration: GraphicsChoice?
    ) -> GraphicsProtocol {
        if case .fixed(let fixed) = flag {
            because("Pictures: \(fixed.rawValue), as --graphics says.")
            return fixed
        }
        if environment.window == nil {
            because("Pictures: none, as output does not go to a terminal.")
            return .none
        }
        if environment.isDumb {
            because("Pictures: none, as TERM is dumb or not set.")
            return .none
        }
        if flag == nil, let fixed = configured(configuration) { return fixed }
        return environment.isTmux ? graphicsInTmux() : graphicsOutsideTmux()
    }

    /// What the variable or the configuration asks for.
    private mutating func configured(_ configuration: GraphicsChoice?) -> GraphicsProtocol? {
        if let variable = environment["DCAR_GRAPHICS"] {
            switch GraphicsChoice(variable) {
            case .fixed(let fixed):
                because("Pictures: \(fixed.rawValue), as DCAR_GRAPHICS says.")
                return fixed
            case .automatic: return nil
            case nil:
                because(
                    "DCAR_GRAPHICS is \(Self.printable(variable)), which is none of "
                        + "\(GraphicsChoice.names.joined(separator: ", ")); it is ignored.")
            }
        }
        guard case .fixed(let fixed) = configuration else { return nil }
        because("Pictures: \(fixed.rawValue), as the configuration says.")
        return fixed
    }

    private mutating func graphicsOutsideTmux() -> GraphicsProtocol {
        if environment.isScreen {
            return characters("screen hands no pixels on")
        }
        if isNamed("konsole") {
            return characters("Konsole shows neither sixel nor kitty pictures without faults")
        }
        if replies.kittyMessage == "OK" {
            because("Pictures: kitty, as the terminal answered the kitty question with OK.")
            return .kitty
        }
        if let hasSixel = replies.hasSixel {
            guard !hasSixel else {
                because("Pictures: sixel, which the terminal lists among its attributes.")
                return .sixel
            }
            // A terminal that was asked and has neither is believed, whatever its name promises.
            return characters(
                isNamed("xterm(")
                    ? "this xterm does not list sixel; `xterm -ti vt340` would"
                    : "the terminal lists neither sixel nor kitty pictures")
        }
        if isNamed("kitty", "ghostty", "rio") {
            because("Pictures: kitty, which a terminal of this name is known to show.")
            return .kitty
        }
        if isNamed("foot", "mlterm", "windows terminal", "contour", "blackbox", "wezterm") {
            because("Pictures: sixel, which a terminal of this name is known to show.")
            return .sixel
        }
        return characters("nothing says that the terminal can show pixels")
    }

    private mutating func graphicsInTmux() -> GraphicsProtocol {
        if replies.kittyMessage == "OK" {
            guard isNamed("kitty", "ghostty") else {
                return characters(
                    "through tmux only kitty and ghostty are known to show kitty pictures")
            }
            because("Pictures: kitty, as the terminal around tmux answered with OK.")
            return .kitty
        }
        guard let version = tmuxVersion, version >= (3, 4) else {
            return characters("only tmux 3.4 and later know sixel")
        }
        guard replies.deviceAttributes.contains(TerminalReplies.tmuxWithSixel) else {
            return characters("this tmux was built without sixel")
        }
        if replies.hasSixelOutsideTmux {
            because("Pictures: sixel, which both tmux and the terminal around it list.")
            return .sixel
        }
        if environment.tmuxClientFeatures.contains("sixel") {
            because("Pictures: sixel, which tmux lists among its client's features.")
            return .sixel
        }
        because(
            "To let tmux ask the terminal around it, add `set -g allow-passthrough on` to "
                + "tmux.conf.")
        return characters("tmux claims sixel, but not that the terminal around it has it")
    }

    private mutating func characters(_ reason: String) -> GraphicsProtocol {
        if environment.isUTF8 {
            because("Pictures: half blocks, as \(reason).")
            return .halfBlock
        }
        because("Pictures: ASCII characters, as \(reason) and the locale is not UTF-8.")
        return .ascii
    }

    /// Registers above the usual 256 are used where the terminal itself says that it has them, and
    /// where half as many bytes again do not matter.
    mutating func sixelColors(_ graphics: GraphicsProtocol) -> Int {
        guard let told = replies.sixelColors, told > 1 else { return 256 }
        if graphics == .sixel && told < 256 {
            because("Sixel pictures have \(told) colours, as the terminal has no more registers.")
        }
        let most = environment.isTmux || environment.isOverSSH ? 256 : SixelOptions.mostColors
        if graphics == .sixel && most > 256 && told > 256 {
            let count = min(told, most)
            because("Sixel pictures have \(count) colours, as the terminal has registers.")
        }
        return min(told, most)
    }

    mutating func sixelLimit(_ graphics: GraphicsProtocol) -> PixelSize? {
        guard let limit = replies.sixelLimit, limit.width > 0, limit.height > 0 else { return nil }
        if graphics == .sixel {
            because("One sixel sequence may have \(limit.width)x\(limit.height) pixels.")
        }
        return limit
    }

    /// Only terminals known to keep what lies under the pixels that a picture leaves out. tmux
    /// drops every picture that a new one touches.
    func canUpdateInPart(_ graphics: GraphicsProtocol) -> Bool {
        graphics == .sixel && !environment.isTmux && isNamed("xterm(", "foot", "windows terminal")
    }
}

// MARK: Colours

extension Decision {
    mutating func colors() -> ColorDepth {
        let isForced = environment["CLICOLOR_FORCE"].map { $0 != "0" } ?? false
        if environment["NO_COLOR"] != nil {
            because("Colours: none, as NO_COLOR is set.")
            return .mono
        }
        if environment.window == nil && !isForced {
            because("Colours: none, as output does not go to a terminal.")
            return .mono
        }
        if environment.isDumb && !isForced {
            because("Colours: none, as TERM is dumb or not set.")
            return .mono
        }
        if environment.isScreen {
            because("Colours: 256, as screen knows no more.")
            return .xterm256
        }
        if let variable = environment["COLORTERM"], ["truecolor", "24bit"].contains(variable) {
            because("Colours: 24 bits, as COLORTERM says.")
            return .trueColor
        }
        if environment.isTmux {
            let isTrue = !environment.tmuxClientFeatures.isDisjoint(with: ["RGB"])
            because(
                isTrue
                    ? "Colours: 24 bits, which tmux lists among its client's features."
                    : "Colours: 256, as nothing says that the terminal around tmux has more.")
            return isTrue ? .trueColor : .xterm256
        }
        return colorsByName()
    }

    private mutating func colorsByName() -> ColorDepth {
        let term = environment.term
        let isKnown = isNamed(
            "kitty", "ghostty", "rio", "foot", "contour", "wezterm", "konsole", "iterm", "vscode",
            "alacritty", "windows terminal", "blackbox", "mlterm", "vte", "xterm.js")
        if isKnown || isRecentXterm || term.contains("-direct") {
            because("Colours: 24 bits, which this terminal is known to have.")
            return .trueColor
        }
        if term.contains("256") || isNamed("xterm(") {
            because("Colours: 256, as TERM is \(Self.printable(term)).")
            return .xterm256
        }
        if term == "linux" || term.contains("color") || term.hasPrefix("xterm")
            || term.hasPrefix("rxvt") || term == "ansi" || term == "cygwin"
        {
            because("Colours: 16, as TERM is \(Self.printable(term)).")
            return .ansi16
        }
        because("Colours: none, as TERM is \(Self.printable(term)).")
        return .mono
    }

    /// xterm shows 24-bit colours exactly since patch 331.
    private var isRecentXterm: Bool {
        guard name.hasPrefix("xterm("),
            let patch = Int(name.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
        else { return false }
        return patch >= 331
    }

    mutating func hasSynchronizedOutput() -> Bool {
        let state = replies.modes[2026] ?? 0
        let isKnown = (1...3).contains(state)
        because(
            isKnown
                ? "The terminal shows whole updates at once (mode 2026)."
                : "The terminal does not say that it shows whole updates at once (mode 2026).")
        return isKnown
    }
}

// MARK: Cells

extension Decision {
    mutating func cellSize() -> CellSize {
        if let told = replies.cellSize, environment.isPlausible(told) {
            because("Cells are \(told.width)x\(told.height) pixels, as the terminal says.")
            return told
        }
        if let size = environment.cellSize {
            because("Cells are \(size.width)x\(size.height) pixels, as the window's size says.")
            return size
        }
        if let area = replies.textArea, let size = environment.window?.cellSize(of: area),
            environment.isPlausible(size)
        {
            because("Cells are \(size.width)x\(size.height) pixels, as the text area says.")
            return size
        }
        because("Cells are taken to be 10x20 pixels, as the terminal does not say.")
        return .assumed
    }
}
