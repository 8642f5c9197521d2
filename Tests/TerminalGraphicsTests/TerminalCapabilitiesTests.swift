import TerminalGraphics
import Testing

/// One terminal as it shows itself: its variables, its window, and what it answers to the probe.
struct TerminalCase: Sendable, CustomTestStringConvertible {
    var name: String
    var variables: [String: String]
    var window: WindowSize? = WindowSize(columns: 80, rows: 24)
    var replies = ""
    var clientFeatures = ""
    var graphics: GraphicsProtocol
    var colors: ColorDepth
    var cellSize = CellSize.assumed
    var isSynchronized = false
    var canUpdateInPart = false

    var testDescription: String { name }

    func decide(
        flag: GraphicsChoice? = nil, configuration: GraphicsChoice? = nil
    ) -> TerminalCapabilities {
        TerminalCapabilities.decide(
            environment, recorded, flag: flag, configuration: configuration)
    }

    var environment: TerminalEnvironment {
        TerminalEnvironment(variables, window: window, tmuxClientFeatures: clientFeatures)
    }

    var recorded: TerminalReplies {
        var parser = ReplyParser()
        var recorded = TerminalReplies()
        for input in parser.feed(replies.replacing("^[", with: "\u{1B}").utf8, at: .zero) {
            if case .reply(let reply) = input { recorded.record(reply) }
        }
        return recorded
    }
}

private let utf8 = ["LANG": "en_GB.UTF-8"]
private let tmuxVariables = ["TERM": "tmux-256color", "TMUX": "/tmp/tmux-0/default,1,0"]

