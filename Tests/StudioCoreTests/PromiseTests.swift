import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

// Keys do what the screen says of them, and what is not done is said.

extension Story {
    fileprivate var said: String { state.message?.text ?? "" }

    /// Two pictures of `a {red|blue} house`, the first of which is shown alone.
    fileprivate static func redHouse() -> Story {
        var story = Story()
        story.type("a {red|blue} house")
        story.press(Key(.enter))
        for run in 1...2 { story.start(run) }
        for run in 1...2 { story.finish(run) }
        story.press("A")
        _ = story.takeEffects()
        return story
    }

    /// A picture with the result of an edit over it.
    static func result(of command: Command) -> Story {
        var story = Story()
        story.draw("a fox")
        story.do(command)
        story.start(2)
        story.finish(2, shade: 50)
        return story
    }

    fileprivate mutating func pause(_ run: RunID) {
        start(run)
        step(run, 1)
        press(" ")
        tell(.paused(run))
        _ = takeEffects()
    }
}

// MARK: Prompts

@Test(arguments: [Command.variation, .reroll, .alternatives, .inpaint])
func anEditOfOneOfSeveralHasThatOnesPrompt(command: Command) {
    var story = Story.redHouse()
    story.do(.maskAll)
    story.do(command)
    let requests = story.takeEffects().orders.map(\.request)
    #expect(!requests.isEmpty && requests.allSatisfy { $0.prompt == "a red house" })
    #expect(requests.allSatisfy { $0.rawPrompt == "a {red|blue} house" })
}

@Test func anEditOfAnotherPromptForSeveralIsRefused() {
    var story = Story.redHouse()
    story.press("m", " ", "p")
    story.type(" by the {sea|lake}")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.isEmpty)
    #expect(story.said == "An edit or a fork has one prompt; write it out in place of {a|b}.")
}

@Test func aForkOfOneOfSeveralHasThatOnesPrompt() {
    var story = Story.redHouse()
    story.press("f")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.map(\.request.prompt) == ["a red house"])
    story = Story.redHouse()
    story.act(.fork(step: 2, prompt: "a {tall|low} house"))
    #expect(story.takeEffects().orders.isEmpty && story.state.message?.kind == .problem)
}

@Test func promptsOfEditsAndForksAreRemembered() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "p")
    story.press(Key(.end))
    story.type(" with a hat")
    story.press(Key(.enter))
    #expect(story.state.prompt.history == ["a fox", "a fox with a hat"])
    #expect(story.takeEffects().contains(.library(.remember(prompt: "a fox with a hat"))))
    story.start(2)
    story.finish(2)
    story.press("A")
    story.act(.fork(step: 2, prompt: "a fox at night"))
    #expect(story.state.prompt.history.last == "a fox at night")
}

@Test func whatWasTypedIsKeptWhenUndoBringsAnotherPrompt() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.press("p")
    story.type(" at dawn")
    story.press(Key(.escape))
    story.press("z")
    #expect(story.state.prompt.positive.text == "a fox")
    #expect(story.state.prompt.history == ["a fox", "a beach", "a beach at dawn"])
    #expect(story.said == "Back to picture 1. Ctrl-R finds the prompt that was typed.")
    #expect(story.takeEffects().contains(.library(.remember(prompt: "a beach at dawn"))))
}

// MARK: Painting

@Test func anotherPictureEndsPainting() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.do(.generate)
    #expect(!story.state.canvas.isPainting)
    story.start(2)
    story.step(2, 1)
    _ = story.takeEffects()
    story.press(" ")
    #expect(story.takeEffects() == [.pause])
}

@Test func goingToAStepEndsPaintingForKeysAndMouse() {
    var story = Story()
    story.draw("a fox")
    story.press("m", ",")
    #expect(!story.state.canvas.isPainting && story.state.canvas.step == 4)
    story.press("m")
    #expect(!story.state.canvas.isPainting)
    #expect(story.said == "A mask is painted on the finished picture; $ goes back to it.")
    story.point(.picture(PixelPoint(x: 20, y: 20)), .press(.left))
    story.point(.picture(PixelPoint(x: 20, y: 20)), .release(.left))
    #expect(story.state.mask == nil)
    story.press("$", "m", "m")
    #expect(!story.state.canvas.isPainting)
}

