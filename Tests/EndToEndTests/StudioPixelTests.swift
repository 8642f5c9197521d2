import Foundation
import Imaging
import TestSupport
import Testing

/// A studio with a finished picture that no cursor is drawn on.
private func studioWithPicture(
    in folder: TemporaryFolder, answers: TerminalAnswers
) throws -> TerminalSession {
    let session = try studio(in: folder, answers: answers)
    try session.wait(forText: "storybook 256px")
    session.type("a fox in the snow" + Keys.enter)
    try session.wait(forText: "Done in")
    session.type("w")
    try session.wait(forText: "Saved as")
    session.type("p")
    try session.wait(for: "the prompt") { $0.text.contains("▸ Prompt") }
    session.settle()
    return session
}

private func savedPicture(in folder: TemporaryFolder) throws -> RGBImage {
    try ImageFile.open(folder.file("pictures/dcar-0001-a-fox-in-the-snow.png")).image
}

@Test func kittyIsSentThePictureItself() throws {
    let folder = try TemporaryFolder()
    let session = try studioWithPicture(in: folder, answers: .kitty)
    let picture = try savedPicture(in: folder)
    try session.wait(for: "the picture") { Array($0.pictures.kittyImages.values) == [picture] }
    let place = try #require(session.terminal.pictures.kittyPlacements.values.first)
    // Cells are twice as high as wide, and the last rows belong to the messages and keys.
    #expect(place.columns == 2 * place.rows && place.row + place.rows <= 38)
    session.type("\u{1B}OP")
    try session.wait(for: "no picture under the help") { $0.pictures.kittyImages.isEmpty }
    session.type(Keys.escape)
    try session.wait(for: "the picture") {
        $0.pictures.kittyPlacements.values.contains(place)
    }
    expectNothingStrange(session)
}

/// The pixels in the picture's place are the picture, whatever was drawn over it before, and there
/// are none elsewhere.
@Test func sixelPixelsAreThePictureAfterWhateverLayOverIt() throws {
    let folder = try TemporaryFolder()
    let session = try studioWithPicture(in: folder, answers: .sixel)
    let first = try #require(session.terminal.sixelPicture)
    let picture = try savedPicture(in: folder)
    let wanted = picture.resized(width: first.image.width, height: first.image.height)
    #expect(first.image.psnr(against: wanted) > 30)
    let unlike = wanted.resized(width: 1, height: 1)
        .resized(width: wanted.width, height: wanted.height)
    #expect(unlike.psnr(against: wanted) < 25)

    func expectSame(after keys: String, hiding text: String? = nil) throws {
        session.type(keys)
        if let text {
            try session.wait(forText: text)
            try session.wait(for: "no pixels") { $0.pictures.sixels.isEmpty }
            session.type(Keys.escape)
        }
        try session.wait(for: "the picture after \(keys.debugDescription)") {
            $0.sixelPicture.map { $0.area == first.area && $0.image.psnr(against: wanted) > 30 }
                ?? false
        }
    }
    try expectSame(after: "\u{1B}OP", hiding: "Help")
    try expectSame(after: Keys.control("r"), hiding: "prompts")
    try expectSame(after: Keys.control("l"))
    try expectSame(after: "\u{1B}[O\u{1B}[I")
    try expectSame(after: "xyz\u{7F}\u{7F}\u{7F}")
    expectNothingStrange(session)
}

/// Another font makes other cells, which the window's pixels tell at once, and some terminals, when
/// asked, tell better. No picture of the old size comes meanwhile, which could scroll the screen.
@Test(arguments: [true, false])
func aPictureFitsTheCellsOfAnotherFont(tellsCellSize: Bool) throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.tellsCellSize = tellsCellSize
    let session = try studioWithPicture(in: folder, answers: answers)
    let picture = try savedPicture(in: folder)
    if tellsCellSize { session.answers.delay = 0.5 }
    for (columns, rows, width, height) in [(80, 26, 20, 30), (150, 50, 8, 16)] {
        let count = session.terminal.pictures.sixelCount
        session.resize(columns: columns, rows: rows, cellSize: (width, height))
        if tellsCellSize {
            session.run(seconds: 0.4)
            #expect(session.terminal.pictures.sixelCount == count)
        }
        let most = rows * height
        try session.wait(for: "the picture in cells of \(width)x\(height)") { terminal in
            guard let (area, image) = terminal.sixelPicture, area.row + area.rows <= rows - 2,
                image.height > most / 2, 10 * abs(image.width - image.height) < image.height
            else { return false }
            let wanted = picture.resized(width: image.width, height: image.height)
            return image.psnr(against: wanted) > 30
        }
    }
    expectNothingStrange(session)
}