private let terminals: [TerminalCase] = [
    TerminalCase(
        name: "xterm -ti vt340",
        variables: ["TERM": "xterm-256color", "XTERM_VERSION": "XTerm(379)"] + utf8,
        window: WindowSize(columns: 80, rows: 24, pixelWidth: 480, pixelHeight: 312),
        replies: "^[P>|XTerm(379)^[\\^[[6;13;6t^[[4;312;480t^[[?1;0;256S^[[?2;0;1000;1000S"
            + "^[[?2026;0$y^[]11;rgb:0000/0000/0000^[\\^[[?63;1;2;4;6;9;15;16;22;28c",
        graphics: .sixel, colors: .trueColor, cellSize: CellSize(width: 6, height: 13),
        canUpdateInPart: true),
    TerminalCase(
        name: "xterm", variables: ["TERM": "xterm-256color"] + utf8,
        replies: "^[P>|XTerm(379)^[\\^[[?1;3;0S^[[?64;1;2;6;9;15;16;17;18;21;22;28c",
        graphics: .halfBlock, colors: .trueColor),
    TerminalCase(
        name: "old xterm without XTVERSION", variables: ["TERM": "xterm-256color"] + utf8,
        replies: "^[[?1;2c", graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "foot", variables: ["TERM": "foot", "COLORTERM": "truecolor"] + utf8,
        window: WindowSize(columns: 100, rows: 30, pixelWidth: 900, pixelHeight: 600),
        replies: "^[P>|foot(1.16.2)^[\\^[[6;20;9t^[[?1;0;1024S^[[?2;0;10000;10000S"
            + "^[[?2026;2$y^[[?62;4;22c",
        graphics: .sixel, colors: .trueColor, cellSize: CellSize(width: 9, height: 20),
        isSynchronized: true, canUpdateInPart: true),
    TerminalCase(
        name: "foot, probe lost", variables: ["TERM": "foot"] + utf8,
        graphics: .sixel, colors: .trueColor, canUpdateInPart: true),
    TerminalCase(
        name: "kitty", variables: ["TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"] + utf8,
        replies: "^[P>|kitty(0.35.2)^[\\^[_Gi=31;OK^[\\^[[6;18;9t^[[?2026;2$y^[[?62;c",
        graphics: .kitty, colors: .trueColor, cellSize: CellSize(width: 9, height: 18),
        isSynchronized: true),
    TerminalCase(
        name: "kitty, probe lost", variables: ["TERM": "xterm-kitty"] + utf8,
        graphics: .kitty, colors: .trueColor),
    TerminalCase(
        name: "ghostty", variables: ["TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"] + utf8,
        replies: "^[P>|ghostty 1.0.1^[\\^[_Gi=31;OK^[\\^[[6;34;16t^[[?2026;2$y^[[?62;22c",
        graphics: .kitty, colors: .trueColor, cellSize: CellSize(width: 16, height: 34),
        isSynchronized: true),
    TerminalCase(
        name: "WezTerm",
        variables: ["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm", "COLORTERM": "truecolor"]
            + utf8,
        replies: "^[P>|WezTerm 20240203^[\\^[_Gi=31;OK^[\\^[[6;20;10t^[[?2026;2$y^[[?65;4;6;18;22c",
        graphics: .kitty, colors: .trueColor, isSynchronized: true),
    TerminalCase(
        name: "WezTerm without kitty pictures",
        variables: ["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"] + utf8,
        replies: "^[P>|WezTerm 20220101^[\\^[[?65;4;6;18;22c",
        graphics: .sixel, colors: .trueColor),
    TerminalCase(
        name: "Windows Terminal 1.22",
        variables: ["TERM": "xterm-256color", "WT_SESSION": "a-b"] + utf8,
        replies: "^[[6;20;10t^[[?1;0;256S^[[?2026;2$y^[[?61;4;6;7;14;21;22;23;24;28;32;42;52c",
        graphics: .sixel, colors: .trueColor, isSynchronized: true, canUpdateInPart: true),
    TerminalCase(
        name: "Windows Terminal 1.18",
        variables: ["TERM": "xterm-256color", "WT_SESSION": "a-b"] + utf8,
        replies: "^[[?61;6;7;22;23;24;28;32;42c", graphics: .halfBlock, colors: .trueColor),
    TerminalCase(
        name: "Konsole",
        variables: ["TERM": "xterm-256color", "KONSOLE_VERSION": "230801"] + utf8,
        replies: "^[P>|Konsole 23.08.1^[\\^[_Gi=31;OK^[\\^[[6;19;9t^[[?62;1;4c",
        graphics: .halfBlock, colors: .trueColor, cellSize: CellSize(width: 9, height: 19)),
    TerminalCase(
        name: "VS Code",
        variables: ["TERM": "xterm-256color", "TERM_PROGRAM": "vscode"] + utf8,
        replies: "^[P>|xterm.js(5.5.0)^[\\^[[?62;4;22c", graphics: .sixel, colors: .trueColor),
    TerminalCase(
        name: "tmux 3.3a", variables: tmuxVariables + utf8,
        window: WindowSize(columns: 120, rows: 40, pixelWidth: 1920, pixelHeight: 1280),
        replies: "^[P>|tmux 3.3a^[\\^[[?1;2c", graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "tmux 3.4 without sixel", variables: tmuxVariables + utf8,
        replies: "^[P>|tmux 3.4^[\\^[[?1;2c", graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "tmux 3.4, no word from outside", variables: tmuxVariables + utf8,
        window: WindowSize(columns: 120, rows: 40, pixelWidth: 1920, pixelHeight: 1280),
        replies: "^[P>|tmux 3.4^[\\^[[6;32;16t^[[4;1280;1920t^[[?1;2;4c",
        graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "tmux 3.4 in a terminal without sixel", variables: tmuxVariables + utf8,
        replies: "^[P>|tmux 3.4^[\\^[[?1;2;4c^[P>|XTerm(379)^[\\^[[?64;1;2;6;9c",
        graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "tmux 3.4 in xterm with sixel",
        variables: tmuxVariables + utf8 + ["COLORTERM": "truecolor"],
        replies: "^[P>|tmux 3.4^[\\^[[6;13;6t^[[?1;2;4c^[P>|XTerm(379)^[\\^[[?64;1;2;4;6;9c",
        graphics: .sixel, colors: .trueColor, cellSize: CellSize(width: 6, height: 13)),
    TerminalCase(
        name: "tmux 3.6 that names its client's features", variables: tmuxVariables + utf8,
        replies: "^[P>|tmux 3.6^[\\^[[?2026;2$y^[[?1;2;4c", clientFeatures: "256,RGB,sixel,sync",
        graphics: .sixel, colors: .trueColor, isSynchronized: true),
    TerminalCase(
        name: "tmux 3.6 in kitty", variables: tmuxVariables + utf8,
        replies: "^[P>|tmux next-3.6^[\\^[[?1;2c^[P>|kitty(0.35.2)^[\\^[_Gi=31;OK^[\\^[[?62;c",
        graphics: .kitty, colors: .xterm256),
    TerminalCase(
        name: "tmux 3.6 in WezTerm", variables: tmuxVariables + utf8,
        replies: "^[P>|tmux 3.6^[\\^[[?1;2c^[P>|WezTerm 2024^[\\^[_Gi=31;OK^[\\^[[?65;4;6c",
        graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "tmux that says nothing",
        variables: tmuxVariables + utf8
            + ["TERM_PROGRAM": "tmux", "TERM_PROGRAM_VERSION": "3.2a"],
        graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "screen",
        variables: ["TERM": "screen-256color", "STY": "1.a", "COLORTERM": "truecolor"] + utf8,
        replies: "^[[?1;2c", graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "Linux console", variables: ["TERM": "linux"] + utf8, replies: "^[[?6c",
        graphics: .halfBlock, colors: .ansi16),
    TerminalCase(
        name: "Linux console without UTF-8", variables: ["TERM": "linux", "LANG": "C"],
        replies: "^[[?6c", graphics: .ascii, colors: .ansi16),
    TerminalCase(
        name: "VT220", variables: ["TERM": "vt220"], replies: "^[[?62;1;2;6;8;9c",
        graphics: .ascii, colors: .mono),
    TerminalCase(
        name: "dumb", variables: ["TERM": "dumb"] + utf8, graphics: .none, colors: .mono),
    TerminalCase(
        name: "dumb in tmux", variables: tmuxVariables + ["TERM": "dumb"] + utf8, graphics: .none,
        colors: .mono),
    TerminalCase(
        name: "no TERM", variables: utf8, graphics: .none, colors: .mono),
    TerminalCase(
        name: "no terminal", variables: ["TERM": "xterm-kitty", "DCAR_GRAPHICS": "sixel"] + utf8,
        window: nil, graphics: .none, colors: .mono),
    TerminalCase(
        name: "no UTF-8", variables: ["TERM": "xterm-256color", "LC_ALL": "C", "LANG": "x.UTF-8"],
        replies: "^[[?1;2c", graphics: .ascii, colors: .xterm256),
    TerminalCase(
        name: "sixel without UTF-8", variables: ["TERM": "xterm-256color"],
        replies: "^[[?62;4c", graphics: .sixel, colors: .xterm256),
    TerminalCase(
        name: "NO_COLOR", variables: ["TERM": "xterm-256color", "NO_COLOR": "1"] + utf8,
        replies: "^[[?62c", graphics: .halfBlock, colors: .mono),
    TerminalCase(
        name: "NO_COLOR set to nothing",
        variables: ["TERM": "xterm-256color", "NO_COLOR": ""] + utf8,
        replies: "^[[?62c", graphics: .halfBlock, colors: .xterm256),
    TerminalCase(
        name: "colour asked for in a pipe",
        variables: ["TERM": "xterm-256color", "CLICOLOR_FORCE": "1"] + utf8,
        window: nil, graphics: .none, colors: .xterm256),
    TerminalCase(
        name: "unknown terminal", variables: ["TERM": "wyse60"] + utf8,
        graphics: .halfBlock, colors: .mono)
]

