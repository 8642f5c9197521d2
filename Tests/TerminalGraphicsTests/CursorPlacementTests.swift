import TerminalGraphics
import Testing

@Test func blanksAreWrittenOverEveryCellAndNothingElse() {
    let bytes = CursorPlacement.blank(column: 4, row: 2, columns: 3, rows: 2)
    #expect(
        String(decoding: bytes, as: UTF8.self)
            == "\u{1B}7\u{1B}[0m\u{1B}[3;5H   \u{1B}[4;5H   \u{1B}8")
}
