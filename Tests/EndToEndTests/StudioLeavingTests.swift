import Foundation
import TestSupport
import Testing

/// How a studio may end.
enum Ending: String, CaseIterable {
    case quit
    case terminated
    case hungUp
    case interruptedTwice
    case crashed
    case aborted
    case trapped
    case outOfTime
    case calledByUser

    func happen(to session: TerminalSession) throws -> Int32 {
        switch self {
        case .quit:
            session.type(Keys.escape)
            session.run(seconds: 0.1)
            session.type("q")
            try session.wait(forText: "Quit")
            session.type("y")
            return 0
        case .terminated:
            session.program.signal(SIGTERM)
            return 143
        case .hungUp:
            session.program.signal(SIGHUP)
            return 129
        case .interruptedTwice:
            session.program.signal(SIGINT)
            session.run(seconds: 0.02)
            session.program.signal(SIGINT)
            session.run(seconds: 0.5)
            if !session.program.hasEnded { session.program.signal(SIGINT) }
            return 130
        case .crashed:
            session.program.signal(SIGSEGV)
            return 128 + SIGSEGV
        case .aborted:
            session.program.signal(SIGABRT)
            return 128 + SIGABRT
        case .outOfTime:
            session.program.signal(SIGXCPU)
            return 128 + SIGXCPU
        case .calledByUser:
            session.program.signal(SIGUSR1)
            return 128 + SIGUSR1
        case .trapped:
            // What a trap in Swift raises.
            session.program.signal(SIGILL)
            return 128 + SIGILL
        }
    }
}

@Test(arguments: Ending.allCases)
func theTerminalIsLeftAsFoundInTheMiddleOfARun(ending: Ending) throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, columns: 80, rows: 24, answers: .kitty)
    let before = session.program.modesAtStart
    try session.wait(forText: "storybook")
    #expect(session.terminal.isOnAlternateScreen && !session.program.modes.isCooked)
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "step ")
    let status = try ending.happen(to: session)
    let found = try session.waitForEnd()
    #expect(found == status)
    expectAsFound(session, before)
}

/// What another program has drawn on the main screen stays, and no picture of the studio does.
@Test(arguments: [Ending.quit, .terminated, .crashed])
func picturesOfOthersAreLeftAlone(ending: Ending) throws {
    let folder = try TemporaryFolder()
    let script =
        #"printf '\033_Ga=T,f=24,s=1,v=1,i=7,c=2,r=1,q=2;AAAA\033\\'; exec "$0" tui --fresh"#
    let session = try TerminalSession(
        "/bin/bash", ["-c", script, Program.path], in: folder.path,
        environment: studioEnvironment(in: folder), answers: .kitty)
    try session.wait(forText: "storybook")
    session.type("a fox" + Keys.enter)
    try session.wait(for: "the picture") { $0.pictures.kittyPlacements.count == 2 }
    try session.wait(forText: "Done in")
    _ = try ending.happen(to: session)
    _ = try session.waitForEnd()
    #expect(Array(session.terminal.pictures.kittyImages.keys) == [7])
    #expect(Array(session.terminal.pictures.kittyPlacements.keys) == [7])
    let end = String(decoding: session.terminal.transcript, as: UTF8.self)
    let screen = try #require(end.ranges(of: "\u{1B}[?1049l").last)
    #expect(!end[screen.upperBound...].contains("\u{1B}_G"))
    expectNothingStrange(session)
}

@Test func aClosedWindowEndsTheStudio() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, columns: 80, rows: 24)
    try session.wait(forText: "storybook")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "step ")
    session.program.hangUp()
    #expect(try session.waitForEnd(seconds: 5) == 129)
}

/// Nothing warns of SIGSTOP; the shell has had the terminal since.
@Test func afterAStopWithoutAWordAllIsDrawnAgain() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, columns: 80, rows: 24)
    try session.wait(forText: "storybook")
    session.program.signal(SIGSTOP)
    try session.wait(for: "a stop") { _ in session.program.isStopped }
    session.program.cook()
    session.program.show("\u{1B}[?1049l\u{1B}[?2004l$ fg\r\n")
    try session.wait(for: "the shell") { !$0.isOnAlternateScreen && $0.text.contains("$ fg") }
    session.program.signal(SIGCONT)
    try session.wait(for: "the studio") {
        $0.isOnAlternateScreen && $0.text.contains("Parameters") && !$0.text.contains("$ fg")
    }
    #expect(!session.program.modes.isCooked && session.terminal.modes.contains(2004))
    session.type("a fox")
    try session.wait(forText: "a fox")
    session.program.signal(SIGTERM)
    #expect(try session.waitForEnd() == 143)
}

