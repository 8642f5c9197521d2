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
