import Foundation
import Imaging
import Requests
import Settings
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

// What stays on the screen where there is little room, and what is said only where it helps.

// MARK: The canvas's heading

@Test(arguments: [ScreenSize(80, 24), ScreenSize(100, 30), ScreenSize(120, 40)])
func theHeadingSaysWhatIsDoneAtUsualSizes(size: ScreenSize) {
    var state = studioWithPictures(2)
    #expect(heading(state, size).contains("Picture 2") && heading(state, size).hasSuffix("refined"))
    perform(&state, .toggleResidual)
    #expect(heading(state, size).hasSuffix("discrete"))
    perform(&state, .toggleResidual, .editMask)
    #expect(heading(state, size).hasSuffix("brush 20 px, 0 tokens"))
    perform(&state, .editMask)
    state.canvas.step = 3
    #expect(heading(state, size).contains("step 3/4"))
    #expect(heading(state, size).hasSuffix("finished"))
}

@Test(arguments: [
    (ScreenSize(80, 24), "difference ×8: 2 - 1"),
    (ScreenSize(120, 40), "difference ×8: picture 2 - picture 1, grey equal")
])
func theHeadingSaysWhatIsCompared(size: ScreenSize, words: String) {
    var state = studioWithPictures(2)
    state.canvas.partner = 1
    perform(&state, .difference)
    #expect(heading(state, size).contains("Picture 2"))
    #expect(heading(state, size).hasSuffix(words))
}

@Test func onlyToolsWithASizeSayOne() {
    var state = studioWithPictures(1)
    perform(&state, .editMask)
    for tool in CanvasState.Tool.allCases {
        state.canvas.tool = tool
        let hasSize = tool == .brush || tool == .eraser
        #expect(heading(state, ScreenSize(120, 40)).contains(" px") == hasSize)
    }
    #expect(shown(state, ScreenSize(120, 40)).contains("b e u U l g tools"))
}

// MARK: The header