@Test(arguments: terminals)
func everyTerminalIsTakenForWhatItIs(_ terminal: TerminalCase) {
    let found = terminal.decide()
    #expect(found.graphics == terminal.graphics)
    #expect(found.colors == terminal.colors)
    #expect(found.cellSize == terminal.cellSize)
    #expect(found.hasSynchronizedOutput == terminal.isSynchronized)
    #expect(found.canUpdateInPart == terminal.canUpdateInPart)
    let isFar = found.isInTmux || found.isRemote
    #expect(found.maximumBytes == (isFar ? 900_000 : 10_000_000))
    for reason in found.reasons {
        #expect(reason.hasSuffix(".") && reason.first?.isUppercase == true)
        #expect(reason.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) })
    }
}

@Test func theReasonsReadAsSentences() {
    let xterm = terminals[0].decide()
    #expect(
        xterm.reasons == [
            "The terminal says that it is XTerm(379).",
            "Pictures: sixel, which the terminal lists among its attributes.",
            "Colours: 24 bits, which this terminal is known to have.",
            "Cells are 6x13 pixels, as the terminal says.",
            "One sixel sequence may have 1000x1000 pixels.",
            "The terminal does not say that it shows whole updates at once (mode 2026)."
        ])
    let tmux = terminals.first { $0.name == "tmux 3.4, no word from outside" }?.decide()
    #expect(
        tmux?.reasons == [
            "This is tmux 3.4.",
            "TERM is tmux-256color; the terminal gives no name.",
            "To let tmux ask the terminal around it, add `set -g allow-passthrough on` to "
                + "tmux.conf.",
            "Pictures: half blocks, as tmux claims sixel, but not that the terminal around it "
                + "has it.",
            "Colours: 256, as nothing says that the terminal around tmux has more.",
            "Cells are taken to be 10x20 pixels, as the terminal does not say.",
            "The terminal does not say that it shows whole updates at once (mode 2026)."
        ])
}

