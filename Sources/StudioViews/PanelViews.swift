import Foundation
import Requests
import StudioCore

extension FrameBuilder {
    mutating func panels(_ state: StudioState, in layout: Layout) {
        let area = layout.panels
        if layout.isDrawer {
            drawer(state, in: area)
            return
        }
        // What every height has room for, then what is left over for prompt and pictures.
        let allRows = (Parameter.allCases.count + 1) / 2 + 1
        let runRows = layout.side == nil ? 4 + 3 : 0
        // The list scrolls where there is no room for all of it.
        let parameterRows = min(allRows, max(4, area.rows - runRows - 2 - 4))
        let spare = max(0, area.rows - parameterRows - runRows - 2 - 4)
        let promptRows = 4 + min(spare, 3)
        let negativeRows = 2 + (spare > 8 ? 1 : 0)
        var rest = area
        prompt(state, in: rest.take(promptRows))
        negative(state, in: rest.take(negativeRows))
        parameters(state, in: rest.take(parameterRows))
        if let side = layout.side { rest = side }
        steps(state, in: rest.take(4))
        token(state, in: rest.take(3))
        if rest.rows >= 3 { pictures(state, in: rest) }
    }

    /// One panel for small screens: that of the focus, or the steps.
    private mutating func drawer(_ state: StudioState, in area: CellArea) {
        switch state.focus {
        case .prompt: prompt(state, in: area)
        case .negative: negative(state, in: area)
        case .parameters: parameters(state, in: area)
        case .canvas:
            var rest = area
            steps(state, in: rest.take(4))
            if rest.rows >= 3 { token(state, in: rest.take(3)) }
            if rest.rows >= 3 { pictures(state, in: rest) }
        }
    }

    // MARK: Texts

    private mutating func prompt(_ state: StudioState, in area: CellArea) {
        let facts = state.prompt.facts
        let isCounted = facts?.prompt == state.prompt.positive.text
        let count = facts.map { "\(isCounted ? "\($0.tokens)" : "…")/\($0.limit) tokens" } ?? ""
        heading(
            state.isPromptOfMask ? "Prompt for the mask" : "Prompt", in: area,
            isFocused: state.focus == .prompt, remark: count)
        field(
            state.prompt.positive, in: area, isFocused: state.focus == .prompt, isPrompt: true,
            state)
        hit(area, .fixed(.focus(.prompt)))
    }

    private mutating func negative(_ state: StudioState, in area: CellArea) {
        heading("Negative prompt", in: area, isFocused: state.focus == .negative)
        field(state.prompt.negative, in: area, isFocused: state.focus == .negative, state)
        hit(area, .fixed(.focus(.negative)))
    }

    private mutating func field(
        _ field: TextField, in area: CellArea, isFocused: Bool, isPrompt: Bool = false,
        _ state: StudioState
    ) {
        let (columns, rows) = (area.columns - 2, area.rows - 1)
        guard rows > 0 else { return }
        let wrapped = WrappedText(field.characters, columns: columns, cursor: field.cursor)
        let first = max(0, min(wrapped.cursor.row - rows + 1, wrapped.lines.count - rows))
        let end = isPrompt ? state.readEnd(columns: columns) : nil
        for (offset, line) in wrapped.lines.dropFirst(first).prefix(rows).enumerated() {
            let place = CellPosition(column: area.column + 1, row: area.row + 1 + offset)
            let isUnread = end.map { first + offset > $0.row } ?? false
            put(
                line, column: place.column, row: place.row,
                isUnread
                    ? palette.unread
                    : isFocused && field.isSuggestion ? palette.selection : palette.text,
                width: columns + 1)
            if let end, first + offset == end.row {
                let rest = line.drop(cells: end.column)
                put(
                    String(rest), column: place.column + end.column, row: place.row, palette.unread,
                    width: columns + 1 - end.column)
            }
        }
        if isFocused, state.popup == nil {
            cursor(
                column: area.column + 1 + wrapped.cursor.column,
                row: area.row + 1 + wrapped.cursor.row - first)
        }
    }

    // MARK: Parameters