/// xterm cuts off what passes 1000 pixels, unless told otherwise.
@Test func aPictureLargerThanTheTerminalTakesIsSentInParts() throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.sixelLimit = (300, 200)
    let session = try studioWithPicture(in: folder, answers: answers)
    let picture = try savedPicture(in: folder)
    try session.wait(for: "the whole picture") { terminal in
        guard let shown = terminal.sixelPicture else { return false }
        let wanted = picture.resized(width: shown.image.width, height: shown.image.height)
        return shown.image.width > 600 && shown.image.psnr(against: wanted) > 30
    }
    expectNothingStrange(session)
}

/// No colour of the characters below shows under the lowest rows of pixels.
@Test func pixelsCoverTheWholeOfEveryCell() throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.cellSize = (11, 23)
    let session = try studioWithPicture(in: folder, answers: answers)
    try session.wait(for: "the picture") { $0.sixelPicture != nil }
    #expect(session.terminal.pictures.sixels.values.allSatisfy { !$0.contains(nil) })
    expectNothingStrange(session)
}

/// Over a network a picture is packed, and smaller where it is too large even so.
@Test func kittyPicturesAreNoLargerThanANetworkCarries() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Fixtures.noise(side: 768), as: "noise.png")
    let session = try studio(
        ["tui", "--fresh", "--open", "noise.png"], in: folder, columns: 180, answers: .kitty,
        environment: ["SSH_CONNECTION": "a 1 b 2"])
    try session.wait(for: "the picture") { !$0.pictures.kittyPlacements.isEmpty }
    try session.wait(forText: "Opened")
    session.settle()
    #expect(session.terminal.pictures.lastKittyLength <= 900_000)
    let sides = session.terminal.pictures.kittyImages.values.map(\.width)
    #expect(sides.allSatisfy { (128..<768).contains($0) })
    try session.wait(forText: "reduced")
    expectNothingStrange(session)
}

/// Who comes back to a window finds out nothing of how fast the terminal is.
@Test func aSlowTerminalIsNotSentAllPixelsForEveryFocus() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Fixtures.noise(side: 512), as: "noise.png")
    let session = try studio(
        ["tui", "--fresh", "--open", "noise.png"], in: folder, columns: 80, rows: 30,
        answers: .sixel)
    try session.wait(for: "the picture") { $0.pictures.longestSixel > 400_000 }
    session.settle()
    session.answers.delay = 0.8
    session.type(Keys.control("l"))
    session.run(seconds: 1.4)
    let count = session.terminal.pictures.sixelCount
    session.type("\u{1B}[O\u{1B}[I")
    session.run(seconds: 0.7)
    let pictures = session.terminal.pictures
    #expect(pictures.sixelCount == count || pictures.lastSixelLength < 250_000)
}

/// After any keys at all the screen is what drawing everything anew makes of it: no pixel and no
/// character is left from before.
/// Cells that stand in for pixels have all colours, those of rows that nothing changed in, too.
/// Whether the popup comes before the pixels of so large a picture is a matter of luck.
@Test(arguments: 0..<4)
func aPictureThatAPopupCoversFromTheStartHasAllItsColors(attempt: Int) throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
        ["generate", "a fox in the snow", "--seed", "7", "-o", "fox.png"], in: folder.path)
    #expect(made.status == 0)
    let session = try studio(
        ["tui", "--fresh", "--run", "about", "--open", "fox.png"], in: folder,
        columns: 240, rows: 80, answers: .sixel, environment: ["COLORTERM": "truecolor"])
    try session.wait(forText: "dcar doctor")
    session.settle()
    let blocks = session.terminal.cells.filter { $0.text == "▀" || $0.text == "▄" }
    #expect(blocks.count > 300)
    #expect(blocks.allSatisfy { $0.style.foreground.hasPrefix("38;2;") })
    expectNothingStrange(session)
}

