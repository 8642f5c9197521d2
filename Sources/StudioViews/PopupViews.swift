import StudioCore
import TerminalGraphics

extension FrameBuilder {
    mutating func popup(_ state: StudioState) {
        guard let popup = state.popup else { return }
        hideCursor()
        switch popup {
        case .list(.help, let list):
            let entries = state.commandList(list, isHelp: true)
            let lines = state.helpLines(list).map { line in
                switch line {
                case .heading(let text): ListItem(title: text, kind: .heading)
                case .text(let key): ListItem(title: key.title, key: key.keys, kind: .text)
                case .command(let place):
                    item(
                        entries[place], list.filter.isEmpty ? nil : state.place(of: entries[place]),
                        state)
                }
            }
            listBox(
                "Help: type to filter, Enter runs, Tab changes the key", list, lines, columns: 76)
        case .list(.commands, let list):
            listBox(
                "Commands", list,
                state.commandList(list, isHelp: false).map {
                    item($0, $0.command.rawValue, state)
                }, columns: 100)
        case .list(.exports, let list):
            listBox(
                "All ways to save", list,
                state.exportList(list).map {
                    item($0, $0.command.rawValue, state, state.keysHeard(of: $0))
                },
                of: state.exportList(Popup.ListState()).count)
        case .list(.history, let list):
            listBox(
                "Earlier prompts", list,
                state.historyList(list).map { ListItem(title: $0.onOneLine) })
        case .list(.examples, let list):
            listBox(
                "Examples that this model can draw", list,
                state.exampleList(list).map { ListItem(title: $0) },
                of: state.exampleList(Popup.ListState()).count)
        case .list(.styles, let list):
            listBox(
                "Styles", list,
                state.styleList(list).map { ListItem(title: "\($0.name):", remark: $0.text) },
                of: state.styleList(Popup.ListState()).count)
        case .rebind(let command, let asked, _):
            let inner = centredBox("Key for: \(command.title)", columns: 56, rows: 6)
            let keys = state.keymap.keys(of: command).map(\.description)
            let lines = [
                "Now: \(keys.isEmpty ? "none" : keys.joined(separator: " "))",
                asked.map { "Press \($0) again to take it." } ?? "Press the new key.",
                "", "Backspace: the key it came with.  Esc: back."
            ]
            for (index, line) in lines.enumerated() {
                put(
                    line, column: inner.column, row: inner.row + index, palette.popup,
                    width: inner.columns)
            }
        case .copy: copyBox(state)
        case .saveAs(let field, _):
            nameBox(
                "Save as", field,
                field.isSuggestion
                    ? "Typing replaces the name, arrows edit it." : "A path that ends in .png.",
                state.outputFolder.isEmpty ? "" : "A bare name goes into \(state.outputFolder)")
        case .open(let field):
            nameBox(
                "Open a PNG", field,
                "Any PNG. Odd sizes: \(state.importFit.rawValue) (Tab changes).",
                state.outputFolder.isEmpty
                    ? "" : "A bare name: where dcar runs, then \(state.outputFolder)")
        case .form(let form): formBox(form)
        case .tags(let field, _):
            nameBox("Tags", field, "Words with spaces between; none removes them.")
        case .versions(let selected): versions(state, selected: selected)
        case .choice(.themes, let selected):
            choiceBox(
                "Theme", state.themeChoices.map { $0?.rawValue ?? "auto: fits the terminal" },
                selected)
        case .choice(.candidates, let selected): candidateBox(state, selected)
        case .choice(.comparison, let selected):
            let remarks = state.remarks(on: state.comparisonChoices.compactMap { $0 })
            choiceBox(
                state.incomparableCount == 0
                    ? "Compare with" : "Compare with (\(state.incomparableCount) of other sizes)",
                state.comparisonChoices.map { id in
                    guard let id, let run = state.runs[id] else {
                        return "its own discrete picture"
                    }
                    let remark = remarks[id].map { "  \($0)" } ?? ""
                    let name = id == state.sourceOfResult ? "the picture before: \(id)" : "\(id)"
                    return "\(name) \(run.shortTitle)".fitted(to: max(20, 54 - remark.cellWidth))
                        + remark
                }, selected)
        case .quit: quitBox(state)
        case .text(let title, let lines, let first): textBox(title, lines, first)
        }
    }

