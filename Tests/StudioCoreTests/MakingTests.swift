import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

// MARK: Batches and sheets

@Test func aBatchHasAPictureForEverySeedAndPartOfThePrompt() {
    var story = Story()
    story.set(.count, "2")
    story.press("p")
    story.type("a {red|blue} fox")
    story.press(Key(.enter))
    let requests = story.takeEffects().orders.map(\.request)
    #expect(requests.map(\.prompt) == ["a red fox", "a red fox", "a blue fox", "a blue fox"])
    #expect(requests.allSatisfy { $0.rawPrompt == "a {red|blue} fox" })
    #expect(requests.map { $0.seed &- requests[0].seed } == [0, 1, 0, 1])
    #expect(story.state.proposal?.candidates == [1, 2, 3, 4])
}

@Test func oneOfABatchIsSkippedAndTheRestEndTheJob() {
    var story = Story()
    story.batch(of: 3)
    story.press(Key(.right), Key(.delete))
    #expect(story.takeEffects() == [.skip(2)])
    story.finish(1)
    story.finish(3)
    #expect(story.state.job == nil)
    #expect(story.state.runs[2]?.picture == nil)
    story.do(.accept)
    #expect(story.state.proposal == nil)
    #expect(story.state.history.value.picture == 3)
}

@Test(arguments: [true, false])
func aMaskPaintedWhileItsBatchIsMadeStays(isHalfMade: Bool) {
    var story = Story()
    story.batch(of: 2)
    story.finish(1)
    story.press("m")
    if isHalfMade {
        story.press("u", " ")
        story.state.canvas.cursor = PixelPoint(x: 50, y: 50)
    } else {
        story.press(" ")
    }
    let mask = story.state.mask
    story.finish(2)
    #expect(story.state.job == nil && story.state.proposal != nil)
    #expect(story.state.mask == mask && (mask == nil) == isHalfMade)
    story.press(" ")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    #expect(story.state.mask?.isEmpty == false)
}

@Test func aMaskInABatchIsThatOfItsPictureAlone() {
    var story = Story()
    story.batch(of: 3)
    story.finish(1)
    story.finish(2)
    story.press("m")
    let place = story.state.canvas.cursor
    story.press(Key(.right))
    story.press(" ")
    #expect(story.state.shownRun == 1 && story.state.canvas.cursor != place)
    let mask = story.state.mask
    #expect(mask?.isEmpty == false)
    story.press("m")
    story.press(Key(.right))
    #expect(story.state.shownRun == 2 && story.state.mask == nil)
    story.press(Key(.left))
    #expect(story.state.shownRun == 1 && story.state.mask == mask)
    story.press("A")
    #expect(story.state.proposal != nil)
    #expect(story.state.message?.text.hasPrefix("Pictures are still being made") == true)
}

@Test func whatIsTypedForAMaskTakesThePicturesPromptsPlace() {
    var story = Story()
    story.draw("a fox in the snow")
    story.press("m", " ", "p")
    #expect(story.state.prompt.positive.isSuggestion)
    story.type("a pumpkin")
    #expect(story.state.prompt.positive.text == "a pumpkin")
    story.press(Key(.escape))
    story.press("p")
    story.type("s")
    #expect(story.state.prompt.positive.text == "a pumpkins")
}

@Test func aTypedPromptThatAnotherReplacesCanBeFound() {
    var story = Story()
    story.draw("a fox")
    story.do(.editPrompt)
    story.press(Key(.character("u"), .control))
    story.type("a long thought")
    story.press(Key(.escape))
    story.press("a")
    #expect(story.state.prompt.positive.text == "a fox")
    #expect(story.state.prompt.history == ["a fox", "a long thought"])
    #expect(story.state.message?.text.hasSuffix("Ctrl-R finds the prompt that was typed.") == true)
    // One that nobody typed is not kept.
    let before = story.state.prompt.history
    story.do(.editPrompt)
    story.type("!")
    story.press(Key(.escape))
    story.press("a", "a")
    #expect(story.state.prompt.history == before + ["a fox!"])
}

@Test func aClickOnACandidateShowsItFinished() {
    var story = Story()
    story.batch(of: 2)
    story.finish(1)
    story.finish(2)
    story.press(",")
    #expect(story.state.canvas.step == 4)
    story.point(.candidate(1), .press(.left))
    #expect(story.state.shownRun == 2 && story.state.canvas.step == nil)
}

