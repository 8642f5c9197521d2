import Foundation
import Imaging
import TestSupport
import Testing

extension TerminalSession {
    fileprivate func write(_ text: String, thenSee expected: String) throws {
        type(text)
        try wait(forText: expected)
    }

    /// The middle of the canvas of a studio of 120x40.
    fileprivate var pictureCells: [EmulatedTerminal.Cell] {
        (5..<35).flatMap { row in (55..<112).map { terminal[$0, row] } }
    }

    /// Lets the session be written, which happens within a second of a change, and kills it.
    fileprivate func kill(after seconds: Double = 1) throws {
        run(seconds: seconds)
        program.signal(SIGKILL)
        _ = try waitForEnd()
    }
}

private let alt = "\u{1B}"

@Test func aKilledStudioComesBackAsItWas() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a fox in the snow" + Keys.enter, thenSee: "Done in")
    try first.write("m ", thenSee: "20 px, ")
    try first.write("p\u{5} and a hat", thenSee: "and a hat")
    // The picture is painted a little later than the prompt.
    first.run(seconds: 0.5)
    let picture = first.pictureCells
    #expect(picture.contains { $0.text == "▀" })
    try first.kill()
    let second = try studio(in: folder)
    try second.wait(forText: "Back after an unclean end: the prompt, 1 picture, the mask")
    try second.wait(forText: "20 px, ")
    #expect(second.terminal.text.contains("a fox in the snow and a hat"))
    try second.wait(forText: " dB")
    try second.wait(for: "the same picture") { _ in second.pictureCells == picture }
    // The picture can be gone on with: its mask is painted anew, and that is undone.
    try second.write(Keys.enter, thenSee: "A accepts")
    try second.write("A", thenSee: "Accepted")
    try second.write("z", thenSee: "Undone")
    second.type("qy")
    #expect(try second.waitForEnd() == 0)
    let fresh = try studio(["tui", "--fresh"], in: folder)
    try fresh.wait(forText: "Type a prompt and press Enter.")
    #expect(!fresh.terminal.text.contains("a hat"))
}

@Test func aQueueSurvivesBeingKilledAndThenWaits() throws {
    let folder = try TemporaryFolder()
    let first = try studio(in: folder)
    try first.wait(forText: "storybook 256px")
    try first.write("a beach" + Keys.tab + Keys.tab + "64" + Keys.enter, thenSee: "64")
    // Together, since on a busy machine the first would be done before the third was asked for.
    try first.write(alt + "g" + alt + "g" + alt + "g", thenSee: "Queue(3)")
    try first.write(alt + "4", thenSee: "step ")
    first.program.signal(SIGKILL)
    _ = try first.waitForEnd()
    let second = try studio(in: folder)
    try second.wait(forText: "Queue(3)")
    try second.write(alt + "4", thenSee: "Queue (paused)")
    try second.wait(forText: "storybook 256px")
    second.run(seconds: 0.3)
    #expect(!second.terminal.text.contains("step "))
    // All but the first are taken out; what is left is made and saved.
    try second.write("jx", thenSee: "Queue(2)")
    try second.write("x", thenSee: "Queue(1)")
    try second.write(" ", thenSee: "saved dcar-0001-a-beach")
    second.type("qy")
    #expect(try second.waitForEnd() == 0)
    #expect(FileManager.default.fileExists(atPath: folder.file("pictures/dcar-0001-a-beach.png")))
}

@Test func aJobThatKillsTheStudioTwiceIsPutAside() throws {
    let folder = try TemporaryFolder()
    for attempt in 1...2 {
        let session = try studio(in: folder)
        try session.wait(forText: "storybook 256px")
        if attempt == 1 {
            try session.write("a beach" + Keys.tab + Keys.tab + "64" + Keys.enter, thenSee: "64")
            session.type(alt + "g" + alt + "4")
        } else {
            try session.write(alt + "4", thenSee: "Queue (paused)")
            session.type(" ")
        }
        try session.wait(forText: "step ")
        session.program.signal(SIGKILL)
        _ = try session.waitForEnd()
    }
    let session = try studio(in: folder)
    try session.wait(forText: "storybook 256px")
    try session.write(alt + "4", thenSee: "put aside")
}

@Test func theGalleryFindsOpensAndDeletesPictures() throws {
    let folder = try Fixtures.folder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("pictures"), withIntermediateDirectories: true)
    for (number, prompt) in ["a fox", "a beach", "two whales"].enumerated() {
        var record = ImageRecord()
        (record.prompt, record.seed) = (prompt, UInt64(number + 1))
        let image = RGBImage(width: 64, height: 64, red: 90, green: UInt8(50 * number), blue: 20)
        try ImageFile.save(
            PNG.encode(image, text: GenerationMetadata(record: record).text),
            to: folder.file("pictures/\(number).png"))
    }
    _ = try folder.write("no picture \u{1B}[31m", as: "pictures/\u{1B}]0;evil\u{7}.png")
    let session = try studio(in: folder)
    try session.write(alt + "3", thenSee: "4 pictures")
    try session.write("/whale seed>2", thenSee: "1 of 4")
    try session.write(Keys.enter, thenSee: "seed 3")
    try session.write(".", thenSee: "★ starred")
    try session.wait(forText: "storybook 256px")
    try session.write(Keys.enter, thenSee: "Opened;")
    try session.write("3", thenSee: "Gallery: whale seed>2")
    try session.write("x", thenSee: "is in the trash; z brings it back.")
    #expect(!files.fileExists(atPath: folder.file("pictures/2.png")))
    try session.write("z", thenSee: "is back.")
    try session.wait(forText: "1 of 1 found, 4 in all")
    #expect(files.fileExists(atPath: folder.file("pictures/2.png")))
    #expect(session.terminal.strayControls == [])
    #expect(session.terminal.commands.allSatisfy { !$0.contains("evil") })
}

@Test func twoStudiosShareTheHistoryAndHaveASessionEach() throws {
    let folder = try TemporaryFolder()
    let one = try studio(in: folder)
    try one.write("the first one's prompt", thenSee: "first one's prompt")
    one.run(seconds: 0.8)
    let two = try studio(in: folder)
    try two.wait(forText: "storybook 256px")
    #expect(!two.terminal.text.contains("first one's prompt"))
    try two.write("a meadow" + Keys.enter, thenSee: "Done in")
    try two.write("w", thenSee: "Saved as")
    try one.wait(forText: "storybook 256px")
    try one.write(alt + "3" + "\u{1B}[15~", thenSee: "1 picture")
    for session in [one, two] {
        session.type(Keys.control("c") + "y")
        #expect(try session.waitForEnd() == 0)
    }
}
