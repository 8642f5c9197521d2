import StudioCore

extension FrameBuilder {
    /// A line for each field, and what to do below them.
    mutating func formBox(_ form: Form) {
        let inner = centredBox(form.title, columns: 76, rows: form.fields.count + 4)
        let labels = (form.fields.map(\.label.cellWidth).max() ?? 0) + 4
        let room = max(1, inner.columns - labels - 1)
        for (index, field) in form.fields.enumerated() {
            let row = inner.row + index
            let isSelected = index == form.selected
            put(
                (isSelected ? "▸ " : "  ") + field.label, column: inner.column, row: row,
                isSelected ? palette.popupKey : palette.popup)
            let column = inner.column + labels
            hit(
                CellArea(column: inner.column, row: row, columns: inner.columns, rows: 1),
                .fixed(.listItem(index)))
            guard isSelected else {
                put(
                    field.text.text.onOneLine, column: column, row: row, palette.popup,
                    width: room + 1)
                continue
            }
            line(
                field.text, column: column, row: row,
                field.text.isSuggestion ? palette.selection : palette.popup, width: room + 1)
        }
        put(
            form.hint, column: inner.column, row: inner.row + form.fields.count + 1,
            palette.popupFaint,
            width: inner.columns)
    }

    /// What the model would put under the cursor, each with a bar as long as it is likely.
    mutating func candidateBox(_ state: StudioState, _ selected: Int) {
        let (width, at) = (max(1, state.shown?.gridWidth ?? 1), state.cursorToken ?? 0)
        let name = "Token \(at % width),\(at / width)"
        let row = middle(of: at, state)
        guard let list = state.readout else {
            choiceBox(name, ["Its candidates are being computed…"], -1, awayFrom: row)
            return
        }
        let bar = 24
        choiceBox(
            "\(name) at step \(state.readoutStep ?? 0)",
            list.enumerated().map { index, candidate in
                let length = Int((candidate.probability * Float(bar)).rounded())
                let percent = "\(Int((candidate.probability * 100).rounded()))%"
                return "\(index + 1)  \(String(candidate.id).padded(to: 6))"
                    + "\(percent.padded(to: 5))\(String(repeating: "█", count: length))"
            }, selected, awayFrom: row)
    }

    /// The row of the screen on which the middle of a token is.
    private func middle(of token: Int, _ state: StudioState) -> Int? {
        let (side, width) = (state.parameters.tokenSide, max(1, state.shown?.gridWidth ?? 1))
        let y = token / width * side + side / 2
        for region in frame.hits {
            guard case .picture(let part) = region.target else { continue }
            return region.area.row + (y - part.y) * region.area.rows / max(1, part.height)
        }
        return nil
    }

    /// Lines of which one is selected.
    ///
    /// - Parameter row: one that is to stay in sight, where there is room for that.
    mutating func choiceBox(
        _ title: String, _ lines: [String], _ selected: Int, awayFrom row: Int? = nil
    ) {
        let height = min(frame.rows - 4, lines.count + 2)
        var inner: CellArea
        if let row {
            let columns = min(60, frame.columns - 2)
            let isBelow = row < frame.rows / 2
            inner = box(
                title,
                CellArea(
                    column: (frame.columns - columns) / 2,
                    row: isBelow ? frame.rows - 2 - height : 1, columns: columns, rows: height))
        } else {
            inner = centredBox(title, columns: 60, rows: height)
        }
        let first = max(0, min(selected - inner.rows / 2, lines.count - inner.rows))
        putRange(first, of: lines.count, in: inner)
        for (offset, text) in lines.dropFirst(first).prefix(inner.rows).enumerated() {
            let isSelected = first + offset == selected
            let line = CellArea(
                column: inner.column, row: inner.row + offset, columns: inner.columns, rows: 1)
            let style = isSelected ? palette.selection : palette.popup
            fill(line, style)
            put(
                (isSelected ? "▸ " : "  ") + text, column: line.column, row: line.row, style,
                width: line.columns)
            hit(line, .fixed(.listItem(first + offset)))
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