    private mutating func quitBox(_ state: StudioState) {
        let (waiting, unsaved) = (state.queue.waitingCount, state.unsavedCount)
        let remarks = [
            waiting > 0
                ? "\(waiting) queued" + (state.isSittingKept ? " for the next start" : ", and lost")
                : nil,
            unsaved > 0 ? state.unsavedWords(unsaved) : nil
        ].compactMap { $0 }.flatMap {
            WrappedText(Array($0), columns: min(56, frame.columns - 2) - 4).lines
        }
        let inner = centredBox("Quit", columns: 56, rows: 4 + max(1, remarks.count))
        put(
            state.job != nil ? "A run is on. Quit anyway?" : "Quit the studio?",
            column: inner.column, row: inner.row, palette.popup, width: inner.columns)
        for (offset, remark) in remarks.enumerated() {
            put(
                remark, column: inner.column, row: inner.row + 1 + offset, palette.popupFaint,
                width: inner.columns)
        }
        let row = inner.endRow - 1
        let end = put("y  quit", column: inner.column, row: row, palette.popup)
        hit(
            CellArea(column: inner.column, row: row, columns: end - inner.column, rows: 1),
            .fixed(.listItem(0)))
        put("Esc  stay", column: end + 4, row: row, palette.popup)
        hit(
            CellArea(column: end + 4, row: row, columns: 9, rows: 1), .fixed(.listItem(1)))
    }

    /// Which lines of a list these are, on its frame, where there are more.
    mutating func putRange(_ first: Int, of count: Int, in inner: CellArea) {
        guard count > inner.rows else { return }
        let place = " \(placeOf(first, inner.rows, of: count)) "
        put(
            place, column: inner.column + inner.columns - place.cellWidth, row: inner.endRow,
            palette.popupFaint)
    }

    /// Lines to read, and which of them these are where there are more.
    private mutating func textBox(_ title: String, _ lines: [String], _ wanted: Int) {
        let box = TextBox(lines, columns: frame.columns, rows: frame.rows)
        let inner = centredBox(title, columns: box.columns, rows: box.rows + 2)
        let first = box.first(wanted)
        for (index, line) in box.lines.dropFirst(first).prefix(inner.rows).enumerated() {
            put(
                line, column: inner.column, row: inner.row + index, palette.popup,
                width: inner.columns)
        }
        putRange(first, of: box.lines.count, in: inner)
    }

    mutating func centredBox(_ title: String, columns: Int, rows: Int) -> CellArea {
        let columns = min(columns, frame.columns - 2)
        let rows = min(rows, frame.rows - 2)
        return box(
            title,
            CellArea(
                column: (frame.columns - columns) / 2, row: (frame.rows - rows) / 2,
                columns: columns, rows: rows))
    }

    /// What can be copied, in full where there is room and it can be read: where the clipboard is out
    /// of reach, a mouse can take it.
    private mutating func copyBox(_ state: StudioState) {
        let columns = min(frame.columns - 4, 90)
        var choices = state.copyChoices.map { choice in
            (choice, WrappedText(Array(choice.shown), columns: max(1, columns - 18)).lines)
        }
        while choices.reduce(0, { $0 + $1.1.count }) > frame.rows - 4,
            let longest = choices.indices.max(by: { choices[$0].1.count < choices[$1].1.count }),
            choices[longest].1.count > 1
        {
            choices[longest].1.removeLast()
            let last = choices[longest].1.count - 1
            choices[longest].1[last] = choices[longest].1[last].dropLast() + "…"
        }
        let inner = centredBox(
            "Copy: press a letter", columns: columns,
            rows: choices.reduce(0) { $0 + $1.1.count } + 2)
        var row = inner.row
        for (index, (choice, lines)) in choices.enumerated() where row < inner.endRow {
            put(
                "\(choice.key)", column: inner.column, row: row,
                palette.popupKey)
            put(choice.title, column: inner.column + 3, row: row, palette.popup)
            hit(
                CellArea(column: inner.column, row: row, columns: inner.columns, rows: 1),
                .fixed(.listItem(index)))
            for line in lines where row < inner.endRow {
                put(
                    line, column: inner.column + 13, row: row, palette.popup,
                    width: inner.columns - 13)
                row += 1
            }
        }
    }