@Test(arguments: [
    (160, ["storybook 64px", "2 threads", "random", "sixel 256 colours"]),
    (120, ["storybook 64px", "random", "sixel 256"]), (100, ["storybook", "sixel"]), (80, ["next"])
])
func theHeaderLosesOnePartAfterTheOther(columns: Int, parts: [String]) {
    var state = studioWithPictures(1)
    state.graphics = "sixel 256 colours"
    let header = shown(state, ScreenSize(columns, 30)).prefix { $0 != "\n" }
    #expect(header.contains("seed \(state.parameters.seed)"))
    for part in parts { #expect(header.contains(part)) }
}

// MARK: Messages

@Test(arguments: [
    ("Saved as /home/somebody/Pictures/dcar/dcar-0001.png.", 60),
    ("Saved as /home/somebody/Pictures/dcar/dcar-0001.png.", 40),
    ("/tmp/" + String(repeating: "x", count: 90) + "/a.png already exists and was left.", 80)
])
func aLongPathGivesWayToWhatIsSaidOfIt(text: String, columns: Int) {
    var state = studioWithPictures(1)
    state.message = Message(text)
    let line = shown(state, ScreenSize(columns, 24)).split(separator: "\n").dropLast().last ?? ""
    #expect(line.count <= columns)
    #expect(line.hasPrefix(" \(text.prefix(5))") && line.hasSuffix("\(text.suffix(6))"))
}

// MARK: Steps

@Test func aBatchSaysHowManyOfItsPicturesAreThere() {
    var state = studioWithPictures(1)
    state.parameters.count = 3
    perform(&state, .generate)
    let runs = state.job?.runs ?? []
    #expect(runs.count == 3)
    for size in [ScreenSize(80, 24), ScreenSize(120, 40)] {
        #expect(shown(state, size).contains("0 of 3 done"))
    }
    state.runs[runs[0]]?.status = .finished
    state.runs[runs[2]]?.status = .finished
    #expect(shown(state, ScreenSize(80, 24)).contains("2 of 3 done"))
    state.shownRun = 1
    #expect(!shown(state, ScreenSize(80, 24)).contains("of 3 done"))
}

@Test(arguments: [4, 16, 17, 43, 44, 64], [ScreenSize(80, 24), ScreenSize(60, 24)])
func theMarkerOfTheStepShownIsAlwaysSeenAndClickable(steps: Int, size: ScreenSize) throws {
    var state = studioWithPictures(1, steps: steps)
    // Only this rule takes more steps than there are tokens.
    state.runs[1]?.request.sampling.schedule = .official
    let screen = Scene.abilities(.xterm256)
    for step in 0...steps {
        state.canvas.step = step
        let shown = frame(of: state, columns: size.columns, rows: size.rows, on: screen)
        let at = shown.cells.indices.filter { shown.cells[$0].glyph == "◉" }
        #expect(at.count == 1, "step \(step)")
        let place = try #require(at.first)
        let (column, row) = (place % size.columns, place / size.columns)
        guard case .step(let target)? = shown.target(column: column, row: row) else {
            Issue.record("nothing to click at step \(step)")
            continue
        }
        // A dot stands for a few steps where there are many; it goes to the last of them.
        #expect(target >= step && target < step + 1 + steps / 30, "step \(step)")
        let line = shown.hits.compactMap { hit -> Int? in
            if case .fixed(.step(let step)) = hit.target { step } else { nil }
        }
        #expect(line.first == 0 && line.last == steps && line == line.sorted())
    }
}

// MARK: Messages

@Test func aWarningAboutThePromptStandsOnlyBesideIt() {
    var state = studioWithPictures(1)
    state.message = nil
    state.prompt.facts = PromptFacts(
        prompt: state.prompt.positive.text, tokens: 3, limit: 64, unknownWords: ["zyx"])
    let words = "vocabulary does not know"
    #expect(!shown(state, ScreenSize(80, 24)).contains(words))
    perform(&state, .editPrompt)
    #expect(shown(state, ScreenSize(80, 24)).contains(words))
    for command in [Command.viewGallery, .viewQueue, .viewSettings, .help, .palette] {
        var other = state
        perform(&other, command)
        #expect(!shown(other, ScreenSize(80, 24)).contains(words), "\(command)")
    }
    state.popup = .quit
    #expect(!shown(state, ScreenSize(80, 24)).contains(words))
}

@Test func theQuitQuestionHasRoomForALongQueue() {
    var state = studioWithPictures(1)
    state.queue.jobs = (1...999).map {
        QueuedJob(id: $0, request: GenerationRequest(prompt: "a fox", seed: 1))
    }
    state.popup = .quit
    #expect(shown(state, ScreenSize(80, 24)).contains("999 queued for the next start "))
}

@Test(arguments: [ScreenSize(80, 24), ScreenSize(40, 12)])
func everyChoiceOfTheCopyListIsShownBesideALongCommand(size: ScreenSize) {
    var state = studioWithPictures(1)
    let prompt = Array(repeating: "a fox", count: 200).joined(separator: " and ")
    state.runs[1]?.request.prompt = prompt
    state.runs[1]?.savedPath = "/p/a.png"
    state.popup = .copy
    let text = shown(state, size)
    for title in ["s  seed", "p  prompt", "c  command", "f  file", "…"] {
        #expect(text.contains(title), "\(title)")
    }
}

@Test(arguments: [ScreenSize(80, 24), ScreenSize(40, 12)])
func aLongTextStaysInItsBoxAndScrolls(size: ScreenSize) {
    var state = studioWithPictures(1)
    (state.screen.columns, state.screen.rows) = (size.columns, size.rows)
    let words = String(repeating: "words and ", count: 12)
    _ = update(&state, .news(.log((1...60).map { "line \($0): \(words)" } + ["the end"])))
    func press(_ keys: Key.Code...) { for key in keys { _ = update(&state, .key(Key(key))) } }
    func lines() -> [String] { shown(state, size).components(separatedBy: "\n") }
    #expect(lines()[2].contains("line 1:"))
    #expect(lines()[size.rows - 2].contains("└"))
    #expect(lines()[size.rows - 2].contains(" 1-\(size.rows - 4) of "))
    #expect(lines()[size.rows - 1].contains("Up/Down scroll   Esc close"))
    press(.down)
    #expect(lines()[size.rows - 2].contains(" 2-\(size.rows - 3) of "))
    press(.pageDown)
    #expect(lines()[size.rows - 2].contains(" \(size.rows - 2)-"))
    press(.end, .end, .pageDown)
    #expect(lines()[size.rows - 3].contains("the end"))
    press(.up)
    #expect(!lines().joined().contains("the end"))
    _ = update(&state, .mouse(.list, .scroll(.down)))
    #expect(lines()[size.rows - 3].contains("the end"))
    press(.home)
    #expect(lines()[2].contains("line 1:") && state.popup != nil)
    press(.escape)
    #expect(state.popup == nil)
}

@Test func aLongPromptIsReadInItsBox() {
    var state = studioWithPictures(1)
    (state.screen.columns, state.screen.rows) = (40, 12)
    state.runs[1]?.request.prompt = String(repeating: "a fox and ", count: 60)
    perform(&state, .galleryInfo)
    let lines = shown(state, ScreenSize(40, 12)).components(separatedBy: "\n")
    #expect(lines.dropFirst(2).dropLast(2).allSatisfy { $0.contains("│") })
    #expect(lines[11].contains("Esc close"))
}

@Test(arguments: [
    (ScreenSize(80, 24), "waits until the open result is accepted or discarded"),
    (ScreenSize(40, 12), "waits for the open result")
])
func theQueueSaysWhatItWaitsFor(size: ScreenSize, words: String) {
    var state = studioWithPictures(1)
    perform(&state, .reroll, .queueAdd)
    _ = update(&state, .news(.finished(2, picture, seconds: 1)))
    perform(&state, .viewQueue)
    #expect(heading(state, size).contains(words))
    perform(&state, .discard, .viewQueue)
    #expect(!heading(state, size).contains(words))
}

@Test func everyProblemOfTheSettingsIsShownOrCounted() throws {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("dcar-room-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("c.toml")
    let wrong = (0..<9).map { "colour\($0) = 1\n" }.joined()
    try "[generate]\n\(wrong)[keys]\nfork = 'Ctrl-M'\n"
        .write(to: file, atomically: true, encoding: .utf8)
    var state = studioWithPictures(1)
    _ = update(
        &state,
        .news(
            .settings(
                SettingsSources(
                    environment: ["DCAR_CONFIG": file.path], folder: folder.path,
                    home: folder.path
                ).load())))
    perform(&state, .viewSettings)
    #expect(state.settingWarnings.count == 10)
    #expect(shown(state, ScreenSize(160, 40)).contains("terminals send it for Enter."))
    #expect(shown(state, ScreenSize(160, 24)).contains(" ! 4 more in the settings files; "))
    #expect(shown(state, ScreenSize(70, 12)).contains(" ! 10 problems in the settings files; "))
}

// MARK: Lists

@Test(arguments: [80, 120])
func namesOfCommandsAreShownInFull(columns: Int) {
    for entry in Command.entries {
        var state = studioWithPictures(1)
        perform(&state, .palette)
        for scalar in entry.command.rawValue.unicodeScalars {
            _ = update(&state, .key(Key(.character(scalar))))
        }
        #expect(
            shown(state, ScreenSize(columns, 30)).contains(
                "▸ \(entry.title) (\(entry.command.rawValue))"))
    }
}

// MARK: Pictures in characters

@Test func tokensAreMarkedWherePicturesAreCharacters() throws {
    var state = studioWithPictures(1)
    state.focus = .prompt
    state.canvas.step = 2
    #expect(try marks(state) == ["+", "·", "·"])
    state.runs[1]?.inheritedPins = [0]
    #expect(try marks(state) == ["#", "+", "·", "·"])
    state.canvas.step = nil
    state.canvas.overlay = .confidence
    #expect(try marks(state) == ["8", "7", "6", "5"])
    #expect(shown(state, ScreenSize(120, 40), .ascii).contains("confidence 0-9"))
    state.canvas.overlay = .tokens
    perform(&state, .editMask, .maskAll)
    state.focus = .prompt
    #expect(try marks(state) == ["·", "·", "·", "·"])
}

/// What stands between blanks in the middle of each of the four tokens.
private func marks(_ state: StudioState) throws -> [Character] {
    let shown = frame(of: state, columns: 120, rows: 40, on: screen(.ascii))
    let area = try #require(shown.picture?.area)
    return (0..<4).compactMap { token in
        let column = area.column + (2 * (token % 2) + 1) * area.columns / 4
        let row = area.row + (2 * (token / 2) + 1) * area.rows / 4
        let glyphs = (column - 1...column + 1).map {
            shown.cells[row * shown.columns + $0].glyph
        }
        return glyphs[0] == " " && glyphs[2] == " " ? glyphs[1] : nil
    }
}

// MARK: A studio

private func screen(_ glyphs: CellStyle.Glyphs) -> ScreenAbilities {
    ScreenAbilities(
        cellStyle: CellStyle(glyphs: glyphs, colors: .xterm256),
        cellSize: CellSize(width: 10, height: 20), hasUnicode: true, colors: .xterm256)
}

private func shown(
    _ state: StudioState, _ size: ScreenSize, _ glyphs: CellStyle.Glyphs = .halfBlocks
) -> String {
    frame(of: state, columns: size.columns, rows: size.rows, on: screen(glyphs)).text
}

/// The line above the picture.
private func heading(_ state: StudioState, _ size: ScreenSize) -> String {
    String(shown(state, size).split(separator: "\n", omittingEmptySubsequences: false)[1])
}

private func perform(_ state: inout StudioState, _ commands: Command...) {
    for command in commands { _ = update(&state, .command(command)) }
}

/// A studio with finished pictures of 2 × 2 tokens, the last one on the canvas.
private func studioWithPictures(_ count: Int, steps: Int = 4) -> StudioState {
    var state = StudioState(randomness: 7)
    func tell(_ news: StudioNews) { _ = update(&state, .news(news)) }
    tell(
        .modelOpened(
            ModelFacts(
                name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
                residualSteps: 20,
                sampling: SamplingSettings(steps: steps, schedule: .official), threads: 2)))
    for _ in 0..<count {
        _ = update(&state, .promptEdited("a zyx fox"))
        perform(&state, .generate)
        let run = state.shownRun ?? 0
        tell(
            .started(run, gridWidth: 2, gridHeight: 2, snapshot(0), isPromptTruncated: false))
        let preview = StepPreview(image: picture.refined, kind: .decoded)
        for step in 1...steps { tell(.stepped(run, snapshot(step), preview, seconds: 0.5)) }
        tell(.finished(run, picture, seconds: 2))
    }
    return state
}

private func snapshot(_ step: Int) -> StepSnapshot {
    let fixed = (0..<4).map { $0 < step ? $0 + 1 : nil }
    return StepSnapshot(
        step: step, ids: fixed.map { $0.map { $0 + 2 } }, fixedAt: fixed,
        confidence: fixed.map { $0.map { 1 - Float($0) / 8 } ?? 0 })
}

private let picture = FinishedPicture(
    discrete: RGBImage(width: 64, height: 64, red: 255, green: 255, blue: 255),
    refined: RGBImage(width: 64, height: 64, red: 255, green: 255, blue: 255),
    residualLengths: [0, 0.3, 0.6, 1], seamError: nil, strength: 1)
