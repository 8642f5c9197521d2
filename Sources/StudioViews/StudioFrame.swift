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
    /// Panels from the top; one only where the screen is narrow.
    let panels: CellArea
    let isNarrow: Bool

    init(columns: Int, rows: Int) {
        // A square picture is twice as many columns wide as it is rows high, so beside the panels
        // it is larger than above them wherever the screen is wide enough.
        isNarrow = columns < 72
        let inner = rows - 3
        if isNarrow {
            let drawer = rows >= 20 ? 8 : 4
            canvas = CellArea(column: 0, row: 1, columns: columns, rows: inner - drawer)
            panels = CellArea(column: 0, row: 1 + inner - drawer, columns: columns, rows: drawer)
        } else {
            let width = min(max(columns - 2 * (inner - 1) - 3, 35), max(35, columns * 2 / 5), 60)
            panels = CellArea(column: 0, row: 1, columns: width, rows: inner)
            canvas = CellArea(
                column: width + 1, row: 1, columns: columns - width - 1, rows: inner)
        }
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
                column = put(" \(view.rawValue)", column: column, row: 0, palette.barKey)
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
                case .success: palette.success
                case .problem: palette.problem
                }
            let mark = message.kind == .problem ? "! " : ""
            put(
                (" " + mark + message.text).elidingPath(to: frame.columns), column: 0, row: row,
                style)
        } else if let warning = state.promptWarning, isPromptSeen(state) {
            put(" ! \(warning)", column: 0, row: row, palette.problem)
        } else if state.focus == .parameters, state.popup == nil, state.view == .studio {
            let explanation = state.parameters.explanation(of: state.parameter)
            put(
                " \(explanation)".fitted(to: frame.columns), column: 0, row: row, palette.faint)
        } else if state.shown == nil, state.facts != nil, state.view == .studio {
            put(
                " Type a prompt and press Enter; \(state.key(.help)) is help, Esc then "
                    + "\(state.key(.example)) shows examples.", column: 0, row: row, palette.faint)
        }
    }

    /// Whether the prompt is on the screen, so that a warning about it says something.
    private func isPromptSeen(_ state: StudioState) -> Bool {
        let isNarrow = Layout(columns: frame.columns, rows: frame.rows).isNarrow
        return state.view == .studio && state.popup == nil
            && (!isNarrow || state.focus == .prompt)
    }

    /// The six keys that matter most now. The last one, help, has its place on narrow screens too.
    mutating func footer(_ state: StudioState, row: Int) {
        guard state.settings.isOn(.footer) else { return }
        fill(CellArea(column: 0, row: row, columns: frame.columns, rows: 1), palette.bar)
        var column = 1
        let hints = state.hints
        let last = hints.last.map { $0.width + 3 } ?? 0
        for (index, hint) in hints.enumerated() {
            let width = hint.width
            let reserve = index + 1 < hints.count ? last : 0
            guard column + width + reserve <= frame.columns else { continue }
            let start = column
            column = put(hint.key, column: column, row: row, palette.barKey)
            column = put(" \(hint.label)", column: column, row: row, palette.bar)
            if let command = hint.command {
                hit(
                    CellArea(column: start, row: row, columns: width, rows: 1),
                    .fixed(.command(command)))
            }
            column += 3
        }
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

/// One key in the footer.
struct FooterHint {
    let key: String
    let label: String
    let command: Command?

    var width: Int { key.cellWidth + 1 + label.cellWidth }
}

extension StudioState {
    /// Model, machine, seed and how pictures are drawn, then the same in fewer and fewer words, down
    /// to the model alone.
    fileprivate var headerFacts: [String] {
        func line(_ parts: String..., gap: String = "  ·  ") -> String {
            parts.filter { !$0.isEmpty }.joined(separator: gap)
        }
        let seed = "seed \(parameters.seed)"
        let seedAndMode = "\(seed) \(parameters.seedMode.rawValue)"
        let drawn = graphics.replacing(" colours", with: "c")
        let kind = graphics.prefix { $0 != "," && !$0.isNumber }
            .split(separator: " ").joined(separator: " ")
        switch model {
        case .opening: return [line("opening the model…", seedAndMode), "opening the model…"]
        case .failed: return [line("no model", seedAndMode), "no model"]
        case .ready(let facts):
            let name = "\(facts.name) \(facts.trainedSide)px"
            return [
                line(name, "\(facts.threads) threads", seedAndMode, graphics),
                line(name, seedAndMode, graphics), line(name, seedAndMode, drawn),
                line(name, seed, drawn), line(name, seed, kind), line(facts.name, seed, kind),
                line(name, seed), line(facts.name, seed), line(facts.name, seed, gap: " · "), name
            ]
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

    var hints: [FooterHint] {
        func hint(_ command: Command, _ label: String) -> FooterHint {
            FooterHint(key: key(command), label: label, command: command)
        }
        func word(_ key: String, _ label: String) -> FooterHint {
            FooterHint(key: key, label: label, command: nil)
        }
        switch popup {
        case nil: break
        case .list(.help, _):
            return [
                word("Enter", "run"), word("Up/Down", "move"), word("Tab", "change its key"),
                word("Esc", "close")
            ]
        case .rebind:
            return [
                word("any key", "becomes its key"), word("Backspace", "as it came"),
                word("Esc", "back")
            ]
        case .form(let form):
            return [word("Enter", "do it")]
                + (form.fields.count > 1 ? [word("Tab", "next line")] : [])
                + [word("Esc", "close")]
        case .copy:
            let keys = copyChoices.map { String($0.key) }.joined(separator: " ")
            return [word(keys, "copy"), word("Esc", "close")]
        case .saveAs: return [word("Enter", "save"), word("Esc", "close")]
        case .open:
            return [word("Enter", "open"), word("Tab", "odd sizes"), word("Esc", "close")]
        case .text(_, let lines, _):
            return (textBox(lines).scrolls ? [word("Up/Down", "scroll")] : [])
                + [word("Esc", "close")]
        case .quit: return [word("y", "quit"), word("Esc", "stay")]
        default:
            return [word("Enter", "choose"), word("Up/Down", "move"), word("Esc", "close")]
        }
        switch view {
        case .gallery:
            guard gallery.field == nil else {
                return [
                    word("Enter", "done"), word("Esc", "show all"), word("seed:42", "parameter"),
                    word("steps>8", "range"), word("is:starred", "marks"), word("tag:x", "tags")
                ]
            }
            return [
                hint(.galleryOpen, "open"), hint(.gallerySearch, "search"),
                hint(.galleryStar, "star"), hint(.galleryRecallAll, "recall"),
                hint(.galleryTrash, gallery.query.seeksTrash ? "bring back" : "trash"), helpHint
            ]
        case .queue:
            return [
                hint(.queuePause, queue.isPaused ? "go on" : "pause"),
                hint(.queueEdit, "edit"), hint(.queueUp, "up"), hint(.queueDown, "down"),
                queue.running == nil ? hint(.queueRemove, "remove") : hint(.queueSkip, "skip"),
                helpHint
            ]
        case .settings:
            guard settingsView.field == nil else {
                return [word("Enter", "keep"), word("Esc", "leave as it was")]
            }
            return [
                word("Enter", "change"), hint(.resetSetting, "default"),
                hint(.editConfiguration, "editor"), hint(.reloadConfiguration, "read again"),
                word("Esc", "studio"), helpHint
            ]
        case .studio, .edit: break
        }
        let isMasked = mask.map { !$0.isEmpty } ?? false
        let generate = job.map { !$0.isPaused } ?? false ? "queue" : "generate"
        switch focus {
        case .prompt, .negative:
            return [
                word("Enter", isPromptOfMask ? "paint the mask anew" : generate),
                word("Esc", "to the picture"), word("Tab", "next panel"),
                word("Ctrl-P", "earlier prompts"), hint(.searchHistory, "search"),
                helpHint
            ]
        case .parameters:
            return [
                word("Up/Down", "choose"), word("Left/Right", "change"), word("Enter", "type"),
                hint(.generate, generate), word("Esc", "to the picture"), helpHint
            ]
        case .canvas: break
        }
        if proposal != nil, proposal?.base == nil, job == nil {
            return [
                word("Arrows", "choose"), hint(.accept, "this one"), hint(.discard, "close"),
                hint(.save, "save"), hint(.exports, "export"), helpHint
            ]
        }
        if let proposal, job == nil, !canvas.isPainting {
            return [
                hint(.accept, "accept"), hint(.discard, "discard"), hint(.inpaint, "again")
            ] + (proposal.candidates.count > 1 ? [hint(.nextCandidate, "next")] : [])
                + [hint(.toggleResidual, "discrete"), helpHint]
        }
        if canvas.isPainting {
            return [
                hint(.applyTool, canvas.tool.rawValue),
                word(keys(.brush, .eraser, .rectangle, .ellipse, .lasso, .flood), "tools"),
                isMasked && job == nil ? hint(.inpaint, "paint anew") : hint(.maskAll, "all"),
                proposal == nil || job != nil
                    ? hint(.editPrompt, "prompt") : hint(.accept, "accept"),
                canvas.tool.hasSize
                    ? word(keys(.smallerBrush, .largerBrush), "size") : hint(.invertMask, "invert"),
                helpHint
            ]
        }
        // What a paused run can do is no matter of a picture that is shown in front of it.
        let isBehind = job?.isPaused == true && !isShownRunOn && shown != nil
        if let job, !isBehind {
            guard job.isPaused else {
                return (canPause(job) ? [hint(.pause, "pause")] : []) + [
                    hint(.cancel, "cancel"),
                    job.runs.count > 1 && shown?.picture == nil && shown?.isSkipped == false
                        ? hint(.skip, "skip one") : hint(.previousStep, "back"),
                    hint(.nextOverlay, "overlay"), helpHint
                ]
            }
            let isBatch = proposal.map { $0.candidates.count > 1 } ?? false
            return [hint(.pause, "go on"), hint(.nextStep, "step"), hint(.fork, "fork")]
                + (isBatch
                    ? [hint(.cancel, "cancel")]
                    : [hint(.pinToken, "mask/pin token"), hint(.swapToken, "swap")])
                + [helpHint]
        }
        if !canvas.margins.isEmpty {
            return [
                word("Alt-arrows", "more cells"), word("Enter", "paint them"), word("Esc", "none"),
                hint(.alternatives, "alternatives"), hint(.editPrompt, "prompt"), helpHint
            ]
        }
        if shown == nil {
            return [
                hint(.editPrompt, "prompt"), hint(.example, "example"),
                hint(.parameters, "parameters"), hint(.openFile, "open"), hint(.quit, "quit"),
                helpHint
            ]
        }
        if isComparing {
            return [
                hint(.toggleResidual, "flip"), hint(.split, "split"),
                hint(.difference, "difference")
            ]
                + ([.split, .difference].contains(canvas.display)
                    ? [hint(.swapCompared, "swap")] : [])
                + [word("Esc", "picture alone"), helpHint]
        }
        if isPictureShown {
            return [
                hint(.editPrompt, "prompt"),
                isBehind ? hint(.pause, "go on") : hint(.toggleResidual, "discrete/refined"),
                hint(.editMask, "mask"), hint(.previousStep, "steps"), hint(.save, "save"),
                helpHint
            ]
        }
        if shown?.picture == nil {
            return [
                hint(.pause, "go on"), hint(.nextStep, "step"), hint(.previousStep, "back"),
                hint(.fork, "fork"), hint(.nextOverlay, "overlay"), helpHint
            ]
        }
        return [
            hint(.nextStep, "next"), hint(.previousStep, "back"), hint(.lastStep, "last"),
            hint(.fork, "fork here"), hint(.nextOverlay, "overlay"), helpHint
        ]
    }

    private var helpHint: FooterHint {
        FooterHint(key: key(.help), label: "help", command: .help)
    }

    private func keys(_ commands: Command...) -> String {
        commands.map(key).joined(separator: " ")
    }
}
