import StudioCore

extension FrameBuilder {
    /// The tree of what was made from what, to choose from.
    mutating func versions(_ state: StudioState, selected: RunID) {
        let lines = state.versions(with: selected)
        let selected = lines.firstIndex { $0.run == selected } ?? 0
        let inner = centredBox(
            "Versions: Enter shows one", columns: 76, rows: min(frame.rows - 4, lines.count + 2))
        guard inner.rows > 0 else { return }
        let first = max(0, min(selected - inner.rows / 2, lines.count - inner.rows))
        putRange(first, of: lines.count, in: inner)
        let discarded = state.discarded
        for (offset, line) in lines.dropFirst(first).prefix(inner.rows).enumerated() {
            guard let run = state.runs[line.run] else { continue }
            let isSelected = first + offset == selected
            let style = isSelected ? palette.selection : palette.popup
            let row = CellArea(
                column: inner.column, row: inner.row + offset, columns: inner.columns, rows: 1)
            fill(row, style)
            let mark = line.run == state.shownRun ? "●" : "○"
            let remark = (discarded.contains(run.id) ? "not accepted  " : "") + run.versionRemark
            put(
                "\(isSelected ? "▸" : " ") \(line.branches)\(mark) \(run.id) \(run.shortTitle)",
                column: row.column, row: row.row, style,
                width: max(8, row.columns - remark.cellWidth - 1))
            put(
                remark, column: row.column + row.columns - remark.cellWidth, row: row.row, style)
            hit(row, .fixed(.listItem(first + offset)))
        }
    }
}

extension VersionLine {
    /// Lines from the parent down to this version.
    var branches: String {
        guard let last = goesOn.last else { return "" }
        return goesOn.dropLast().map { $0 ? "│  " : "   " }.joined() + (last ? "├─ " : "└─ ")
    }
}

extension RunRecord {
    fileprivate var versionRemark: String {
        var parts: [String] = []
        switch status {
        case .finished: break
        case .waiting: parts.append("waiting")
        case .running: parts.append("running")
        case .paused: parts.append("paused")
        case .cancelled: parts.append("stopped at \(step)")
        case .failed: parts.append("failed")
        }
        if savedPath != nil { parts.append("saved") }
        parts.append("seed \(request.seed)")
        return parts.joined(separator: "  ")
    }
}
