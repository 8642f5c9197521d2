import Requests
import StudioCore

extension FrameBuilder {
    /// Jobs in the order in which they are made.
    mutating func queue(_ state: StudioState, in area: CellArea) {
        let queue = state.queue
        let remark =
            queue.jobs.isEmpty
            ? "" : queue.waitingCount == 0 ? "none waiting" : "\(queue.waitingCount) waiting"
        if state.isQueueBehindPause {
            heading(
                titles: [
                    "Queue (waits until the paused run goes on or is cancelled)",
                    "Queue (waits for the paused run)"
                ], remarks: [remark, ""], in: area, isFocused: true)
        } else if state.isQueueHeldBack {
            heading(
                titles: [
                    "Queue (waits until the open result is accepted or discarded)",
                    "Queue (waits for the open result)"
                ], remarks: [remark, ""], in: area, isFocused: true)
        } else {
            heading(
                queue.isPaused ? "Queue (paused)" : "Queue", in: area, isFocused: true,
                remark: remark)
        }
        hit(area, .fixed(.list))
        var area = area
        if let run = state.runAtWork, queue.running == nil {
            let line = CellArea(
                column: area.column, row: area.row + 1, columns: area.columns, rows: 1)
            atWork(run, state, in: line)
            (area.row, area.rows) = (area.row + 1, area.rows - 1)
        }
        guard !queue.jobs.isEmpty else {
            centred(
                [
                    "Nothing is queued.", "",
                    "\(state.key(.queueAddFirst)) queues the prompt; so does Enter while a picture is "
                        + "made.",
                    "Each picture is saved as soon as it is done."
                ], in: area)
            return
        }
        let rows = area.rows - 1 - Self.queueDetailRows
        let columns = queueColumns(state, in: area)
        let first = max(0, min(queue.selected - rows / 2, queue.jobs.count - rows))
        for (offset, job) in queue.jobs.dropFirst(first).prefix(rows).enumerated() {
            let line = CellArea(
                column: area.column, row: area.row + 1 + offset, columns: area.columns, rows: 1)
            self.job(
                job, state, in: line, columns, isSelected: first + offset == queue.selected)
            hit(line, .fixed(.queueLine(first + offset)))
        }
        guard queue.jobs.indices.contains(queue.selected) else { return }
        let job = queue.jobs[queue.selected]
        let row = area.endRow - Self.queueDetailRows
        put(
            job.request.prompt.onOneLine, column: area.column + 1, row: row, palette.text,
            width: area.columns - 2)
        put(
            job.problem ?? job.path ?? job.request.shortFacts, column: area.column + 1,
            row: row + 1, job.problem == nil ? palette.faint : palette.problem,
            width: area.columns - 2)
    }

    /// Lines for the selected job in full.
    private static let queueDetailRows = 2

    /// How wide the parts of a line are, in cells.
    private struct QueueColumns {
        /// The same in all lines; 0 where there is no room for them.
        let facts: Int
        let status: Int
    }

    /// The status gets what prompts and facts leave over, so that a file's name has room.
    private func queueColumns(_ state: StudioState, in area: CellArea) -> QueueColumns {
        guard area.columns >= 72 else { return QueueColumns(facts: 0, status: 12) }
        func longest(_ text: (QueuedJob) -> String) -> Int {
            state.queue.jobs.map { text($0).cellWidth }.max() ?? 0
        }
        // A mark and a glyph with blanks before, gaps between, a blank behind.
        let facts = longest(\.request.shortFacts)
        let room = area.columns - 4 - 3 - 1 - facts
        let prompts = min(longest(\.request.prompt), room / 2)
        let status = min(longest { $0.status(in: state) }, room - prompts)
        return QueueColumns(facts: facts, status: max(12, status))
    }

    /// What is being made and is no job of the queue: nothing can be done with it here.
    private mutating func atWork(_ run: RunRecord, _ state: StudioState, in line: CellArea) {
        let status = state.job?.isPaused == true ? "paused, \(run.progress)" : run.progress
        let start = put("  ◉ ", column: line.column, row: line.row, palette.focus)
        let room = line.columns - (start - line.column) - status.cellWidth - 3
        put(
            run.shortTitle.onOneLine, column: start, row: line.row, palette.focus,
            width: max(8, room))
        put(
            status, column: line.column + line.columns - status.cellWidth - 1, row: line.row,
            palette.focus)
    }

    private mutating func job(
        _ job: QueuedJob, _ state: StudioState, in line: CellArea, _ columns: QueueColumns,
        isSelected: Bool
    ) {
        let plain: TextStyle =
            switch job.state {
            case .running: palette.focus
            case .waiting: palette.text
            case .finished where job.isUnsaved: palette.problem
            case .finished, .skipped: palette.faint
            case .failed, .quarantined: palette.problem
            }
        let style = isSelected ? palette.selection : plain
        if isSelected { fill(line, style) }
        let mark = isSelected ? "▸" : " "
        let status = job.status(in: state)
        let start = put("\(mark) \(job.glyph) ", column: line.column, row: line.row, style)
        let statusWidth = columns.status
        let textWidth = max(
            8, line.columns - (start - line.column) - statusWidth - columns.facts - 4)
        put(
            job.request.prompt.onOneLine, column: start, row: line.row, style, width: textWidth)
        let statusColumn = line.column + line.columns - statusWidth - 1
        put(status, column: statusColumn, row: line.row, style, width: statusWidth)
        put(
            job.request.shortFacts, column: statusColumn - columns.facts - 2, row: line.row,
            isSelected ? style : palette.faint, width: columns.facts)
    }
}

extension QueuedJob {
    /// Whether its picture was made and could not be saved.
    fileprivate var isUnsaved: Bool { state == .finished && path == nil && problem != nil }

    fileprivate var glyph: String {
        switch state {
        case .waiting: "○"
        case .running: "◉"
        case .finished: isUnsaved ? "✗" : "●"
        case .skipped: "–"
        case .failed, .quarantined: "✗"
        }
    }

    fileprivate func status(in studio: StudioState) -> String {
        switch state {
        case .waiting: return "waiting"
        case .running:
            return run.flatMap { studio.runs[$0] }?.progress ?? "beginning"
        case .finished:
            return path.map { "saved " + ($0.split(separator: "/").last.map(String.init) ?? $0) }
                ?? (isUnsaved ? "not saved" : "done")
        case .skipped: return "skipped"
        case .failed: return "failed"
        case .quarantined: return "put aside"
        }
    }
}

extension GenerationRequest {
    fileprivate var shortFacts: String {
        let size = width.map { "\($0)×\(height ?? $0)  " } ?? ""
        return "\(size)\(sampling.steps) steps  seed \(seed)"
    }
}