@Test func aPausedBatchGoesOnAsAWhole() {
    var story = Story()
    story.batch(of: 2)
    story.step(1, 1)
    story.step(2, 1)
    story.press(" ")
    story.tell(.paused(1))
    story.tell(.paused(2))
    _ = story.takeEffects()
    story.press(" ")
    #expect(story.takeEffects().last == .advance([1, 2], isSingleStep: false))
}

@Test func aParameterSheetIsMadeAndSaved() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.escape))
    story.press("G")
    story.fill("seed=1,2,3")
    story.press(Key(.tab))
    story.fill("guidance=2,4")
    story.press(Key(.enter))
    let requests = story.takeEffects().orders.map(\.request)
    #expect(requests.map(\.seed) == [1, 2, 3, 1, 2, 3])
    #expect(requests.map(\.sampling.guidanceScale) == [2, 2, 2, 4, 4, 4])
    #expect(story.state.proposal?.columns == 3)
    #expect(story.state.proposal?.sheet?.caption(4) == "seed 2, guidance 4")
    for run in 1...6 {
        story.start(run)
        story.finish(run)
    }
    story.do(.saveSheet)
    guard case .saveSheet(let order)? = story.takeEffects().last else {
        Issue.record("the sheet is not saved")
        return
    }
    #expect(order.runs == [1, 2, 3, 4, 5, 6])
}

@Test func aSheetOfAPromptWithPartsIsRefused() {
    var story = Story()
    story.type("a {red|blue} house")
    story.press(Key(.escape))
    story.press("G")
    story.fill("seed=1,2")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.isEmpty)
    #expect(story.state.message?.text.hasPrefix("A sheet's pictures have one prompt each;") == true)
}

@Test func aSheetOfNothingKnownIsRefused() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.escape))
    story.press("G")
    story.fill("sed=1,2,3")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.isEmpty)
    #expect(story.state.message?.text.contains("\"sed=1,2,3\" is no parameter") == true)
}

// MARK: Edits

@Test func cellsOnSeveralSidesAreOutpaintedAtOnce() throws {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.right, .alt), Key(.right, .alt), Key(.up, .alt))
    #expect(story.takeEffects().isEmpty)
    story.press(Key(.enter))
    let edit = try #require(story.state.runs[2]?.edit)
    #expect(edit.margins == EditOrder.Margins(left: 0, top: 1, right: 2, bottom: 0))
    #expect(edit.unknownCount(2, 2, cell: 32) == 4 * 3 - 4)
    #expect(edit.operation == .outpaint)
}

@Test func whatIsPaintedOnAResultIsUndoneWithIt() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    story.press("m")
    story.point(.picture(PixelPoint(x: 60, y: 60)), .press(.left))
    story.point(.picture(PixelPoint(x: 60, y: 60)), .release(.left))
    let mask = story.state.mask
    #expect(story.state.shownRun == 2 && mask?[60, 60] == true)
    story.press("A", "z")
    #expect(story.state.shownRun == 1 && story.state.mask == mask)
}

@Test func aLargerResultTakesNoMask() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.right, .alt), Key(.enter))
    story.tell(
        .started(2, gridWidth: 3, gridHeight: 2, Story.snapshot(0), isPromptTruncated: false))
    story.finish(2)
    story.press("m")
    #expect(!story.state.canvas.isPainting && story.state.message?.kind == .problem)
    story.act(.region(x: 0, y: 0, width: 32, height: 32))
    #expect(story.state.mask == nil && story.state.message?.kind == .problem)
    story.press("A", "m")
    #expect(story.state.canvas.isPainting)
}

@Test func escapeTakesWaitingCellsAway() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.left, .alt), Key(.escape))
    #expect(story.state.canvas.margins.isEmpty)
}

@Test func aShareOfTheLeastSureUnderAMaskIsMadeAnew() throws {
    var story = Story()
    story.draw("a fox")
    story.set(.content, "least-sure")
    story.set(.variation, "50")
    story.do(.maskAll)
    story.do(.inpaint)
    let edit = try #require(story.state.runs[2]?.edit)
    #expect(edit.unknownCount(2, 2, cell: 32) == 2)
    #expect(edit.content == .leastSure && edit.share == 0.5)
}

