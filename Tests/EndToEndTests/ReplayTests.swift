import Foundation
import Imaging
import TestSupport
import Testing

@Test func aFileIsPlayedToTheStudio() throws {
    let folder = try TemporaryFolder()
    try """
    # Types a prompt, draws it, flips to the discrete picture and saves that, then leaves.
    "a beach
    Enter
    d w
    :save.both
    :quit
    y
    """.write(toFile: folder.file("play.txt"), atomically: false, encoding: .utf8)
    let session = try studio(["tui", "--replay", "play.txt"], in: folder)
    #expect(try session.waitForEnd() == 0)
    let saved = try FileManager.default.contentsOfDirectory(atPath: folder.file("pictures"))
    #expect(
        saved.sorted()
            == ["dcar-0001-a-beach.png", "dcar-0002-a-beach-discrete.png", "dcar-0002-a-beach.png"])
    // What the studio has said of files is in its log.
    let log = try String(contentsOfFile: folder.file(".local/state/dcar/log"), encoding: .utf8)
    #expect(log.contains("Z note: Saved as ") && log.contains("dcar-0001-a-beach.png"))
    expectNothingStrange(session)
}

@Test func whatCannotBePlayedIsSaidBeforeTheStudioOpens() throws {
    let folder = try TemporaryFolder()
    try "Enter\nEntre\n".write(
        toFile: folder.file("play.txt"), atomically: false, encoding: .utf8)
    let session = try studio(["tui", "--replay", "play.txt"], in: folder)
    #expect(try session.waitForEnd() == 2)
    #expect(session.terminal.text.contains("play.txt: Line 2: Entre is no key; write one as in g"))
    let plain = try Program.run(["tui", "--plain", "--replay", "play.txt"], in: folder.path)
    #expect(plain.status == 2)
}

/// A terminal gets no more pixels of a step than the settings say; the finished picture whole.
@Test func stepsAreSentAsSmallAsTheSettingsSay() throws {
    let folder = try TemporaryFolder()
    try "[preview]\nmax_px = 64\n[generate]\nsteps = 64\n".write(
        toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    let session = try studio(in: folder, answers: .kitty)
    try session.wait(forText: "storybook 256px")
    session.type("a fox" + Keys.enter)
    func widths(_ terminal: EmulatedTerminal) -> [Int] {
        terminal.pictures.kittyImages.values.map(\.width)
    }
    try session.wait(for: "a small picture") { widths($0) == [64] }
    try session.wait(forText: "Done in")
    try session.wait(for: "the whole picture") { widths($0) == [256] }
}

@Test func theStudioBeginsAnewWithAnotherModel() throws {
    let folder = try TemporaryFolder()
    let embedded = try #require(
        URL(string: Program.path)?.deletingLastPathComponent()
            .appendingPathComponent("dcar-studio_Assets.resources/storybook").path)
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("other"), withIntermediateDirectories: false)
    for part in ["dc-ar", "dc-ht", "t5"] {
        try files.createSymbolicLink(
            atPath: folder.file("other/\(part)"), withDestinationPath: "\(embedded)/\(part)")
    }
    let session = try studio(in: folder)
    try session.wait(forText: "storybook 256px")
    // A character right behind the Esc would be one with Alt.
    func leaveText() throws {
        session.type(Keys.escape)
        try session.wait(forText: "p prompt")
    }
    func load(_ name: String) throws {
        try leaveText()
        session.type(":model.load" + Keys.enter)
        try session.wait(forText: "Open another model")
        session.type(Keys.control("u") + folder.file(name) + Keys.enter)
    }
    try load("none")
    try session.wait(forText: "is not a folder that can be read")
    try session.wait(forText: "p prompt")
    session.type("p" + "kept")
    try session.wait(forText: "to the picture")
    try load("other")
    try session.wait(forText: "other 256px")
    try session.wait(forText: "Back: the prompt")
    try leaveText()
    session.type("qy")
    #expect(try session.waitForEnd() == 0)
    expectNothingStrange(session)
}

@Test func whatIsHiddenInPixelsIsStrippedToo() throws {
    let folder = try TemporaryFolder()
    try "[output]\nstealth = true\n".write(
        toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    let made = try Program.run(
        ["generate", "a fox", "--seed", "1", "--steps", "1", "--width", "64", "--height", "64"]
            + ["-o", "a.png", "-q"], in: folder.path)
    #expect(made.status == 0)
    let hidden = try ImageFile.open(folder.file("a.png"))
    #expect(hidden.hidesText)
    #expect(try Program.run(["strip", "a.png"], in: folder.path).status == 0)
    let stripped = try ImageFile.open(folder.file("a-stripped.png"))
    #expect(!stripped.hidesText && stripped.image == hidden.image)
    #expect(stripped.contents.header.colourType == .rgb && stripped.text.isEmpty)
}
