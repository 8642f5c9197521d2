import TerminalGraphics

/// Lines to read in a box over the screen, broken to its width. Where there is no room for all, keys
/// scroll them.
package struct TextBox {
    package let lines: [String]
    /// Of the box, its frame included.
    package let columns: Int
    /// Lines that are seen at once.
    package let rows: Int

    /// - Parameters:
    ///   - columns: of the screen.
    ///   - rows: of the screen.
    package init(_ texts: [String], columns: Int, rows: Int) {
        let width = max(5, min(columns - 4, 90))
        lines = texts.flatMap { WrappedText(Array($0), columns: width - 4).lines }
        self.columns = width
        self.rows = max(1, min(lines.count, rows - 4))
    }

    package var scrolls: Bool { lines.count > rows }

    /// The first line on the screen where a person went to this one.
    package func first(_ wanted: Int) -> Int { min(max(0, wanted), max(0, lines.count - rows)) }

    /// The first line after a key; nil where the key scrolls nothing.
    func first(after key: Key, from first: Int) -> Int? {
        let step: Int
        switch (key.code, key.modifiers) {
        case (.up, []): step = -1
        case (.down, []): step = 1
        case (.pageUp, []): step = -rows
        case (.pageDown, []): step = rows
        case (.home, []): step = -lines.count
        case (.end, []): step = lines.count
        default: return nil
        }
        return self.first(self.first(first) + step)
    }
}

extension StudioState {
    package func textBox(_ lines: [String]) -> TextBox {
        TextBox(lines, columns: screen.columns, rows: screen.rows)
    }
}