@Test(arguments: [SIGTERM, SIGHUP]) func plainLinesEndWithTheSignalsStatus(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let session = try studio(["--plain"], in: folder)
    try session.wait(forText: "plain lines")
    session.type("a fox\n")
    try session.wait(forText: "step 1")
    session.program.signal(signal)
    #expect(try session.waitForEnd() == 128 + signal)
}

@Test func theStudioCanBeSuspendedAndGoesOn() throws {
    let folder = try TemporaryFolder()
    let script = "set -m; '\(Program.path)'; echo STOPPED; read -r line; fg > /dev/null; echo END"
    let session = try TerminalSession(
        "/bin/bash", ["-c", script], in: folder.path, environment: studioEnvironment(in: folder),
        columns: 80, rows: 24, answers: .kitty)
    let before = session.program.modesAtStart
    try session.wait(forText: "storybook")
    session.type("a fox in the snow" + Keys.enter)
    try session.wait(forText: "Done in")
    session.type(":suspend" + Keys.enter)
    try session.wait(forText: "STOPPED")
    session.run(seconds: 0.05)
    expectAsFound(session, before)
    session.resize(columns: 120, rows: 40)
    session.type("\n")
    try session.wait(for: "the picture") {
        $0.text.contains("Parameters") && $0.isOnAlternateScreen
            && $0.pictures.kittyPlacements.count == 1
    }
    #expect(!session.program.modes.isCooked)
    session.type(Keys.control("c"))
    try session.wait(forText: "Quit")
    session.type("y")
    try session.wait(forText: "END")
    expectAsFound(session, before)
}

/// Where no shell could start it again, a studio that stopped would hold its window for ever.
@Test func withoutAShellTheStudioDoesNotStop() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, columns: 80, rows: 24)
    try session.wait(forText: "storybook")
    session.program.signal(SIGTSTP)
    session.run(seconds: 0.5)
    session.type("a fox")
    try session.wait(forText: "a fox")
    session.program.signal(SIGTERM)
    #expect(try session.waitForEnd() == 143)
}

@Test func killedWhileSavingNothingIsLostOrTorn() throws {
    let folder = try Fixtures.folder()
    let original = try Data(contentsOf: URL(fileURLWithPath: folder.file("finished.png")))
    let session = try studio(
        ["tui", "--open", "finished.png"], in: folder, columns: 80, rows: 24)
    try session.wait(forText: "Opened")
    session.type("wwww")
    session.program.signal(SIGKILL)
    #expect(try session.waitForEnd() == 128 + SIGKILL)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("finished.png"))) == original)
    let pictures =
        (try? FileManager.default.contentsOfDirectory(atPath: folder.file("pictures"))) ?? []
    for name in pictures where name.hasSuffix(".png") {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("pictures/\(name)")))
        #expect(bytes.suffix(8) == Data("IEND".utf8) + Data([0xAE, 0x42, 0x60, 0x82]))
    }
}

@Test func theStudioFollowsEveryChangeOfSize() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, answers: .sixel)
    try session.wait(forText: "storybook 256px")
    session.type("a fox in the snow" + Keys.enter)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
        session.resize(
            columns: .random(in: 1...200, using: &random), rows: .random(in: 1...60, using: &random)
        )
        session.run(seconds: 0.001)
    }
    session.resize(columns: 20, rows: 5)
    try session.wait(forText: "dcar studio:")
    session.resize(columns: 120, rows: 40)
    try session.wait(for: "the picture") { $0.text.contains("Done in") && $0.sixelPicture != nil }
    #expect(session.terminal.lines.last?.contains("help") == true)
    #expect(session.terminal.unknown == [])
    #expect(session.program.status == nil)
}