@Test func enterClosesALassoThatSaysSoAtEveryCorner() {
    var story = Story()
    story.draw("a fox")
    story.press("m", "l", " ")
    #expect(story.said.contains("Enter"))
    story.press(Key(.right))
    story.press(" ")
    #expect(story.said.contains("Enter"))
    story.press(Key(.down), Key(.enter))
    #expect(story.state.canvas.stroke == nil && story.state.job == nil)
    #expect(story.state.mask?[40, 24] == true && story.state.mask?[20, 44] == false)
}

@Test func anEmptyMaskIsFilledByTheToolAtHand() {
    var story = Story()
    story.draw("a fox")
    story.press("m")
    story.press(Key(.enter))
    #expect(story.said == "The mask is empty; Space paints at the cursor, then Enter fills it in.")
    story.press("m")
    story.press(Key(.enter))
    #expect(story.said == "The mask is empty; m paints one, then Enter fills it in.")
}

@Test func deleteClearsTheMaskAlsoOnAResult() {
    var story = Story.result(of: .variation)
    story.press("m", " ")
    #expect(story.state.mask != nil)
    story.press(Key(.delete))
    #expect(story.state.mask == nil)
}

@Test(arguments: [Command.variation, .reroll])
func aMaskOnAResultIsWhatEnterEdits(command: Command) throws {
    var story = Story.result(of: command)
    story.press("m", " ")
    let mask = story.state.mask
    story.press(Key(.enter))
    let edit = try #require(story.state.runs[3]?.edit)
    #expect(edit.operation == .inpaint && edit.base == 2 && edit.mask == mask && mask != nil)
    story.start(3)
    story.finish(3)
    story.press(Key(.escape))
    // The result comes back and goes, the mask goes, and then what it was painted on.
    story.press("z")
    #expect(story.state.proposal?.candidates == [3] && story.state.shownRun == 3)
    story.press("z", "z")
    #expect(story.state.shownRun == 2 && story.state.mask == nil)
    story.press("z")
    #expect(story.state.shownRun == 1)
}

@Test func aMaskFromBeforeAVariationIsNoMaskOfItsResult() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "m", "v")
    story.start(2)
    story.finish(2)
    story.press(Key(.enter))
    #expect(story.state.runs[3]?.edit?.operation == .variation)
}

// MARK: Undo

@Test func aParameterIsUndoneAlone() {
    var story = Story()
    story.draw("a fox")
    story.press("S", "s")
    story.press(Key(.right), Key(.escape))
    story.press("z")
    #expect(story.state.parameters.seedMode == .fixed)
    #expect(story.state.parameters.sampling.steps == 4)
    story.press("r")
    let seed = story.state.parameters.seed
    story.set(.guidance, "7")
    story.set(.seed, "5")
    story.press("z")
    #expect(story.state.parameters.seed == seed)
    story.press("z")
    #expect(story.state.parameters.seed == seed && story.state.parameters.seedMode == .fixed)
    #expect(story.state.parameters.sampling.guidanceScale == 4.5)
}

@Test func aStrengthStartsFromThatOfThePictureShown() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.press("}", "}", "}")
    #expect(story.state.parameters.shown(.strength) == "1.3")
    story.press("(")
    _ = story.takeEffects()
    story.press("{")
    #expect(story.state.parameters.shown(.strength) == "0.9")
    story.tell(.strengthChanged(1, Story.picture(9)))
    story.press("z")
    #expect(story.state.parameters.residualStrength == 1)
}

@Test func seedsComeFromWhereTheyCameBeforeTheyWereFixed() {
    var story = Story()
    story.set(.seedMode, "increment")
    story.do(.fixSeed)
    #expect(story.state.parameters.seedMode == .fixed)
    story.do(.fixSeed)
    #expect(story.state.parameters.seedMode == .increment)
}

