import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

// Comparisons: how one leaves them, and which side is which.

@Test(arguments: [Command.split, .difference, .toggleResidual, .flip, .residualMap])
func escapeLeavesAComparisonFirst(command: Command) {
    var story = Story()
    story.draw("a fox")
    story.press("m")
    story.do(command)
    #expect(story.state.canvas.display != .refined && story.state.isComparing)
    story.press(Key(.escape))
    #expect(story.state.canvas.display == .refined && story.state.canvas.isPainting)
    story.press(Key(.escape))
    #expect(!story.state.canvas.isPainting)
}

@Test func escapeLeavesTheOtherPictureAlsoAfterAFlip() {
    var story = Story()
    story.compareTwo()
    story.press("c")
    #expect(story.state.canvas.display == .refined && story.state.canvas.comparison != nil)
    story.press(Key(.escape))
    #expect(story.state.canvas.partner == nil && story.state.canvas.comparison == nil)
}

@Test func escapeLeavesTheComparisonBeforeItDiscardsAResult() {
    var story = Story()
    story.draw("a fox")
    story.do(.reroll)
    story.start(2)
    story.finish(2)
    story.press("x")
    story.press(Key(.escape))
    #expect(story.state.canvas.display == .refined && story.state.proposal != nil)
    story.press(Key(.escape))
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
}

@Test func oneKeyFlipsAResultAndWhatItWasMadeFrom() {
    var story = Story()
    story.draw("a fox")
    story.press("b")
    #expect(story.state.canvas.partner == nil)
    story.do(.reroll)
    story.start(2)
    story.finish(2, shade: 90)
    story.press("b")
    #expect(story.state.canvas.partner == 1 && story.state.canvas.display == .discrete)
    #expect(story.state.counterpart == story.state.runs[1]?.picture?.refined)
    story.press("b")
    #expect(!story.state.isComparing)
    // Whichever side is seen, the result is what is accepted.
    story.press("b", "A")
    #expect(story.state.shownRun == 2 && !story.state.isComparing)
}

@Test func whatAResultWasMadeFromIsComparedFirst() {
    var story = Story()
    story.draw("a fox")
    story.draw("a cat")
    story.press("(")
    story.do(.reroll)
    story.start(3)
    story.finish(3)
    #expect(story.state.comparisonChoices == [1, nil, 2])
    story.press("A")
    #expect(story.state.comparisonChoices == [nil, 2, 1])
}

@Test func aLargerResultHasNothingToFlipTo() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.right, .alt), Key(.enter))
    story.tell(
        .started(2, gridWidth: 3, gridHeight: 2, Story.snapshot(0), isPromptTruncated: false))
    story.finish(2)
    story.do(.flipSource)
    #expect(story.state.canvas.display == .refined && story.state.message?.kind == .problem)
}

@Test func newPicturesAreShownAsTheyAre() {
    var story = Story()
    story.draw("a fox")
    story.press("x")
    story.do(.maskAll)
    story.do(.alternatives)
    #expect(story.state.canvas.display == .refined)
}

@Test func anotherPictureIsNotComparedWithTheSamePartner() {
    var story = Story()
    story.compareTwo()
    story.draw("a boat")
    #expect(story.state.canvas.partner == nil && story.state.canvas.comparison == nil)
    story = Story()
    story.compareTwo()
    story.press(Key(.pageUp))
    #expect(story.state.shownRun == 1 && story.state.canvas.partner == nil)
    #expect(story.state.canvas.display == .refined)
    // Each picture's own discrete half is another matter.
    story.press("c")
    story.press(Key(.pageDown))
    #expect(story.state.shownRun == 2 && story.state.canvas.display == .split)
}

@Test func aJobOfTheQueueLeavesTheComparisonOfAnotherPicture() {
    var story = Story()
    story.compareTwo()
    story.do(.queueAdd)
    story.tell(.library(.journalled(1)))
    #expect(story.state.job?.runs == [3])
    #expect(story.state.shownRun == 2 && story.state.canvas.partner == 1)
    #expect(story.state.canvas.display == .split)
}

@Test func whatIsSeenIsSaved() {
    var story = Story()
    story.compareTwo()
    func saved(_ command: Command) -> [StudioEffect] {
        var story = story
        story.do(command)
        _ = story.takeEffects()
        story.do(.save)
        return story.takeEffects()
    }
    #expect(saved(.split) == [.save(SaveOrder(run: 2, content: .refined))])
    #expect(saved(.flip) == [.save(SaveOrder(run: 1, content: .refined))])
    var flipped = story
    flipped.do(.flip)
    let texts = flipped.state.copyChoices.map(\.text)
    #expect(texts.contains("a fox") && texts.contains { $0.contains("--prompt 'a fox'") })
    story.press(Key(.escape))
    #expect(saved(.flip) == [.save(SaveOrder(run: 2, content: .discrete))])
}

