import Foundation
import Imaging
import TestSupport
import Testing

/// `dcar show` in a terminal, as part of a script of bash in which `$dcar` is the program.
private func shell(
    _ script: String, in folder: TemporaryFolder, answers: TerminalAnswers,
    environment: [String: String] = [:]
) throws -> TerminalSession {
    try TerminalSession(
        "/bin/bash", ["-c", script], in: folder.path,
        environment: studioEnvironment(
            in: folder, environment.merging(["dcar": Program.path]) { $1 }),
        columns: 120, rows: 60, answers: answers)
}

private func folderWithPicture(width: Int = 64, height: Int = 64) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let picture = RGBImage(width: width, height: height, red: 200, green: 90, blue: 30)
    _ = try folder.write(PNG.encode(picture), as: "picture.png")
    return folder
}

@Test func twoKittyPicturesAndThePromptLieBelowOneAnother() throws {
    let folder = try folderWithPicture()
    let session = try shell(
        "$dcar show -c 20 picture.png; echo FIRST; $dcar show -c 20 picture.png; echo SECOND",
        in: folder, answers: .kitty)
    try session.wait(forText: "SECOND")
    let places = session.terminal.pictures.kittyPlacements.values.sorted { $0.row < $1.row }
    #expect(places.map(\.rows) == [10, 10] && places.map(\.column) == [0, 0])
    let lines = session.terminal.lines
    let first = try #require(lines.firstIndex(of: "FIRST"))
    let second = try #require(lines.firstIndex(of: "SECOND"))
    #expect(places.map(\.row) == [first - 10, second - 10] && second == first + 11)
    expectNothingStrange(session)
}

/// The terminal would cut off what passes its limit, in each direction for itself.
@Test func aPictureIsNoLargerThanTheTerminalTakesAndKeepsItsShape() throws {
    let folder = try folderWithPicture(width: 200, height: 100)
    var answers = TerminalAnswers.sixel
    answers.sixelLimit = (300, 1000)
    let session = try shell("$dcar show picture.png; echo END", in: folder, answers: answers)
    try session.wait(forText: "END")
    let size = session.terminal.pictures.lastSixel
    #expect(size.width == 300 && (140...160).contains(size.height))
    expectNothingStrange(session)
}

@Test func aPictureThatWasReducedIsSaidToBe() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Fixtures.noise(side: 256), as: "noise.png")
    let plain = try shell("$dcar show noise.png; echo END", in: folder, answers: .sixel)
    try plain.wait(forText: "END")
    // What a terminal on the same machine gets is whole, however large.
    #expect(plain.terminal.pictures.longestSixel > 900_000)
    #expect(!plain.terminal.text.contains("max_bytes"))
    let far = try shell(
        "$dcar show noise.png; echo END", in: folder, answers: .sixel,
        environment: ["SSH_CONNECTION": "a 1 b 2"])
    try far.wait(forText: "END")
    #expect(far.terminal.pictures.longestSixel <= 900_000)
    #expect(far.terminal.text.contains("graphics.max_bytes allows more."))
}

/// What a program reads after the command: nothing, though the answers come long after the picture.
@Test(arguments: ["show picture.png", "doctor"], [0.5, 1.5])
func noLateAnswerIsLeftForTheShell(command: String, delay: Double) throws {
    let folder = try folderWithPicture()
    var answers = TerminalAnswers.sixel
    answers.delay = delay
    let session = try shell(
        "$dcar \(command); echo AFTER; sleep 1; read -t 0.2 -n 1 key && echo LEFT:$key; echo END",
        in: folder, answers: answers)
    let before = session.program.modesAtStart
    try session.wait(forText: "END")
    #expect(!session.terminal.text.contains("LEFT") && !session.terminal.text.contains("^["))
    #expect(session.program.modes == before)
}

/// Ctrl-C while answers are waited for leaves no terminal without echo.
@Test func anInterruptedCommandLeavesTheModesAsTheyWere() throws {
    let folder = try folderWithPicture()
    let session = try shell(
        "$dcar show picture.png; read -t 5 line; echo END", in: folder, answers: .silent)
    let before = session.program.modesAtStart
    try session.wait(for: "the picture") { $0.text.contains("▀") }
    session.run(seconds: 0.5)
    #expect(!session.program.modes.isCooked)
    session.type(Keys.control("c"))
    try session.wait(for: "the modes", seconds: 2) { _ in session.program.modes == before }
}

