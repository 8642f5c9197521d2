import Imaging
import Requests
import Settings
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

// Single parts of the screen: the queue's lines, the token's line, what lies over the picture.

private func studioWithPicture() -> StudioState {
    var state = StudioState(randomness: 7)
    let facts = ModelFacts(
        name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
        residualSteps: 20, sampling: SamplingSettings(steps: 4), threads: 2)
    _ = update(&state, .news(.modelOpened(facts)))
    _ = update(&state, .promptEdited("a fox"))
    perform(&state, .generate)
    finish(&state, shade: 200)
    return state
}

private func finish(_ state: inout StudioState, shade: UInt8) {
    let run = state.shownRun ?? 0
    let snapshot = StepSnapshot(
        step: 4, ids: [3, 4, 5, 6], fixedAt: [1, 2, 3, 4], confidence: [1, 0.5, 0.5, 0.5])
    let picture = FinishedPicture(
        discrete: RGBImage(width: 64, height: 64, red: shade, green: 80, blue: 90),
        refined: RGBImage(width: 64, height: 64, red: shade, green: 90, blue: 90),
        residualLengths: [0, 0.3, 0.6, 1], seamError: nil, strength: 1)
    for news in [
        StudioNews.started(
            run, gridWidth: 2, gridHeight: 2, snapshot, isPromptTruncated: false),
        .finished(run, picture, seconds: 1)
    ] { _ = update(&state, .news(news)) }
}

private func perform(_ state: inout StudioState, _ commands: Command...) {
    for command in commands { _ = update(&state, .command(command)) }
}

private func shown(_ state: StudioState) -> Frame {
    frame(of: state, columns: 120, rows: 40, on: Scene.abilities(.xterm256))
}

@Test func theNameOfASavedFileUsesTheRoomOfItsLine() {
    var state = StudioState(randomness: 7)
    var job = QueuedJob(id: 1, request: GenerationRequest(prompt: "three ships", seed: 1))
    job.state = .finished
    job.path = "/p/dcar-0001-three-ships-on-a-stormy-sea.png"
    state.queue.jobs = [job]
    perform(&state, .viewQueue)
    let text = shown(state).text
    #expect(text.contains("saved dcar-0001-three-ships-on-a-stormy-sea.png"))
    #expect(text.contains("three ships  "))
}

@Test func aPinnedTokenHasNoConfidence() {
    var state = studioWithPicture()
    #expect(shown(state).text.contains("id 3  step 1  confidence 1.0"))
    state.runs[1]?.inheritedPins = [0]
    #expect(shown(state).text.contains("id 3  pinned"))
    #expect(!shown(state).text.contains("confidence"))
}

@Test func theMaskIsSeenOverAResultWhereThatIsAskedFor() {
    var state = studioWithPicture()
    perform(&state, .maskAll, .inpaint)
    finish(&state, shade: 100)
    let plain = shown(state).picture?.image
    perform(&state, .maskOverlay)
    #expect(plain != nil && shown(state).picture?.image != plain)
    perform(&state, .maskOverlay)
    #expect(shown(state).picture?.image == plain)
}

@Test func theSidesOfASplitViewAreSwapped() {
    var state = studioWithPicture()
    perform(&state, .split)
    let before = shown(state)
    #expect(before.text.contains("discrete | refined"))
    perform(&state, .swapCompared)
    let after = shown(state)
    #expect(after.text.contains("refined | discrete"))
    #expect(after.picture?.image != before.picture?.image)
}

@Test func anOpenedFileWithoutASeedShowsNone() {
    var state = studioWithPicture()
    var record = RunRecord(
        id: 9, request: GenerationRequest(prompt: "", seed: 0), origin: .file("a.png"))
    record.snapshots = state.runs[1]?.snapshots ?? []
    (record.gridWidth, record.gridHeight) = (2, 2)
    (record.picture, record.status) = (state.runs[1]?.picture, .finished)
    _ = update(&state, .news(.opened(record)))
    #expect(shown(state).text.contains("seed unknown"))
}