@Test func fewTokensNeedFewSteps() throws {
    var story = Story()
    story.draw("a fox")
    story.set(.steps, "12")
    story.press("m", " ")
    story.press(Key(.enter))
    // 12 sqrt(3 / 4) would be ten, but three tokens cannot take more than three steps.
    #expect(story.state.runs[2]?.edit?.unknownCount(2, 2, cell: 32) == 3)
    #expect(story.state.runs[2]?.request.sampling.steps == 3)
}

@Test func aMaskFromAFileIsPaintedAndUndone() {
    var story = Story()
    story.draw("a fox")
    var mask = PaintedMask(width: 64, height: 64)
    mask.stamp(x: 40, y: 40, radius: 3, true)
    story.press("m", "I")
    story.type("mask.png")
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.loadMask(path: "mask.png", run: 1, width: 64, height: 64)])
    story.tell(.maskLoaded(1, mask))
    #expect(story.state.mask == mask)
    story.press("W")
    story.type("again.png")
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.saveMask(path: "again.png", mask)])
    story.press("z")
    #expect(story.state.mask == nil)
}

@Test func aStoppedPictureOpensReadyToGoOn() {
    var story = Story()
    var record = RunRecord(
        id: 5, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .file("a.png"))
    (record.gridWidth, record.gridHeight) = (2, 2)
    record.snapshots = (0...2).map(Story.snapshot)
    record.status = .cancelled
    story.tell(.opened(record))
    #expect(story.state.shownSnapshot?.step == 2)
    #expect(story.state.message?.text.contains("stopped after step 2") == true)
    _ = story.takeEffects()
    story.press(" ")
    #expect(story.takeEffects() == [.advance([5], isSingleStep: false)])
}

// MARK: Undo

@Test func parametersAreUndoneToo() {
    var story = Story()
    story.draw("a fox")
    story.set(.steps, "9")
    story.set(.guidance, "7")
    story.press("z")
    #expect(story.state.parameters.sampling.guidanceScale == 4.5)
    #expect(story.state.parameters.sampling.steps == 9)
    story.press("z")
    #expect(story.state.parameters.sampling.steps == 4)
    story.press("Z")
    #expect(story.state.parameters.sampling.steps == 9)
}

/// The picture follows its residual strength, whichever way that changes.
@Test func theStrengthIsUndoneOnThePictureToo() {
    var story = Story()
    story.draw("a fox")
    story.set(.strength, "0.5")
    story.changeStrength()
    _ = story.takeEffects()
    story.press("z")
    #expect(story.takeEffects() == [.changeStrength(1, 1)])
    story.changeStrength()
    story.press("Z")
    #expect(story.takeEffects() == [.changeStrength(1, 0.5)])
    story.changeStrength()
    story.do(.weakerResidual)
    story.changeStrength()
    _ = story.takeEffects()
    story.press("z")
    #expect(story.takeEffects() == [.changeStrength(1, 0.5)])
    story.changeStrength()
    story.set(.guidance, "7")
    story.press("z")
    #expect(story.takeEffects() == [])
}

/// The strength of a picture is changed when the workshop is free, and said to be until then.
@Test func theStrengthFollowsWhenTheQueuesJobIsDone() {
    var story = Story()
    story.draw("a fox")
    story.do(.queueAdd)
    story.tell(.library(.journalled(1)))
    #expect(story.state.job != nil && story.state.shownRun == 1)
    _ = story.takeEffects()
    story.do(.weakerResidual)
    #expect(story.takeEffects() == [.changeStrength(1, 0.9)])
    #expect(story.state.message?.text.contains("follows when the run that is on is done") == true)
}

@Test func aThousandStrokesAreUndoneOneByOne() {
    var story = Story()
    story.draw("a fox")
    story.press("m")
    let start = story.state.mask
    var masks: [PaintedMask?] = [start]
    for stroke in 0..<1_200 {
        story.stroke(at: PixelPoint(x: stroke * 7 % 64, y: stroke * 11 % 64), stroke % 3 == 0)
        if story.state.mask != masks.last { masks.append(story.state.mask) }
    }
    #expect(masks.count > 1_000)
    for mask in masks.dropLast().reversed() {
        story.press("z")
        #expect(story.state.mask == mask)
    }
    for mask in masks.dropFirst() {
        story.press("Z")
        #expect(story.state.mask == mask)
    }
}

