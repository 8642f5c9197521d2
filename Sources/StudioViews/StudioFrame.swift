import Imaging
import StudioCore
import TerminalGraphics

/// The whole screen.
package func frame(
    of state: StudioState, columns: Int, rows: Int, on abilities: ScreenAbilities,
    canvas timing: CanvasTiming = .now
) -> Frame {
    var builder = FrameBuilder(
        columns: columns, rows: rows, palette: Palette(state.theme, abilities.colors),
        abilities: abilities, timing: timing)
    guard columns >= 40, rows >= 12 else {
        builder.statusLines(state)
        return builder.frame
    }
    builder.header(state)
    let body = CellArea(column: 0, row: 1, columns: columns, rows: rows - 3)
    switch state.view {
    case .studio, .edit:
        let layout = Layout(columns: columns, rows: rows)
        builder.panels(state, in: layout)
        builder.canvas(state, in: layout.canvas)
    case .gallery: builder.gallery(state, in: body)
    case .queue: builder.queue(state, in: body)
    case .settings: builder.settings(state, in: body)
    }
    builder.message(state, row: rows - 2)
    builder.footer(state, row: rows - 1)
    builder.popup(state)
    return builder.frame
}

/// Where the parts of the screen lie.
struct Layout {
    let canvas: CellArea
    /// Panels from the top; one only where `isDrawer` says so.
    let panels: CellArea
    /// Room for what is said of the run, where the screen is flat and wide enough.
    let side: CellArea?
    /// Whether the panels have room for one of them only, that of the focus.
    let isDrawer: Bool

    /// Rows that all panels fill with their whole texts, and the fewest that they fit in.
    private static let (allRows, fewestRows) = (28, 17)
    private static let sideColumns = 36...60

    init(columns: Int, rows: Int) {
        // A square picture is twice as many columns wide as it is rows high, so beside the panels
        // it is larger than above them wherever the screen is wide enough.
        let inner = rows - 3
        guard columns >= 72 else {
            let least = rows >= 20 ? 8 : rows >= 16 ? 4 : 3
            let drawer = max(least, inner - (columns + 1) / 2 - 1)
            isDrawer = drawer < Self.fewestRows
            side = nil
            canvas = CellArea(column: 0, row: 1, columns: columns, rows: inner - drawer)
            panels = CellArea(column: 0, row: 1 + inner - drawer, columns: columns, rows: drawer)
            return
        }
        let width = min(max(columns - 2 * (inner - 1) - 3, 35), max(35, columns * 2 / 5), 60)
        // Enough is left for a picture of three to two.
        let spare = columns - width - 3 * (inner - 1) - 2
        let isSideWanted = inner < Self.allRows && spare >= Self.sideColumns.lowerBound
        let sideWidth = isSideWanted ? min(spare, Self.sideColumns.upperBound) : 0
        isDrawer = false
        panels = CellArea(column: 0, row: 1, columns: width, rows: inner)
        canvas = CellArea(
            column: width + 1, row: 1,
            columns: columns - width - 1 - (isSideWanted ? sideWidth + 1 : 0), rows: inner)
        side =
            isSideWanted
            ? CellArea(column: columns - sideWidth, row: 1, columns: sideWidth, rows: inner) : nil
    }
}

extension FrameBuilder {
    mutating func header(_ state: StudioState) {
        let width = frame.columns
        fill(CellArea(column: 0, row: 0, columns: width, rows: 1), palette.bar)
        let end = tabs(state)
        let room = width - end - 2
        guard room >= 8 else { return }
        let facts = state.headerFacts
        let text = facts.first { $0.cellWidth < room } ?? facts.last ?? ""
        let shown = "\(text) ".fitted(to: room)
        put(shown, column: width - shown.cellWidth, row: 0, palette.barFaint)
    }

    /// The views with their keys; on narrow screens only the open one is named.
    /// - Returns: the column after them.
    private mutating func tabs(_ state: StudioState) -> Int {
        var column = 0
        for view in StudioView.allCases {
            let isOpen = view == state.tab
            let name = isOpen || frame.columns >= 60 ? " \(view.title)\(state.count(view)) " : " "
            let start = column
            if isOpen {
                column = put(" \(view.rawValue)\(name)", column: column, row: 0, palette.tab)
            } else {
                column = put(" ", column: column, row: 0, palette.bar)
                column = put("\(view.rawValue)", column: column, row: 0, palette.barKey)
                column = put(name, column: column, row: 0, palette.bar)
            }
            hit(
                CellArea(column: start, row: 0, columns: column - start, rows: 1),
                .fixed(.command(view.command)))
        }
        return column
    }

    mutating func message(_ state: StudioState, row: Int) {
        if let message = state.message {
            let style: TextStyle =
                switch message.kind {
                case .note: palette.text
                case .success, .saved: palette.success
                case .problem: palette.problem
                }
            let mark = message.kind == .problem ? "! " : ""
            put(
                (" " + mark + message.text).elidingPath(to: frame.columns), column: 0, row: row,
                style)
        } else if state.focus == .parameters, state.popup == nil, state.view == .studio {
            remark(state.parameters.explanation(of: state.parameter), row: row)
        } else if let warning = state.promptWarning, isPromptSeen(state) {
            put(" ! \(warning)", column: 0, row: row, palette.problem)
        } else if let words = state.words {
            remark(words, row: row)
        }
    }

    private mutating func remark(_ words: String, row: Int) {
        put(" \(words)".fitted(to: frame.columns), column: 0, row: row, palette.faint)
    }

