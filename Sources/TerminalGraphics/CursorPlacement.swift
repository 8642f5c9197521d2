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

    /// `bytes` as one synchronized update (private mode 2026): the terminal shows all or nothing.
    public static func synchronize(_ bytes: [UInt8]) -> [UInt8] {
        Array("\u{1B}[?2026h".utf8) + bytes + Array("\u{1B}[?2026l".utf8)
    }
}