@Test(arguments: [("tmux 3.3a", "3.3a"), ("tmux next-3.6", "next-3.6"), ("tmux 4.0-rc", "4.0-rc")])
func tmuxIsNamedWithItsVersion(reply: String, version: String) {
    let environment = TerminalEnvironment(
        tmuxVariables, window: WindowSize(columns: 80, rows: 24))
    let found = TerminalCapabilities.decide(environment, TerminalReplies([.version(reply)]))
    #expect(found.reasons.first == "This is tmux \(version).")
}

@Test func aPersonsChoiceCountsInItsOrder() {
    var terminal = terminals[0]
    #expect(terminal.decide(configuration: .fixed(.ascii)).graphics == .ascii)
    #expect(terminal.decide(configuration: .automatic).graphics == .sixel)
    terminal.variables["DCAR_GRAPHICS"] = "halfblock"
    #expect(terminal.decide(configuration: .fixed(.ascii)).graphics == .halfBlock)
    #expect(terminal.decide(flag: .fixed(.kitty)).graphics == .kitty)
    #expect(terminal.decide(flag: .automatic, configuration: .fixed(.ascii)).graphics == .sixel)
    terminal.variables["DCAR_GRAPHICS"] = "auto"
    #expect(terminal.decide(configuration: .fixed(.ascii)).graphics == .sixel)
    terminal.variables["DCAR_GRAPHICS"] = "vga\u{1B}["
    let ignored = terminal.decide(configuration: .fixed(.ascii))
    #expect(ignored.graphics == .ascii)
    #expect(
        ignored.reasons.contains(
            "DCAR_GRAPHICS is vga?[, which is none of auto, sixel, kitty, halfblock, quadrant, "
                + "sextant, ascii, none; it is ignored."))
    terminal.window = nil
    #expect(terminal.decide(flag: .fixed(.sixel)).graphics == .sixel)
    #expect(terminal.decide(configuration: .fixed(.sixel)).graphics == .none)
}

@Test(arguments: GraphicsChoice.names)
func everyChoiceHasItsName(name: String) {
    #expect(GraphicsChoice(name) != nil)
    #expect(GraphicsChoice(name.uppercased()) == nil)
}

@Test(arguments: [
    // Pixels of the window, the answers, the cell.
    (800, 480, "", CellSize(width: 10, height: 20)),
    (880, 504, "", CellSize(width: 11, height: 21)),
    (880, 504, "^[[6;22;10t", CellSize(width: 10, height: 22)),
    (0, 0, "^[[4;600;720t", CellSize(width: 9, height: 25)),
    (159, 480, "^[[4;600;720t", CellSize(width: 9, height: 25)),
    (800, 95, "", .assumed),
    (0, 0, "^[[6;0;10t", .assumed),
    (0, 0, "^[[6;1;1t", .assumed),
    (0, 0, "^[[6;9999999;9999999t", .assumed),
    (0, 0, "^[[8;80;24t", .assumed),
    (10_000_000, 10_000_000, "", .assumed)
])
func theCellSizeIsTheMostTrustedPlausibleOne(
    width: Int, height: Int, replies: String, size: CellSize
) {
    let terminal = TerminalCase(
        name: "", variables: ["TERM": "xterm"],
        window: WindowSize(columns: 80, rows: 24, pixelWidth: width, pixelHeight: height),
        replies: replies, graphics: .ascii, colors: .ansi16)
    #expect(terminal.decide().cellSize == size)
}