@Test func undoInTheSettingsLeavesTheStudioAlone() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    let mask = story.state.mask
    story.press("5", "z")
    #expect(story.state.mask == mask && mask != nil)
    #expect(story.said.hasPrefix("There is nothing to undo here"))
}

@Test func anEditIsRecalledButForItsSteps() {
    var story = Story()
    story.draw("a fox")
    story.set(.guidance, "3")
    story.press("v")
    story.start(2)
    story.finish(2)
    story.press("A")
    story.set(.guidance, "1")
    story.press("a")
    #expect(story.state.parameters.sampling.guidanceScale == 3)
    #expect(story.state.parameters.sampling.steps == 4)
    #expect(story.said.contains("but for the steps"))
}

// MARK: The queue and paused runs

@Test func aQueuesJobThatSomethingTakesThePlaceOfIsSaid() {
    var story = Story()
    story.draw("a fox")
    story.do(.queueAdd)
    story.pause(story.journal() ?? 0)
    story.press("v")
    #expect(story.states == [.skipped])
    #expect(story.said == "The queue's paused job is given up; r in its view makes it anew.")
}

@Test func aQueueBehindAPausedRunSaysSo() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.pause(1)
    story.do(.queueAdd)
    #expect(story.said == "Queued; 1 waiting for the run that is paused.")
    #expect(story.state.isQueueBehindPause && !story.state.isQueueHeldBack)
    story.do(.queueResume)
    #expect(story.said.hasPrefix("The queue goes on after the run that is paused;"))
}

@Test func aCancelledEditSaysWhereItIs() {
    var story = Story()
    story.draw("a fox")
    story.press("v")
    story.start(2)
    story.step(2, 1)
    story.press(Key(.character("c"), .control))
    story.tell(.cancelled(2))
    #expect(story.state.shownRun == 1)
    #expect(
        story.said
            == "Cancelled; the picture is as it was. B shows picture 2, the edit so far.")
}

@Test func tokensOfABatchAreNotChangedUnseen() {
    var story = Story()
    story.state.parameters.count = 2
    story.type("a fox")
    story.press(Key(.enter))
    for run in 1...2 {
        story.start(run)
        story.step(run, 1)
    }
    for run in 1...2 { story.tell(.paused(run)) }
    _ = story.takeEffects()
    for key in ["t", "T"] as [Unicode.Scalar] {
        story.press(key)
        #expect(story.said == "Tokens are changed in a picture by itself; f forks this one.")
    }
    #expect(story.takeEffects().isEmpty && story.state.popup == nil)
}

@Test func aJobWhosePictureCannotBeSavedSaysWhy() {
    var story = Story()
    story.queue("a fox")
    let run = story.journal() ?? 0
    story.start(run)
    story.finish(run)
    story.tell(.notSaved(run, "The disk is full."))
    #expect(story.state.queue.jobs.first?.problem == "The disk is full.")
    #expect(story.said == "The disk is full.")
    story.tell(.saved(run, path: "/p/a.png"))
    #expect(story.state.queue.jobs.first?.problem == nil)
}

// MARK: Words

@Test func aCommandInTheListTakesWhatItAsksFor() {
    var story = Story()
    story.draw("a fox")
    story.press(":")
    story.type("step.goto 3")
    story.press(Key(.enter))
    #expect(story.state.shownSnapshot?.step == 3 && story.state.popup == nil)
}

@Test func keysWithoutAnEffectSayWhy() {
    var story = Story()
    story.press(Key(.escape))
    for key in [",", ".", "0", "$", "<", "("] as [Unicode.Scalar] {
        story.press("y")
        story.press(Key(.escape))
        story.press(key)
        #expect(story.state.message?.kind == .problem)
    }
    story.do(.editPrompt)
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.press(Key(.pageUp))
    #expect(story.said == "A run is on; others can be shown when it is done or paused.")
}

@Test func whatIsSavedInAStepViewIsSaid() {
    var story = Story()
    story.draw("a fox")
    story.press(",", "w")
    story.tell(.saved(1, path: "/p/a.png"))
    #expect(story.said == "The finished picture is saved as /p/a.png.")
}