    /// - Parameter place: where a bare name leads.
    private mutating func nameBox(
        _ title: String, _ field: TextField, _ hint: String, _ place: String = ""
    ) {
        let inner = centredBox(title, columns: 64, rows: place.isEmpty ? 5 : 6)
        line(
            field, column: inner.column, row: inner.row,
            field.isSuggestion ? palette.selection : palette.popup, width: inner.columns)
        put(
            hint, column: inner.column, row: inner.row + 2, palette.popupFaint,
            width: inner.columns)
        put(
            place.elidingPath(to: inner.columns), column: inner.column, row: inner.row + 3,
            palette.popupFaint, width: inner.columns)
    }

    /// A command's line in a list, with its first keys.
    private func item(
        _ entry: Command.Entry, _ remark: String?, _ state: StudioState, _ keys: [Key]? = nil
    ) -> ListItem {
        let keys = (keys ?? state.shownKeys(of: entry)).prefix(2).map(\.description)
        return ListItem(
            title: entry.title, remark: remark.map { "(\($0))" } ?? "",
            key: keys.joined(separator: " "))
    }

    private struct ListItem {
        let title: String
        /// Less than the title.
        var remark = ""
        /// At the right end.
        var key = ""
        var kind = Kind.choice

        enum Kind {
            case choice
            case heading
            /// What is only there to be read.
            case text
        }
    }

    private mutating func listBox(
        _ title: String, _ list: Popup.ListState, _ items: [ListItem], of count: Int = .max,
        columns: Int = 76
    ) {
        // As high as all lines need, so that it stays as it is while they are narrowed down.
        let height = min(frame.rows - 4, count < 20 ? max(count, 1) + 4 : 24)
        let inner = centredBox(
            title, columns: max(72, min(frame.columns - 4, columns)), rows: height)
        guard inner.rows > 2 else { return }
        let end = put("> ", column: inner.column, row: inner.row, palette.popup)
        line(list.filter, column: end, row: inner.row, palette.popup, width: inner.columns - 2)
        let rows = inner.rows - 2
        let choices = items.indices.filter { items[$0].kind == .choice }
        let selected = choices.indices.contains(list.selected) ? choices[list.selected] : 0
        // The first choice stands below what leads up to it.
        let first = list.selected == 0 ? 0 : max(0, min(selected - rows / 2, items.count - rows))
        if items.isEmpty {
            put("nothing matches", column: inner.column, row: inner.row + 2, palette.popup)
        }
        for (offset, item) in items.dropFirst(first).prefix(rows).enumerated() {
            let row = inner.row + 2 + offset
            let isSelected = first + offset == selected && item.kind == .choice
            let style =
                isSelected
                ? palette.selection : item.kind == .heading ? palette.popupKey : palette.popup
            let line = CellArea(column: inner.column, row: row, columns: inner.columns, rows: 1)
            fill(line, style)
            let keyWidth = item.key.isEmpty ? 0 : item.key.cellWidth + 1
            let room = inner.columns - keyWidth
            let mark = isSelected ? "▸ " : item.kind == .heading ? "" : "  "
            let end = put(
                mark + item.title, column: inner.column, row: row, style, width: room)
            put(
                item.remark, column: end + 1, row: row,
                isSelected ? palette.selection : palette.popupFaint,
                width: max(0, inner.column + room - end - 1))
            put(
                item.key, column: inner.column + inner.columns - item.key.cellWidth, row: row,
                style)
            if let choice = choices.firstIndex(of: first + offset) {
                hit(line, .fixed(.listItem(choice)))
            }
        }
        guard items.count > rows else { return }
        let place = " \(list.selected + 1) of \(choices.count) "
        put(
            place, column: inner.column + inner.columns - place.cellWidth, row: inner.endRow,
            palette.popupFaint)
    }
}

extension StudioState {
    /// What becomes of pictures that have no file.
    fileprivate func unsavedWords(_ count: Int) -> String {
        let what = count == 1 ? "1 picture is not saved" : "\(count) pictures are not saved"
        guard isSittingKept else {
            return "\(what), and this sitting cannot be kept: "
                + "\(count == 1 ? "it is lost" : "they are lost")"
        }
        return "\(what); \(count == 1 ? "it comes" : "they come") back next time"
    }
}
