/// Bytes drawn somewhere on the screen by someone who is not curses.
public enum CursorPlacement {
    /// `bytes` drawn with the cursor at a cell (both counted from 0), with cursor and attributes
    /// saved before and restored after, so that curses never notices.
    ///
    /// Terminals disagree on where a sixel picture leaves the cursor, and scroll when it touches
    /// the last row; restoring settles the first, and no picture may be placed to reach that row.
    public static func draw(_ bytes: [UInt8], column: Int, row: Int) -> [UInt8] {
        Array("\u{1B}7\u{1B}[\(row + 1);\(column + 1)H".utf8) + bytes + Array("\u{1B}8".utf8)
    }

    /// Blanks written over cells: the one eraser of sixel pixels that all terminals know. Some keep
    /// them under cells that are only cleared.
    public static func blank(column: Int, row: Int, columns: Int, rows: Int) -> [UInt8] {
        let line = String(repeating: " ", count: columns)
        return (row..<row + rows).reduce(into: Array("\u{1B}7\u{1B}[0m".utf8)) { bytes, row in
            bytes += "\u{1B}[\(row + 1);\(column + 1)H\(line)".utf8
        } + Array("\u{1B}8".utf8)
    }

    /// `bytes` as one synchronized update (private mode 2026): the terminal shows all or nothing.
    public static func synchronize(_ bytes: [UInt8]) -> [UInt8] {
        Array("\u{1B}[?2026h".utf8) + bytes + Array("\u{1B}[?2026l".utf8)
    }
}