    private mutating func parameters(_ state: StudioState, in area: CellArea) {
        let isFocused = state.focus == .parameters
        hit(area, .fixed(.focus(.parameters)))
        let half = area.columns / 2
        let rows = (Parameter.allCases.count + 1) / 2
        let visible = max(1, area.rows - 1)
        let selected = (Parameter.allCases.firstIndex(of: state.parameter) ?? 0) % rows
        let first =
            isFocused ? max(0, min(selected - visible / 2, rows - visible)) : 0
        heading(
            "Parameters", in: area, isFocused: isFocused,
            remark: visible < rows ? "lines \(first + 1)-\(first + visible) of \(rows)" : "")
        for (index, parameter) in Parameter.allCases.enumerated() {
            let row = area.row + 1 + index % rows - first
            guard index % rows >= first, row < area.endRow else { continue }
            let column = area.column + 1 + (index < rows ? 0 : half)
            let width = index < rows ? half - 2 : area.columns - half - 1
            let isSelected = isFocused && parameter == state.parameter
            let value =
                isSelected
                ? state.parameterField?.text ?? state.parameters.shown(parameter)
                : state.parameters.shown(parameter)
            let title = parameter.title
            let room = max(3, width - title.cellWidth - 1)
            if isSelected {
                fill(
                    CellArea(column: column, row: row, columns: width, rows: 1), palette.selection)
            }
            put(
                title, column: column, row: row, isSelected ? palette.selection : palette.faint,
                width: width)
            let shown = value.fitted(to: room)
            put(
                shown, column: column + width - shown.cellWidth, row: row,
                isSelected ? palette.selection : palette.text)
            if isSelected, state.parameterField != nil {
                cursor(column: column + width, row: row)
            }
            hit(
                CellArea(column: column, row: row, columns: width, rows: 1),
                .fixed(.parameter(parameter)))
        }
    }

    // MARK: Steps

    private mutating func steps(_ state: StudioState, in area: CellArea) {
        let run = state.shown
        let left = run.flatMap(state.remainingTime).map { time in
            "about \(Parameters.decimal(Float(time.seconds))) s"
                + (time.isStepsOnly ? " of steps left" : " left")
        }
        let remarks = [[state.batchProgress, left], [state.batchProgress ?? left], []]
            .map { $0.compactMap { $0 }.joined(separator: ", ") }
        heading(titles: ["Steps"], remarks: remarks, in: area, isFocused: false)
        guard let run, area.rows >= 2 else {
            if area.rows >= 2 {
                put("no run yet", column: area.column + 1, row: area.row + 1, palette.faint)
            }
            return
        }
        let total = run.steps
        let room = area.columns - 2
        guard !state.isLoading, !run.isOpenedWithoutSteps else {
            put(
                state.isLoading ? "loading the picture" : "opened from a file, no steps",
                column: area.column + 1, row: area.row + 1, palette.text, width: room)
            guard area.rows >= 3, !state.isLoading else { return }
            put(
                state.progressLine(in: room), column: area.column + 1, row: area.row + 2,
                palette.faint, width: room)
            return
        }
        let shown = state.isPictureShown ? nil : state.shownSnapshot?.step
        let strip = StepStrip(steps: total, columns: room)
        let at = shown.map(strip.dot)
        for (dot, step) in strip.lastSteps.enumerated() {
            let isDone = step <= run.step
            let glyph = dot == at ? "◉" : dot == 0 ? "·" : isDone ? "●" : "○"
            let style =
                dot == at ? palette.focus : isDone && dot > 0 ? palette.text : palette.faint
            let place = CellArea(
                column: area.column + 1 + dot * strip.spacing, row: area.row + 1, columns: 1,
                rows: 1)
            put(glyph, column: place.column, row: place.row, style, width: 1)
            hit(place, .fixed(.step(step)))
        }
        // The one line that there is room for says what goes on.
        if area.rows == 3, run.status == .running, run.phase != .steps {
            put(
                state.progressLine(in: room), column: area.column + 1, row: area.row + 2,
                palette.faint, width: room)
            return
        }
        guard area.rows >= 3, let snapshot = state.shownSnapshot else { return }
        let count = snapshot.fixedAt.count
        var line = "\(snapshot.step)/\(total)  fixed \(count - snapshot.maskedCount)/\(count)"
        if snapshot.newCount > 0 {
            line += "  +\(snapshot.newCount) at \(Parameters.decimal(snapshot.meanConfidence))"
        }
        put(line, column: area.column + 1, row: area.row + 2, palette.text, width: room)
        guard area.rows >= 4 else { return }
        put(
            state.progressLine(in: room), column: area.column + 1, row: area.row + 3, palette.faint,
            width: room)
    }

    // MARK: Token