/// Undo and redo at random always lead to what a list of all states says.
@Test(arguments: 0..<4)
func undoAndRedoFollowTheirReplay(seed: UInt64) {
    var story = Story()
    story.draw("a fox")
    story.press("m")
    var random = StudioState(randomness: seed)
    var replay: [PaintedMask?] = [story.state.mask]
    var at = 0
    for _ in 0..<2_000 {
        switch random.randomSeed() % 5 {
        case 0 where at > 0:
            story.press("z")
            at -= 1
        case 1 where at + 1 < replay.count:
            story.press("Z")
            at += 1
        case 0, 1: continue
        default:
            let place = Int(random.randomSeed() % 4_096)
            story.stroke(
                at: PixelPoint(x: place % 64, y: place / 64), random.randomSeed() % 2 == 0)
            guard story.state.mask != replay[at] else { continue }
            replay = replay[...at] + [story.state.mask]
            at += 1
        }
        #expect(story.state.mask == replay[at])
    }
}

extension Story {
    /// Types a value for a parameter.
    mutating func set(_ parameter: Parameter, _ value: String) {
        point(.parameter(parameter), .press(.left))
        press(Key(.enter), Key(.character("u"), .control))
        type(value)
        press(Key(.enter), Key(.escape))
    }

    /// Types into the field of a form.
    fileprivate mutating func fill(_ text: String) {
        press(Key(.character("u"), .control))
        type(text)
    }

    mutating func batch(of count: Int) {
        set(.count, String(count))
        press("p")
        type("a fox")
        press(Key(.enter))
        for run in 1...count { start(run) }
        _ = takeEffects()
    }

    /// The picture is decoded with the strength that is set.
    fileprivate mutating func changeStrength() {
        let picture = Story.picture(100)
        tell(
            .strengthChanged(
                1,
                FinishedPicture(
                    discrete: picture.discrete, refined: picture.refined,
                    residualLengths: picture.residualLengths, seamError: nil,
                    strength: state.parameters.residualStrength)))
    }

    fileprivate mutating func stroke(at point: PixelPoint, _ isErasing: Bool) {
        self.point(.picture(point), .press(isErasing ? .right : .left))
        self.point(.picture(point), .release(isErasing ? .right : .left))
    }
}

@Test func theSeedIsSaidBeforeTheFirstStep() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    let seed = story.state.runs[1]?.request.seed ?? 0
    #expect(story.state.message?.text == "Seed \(seed).")
    story.start(1)
    story.finish(1)
    story.state.parameters.count = 3
    story.state.parameters.seed = 5
    story.do(.generate)
    #expect(story.state.message?.text == "Seeds 5 to 7.")
}

@Test func aSheetOfStepsIsNotThePicture() {
    var story = Story()
    story.draw("a fox")
    for content in [SaveOrder.Content.steps, .animation, .stripped, .discrete] {
        story.tell(.saved(1, path: "/p/a-sheet.png", content: content))
        #expect(story.state.shown?.savedPath == nil)
    }
    story.tell(.saved(1, path: "/p/a.png"))
    story.tell(.saved(1, path: "/p/a-sheet.png", content: .steps))
    #expect(story.state.shown?.savedPath == "/p/a.png")
}

@Test func theSamePictureSavedTwiceIsSaid() {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "/p/a.png"))
    #expect(story.state.message?.text == "Saved as /p/a.png.")
    story.tell(.saved(1, path: "/p/a-discrete.png", content: .discrete))
    #expect(story.state.message?.text == "Saved as /p/a-discrete.png.")
    story.tell(.saved(1, path: "/p/b.png"))
    #expect(story.state.message?.text == "Saved as /p/b.png; it is in a.png too.")
    story.do(.weakerResidual)
    let picture = Story.picture(100)
    story.tell(
        .strengthChanged(
            1,
            FinishedPicture(
                discrete: picture.discrete, refined: picture.refined,
                residualLengths: picture.residualLengths, seamError: nil, strength: 0.9)))
    story.tell(.saved(1, path: "/p/c.png"))
    #expect(story.state.message?.text == "Saved as /p/c.png.")
}
