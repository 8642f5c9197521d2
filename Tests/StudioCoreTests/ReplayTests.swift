import StudioCore
import TerminalGraphics
import Testing

@Test func aReplayIsCommandsKeysAndText() throws {
    let replay = try Replay(
        """
        # A prompt, and what is done with its picture.
        "a #1 fox
        Enter

        Esc m Ctrl-G
        :save
        :
        """)
    let text = "a #1 fox".unicodeScalars.map { StudioAction.key(Key(.character($0))) }
    let keys = [
        Key(.enter), Key(.escape), Key(.character("m")), Key(.character("g"), .control)
    ].map(StudioAction.key)
    #expect(replay.actions == text + keys + [.command(.save), .key(Key(.character(":")))])
    #expect(try Replay(running: ["gallery.search"]).actions == [.command(.gallerySearch)])
}

/// As if it were typed where the command asks for it, in place of what is suggested there.
@Test func aCommandTakesWhatItAsksForBehindItsName() throws {
    var story = Story()
    story.draw("a fox")
    for action in try Replay(running: ["step.goto 3"]).actions { story.act(action) }
    #expect(story.state.popup == nil && story.state.canvas.step == 3)
    for action in try Replay(":gallery.search a red fox").actions { story.act(action) }
    #expect(story.state.view == .gallery && story.state.gallery.query.text == "a red fox")
    #expect(throws: ReplayError.noText("undo", line: nil)) { try Replay(running: ["undo 3"]) }
}

@Test func whatIsNoActionIsNamedWithItsLine() {
    #expect(throws: ReplayError.noCommand("sav", line: 2)) { try Replay("Enter\n:sav\n") }
    #expect(throws: ReplayError.noKey("Entre", line: 1)) { try Replay("Entre") }
    #expect(
        "\(ReplayError.noCommand("sav", line: nil))"
            == "sav is no command of the studio; its list of commands (F2) names them.")
    #expect(
        "\(ReplayError.noKey("Entre", line: 1))"
            == "Line 1: Entre is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or Space.")
}