@Test func theDecibelsAreThoseOfThePicturesAsTheyAre() {
    var story = Story()
    story.compareTwo()
    #expect(story.state.canvas.comparison?.psnr.isInfinite == true)
    for run in 1...2 {
        story.tell(.strengthChanged(run, Story.picture(UInt8(100 * run))))
        let between = story.state.shown?.picture?.refined.psnr(
            against: story.state.runs[1]?.picture?.refined ?? RGBImage(width: 1, height: 1))
        #expect(story.state.canvas.comparison?.psnr == between)
    }
}

@Test func theSidesOfAComparisonChangePlaces() {
    var story = Story()
    story.draw("a fox")
    story.press("|")
    #expect(!story.state.canvas.isSwapped && story.state.message?.kind == .problem)
    story.compareTwo()
    story.press("|")
    #expect(story.state.canvas.isSwapped)
    story.do(.difference)
    story.do(.swapCompared)
    #expect(!story.state.canvas.isSwapped)
    story.do(.swapCompared)
    story.press(Key(.escape))
    #expect(!story.state.canvas.isSwapped)
}

@Test(
    arguments: [
        "compare.flip", "compare.swap", "overlay.mask", "overlay.grid", "overlay.new",
        "edit.outpaint", "token.pin", "token.unpin"
    ])
func thePaletteKnowsTheName(name: String) throws {
    let command = try #require(Command(rawValue: name))
    #expect(Command.entries.contains { $0.command == command })
}

@Test func theMaskIsAnOverlayOfItsOwn() {
    var story = Story()
    story.draw("a fox")
    story.do(.maskOverlay)
    #expect(story.state.canvas.overlay == .mask && story.state.message != nil)
    story.do(.maskOverlay)
    #expect(story.state.canvas.overlay == .off)
}

@Test func outpaintingAsksForItsSides() {
    var story = Story()
    story.do(.outpaint)
    #expect(story.state.popup == nil && story.state.message?.kind == .problem)
    story.draw("a fox")
    story.do(.outpaint)
    story.press(Key(.enter))
    #expect(story.state.canvas.margins == EditOrder.Margins(right: 1))
    story.do(.outpaint)
    story.retype("2")
    story.press(Key(.tab), Key(.tab))
    story.retype("900")
    story.press(Key(.enter))
    #expect(story.state.popup != nil && story.state.message?.kind == .problem)
    story.retype("3")
    story.press(Key(.enter))
    #expect(story.state.canvas.margins == EditOrder.Margins(left: 2, top: 3, right: 1))
    #expect(story.state.popup == nil)
}

extension Story {
    /// Types in place of what a field has.
    fileprivate mutating func retype(_ text: String) {
        press(Key(.character("u"), .control))
        type(text)
    }

    /// Draws two pictures and shows the second one beside the first.
    fileprivate mutating func compareTwo() {
        draw("a fox")
        draw("a cat")
        let own = state.shownRun ?? 0
        `do`(.compareWith)
        let first = state.comparisonChoices.firstIndex(of: 1) ?? 0
        for _ in 0..<first { press(Key(.down)) }
        press(Key(.enter))
        #expect(state.shownRun == own && state.canvas.partner == 1)
    }
}

@Test func aPictureReadFromPixelsHasNoOtherResidual() {
    var story = Story()
    var opened = RunRecord(
        id: story.state.newRunID(), request: GenerationRequest(prompt: "", seed: 0),
        origin: .file("photo.png"))
    opened.snapshots = [
        StepSnapshot(
            step: 0, ids: [1, 2, 3, 4], fixedAt: [0, 0, 0, 0], confidence: [1, 1, 1, 1])
    ]
    (opened.picture, opened.status) = (Story.picture(9), .finished)
    (opened.gridWidth, opened.gridHeight) = (2, 2)
    story.tell(.opened(opened))
    _ = story.takeEffects()
    story.press("R")
    #expect(story.state.shownRun == opened.id && story.takeEffects().isEmpty)
    #expect(
        story.state.message?.text
            == "This picture was read from pixels, so its residual is its own; edit it first.")
    #expect(!story.state.copyChoices.contains { $0.title == "seed" }, "Nobody knows its seed.")
}