@Test func fewRegistersAndSmallLimitsAreKept() {
    let terminal = TerminalCase(
        name: "", variables: ["TERM": "xterm", "SSH_CONNECTION": "a 1 b 2"],
        replies: "^[[?1;0;16S^[[?2;0;100;50S^[]11;rgb:ff/ff/ee^[\\^[[?62;4c", graphics: .sixel,
        colors: .ansi16)
    let found = terminal.decide()
    #expect(found.sixelColors == 16)
    #expect(found.pictureOptions == SixelOptions(colors: 16, maximumBytes: 900_000))
    #expect(found.previewOptions == SixelOptions(colors: 16, maximumBytes: 76_000))
    #expect(found.previewSide == 256)
    #expect(found.isOnLightBackground)
    #expect(
        found.sixelGrid(within: GridSize(columns: 40, rows: 20)) == GridSize(columns: 10, rows: 2))
    #expect(found.cellStyle().glyphs == .ascii)
    #expect(found.reasons.contains("One sixel sequence may have 100x50 pixels."))
    #expect(
        found.reasons.contains(
            "Sixel pictures have 16 colours, as the terminal has no more registers."))
}

/// xterm has 16 registers where it is set up as a VT340, and says so apart from its 1024 at most.
@Test(arguments: [
    ("^[[?1;0;1024S^[[?1;0;1024S", [:], 1024), ("^[[?1;0;16S^[[?1;0;1024S", [:], 16),
    ("^[[?1;0;65536S", [:], 1024), ("^[[?1;3;0S", [:], 256), ("", [:], 256),
    ("^[[?1;0;1024S", ["SSH_TTY": "x"], 256), ("^[[?1;0;1024S", ["TMUX": "x"], 256)
])
func theTerminalSaysHowManyColorsAPictureHas(
    replies: String, variables: [String: String], colors: Int
) {
    let terminal = TerminalCase(
        name: "", variables: ["TERM": "xterm"] + variables, replies: replies + "^[[?62;4c",
        graphics: .sixel, colors: .ansi16)
    let found = terminal.decide()
    #expect(found.sixelColors == colors)
    #expect(
        found.reasons.contains(
            "Sixel pictures have 1024 colours, as the terminal has registers.") == (colors > 256))
}

// MARK: What is asked

private func questions(_ variables: [String: String], hasWindow: Bool = true) -> String {
    let window = hasWindow ? WindowSize(columns: 80, rows: 24) : nil
    let batch = ProbeBatch(TerminalEnvironment(variables, window: window))
    return String(decoding: batch.bytes, as: UTF8.self).replacing("\u{1B}", with: "^[")
}

@Test func theProbeAsksEverythingWithDeviceAttributesLast() {
    #expect(
        questions(["TERM": "xterm-256color"])
            == "^[7^[[>0q^[_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA^[\\^[[16t^[[14t^[[?1;1;0S^[[?1;4;0S"
            + "^[[?2;4;0S^[[?2026$p^[]11;?^[\\^[8^[[K^[[c")
}

@Test func nobodyIsAskedWhatWouldHarm() {
    #expect(questions(["TERM": "dumb"]) == "")
    #expect(questions([:]) == "")
    #expect(questions(["TERM": "xterm"], hasWindow: false) == "")
    #expect(questions(["TERM": "linux"]) == "^[[c")
    #expect(questions(["TERM": "vt220"]) == "^[[c")
    let screen = questions(["TERM": "screen-256color"])
    #expect(!screen.contains("_G") && !screen.contains("]11"))
    let tmux = questions(tmuxVariables)
    #expect(
        tmux.contains(
            "^[Ptmux;^[^[[>0q^[^[_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA^[^[\\^[^[[c^[\\"))
    #expect(!tmux.contains("q^[_G"))
    #expect(tmux.hasSuffix("^[]11;?^[\\^[8^[[K^[[c"))
    let closed = TerminalEnvironment(
        tmuxVariables, window: WindowSize(columns: 80, rows: 24), tmuxPassthrough: "off")
    #expect(!String(decoding: ProbeBatch(closed).bytes, as: UTF8.self).contains("Ptmux"))
}