@Test func everyParameterSaysWhatItIsFor() {
    for parameter in Parameter.allCases {
        var state = studioWithPicture()
        (state.message, state.focus) = (nil, .parameters)
        state.parameter = parameter
        let shown = frame(
            of: state, columns: 80, rows: 24, on: Scene.abilities(.xterm256))
        let line = shown.text.split(separator: "\n", omittingEmptySubsequences: false)[22]
        let said = state.parameters.explanation(of: parameter)
        #expect(line.hasPrefix(" \(said)"), "\(parameter)")
    }
}

@Test func theParameterIsExplainedAlsoBesideAnUnknownWord() {
    var state = studioWithPicture()
    (state.message, state.focus) = (nil, .parameters)
    let facts = PromptFacts(prompt: "a fox", tokens: 3, limit: 64, unknownWords: ["fox"])
    _ = update(&state, .news(.inspected(facts)))
    #expect(shown(state).text.contains(state.parameters.explanation(of: state.parameter)))
    state.focus = .prompt
    #expect(shown(state).text.contains("vocabulary does not know"))
}

@Test func theLengthOfAResidualIsReadUnderTheCursor() {
    var state = studioWithPicture()
    perform(&state, .residualMap)
    state.canvas.cursor = PixelPoint(x: 40, y: 10)
    #expect(shown(state).text.contains("id 4  step 2  residual 0.3 of 1"))
    #expect(shown(state).text.contains("residual size, dark small, bright large"))
    // One scale is not laid over another.
    perform(&state, .confidenceOverlay)
    #expect(!shown(state).text.contains("confidence"))
    perform(&state, .residualMap)
    #expect(shown(state).text.contains("confidence dark 0 to bright 1"))
    state.canvas.step = 2
    #expect(shown(state).text.contains("confidence dark 0 to bright 1"))
}

/// What was decoded of masked tokens is no picture yet.
@Test func anUnfinishedPictureOfABatchShowsItsMaskedTokens() throws {
    var state = StudioState(randomness: 7)
    let facts = ModelFacts(
        name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
        residualSteps: 20, sampling: SamplingSettings(steps: 4), threads: 2)
    _ = update(&state, .news(.modelOpened(facts)))
    _ = update(&state, .promptEdited("a {fox|bear}"))
    perform(&state, .generate)
    func colors(_ fixedAt: [Int?]) throws -> Set<SIMD3<UInt8>> {
        for run in 1...2 {
            let snapshot = StepSnapshot(
                step: 1, ids: fixedAt.map { $0.map { _ in 3 } }, fixedAt: fixedAt,
                confidence: [1, 1, 1, 1])
            _ = update(
                &state,
                .news(
                    .started(run, gridWidth: 2, gridHeight: 2, snapshot, isPromptTruncated: false)))
            let preview = StepPreview(
                image: RGBImage(width: 64, height: 64, red: 200, green: 40, blue: 40),
                kind: .decoded)
            _ = update(&state, .news(.decoded(run, step: 1, preview)))
        }
        let image = try #require(shown(state).pictures.first).image
        return Set((0..<image.height).flatMap { y in (0..<image.width).map { image[$0, y] } })
    }
    let red = SIMD3<UInt8>(200, 40, 40)
    #expect(try colors([1, 1, 1, 1]).contains(red))
    #expect(try !colors([nil, nil, nil, nil]).contains(red))
}

@Test func aScaleOfItsOwnIsNotTinted() throws {
    var state = studioWithPicture()
    perform(&state, .confidenceOverlay)
    for display in [Command.residualMap, .difference] {
        perform(&state, display)
        let tinted = try #require(CanvasScene(state))
        var plain = state
        plain.canvas.overlay = .off
        #expect(tinted == CanvasScene(plain))
        perform(&state, display)
        #expect(CanvasScene(state) != CanvasScene(plain))
    }
}

@Test func anOpenedFileHasNoSteps() {
    var state = studioWithPicture()
    var record = RunRecord(
        id: 9, request: GenerationRequest(prompt: "", seed: 0), origin: .file("a.png"))
    record.snapshots = [
        StepSnapshot(
            step: 0, ids: [1, 2, 3, 4], fixedAt: [0, 0, 0, 0], confidence: [1, 1, 1, 1])
    ]
    (record.gridWidth, record.gridHeight) = (2, 2)
    (record.picture, record.status) = (state.runs[1]?.picture, .finished)
    _ = update(&state, .news(.opened(record)))
    let text = shown(state).text
    #expect(text.contains("opened from a file, no steps") && !text.contains("fixed"))
    #expect(text.contains("discrete "))
}