    private mutating func token(_ state: StudioState, in area: CellArea) {
        guard let run = state.shown, let token = state.cursorToken,
            let snapshot = state.shownSnapshot, snapshot.ids.indices.contains(token)
        else {
            heading("Token", in: area, isFocused: false)
            return
        }
        heading(
            "Token \(token % run.gridWidth),\(token / run.gridWidth)", in: area, isFocused: false,
            remark: overlayName(state))
        guard area.rows >= 2 else { return }
        let line: String
        if let id = snapshot.ids[token] {
            let step = snapshot.fixedAt[token] ?? 0
            let confidence =
                state.residualLength(of: token).map { "residual \(Parameters.decimal($0)) of 1" }
                ?? "confidence \(Parameters.decimal(snapshot.confidence[token]))"
            // What a person chose has no confidence of the model's.
            let isUnjudged = step == 0 && state.residualLength(of: token) == nil
            let origin = step == 0 ? "kept" : "step \(step)"
            line =
                run.pinned.contains(token)
                ? "id \(id)  pinned"
                : "id \(id)  \(origin)" + (isUnjudged ? "" : "  \(confidence)")
        } else {
            line = "masked"
        }
        put(line, column: area.column + 1, row: area.row + 1, palette.text, width: area.columns - 2)
        // What was there before the run is nothing that it chose among.
        guard area.rows >= 3, snapshot.fixedAt[token] != 0, let known = state.readout else {
            return
        }
        let count = max(1, known.prefix { $0.probability >= 0.005 }.count)
        let list = known.prefix(count).map {
            "\($0.id) "
                + ($0.probability < 0.005 ? "<1%" : "\(Int(($0.probability * 100).rounded()))%")
        }
        put(
            list.joined(separator: "  ").atWords(area.columns - 2), column: area.column + 1,
            row: area.row + 2,
            palette.faint, width: area.columns - 2)
    }

    /// The overlay, and what its figures mean where they stand for colours.
    private func overlayName(_ state: StudioState) -> String {
        switch state.overlaySeen {
        case .off: ""
        case .confidence where abilities.isPlain: "confidence 0-9"
        default: "overlay \(state.overlaySeen.rawValue)"
        }
    }

    // MARK: Pictures

    /// Runs of the session, each under the one it was made from.
    private mutating func pictures(_ state: StudioState, in area: CellArea) {
        let finished = state.versionTree()
        let (previous, next) = (state.key(.previousPicture), state.key(.nextPicture))
        let rows = area.rows - 1
        let selected = finished.firstIndex { $0.run == state.shownRun } ?? finished.count - 1
        let first = max(0, min(selected - rows / 2, finished.count - rows))
        let keys = "\(previous) \(next), \(state.key(.showVersions)) versions"
        let place = rows < finished.count ? placeOf(first, rows, of: finished.count) : ""
        heading(
            titles: ["Pictures"],
            remarks: finished.isEmpty
                ? [""] : place.isEmpty ? [keys, ""] : ["\(place), \(keys)", place],
            in: area, isFocused: false)
        let remarks = state.remarks(on: finished.map(\.run))
        let room = area.columns - 2
        for (offset, line) in finished.dropFirst(first).prefix(rows).enumerated() {
            guard let run = state.runs[line.run] else { continue }
            let isShown = line.run == state.shownRun
            let mark = isShown ? "●" : "○"
            let remark = remarks[run.id].map { "  \($0)" } ?? ""
            let title = "\(line.branches)\(mark) \(run.id) \(run.shortTitle)"
                .fitted(to: max(12, room - remark.cellWidth))
            put(
                title + remark, column: area.column + 1, row: area.row + 1 + offset,
                isShown ? palette.text : palette.faint, width: room)
        }
    }

    /// Such as "5-12 of 20".
    func placeOf(_ first: Int, _ rows: Int, of count: Int) -> String {
        "\(first + 1)-\(min(first + rows, count)) of \(count)"
    }
}

/// The dots for a run's steps: one for the start, then one for each step, or for several steps
/// where there is no room for all.
private struct StepStrip {
    let steps: Int
    let stepsPerDot: Int
    /// Cells from one dot to the next.
    let spacing: Int

    init(steps: Int, columns: Int) {
        self.steps = max(1, steps)
        let room = max(1, columns - 1)
        stepsPerDot = (self.steps + room - 1) / room
        spacing = 2 * self.steps + 1 <= columns ? 2 : 1
    }

    /// The last step that each dot stands for.
    var lastSteps: [Int] {
        (0...(steps + stepsPerDot - 1) / stepsPerDot).map { min($0 * stepsPerDot, steps) }
    }