    /// Whether the prompt is on the screen, so that a warning about it says something.
    private func isPromptSeen(_ state: StudioState) -> Bool {
        let isDrawer = Layout(columns: frame.columns, rows: frame.rows).isDrawer
        return state.view == .studio && state.popup == nil
            && (state.focus == .prompt || state.shown == nil && !isDrawer)
    }

    /// For screens too small for a picture: what goes on, in words.
    mutating func statusLines(_ state: StudioState) {
        var lines = ["dcar studio: \(state.statusWord)"]
        if let run = state.shown, let snapshot = state.shownSnapshot {
            lines.append(
                "step \(snapshot.step)/\(run.steps), \(snapshot.maskedCount) masked"
            )
        }
        lines.append("prompt: \(state.prompt.positive.text)")
        if let message = state.message { lines.append(message.text) }
        lines.append("40x12 or more shows the picture")
        for (row, line) in lines.enumerated() { put(line, column: 0, row: row, palette.text) }
    }
}

extension StudioState {
    /// Model, machine, seed and how pictures are drawn, then the same in fewer and fewer words, down
    /// to the model alone, or to how far a run is that one does not see.
    fileprivate var headerFacts: [String] {
        // What is being made comes first where it is not on the canvas.
        let work = [workElsewhere, isSittingKept ? nil : "sitting not kept"].compactMap { $0 }
            .joined(separator: "  ·  ")
        func line(_ parts: String..., gap: String = "  ·  ") -> String {
            ([work] + parts).filter { !$0.isEmpty }.joined(separator: gap)
        }
        let isNext = shown != nil && shown?.knownSeed != parameters.seed
        let seed = "\(isNext ? "next seed" : "seed") \(parameters.seed)"
        let seedAndMode = "\(seed) \(parameters.seedMode.rawValue)"
        let drawn = graphics.replacing(" colours", with: "c")
        let kind = graphics.prefix { $0 != "," && !$0.isNumber }
            .split(separator: " ").joined(separator: " ")
        switch model {
        case .opening:
            let words = [line("opening the model…", seedAndMode), line("opening the model…")]
            return words + (work.isEmpty ? [] : [work])
        case .failed: return [line("no model", seedAndMode), line("no model")]
        case .ready(let facts):
            let name = "\(facts.name) \(facts.trainedSide)px"
            let ofSeed = isNext ? [line(seed)] : []
            return [
                line(name, "\(facts.threads) threads", seedAndMode, graphics),
                line(name, seedAndMode, graphics), line(name, seedAndMode, drawn),
                line(name, seed, drawn), line(name, seed, kind), line(facts.name, seed, kind),
                line(name, seed), line(facts.name, seed), line(facts.name, seed, gap: " · ")
            ] + ofSeed + [line(name), work.isEmpty ? name : work]
                + (work.isEmpty ? [facts.name] : [])
        }
    }

    /// How far the run is that is being made, where the canvas does not say so.
    private var workElsewhere: String? {
        guard let run = runAtWork, view != .studio || !isShownRunOn else { return nil }
        return run.progress
    }

    /// The first run of the job that is not done.
    var runAtWork: RunRecord? {
        let runs = job?.runs.compactMap { self.runs[$0] } ?? []
        return runs.first { $0.picture == nil && !$0.isSkipped } ?? runs.last
    }

    /// What to do here, where nothing else is to be said.
    fileprivate var words: String? {
        guard view == .studio, popup == nil else { return nil }
        if shown == nil {
            guard facts != nil else { return nil }
            return isTextTyped
                ? "Type a prompt and press Enter; \(key(.help)) is help, Esc then \(key(.example)) "
                    + "shows examples."
                : "\(key(.editPrompt)), then type a prompt; \(key(.help)) is help, \(key(.example)) "
                    + "shows examples."
        }
        switch focus {
        case .prompt, .negative: return isPromptOfMask ? maskWords : nil
        case .canvas where canvas.isPainting && !isLoading:
            let tools: [Command] = [.brush, .eraser, .rectangle, .ellipse, .lasso, .flood]
            return zip(tools, CanvasState.Tool.allCases)
                .map { "\(key($0)) \($1.rawValue)" }.joined(separator: ", ")
        default: return nil
        }
    }

    /// What waits in a view, for its tab.
    fileprivate func count(_ view: StudioView) -> String {
        let waiting = queue.waitingCount + (queue.running == nil ? 0 : 1)
        return view == .queue && waiting > 0 ? "(\(waiting))" : ""
    }

    var statusWord: String {
        guard let run = shown else { return facts == nil ? "opening the model" : "ready" }
        switch run.status {
        case .waiting: return "waiting"
        case .running: return run.phase.shown
        case .paused: return "paused"
        case .cancelled: return "cancelled"
        case .finished: return "finished"
        case .failed: return "failed"
        }
    }

    /// What a prompt's author should know.
    var promptWarning: String? {
        guard let facts = prompt.facts, facts.prompt == prompt.positive.text else { return nil }
        if facts.tokens > facts.limit, facts.end == nil {
            return "The longest of these prompts has \(facts.tokens) tokens; the model reads "
                + "\(facts.limit)."
        }
        if facts.tokens > facts.limit {
            return "The model reads \(facts.limit) of the prompt's \(facts.tokens) tokens; the "
                + "underlined rest does not count."
        }
        guard !facts.unknownWords.isEmpty else { return nil }
        let words = facts.unknownWords.prefix(4).map { "\"\($0)\"" }.joined(separator: ", ")
        return "The model's vocabulary does not know \(words)."
    }
}
