import StudioCore

extension FrameBuilder {
    /// The six keys that matter most now. The last one, help, and what keeps a picture have their
    /// places on narrow screens too.
    mutating func footer(_ state: StudioState, row: Int) {
        guard state.settings.isOn(.footer) else { return }
        fill(CellArea(column: 0, row: row, columns: frame.columns, rows: 1), palette.bar)
        var column = 1
        let hints = state.hints
        let kept = hints.indices.filter {
            $0 + 1 == hints.count || hints[$0].command == .save
        }
        for (index, hint) in hints.enumerated() {
            let width = hint.width
            let reserve = kept.filter { $0 > index }.reduce(0) { $0 + hints[$1].width + 3 }
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
}