/// Variables of both are set where one runs in the other.
@Test(arguments: [
    ("screen", false), ("screen.xterm-256color", false), ("screen-256color", false),
    ("tmux-256color", true)
])
func screenInTmuxIsNotSentTmuxsQuestions(term: String, isTmux: Bool) {
    let asked = questions(["TERM": term, "TMUX": "/tmp/tmux-0/default,1,0", "STY": "1.pts-0.host"])
    #expect(asked.contains("^[Ptmux;") == isTmux)
    #expect(!asked.contains("q^[_G"))
    #expect(asked.hasSuffix("^[[c"))
}

@Test func theProbeWaitsLongerOverANetwork() {
    let window = WindowSize(columns: 80, rows: 24)
    let near = ProbeBatch(TerminalEnvironment(["TERM": "xterm"], window: window))
    let far = ProbeBatch(
        TerminalEnvironment(["TERM": "xterm", "SSH_CONNECTION": "x"], window: window))
    #expect(near.timeout == .milliseconds(200))
    #expect(far.timeout == .seconds(1))
}

@Test func theProbeEndsWithTheLastReplyThatMatters() {
    let window = WindowSize(columns: 80, rows: 24)
    let xterm = ProbeBatch(TerminalEnvironment(["TERM": "xterm"], window: window))
    #expect(!xterm.isAnswered(by: TerminalReplies([.version("XTerm(379)")])))
    #expect(xterm.isAnswered(by: TerminalReplies([.deviceAttributes([62, 4])])))
    let tmux = ProbeBatch(TerminalEnvironment(tmuxVariables, window: window))
    let inner = TerminalReplies([.version("tmux 3.3a"), .deviceAttributes([1, 2])])
    #expect(!tmux.isAnswered(by: inner))
    #expect(
        tmux.isAnswered(
            by: TerminalReplies([.deviceAttributes([1, 2]), .deviceAttributes([62, 4])])))
    let closed = ProbeBatch(
        TerminalEnvironment(tmuxVariables, window: window, tmuxPassthrough: "0"))
    #expect(closed.isAnswered(by: inner))
    #expect(xterm.fenceCount == 1 && tmux.fenceCount == 2 && closed.fenceCount == 1)
    // Whoever may never answer is not waited for as long as who will.
    let open = ProbeBatch(
        TerminalEnvironment(tmuxVariables, window: window, tmuxPassthrough: "on"))
    #expect(tmux.longestWait(after: inner) < open.longestWait(after: inner))
    #expect(xterm.longestWait(after: TerminalReplies()) == .milliseconds(1700))
    let dumb = ProbeBatch(TerminalEnvironment(["TERM": "dumb"], window: window))
    #expect(dumb.isAnswered(by: TerminalReplies()))
}

// MARK: Variables that another program has left

@Test(arguments: ["TMUX", "STY"]) func theTerminalItselfCountsForMoreThanVariables(name: String) {
    var terminal = TerminalCase(
        name: "", variables: ["TERM": "xterm-256color", name: "x"] + utf8,
        replies: "^[P>|foot(1.16.2)^[\\^[[?62;4;22c", graphics: .sixel, colors: .trueColor)
    #expect(terminal.environment.isOutside(terminal.recorded))
    let found = terminal.decide()
    #expect(found.graphics == .sixel && !found.isInTmux && found.colors == .trueColor)
    let asked = String(decoding: ProbeBatch(terminal.environment.outside).bytes, as: UTF8.self)
    #expect(asked.contains("\u{1B}_G") && !asked.contains("Ptmux"))
    // TERM of what is inside, the multiplexer's own name, or answers of both.
    terminal.variables["TERM"] = name == "TMUX" ? "tmux-256color" : "screen"
    #expect(!terminal.environment.isOutside(terminal.recorded))
    terminal.variables["TERM"] = "xterm-256color"
    terminal.replies = "^[P>|tmux 3.4^[\\^[P>|foot(1.16.2)^[\\^[[?62;4c"
    #expect(!terminal.environment.isOutside(terminal.recorded))
    terminal.replies = "^[[?1;2c^[P>|foot(1.16.2)^[\\^[[?62;4c"
    #expect(!terminal.environment.isOutside(terminal.recorded))
}