    /// The dot that a step belongs to.
    func dot(_ step: Int) -> Int { (min(max(step, 0), steps) + stepsPerDot - 1) / stepsPerDot }
}

extension StudioState {
    /// Where in the wrapped prompt the text begins that the model does not read.
    fileprivate func readEnd(columns: Int) -> CellPosition? {
        guard let facts = prompt.facts, facts.prompt == prompt.positive.text, let end = facts.end
        else { return nil }
        return WrappedText(prompt.positive.characters, columns: columns, cursor: end).cursor
    }
}

extension String {
    fileprivate func drop(cells: Int) -> Substring {
        var width = 0
        return drop { character in
            width += character.cellWidth
            return width <= cells
        }
    }
}

extension RunPhase {
    var shown: String {
        switch self {
        case .loading: "loading"
        case .encoding: "reading the prompt"
        case .steps: "unmasking"
        case .residual: "residual"
        case .decoding: "decoding"
        }
    }
}

extension RunRecord {
    /// What was asked for, in a few words.
    var shortTitle: String {
        switch origin {
        case .prompt: request.prompt
        case .fork(_, let step): "fork at \(step): \(request.prompt)"
        case .edit(let order): "\(order.operation.rawValue): \(request.prompt)"
        case .residual: "new residual"
        case .file(let name): name
        }
    }

    /// How far it is, in a word or two.
    var progress: String {
        if phase == .steps { return "step \(step)/\(steps)" }
        return of > 1 ? "\(phase.shown) \(done)/\(of)" : phase.shown
    }

    /// The phases so far with what each took, the one that runs with how far it is; the oldest go
    /// where there is no room for all.
    fileprivate func phases(in columns: Int) -> String {
        let order: [(phase: RunPhase, name: String)] = [
            (.encoding, "prompt"), (.steps, "steps"), (.residual, "residual"),
            (.decoding, "decoding")
        ]
        let at = order.firstIndex { $0.phase == phase } ?? 0
        var parts = order.prefix(at).map { part in
            let seconds =
                part.phase == .steps
                ? stepSeconds.reduce(0, +) : timings[part.phase]?.seconds ?? 0
            return "\(part.name) \(Parameters.decimal(Float(seconds))) s"
        }
        parts.append(of > 1 ? "\(order[at].name) \(done)/\(of)" : "\(order[at].name)…")
        while parts.count > 1, parts.joined(separator: "  ").cellWidth > columns {
            parts.removeFirst()
        }
        return parts.joined(separator: "  ")
    }
}

extension StudioState {
    /// How long a token's residual is, where that is what is shown.
    fileprivate func residualLength(of token: Int) -> Float? {
        guard isPictureShown, canvas.display == .residual,
            let lengths = shown?.picture?.residualLengths,
            lengths.indices.contains(token)
        else { return nil }
        return lengths[token]
    }

    private var movingMark: Character { Self.movingMarks[ticks % Self.movingMarks.count] }
    private static let movingMarks: [Character] = ["◐", "◓", "◑", "◒"]

    /// How many of the pictures that are made together are there.
    fileprivate var batchProgress: String? {
        guard let job, job.runs.count > 1, shownRun.map(job.runs.contains) ?? false else {
            return nil
        }
        let done = job.runs.count { runs[$0]?.status == .finished }
        return "\(done) of \(job.runs.count) done"
    }

    /// The phase that runs, or what became of the run.
    fileprivate func progressLine(in columns: Int) -> String {
        guard let run = shown else { return "" }
        switch run.status {
        case .running:
            return isMoving
                ? "\(movingMark) \(run.phases(in: columns - 2))" : run.phases(in: columns)
        case .finished:
            guard let picture = run.picture else { return "finished" }
            var parts: [String] = []
            if let seam = picture.seamError {
                parts.append("seam \(Parameters.decimal(Float(seam)))")
            }
            parts.append(
                picture.psnr.isFinite
                    ? "discrete \(Parameters.decimal(Float(picture.psnr))) dB" : "discrete equal")
            if let seconds = run.seconds { parts.append("\(Parameters.decimal(Float(seconds))) s") }
            return parts.joined(separator: "  ")
        default: return statusWord
        }
    }
}

extension String {
    /// As many whole words, two spaces apart, as fit.
    fileprivate func atWords(_ columns: Int) -> String {
        guard cellWidth > columns else { return self }
        let fitting = prefix(columns + 1)
        guard let end = fitting.range(of: "  ", options: .backwards) else { return self }
        return String(self[..<end.lowerBound])
    }
}