// MARK: Lists

@Test func picturesOfOnePromptAreToldApart() {
    var state = studioWithPicture()
    #expect(!shown(state).text.contains("● 1 a fox  seed"))
    perform(&state, .generate)
    finish(&state, shade: 100)
    let seeds = [1, 2].map { state.runs[$0]?.request.seed ?? 0 }
    #expect(shown(state).text.contains("○ 1 a fox  seed \(seeds[0])"))
    perform(&state, .reroll)
    finish(&state, shade: 90)
    #expect(!shown(state).text.contains("not accepted"))
    perform(&state, .compareWith)
    #expect(shown(state).text.contains("▸ the picture before: 2 a fox  seed \(seeds[1])"))
    state.popup = nil
    perform(&state, .discard)
    #expect(shown(state).text.contains("3 reroll: a fox  not accepted"))
    perform(&state, .showVersions)
    #expect(shown(state).text.contains("not accepted  seed"))
}

@Test func aScrolledListSaysWhereItIs() {
    var state = studioWithPicture()
    for shade in 0..<24 {
        perform(&state, .generate)
        finish(&state, shade: UInt8(shade))
    }
    func text(rows: Int) -> String {
        frame(of: state, columns: 120, rows: rows, on: Scene.abilities(.xterm256)).text
    }
    #expect(text(rows: 40).contains("-25 of 25"))
    perform(&state, .compareWith)
    #expect(text(rows: 24).contains(" 1-18 of 25 ") && !text(rows: 40).contains(" of 25 ─"))
    state.popup = .versions(selected: 1)
    #expect(!text(rows: 24).contains(" of 1 "))
}

// MARK: Boxes

@Test(arguments: [0, 3]) func theCandidatesLeaveTheirTokenInSight(token: Int) throws {
    var state = studioWithPicture()
    perform(&state, .previousStep)
    state.canvas.step = 3
    state.canvas.cursor = PixelPoint(x: token % 2 * 32 + 16, y: token / 2 * 32 + 16)
    let list = (0..<6).map { TokenCandidate(id: $0, probability: 0.1) }
    _ = update(
        &state,
        .news(.candidates(1, step: state.readoutStep ?? 1, position: token, list)))
    state.popup = .choice(.candidates, 0)
    let shown = shown(state)
    #expect(shown.text.contains(" Token \(token % 2),\(token / 2) at step "))
    let lines = shown.text.components(separatedBy: "\n")
    let rows = lines.indices.filter { lines[$0].contains("█") }
    let area = try #require(shown.picture?.area)
    let middle = area.row + (2 * (token / 2) + 1) * area.rows / 4
    #expect(rows.count == 6 && rows.allSatisfy { abs($0 - middle) > 4 })
}

@Test func namesSayWhereTheyLead() {
    var state = studioWithPicture()
    state.picturesFolder = "~/Pictures/dcar"
    perform(&state, .saveAs)
    #expect(shown(state).text.contains("A bare name goes into ~/Pictures/dcar"))
    perform(&state, .openFile)
    #expect(shown(state).text.contains("A bare name: where dcar runs, then ~/Pictures/dcar"))
}

@Test func whoQuitsIsToldWhatIsNotSaved() {
    var state = studioWithPicture()
    perform(&state, .quit)
    #expect(shown(state).text.contains("1 picture is not saved; it comes back next time"))
    let narrow = frame(of: state, columns: 40, rows: 12, on: Scene.abilities(.xterm256)).text
    #expect(narrow.contains("1 picture is not saved;") && narrow.contains("back next time"))
    #expect(!shown(state).text.contains("sitting not kept"))
    var lost = state
    _ = update(&lost, .news(.library(.keeping(false))))
    #expect(shown(lost).text.contains("this sitting cannot be"))
    #expect(!shown(lost).text.contains("next time"))
    #expect(shown(lost).text.contains("sitting not kept"))
    _ = update(&lost, .news(.library(.keeping(true))))
    #expect(shown(lost).text == shown(state).text)
    state.popup = nil
    _ = update(&state, .news(.saved(1, path: "/p/a.png")))
    perform(&state, .quit)
    #expect(!shown(state).text.contains("not saved"))
}

