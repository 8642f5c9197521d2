import Foundation
import TestSupport
import Testing

/// No answer of a terminal is ever typed into a field, however late and in whatever pieces it comes.
@Test(arguments: [(0.15, true), (0.3, false), (5.0, true)])
func noAnswerIsTyped(delay: Double, isSplit: Bool) throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.delay = delay
    answers.isSplit = isSplit
    let session = try studio(in: folder, columns: 180, answers: answers)
    try session.wait(forText: "storybook 256px")
    session.type("fox")
    try session.wait(for: "late answers", seconds: 12) { $0.text.contains("sixel 512 colours") }
    session.type("y")
    try session.wait(forText: "foxy")
    #expect(
        session.terminal.lines.contains {
            $0.split(separator: " ").first.map(String.init) == "foxy"
        })
    // The answer to the last question of all must not reach the shell.
    session.program.signal(SIGTERM)
    let status = try session.waitForEnd()
    #expect(status == 143)
}

/// What a program reads after the studio: nothing, however long the terminal takes to answer.
@Test(arguments: [0.1, 0.8]) func nothingIsLeftForTheShell(delay: Double) throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.delay = delay
    answers.isSplit = true
    let script = "'\(Program.path)'; sleep 1; read -t 0.2 -n 1 key && echo LEFT:$key; echo END"
    let session = try TerminalSession(
        "/bin/bash", ["-c", script], in: folder.path, environment: studioEnvironment(in: folder),
        columns: 180, answers: answers)
    try session.wait(forText: "sixel 512 colours")
    session.type(Keys.escape)
    session.run(seconds: 0.2)
    session.type("q")
    try session.wait(forText: "Quit")
    session.type("y")
    try session.wait(forText: "END")
    #expect(!session.terminal.text.contains("LEFT"))
}

@Test func aTerminalThatAnswersNothingIsUsedAsItIs() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, answers: .silent)
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.escape)
    session.run(seconds: 0.1)
    session.type("?")
    try session.wait(forText: "Help")
}

/// Questions that come with every frame and every change of size are answered in pieces, too: nothing
/// of those is typed, and nothing goes to another step.
@Test func noLaterAnswerIsTyped() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, answers: .sixel)
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "Done in")
    session.type("p")
    try session.wait(for: "the prompt") { $0.text.contains("▸ Prompt") }
    session.settle()
    session.answers.isSplit = true
    session.answers.pause = 0.12
    for columns in [110, 120] {
        session.resize(columns: columns, rows: 40, cellSize: (columns / 10, 20))
        session.run(seconds: 4)
    }
    session.type(Keys.control("l"))
    session.run(seconds: 2)
    session.answers.isSplit = false
    // An ESC that comes alone is the key; what follows it is the answer's.
    #expect(session.terminal.text.contains("fixed 64/64"))
    session.type("\u{1B}")
    session.settle()
    session.type("p")
    session.settle()
    session.type("y")
    try session.wait(forText: "a foxy")
    expectNothingStrange(session)
}

/// Ended before the terminal has said a word, the studio hears it all the same.
@Test func nothingIsLeftForTheShellByAStudioThatEndsAtOnce() throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.delay = 1.5
    let script =
        "timeout --foreground -s TERM 0.8 '\(Program.path)' tui --fresh; sleep 1; "
        + "read -t 0.2 -n 1 key && echo LEFT:$key; echo END"
    let session = try TerminalSession(
        "/bin/bash", ["-c", script], in: folder.path, environment: studioEnvironment(in: folder),
        answers: answers)
    try session.wait(forText: "END")
    #expect(!session.terminal.text.contains("LEFT"))
}

/// A locale that is not installed, as often over ssh, costs neither frames nor blocks.
@Test func aLocaleThatIsNotInstalledIsReplaced() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["LANG": "xx_YY.UTF-8"])
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "Done in")
    try session.wait(for: "blocks") { $0.text.contains("▀") }
    #expect(session.terminal.text.contains("─"))
    #expect(!session.terminal.text.contains("\u{FFFD}"))
    expectNothingStrange(session)
}

/// Terminfo gives these 8 colours, the terminal shows 256, and their richer entries say so.
@Test(arguments: ["screen", "tmux", "xterm"])
func aPictureHasItsColorsUnderAPoorName(term: String) throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["TERM": term])
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "Done in")
    try session.wait(for: "blocks in many colours") { terminal in
        let colors = terminal.cells.filter { $0.text == "▀" }.map(\.style.foreground)
        return Set(colors.filter { $0.hasPrefix("38;") }).count > 20
    }
    session.program.signal(SIGTERM)
    #expect(try session.waitForEnd() == 143)
}

/// mlterm takes no more than ten numbers in one sequence.
@Test func colorsAreSentInShortSequences() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["COLORTERM": "truecolor"])
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "Done in")
    session.settle()
    let text = String(decoding: session.terminal.transcript, as: UTF8.self)
    #expect(text.contains("\u{1B}[48;2;"))
    #expect(text.firstMatch(of: /\u{1B}\[[0-9]+(;[0-9]+){10,}m/) == nil)
}

/// Variables of tmux that a program started there has handed on do not keep pictures back.
@Test func aTerminalOutsideOfTmuxIsTakenForItself() throws {
    let folder = try TemporaryFolder()
    let session = try studio(
        in: folder, answers: .kitty, environment: ["TMUX": "/nowhere/tmux,1,0"])
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    try session.wait(for: "the picture") { $0.pictures.kittyPlacements.count == 1 }
}
