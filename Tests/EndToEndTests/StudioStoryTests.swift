import Foundation
import Imaging
import TestSupport
import Testing

/// What a person does in the first minutes, one key after the other.
private struct Story {
    let session: TerminalSession
    let folder: TemporaryFolder

    func write(_ text: String, thenSee expected: String) throws {
        session.type(text)
        try session.wait(forText: expected)
    }

    func saved() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.file("pictures")).sorted()
    }

    /// A prompt and 24 steps; the pause that is asked for at once comes after the first.
    func begin() throws {
        try session.wait(forText: "storybook 256px")
        try write("a fox in the snow", thenSee: "6/64 tokens")
        try write(Keys.tab + Keys.tab + "24" + Keys.enter, thenSee: "steps             24")
        try write(Keys.control("g") + " ", thenSee: "Paused.")
    }

    func pauseStepAndFork() throws {
        try write(".", thenSee: "step 2/24  decoded  paused")
        try write(".", thenSee: "step 3/24  decoded  paused")
        try write(",", thenSee: "step 2/24  decoded")
        try write("f", thenSee: "Fork picture 1")
        // That it was forked is said only until it is done, which may be before anybody looks.
        try write(Keys.enter, thenSee: "Picture 2  256×256")
        try session.wait(forText: "Done in")
    }

    func compare() throws {
        try write("c", thenSee: "discrete | refined")
        try write("x", thenSee: "difference ×8")
        try write("x", thenSee: " refined")
        try write("d", thenSee: " discrete")
        try write("d", thenSee: " refined")
    }

    func inpaint() throws {
        try write("m", thenSee: "mask: brush")
        try write(Keys.right + Keys.right + " ", thenSee: "20 px, ")
        try write(Keys.right + Keys.down + " ", thenSee: " tokens")
        try write(Keys.enter, thenSee: "A accepts")
        try session.wait(forText: "seam ")
        try write("A", thenSee: "Picture 3")
        try write("z", thenSee: "Picture 2")
        try write("Z", thenSee: "Picture 3")
    }

    func saveAndQuit() throws {
        try write("w", thenSee: "Saved as")
        try write("q", thenSee: "Quit")
        session.type("y")
        #expect(try session.waitForEnd() == 0)
        #expect(try saved() == ["dcar-0001-a-fox-in-the-snow.png"])
    }
}

@Test(arguments: [TerminalAnswers.xterm, .sixel, .kitty])
func theFirstMinutesInATerminal(answers: TerminalAnswers) throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, answers: answers)
    let before = session.program.modesAtStart
    let story = Story(session: session, folder: folder)
    try story.begin()
    try story.pauseStepAndFork()
    try story.compare()
    try story.inpaint()
    try story.saveAndQuit()
    expectAsFound(session, before)
    #expect(session.terminal.pictures.faults == [])
}

@Test(.enabled(if: TmuxSession.path != nil, "tmux is not installed"))
func theFirstMinutesInTmux() throws {
    let folder = try TemporaryFolder()
    let tmux = try TmuxSession(
        try #require(TmuxSession.path), running: Program.path, [], in: folder.path,
        environment: studioEnvironment(in: folder))
    let story = Story(session: tmux.outer, folder: folder)
    try story.begin()
    #expect(try tmux.capture().contains("1 Studio"))
    try story.pauseStepAndFork()
    try story.compare()
    try story.inpaint()
    try story.saveAndQuit()
}

/// tmux says what it knows of the terminal around it, though it lets no question through to that.
@Test(.enabled(if: TmuxSession.path != nil, "tmux is not installed"))
func tmuxIsAskedForTheColoursOfItsTerminal() throws {
    let folder = try TemporaryFolder()
    let tmux = try TmuxSession(
        try #require(TmuxSession.path), running: "/bin/sh",
        ["-c", "\(Program.path) doctor; sleep 60"], in: folder.path,
        environment: studioEnvironment(in: folder),
        settings: ["set -as terminal-features ,xterm*:RGB"])
    try tmux.outer.wait(
        forText: "Colours: 24 bits, which tmux lists among its client's features.")
}

@Test func aSavedPictureOpensAgainAsItWas() throws {
    let folder = try Fixtures.folder()
    let session = try studio(["finished.png"], in: folder, answers: .sixel)
    try session.wait(forText: "Opened")
    try session.wait(for: "pixels") { $0.sixelPicture != nil }
    // The cursor is drawn only where the picture takes the keys.
    session.type("p")
    session.run(seconds: 0.3)
    #expect(session.terminal.text.contains("a beach"))
    let shown = try #require(session.terminal.sixelPicture).image
    let picture = try ImageFile.open(folder.file("finished.png")).image
    #expect(shown.psnr(against: picture.resized(width: shown.width, height: shown.height)) > 25)
}