@Test func theLocaleInUseCountsForMoreThanItsName() {
    for (codeset, isUTF8) in [("UTF-8", true), ("ANSI_X3.4-1968", false), ("", false)] {
        let environment = TerminalEnvironment(
            ["TERM": "xterm", "LANG": isUTF8 ? "C" : "en_US.UTF-8"],
            window: WindowSize(columns: 80, rows: 24), codeset: codeset)
        let found = TerminalCapabilities.decide(environment, TerminalReplies())
        #expect(found.hasUnicode == isUTF8)
        #expect(found.graphics == (isUTF8 ? .halfBlock : .ascii))
    }
}

// MARK: Sizes

private func window(cells: Int, _ width: Int, _ height: Int) -> TerminalEnvironment {
    TerminalEnvironment(
        ["TERM": "xterm"],
        window: WindowSize(
            columns: cells, rows: cells, pixelWidth: cells * width, pixelHeight: cells * height))
}

/// Whether the terminal is asked again, and the size of a cell until it answers.
@Test(arguments: [
    // The window's pixels before and after, what the terminal told before.
    (10, 20, 10, 20, "^[[6;20;10t", false, CellSize(width: 10, height: 20)),
    (10, 20, 20, 40, "^[[6;20;10t", true, CellSize(width: 20, height: 40)),
    (10, 20, 20, 40, "", false, CellSize(width: 20, height: 40)),
    (0, 0, 20, 40, "^[[6;20;10t", true, CellSize(width: 20, height: 40)),
    (0, 0, 0, 0, "^[[6;20;10t", true, CellSize(width: 10, height: 20)),
    (0, 0, 0, 0, "^[[4;600;300t", true, .assumed),
    (0, 0, 0, 0, "", false, .assumed)
])
func anotherWindowMayHaveOtherCells(
    width: Int, height: Int, newWidth: Int, newHeight: Int, replies: String, isAsked: Bool,
    size: CellSize
) {
    var recorded = TerminalCase(
        name: "", variables: [:], replies: replies, graphics: .none, colors: .mono
    ).recorded
    let new = window(cells: 50, newWidth, newHeight)
    #expect(recorded.forgetSizes(of: window(cells: 30, width, height), in: new) == isAsked)
    #expect(TerminalCapabilities.decide(new, recorded).cellSize == size)
}

@Test func aLargePictureIsSentInTilesOfWholeCells() {
    let cases: [(CellSize, PixelSize, GridSize)] = [
        (
            CellSize(width: 10, height: 20), PixelSize(width: 1000, height: 1000),
            GridSize(columns: 140, rows: 70)
        ),
        (
            CellSize(width: 7, height: 13), PixelSize(width: 300, height: 100),
            GridSize(columns: 100, rows: 33)
        ),
        (
            CellSize(width: 9, height: 18), PixelSize(width: 10_000, height: 10_000),
            GridSize(columns: 40, rows: 20)
        ),
        (
            CellSize(width: 9, height: 18), PixelSize(width: 5, height: 5),
            GridSize(columns: 4, rows: 2)
        )
    ]
    for (cell, limit, grid) in cases {
        var found = terminals[0].decide()
        (found.cellSize, found.sixelLimit) = (cell, limit)
        let tiles = found.sixelTiles(in: grid)
        var covered = [Int](repeating: 0, count: grid.columns * grid.rows)
        for tile in tiles {
            #expect(
                tile.area.x == tile.column * cell.width && tile.area.y == tile.row * cell.height)
            let (columns, rows) = (tile.area.width / cell.width, tile.area.height / cell.height)
            for row in tile.row..<tile.row + rows {
                for column in tile.column..<tile.column + columns {
                    covered[row * grid.columns + column] += 1
                }
            }
            if limit.width > cell.width {
                #expect(tile.area.width <= limit.width && tile.area.height <= limit.height)
            }
            // Only the lowest may end inside a band, which would reach into the tile below.
            let isLowest = tile.row + rows == grid.rows
            #expect(isLowest || limit.height < 6 * cell.height || tile.area.height % 6 == 0)
        }
        #expect(covered.allSatisfy { $0 == 1 })
        #expect((tiles.count == 1) == (limit.width == 10_000))
    }
}

private func + (left: [String: String], right: [String: String]) -> [String: String] {
    left.merging(right) { $1 }
}