/// Old terminals print what they do not know; nothing of it stays.
@Test func nothingOfTheProbeIsSeen() throws {
    let folder = try folderWithPicture()
    let session = try shell(
        "read -r line; $dcar show --graphics ascii -c 20 picture.png; echo END", in: folder,
        answers: .xterm)
    session.printUnknown()
    session.type("\n")
    try session.wait(forText: "END")
    #expect(!session.terminal.text.contains("AAAA"))
    let lines = session.terminal.lines
    let end = try #require(lines.firstIndex(of: "END"))
    #expect(lines[end - 10..<end].allSatisfy { $0.count == 20 && Set($0).count <= 2 })
}

/// What tmux does with all this.
@Suite(.serialized, .enabled(if: TmuxSession.path != nil, "tmux is not installed"))
struct ShowInTmuxTests {
    private func session(
        _ script: String, in folder: TemporaryFolder, answers: TerminalAnswers,
        settings: [String] = ["set -g allow-passthrough on"]
    ) throws -> TmuxSession {
        let tmux = try #require(TmuxSession.path)
        var environment = studioEnvironment(in: folder)
        environment["dcar"] = Program.path
        environment["SHELL"] = "/bin/bash"
        try script.write(toFile: folder.file("script.sh"), atomically: false, encoding: .utf8)
        return try TmuxSession(
            tmux, running: "/bin/bash", [folder.file("script.sh")], in: folder.path,
            environment: environment, answers: answers,
            settings: settings + ["set -g default-terminal tmux-256color"])
    }

    /// The picture is text to tmux, which scrolls it; its title stays as it is.
    @Test func aKittyPictureIsShownByPlaceholders() throws {
        let folder = try folderWithPicture()
        let session = try session(
            "tmux -S '\(folder.file("tmux"))' select-pane -T mine; $dcar show -c 20 picture.png; "
                + "tmux -S '\(folder.file("tmux"))' display -p 'TITLE=#{pane_title}'; sleep 20",
            in: folder, answers: .kitty)
        try session.outer.wait(forText: "TITLE=mine")
        let board = session.outer.terminal.pictures
        let id = try #require(board.kittyPlaceholders.keys.first)
        #expect(board.kittyImages[id]?.width == 64 && (16...255).contains(id))
        let cells = session.outer.terminal.cells.filter {
            $0.text.unicodeScalars.first == "\u{10EEEE}"
        }
        #expect(cells.count == 200)
        #expect(cells.allSatisfy { $0.style.foreground == "38;5;\(id)" })
        #expect(board.faults == [])
    }

    /// The terminal around tmux answers last of all.
    @Test(arguments: ["show picture.png", "doctor"])
    func noAnswerOfTheTerminalAroundIsLeft(command: String) throws {
        let folder = try folderWithPicture()
        var answers = TerminalAnswers.sixel
        answers.delay = 0.15
        let session = try session(
            "$dcar \(command) > /dev/tty; sleep 1; read -t 0.2 -n 1 key && echo LEFT:$key; "
                + "echo END; sleep 20", in: folder, answers: answers)
        try session.outer.wait(forText: "END")
        #expect(!session.outer.terminal.text.contains("LEFT"))
    }

    /// The studio takes its own pictures off the terminal around tmux, and nothing else.
    @Test func theStudioLeavesNoPictureAndNoTitle() throws {
        let folder = try folderWithPicture()
        let session = try session(
            "tmux -S '\(folder.file("tmux"))' select-pane -T mine; "
                + "$dcar tui --fresh --open picture.png; "
                + "tmux -S '\(folder.file("tmux"))' display -p 'TITLE=#{pane_title}'; sleep 20",
            in: folder, answers: .kitty)
        try session.outer.wait(for: "the picture") { !$0.pictures.kittyPlaceholders.isEmpty }
        session.outer.type(Keys.control("c"))
        try session.outer.wait(forText: "Quit the studio?")
        session.outer.type("y")
        try session.outer.wait(forText: "TITLE=mine")
        #expect(session.outer.terminal.pictures.kittyImages.isEmpty)
        #expect(session.outer.terminal.pictures.faults == [])
    }
}
