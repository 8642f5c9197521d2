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
}

/// What is known about a terminal before it is asked anything.
public struct TerminalEnvironment: Hashable, Sendable {
    private let variables: [String: String]
    /// The window's size, or nothing where output does not go to a terminal.
    public let window: WindowSize?
    /// What `tmux display -p '#{client_termfeatures}'` prints, where it was asked.
    public let tmuxClientFeatures: Set<String>

    /// - Parameter variables: the environment variables; those set to nothing count as unset.
    public init(
        _ variables: [String: String], window: WindowSize?, tmuxClientFeatures: String = ""
    ) {
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

    /// Whether a variable is left from kitty or ghostty, which tmux passes to what it starts.
    var isStartedFromKitty: Bool {
        self["KITTY_WINDOW_ID"] != nil || self["GHOSTTY_RESOURCES_DIR"] != nil
    }

    /// Consoles and terminals too old for any question but DA1.
    var knowsOnlyDeviceAttributes: Bool {
        term == "linux" || term == "cons25" || term.hasPrefix("vt1") || term.hasPrefix("vt2")
    }

    /// Whether the locale's characters are UTF-8.
    var isUTF8: Bool {
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