@Test func whatIsOnTheScreenIsWhatARedrawMakes() throws {
    let folder = try TemporaryFolder()
    let session = try studioWithPicture(in: folder, answers: .sixel)
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    var random = SeededKeys(seed: 17)
    for round in 0..<12 {
        for _ in 0..<10 { session.type(random.next()) }
        session.settle()
        let before = session.terminal
        session.type(Keys.control("l"))
        try? session.wait(for: "the same screen", seconds: 8) { now in
            now.transcript.count > before.transcript.count + 2_000
                && difference(before, now) == nil
        }
        #expect(difference(before, session.terminal) == nil, "round \(round)")
    }
    #expect(session.program.status == nil)
    expectNothingStrange(session)
}

/// The first place where two screens differ, but for the line of messages, which go with the next
/// key, for the twin under pixels, which may be an older one, and for the ink of blanks.
private func difference(_ one: EmulatedTerminal, _ other: EmulatedTerminal) -> String? {
    func visible(_ cell: EmulatedTerminal.Cell) -> EmulatedTerminal.Cell {
        var cell = cell
        if cell.text == " ", cell.style.attributes.isEmpty { cell.style.foreground = "" }
        return cell
    }
    let (pixels, others) = (one.pictures.sixels, other.pictures.sixels)
    for index in one.cells.indices where visible(one.cells[index]) != visible(other.cells[index]) {
        let place = CellPlace(column: index % one.columns, row: index / one.columns)
        if place.row == one.rows - 2 || pixels[place] != nil && others[place] != nil { continue }
        return "\(place): \(one.cells[index]) or \(other.cells[index])"
    }
    guard Set(pixels.keys) == Set(others.keys) else { return "pixels in other cells" }
    guard let picture = one.sixelPicture, let same = other.sixelPicture else { return nil }
    // What came step by step has the colours of its first step.
    let likeness = picture.image.psnr(against: same.image)
    return likeness > 32 ? nil : "pixels alike by no more than \(likeness) dB"
}

/// Keys that look at a picture in many ways, and make none.
private struct SeededKeys {
    private var state: UInt64
    private static let keys = [
        "d", "c", "x", "X", "o", "O", ",", ".", "0", "$", "m", "b", "u", " ", "?", "\u{1B}", "\t",
        Keys.left, Keys.right, Keys.up, Keys.down, "\u{1B}OP", "[", "]", "V", "z", "Z", "+", "-",
        "\u{1B}3", "\u{1B}5", "\u{1B}1", "\u{1B}[I"
    ]

    init(seed: UInt64) { state = seed }

    mutating func next() -> String {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Self.keys[Int(state >> 33) % Self.keys.count]
    }
}

/// A terminal that has not drawn a picture yet is not sent another.
@Test func onlyOnePictureIsOnItsWay() throws {
    let folder = try TemporaryFolder()
    var answers = TerminalAnswers.sixel
    answers.isReady = false
    let session = try studio(in: folder, answers: answers)
    try session.wait(forText: "storybook 256px")
    session.type("a fox in the snow" + Keys.enter)
    try session.wait(forText: "Done in")
    session.run(seconds: 0.5)
    #expect(session.terminal.pictures.sixelCount == 1)
}

/// A terminal that takes 20 kB a second: keys are answered within seconds and not once the queue
/// of pictures is through, as there is none; then the pixels come back.
@Test func aSlowTerminalIsAnsweredAndGetsItsPicturesLater() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, answers: .sixel)
    try session.wait(forText: "storybook 256px")
    session.bytesPerSecond = 20_000
    session.type("a fox in the snow" + Keys.enter)
    session.run(seconds: 1)
    let seen = session.terminal.pictures.sixelCount
    session.type("\u{1B}3")
    try session.wait(forText: "No pictures yet.", seconds: 12)
    #expect(session.terminal.pictures.sixelCount <= seen + 1)
    session.type("1")
    try session.wait(forText: "Parameters", seconds: 5)
    session.bytesPerSecond = nil
    try session.wait(for: "pixels again") { $0.sixelPicture != nil }
    session.program.signal(SIGTERM)
    let status = try session.waitForEnd(seconds: 5)
    #expect(status == 143)
    #expect(session.terminal.modes == [7, 25])
}