@Test func aPaintedMaskIsCopiedInFullAndShownInWords() {
    var state = studioWithPicture()
    perform(&state, .editMask, .applyTool, .inpaint)
    finish(&state, shade: 90)
    perform(&state, .copy)
    #expect(shown(state).text.contains("<painted"))
    #expect(!shown(state).text.contains("base64"))
    #expect(state.copyChoices.contains { $0.text.contains("base64") })
}

@Test func aWayToSaveThatHasNoKeyHereShowsNone() {
    var state = studioWithPicture()
    perform(&state, .maskAll, .exports)
    let lines = shown(state).text.components(separatedBy: "\n")
    #expect(lines.contains { $0.contains("save under a name") && $0.contains(" W ") })
    #expect(lines.contains { $0.contains("save the mask") && !$0.contains(" W ") })
}

@Test func theSearchStandsApartFromItsRule() {
    var state = studioWithPicture()
    _ = update(&state, .news(.library(.listed([]))))
    perform(&state, .gallerySearch)
    _ = update(&state, .key(Key(.character("x"))))
    #expect(shown(state).text.contains("▸ Search  x"))
}

@Test func theBlankBeforeATabsDigitIsNotUnderlined() {
    var state = studioWithPicture()
    state.theme = .contrast
    let row = shown(state).cells.prefix(120)
    #expect(row.contains { $0.style.attributes.contains(.underline) && $0.glyph == "3" })
    #expect(!row.contains { $0.style.attributes.contains(.underline) && $0.glyph == " " })
}

// MARK: Fields

/// Wide characters that need more cells than a field has: its end is seen, with the cursor behind it.
@Test(
    arguments: [Command.saveAs, .openFile, .fork, .gallerySearch, .palette, .viewSettings],
    [ScreenSize(80, 24), ScreenSize(120, 40)])
func theCursorStaysInAFieldOfWideCharacters(command: Command, size: ScreenSize) throws {
    var state = studioWithPicture()
    if command == .gallerySearch { perform(&state, .viewGallery) }
    perform(&state, command)
    if command == .viewSettings {
        state.settingsView.selected = try #require(Setting.all.firstIndex(of: .modelPath))
        _ = update(&state, .key(Key(.enter)))
    }
    for count in [40, 41, 200] {
        _ = update(&state, .key(Key(.character("u"), .control)))
        _ = update(&state, .paste("x" + String(repeating: "狐", count: count)))
        let shown = frame(
            of: state, columns: size.columns, rows: size.rows, on: Scene.abilities(.xterm256))
        let cursor = try #require(shown.cursor)
        let before = shown.cells[cursor.row * size.columns + cursor.column - 2]
        #expect(before.glyph == "狐", "\(count)")
        let after = shown.cells[cursor.row * size.columns + cursor.column]
        #expect(after.glyph == " " && after.style == before.style)
    }
}

@Test func theCountOfTokensIsOfThePromptThatIsSeen() {
    var state = studioWithPicture()
    let facts = PromptFacts(prompt: "a fox", tokens: 27, limit: 64, unknownWords: [])
    _ = update(&state, .news(.inspected(facts)))
    #expect(shown(state).text.contains(" 27/64 tokens "))
    _ = update(&state, .promptEdited("a fox in the snow"))
    #expect(shown(state).text.contains(" …/64 tokens "))
}

@Test func keysAreNamedAsTheyAreSet() {
    var state = studioWithPicture()
    state.keymap.bind(.save, to: [Key(.function(6))])
    state.keymap.bind(.nextPicture, to: [Key(.function(7))])
    #expect(shown(state).text.contains(" PageUp F7, B versions "))
    _ = update(&state, .news(.library(.listed([]))))
    perform(&state, .viewGallery)
    #expect(shown(state).text.contains("F6 in the studio saves one"))
}
