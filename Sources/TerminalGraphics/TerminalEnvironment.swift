/// The size of a terminal's window as the kernel tells it (TIOCGWINSZ).
public struct WindowSize: Hashable, Sendable {
    /// Cells.
    public var columns: Int
    /// Cells.
    public var rows: Int
    /// Pixels, 0 where the terminal does not say.
    public var pixelWidth: Int
    /// Pixels, 0 where the terminal does not say.
    public var pixelHeight: Int

    /// A size in cells and, where known, in pixels.
    public init(columns: Int, rows: Int, pixelWidth: Int = 0, pixelHeight: Int = 0) {
        self.columns = columns
        self.rows = rows
        self.pixelWidth = pixelWidth
        self.pixelHeight = pixelHeight
    }

    /// Of one cell, where the window's pixels tell it.
    var cellSize: CellSize? { cellSize(of: PixelSize(width: pixelWidth, height: pixelHeight)) }

    /// Of one cell, where all together have `area`.
    func cellSize(of area: PixelSize) -> CellSize? {
        guard columns > 0, rows > 0, area.width / 2 >= columns, area.height / 4 >= rows else {
            return nil
        }
        return CellSize(width: area.width / columns, height: area.height / rows)
    }
}

/// What is known about a terminal before it is asked anything.
public struct TerminalEnvironment: Hashable, Sendable {
    private var variables: [String: String]
    /// The window's size, or nothing where output does not go to a terminal.
    public let window: WindowSize?
    /// What `tmux display -p '#{client_termfeatures}'` prints, where it was asked.
    public private(set) var tmuxClientFeatures: Set<String>
    /// Whether tmux hands questions on to the terminal around it; nil where that is not known.
    public let tmuxHandsOn: Bool?
    private let codeset: String?

    /// - Parameters:
    ///   - variables: the environment variables; those set to nothing count as unset.
    ///   - tmuxPassthrough: what `tmux display -p '#{allow-passthrough}'` prints, where it was asked;
    ///     nothing before tmux 3.3, which hands everything on.
    ///   - codeset: what the system says of the locale in use, where that counts and not only its
    ///     name.
    public init(
        _ variables: [String: String], window: WindowSize?, tmuxClientFeatures: String = "",
        tmuxPassthrough: String? = nil, codeset: String? = nil
    ) {
        tmuxHandsOn = tmuxPassthrough.map { !["0", "off"].contains($0) }
        self.codeset = codeset
        self.variables = variables.filter { !$0.value.isEmpty }
        self.window = window
        self.tmuxClientFeatures = Set(
            tmuxClientFeatures.split { $0 == "," || $0.isWhitespace }.map(String.init))
    }

    subscript(_ name: String) -> String? { variables[name] }

    var term: String { self["TERM"] ?? "" }
    var isDumb: Bool { term.isEmpty || term == "dumb" }
    var isTmux: Bool { !isScreen && (self["TMUX"] != nil || term.hasPrefix("tmux")) }

    /// Each of tmux and screen hands the other's variables on to what runs inside it. Where both
    /// are set and TERM does not decide it is taken for screen, which prints tmux's questions,
    /// while tmux does well with what screen gets.
    var isScreen: Bool {
        if self["STY"] != nil { return !term.hasPrefix("tmux") }
        return self["TMUX"] == nil && term.hasPrefix("screen")
    }

    var isOverSSH: Bool { self["SSH_CONNECTION"] != nil || self["SSH_TTY"] != nil }

    /// Whether the terminal itself has answered though variables say that tmux or screen lies in
    /// between: a program that was started there has handed them on.
    public func isOutside(_ replies: TerminalReplies) -> Bool {
        (isTmux || isScreen) && !term.hasPrefix("tmux") && !term.hasPrefix("screen")
            && replies.terminalVersion != nil && !replies.isFromTmux
            // A tmux too old to give its name is known by this.
            && !replies.deviceAttributes.isEmpty && !replies.hasAttributesOfTmux
    }

    /// The same without what tmux and screen have set.
    public var outside: TerminalEnvironment {
        var copy = self
        for name in ["TMUX", "TMUX_PANE", "STY"] { copy.variables[name] = nil }
        if self["TERM_PROGRAM"] == "tmux" { copy.variables["TERM_PROGRAM"] = nil }
        copy.tmuxClientFeatures = []
        return copy
    }

    /// Of one cell, as the window's pixels tell it.
    var cellSize: CellSize? { window?.cellSize.flatMap { isPlausible($0) ? $0 : nil } }

    func isPlausible(_ size: CellSize) -> Bool {
        // tmux makes up 16x32 where it does not know.
        let isMadeUp = isTmux && size == CellSize(width: 16, height: 32)
        return !isMadeUp && size.width >= 2 && size.height >= 4
            && size.width <= Self.largestCell && size.height <= Self.largestCell
    }

    /// No side of a cell is longer; larger numbers are mistakes.
    private static let largestCell = 256

    /// Consoles and terminals too old for any question but DA1.
    var knowsOnlyDeviceAttributes: Bool {
        term == "linux" || term == "cons25" || term.hasPrefix("vt1") || term.hasPrefix("vt2")
    }

    /// Whether the locale's characters are UTF-8.
    public var isUTF8: Bool {
        if let codeset { return codeset.lowercased() == "utf-8" }
        let locale = (self["LC_ALL"] ?? self["LC_CTYPE"] ?? self["LANG"] ?? "").lowercased()
        return locale.hasSuffix("utf-8") || locale.hasSuffix("utf8") || locale.contains("utf-8@")
            || locale.contains("utf8@")
    }

    /// The terminal's name as far as variables tell it, and the variable that does.
    ///
    /// Inside tmux and screen these describe another terminal, or an older one.
    var terminalName: (name: String, variable: String)? {
        if self["KONSOLE_VERSION"] != nil { return ("Konsole", "KONSOLE_VERSION") }
        if self["WT_SESSION"] != nil { return ("Windows Terminal", "WT_SESSION") }
        if let program = self["TERM_PROGRAM"], program != "tmux" {
            return (program, "TERM_PROGRAM")
        }
        if let program = self["LC_TERMINAL"] { return (program, "LC_TERMINAL") }
        if self["VTE_VERSION"] != nil { return ("VTE", "VTE_VERSION") }
        let terms = ["kitty", "ghostty", "foot", "mlterm", "contour", "rio", "wezterm", "alacritty"]
        return terms.first { term.contains($0) }.map { ($0, "TERM") }
    }
}
