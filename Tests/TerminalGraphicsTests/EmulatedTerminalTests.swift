import TestSupport
import Testing

/// tmux drops what a slow terminal has not taken, in the middle of a character or a sequence, and
/// then draws the screen anew; what was cut off must not take a part of that with it.
@Test(arguments: [
    "\u{2500}".utf8.dropLast(), "\u{2500}".utf8.dropLast(2), "\u{1B}".utf8[...],
    "\u{1B}(".utf8[...], "\u{1B}[38;5".utf8[...]
])
func whatFollowsACutSequenceIsDrawn(start: String.UTF8View.SubSequence) {
    var terminal = EmulatedTerminal(columns: 20, rows: 2, cellSize: (10, 20))
    _ = terminal.feed(start)
    _ = terminal.feed("\u{1B}[H\u{2500} Picture 3 \u{B7} seed".utf8)
    #expect(terminal.lines.first == "\u{2500} Picture 3 \u{B7} seed")
}
