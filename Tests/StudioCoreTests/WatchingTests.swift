import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

@Test func aForkTakesAnotherPromptSeedAndGuidanceFromItsForm() throws {
    var story = Story()
    story.draw("a fox")
    story.press(",", ",", "f")
    story.type(" at night")
    story.press(Key(.tab), Key(.tab), Key(.character("u"), .control))
    story.type("77")
    story.press(Key(.tab), Key(.character("u"), .control))
    story.type("2.5")
    story.press(Key(.enter))
    let order = try #require(story.takeEffects().orders.first)
    #expect(order.origin == .fork(of: 1, step: 3))
    #expect(order.request.prompt == "a fox at night")
    #expect(order.request.seed == 77)
    #expect(order.request.sampling.guidanceScale == 2.5)
    #expect(story.state.popup == nil)
}

@Test func aFormThatCannotBeReadStaysOpenAndSaysWhy() {
    var story = Story()
    story.draw("a fox")
    story.press("f")
    story.press(Key(.tab))
    story.type("9")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.isEmpty)
    #expect(story.state.message?.text == "step is a whole number from 0 to 3.")
    guard case .form? = story.state.popup else {
        Issue.record("what was typed is gone")
        return
    }
}

@Test func aGuidanceThatNoForkTakesIsRefused() {
    var story = Story()
    story.draw("a fox")
    story.press("f")
    story.press(Key(.tab), Key(.tab), Key(.tab))
    story.type("900")
    story.press(Key(.enter))
    #expect(story.takeEffects().orders.isEmpty)
    #expect(story.state.message?.text == "guidance is a number from 0 to 100.")
}

@Test func goToShowsTheStepThatWasTyped() {
    var story = Story()
    story.draw("a fox")
    story.press("g")
    story.press(Key(.character("u"), .control))
    story.press("2")
    story.press(Key(.enter))
    #expect(story.state.shownSnapshot?.step == 2)
}

@Test func aPauseHasTheStepDecodedAndTheTokenRead() {
    var story = Story()
    story.pauseAfter(2)
    #expect(story.takeEffects() == [.decode(1, step: 2), .candidates(1, step: 1, position: 0)])
}

@Test func aTokenIsReadAtTheStepThatFixedIt() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.right))
    #expect(story.takeEffects() == [.candidates(1, step: 2, position: 1)])
    story.tell(
        .candidates(1, step: 2, position: 1, [TokenCandidate(id: 4, probability: 0.75)]))
    #expect(story.state.readout == [TokenCandidate(id: 4, probability: 0.75)])
    story.press(Key(.down))
    #expect(story.state.readout == nil)
}

@Test func aTokenIsSwappedForTheCandidateOfOnesChoiceAndPutBack() {
    var story = Story()
    story.pauseAfter(2)
    story.tell(.candidates(1, step: 1, position: 0, Story.candidates))
    _ = story.takeEffects()
    story.press("T", "3")
    #expect(story.takeEffects().last == .pin(2, position: 0, id: 9))
    #expect(story.state.runs[2]?.pinned == [0])
    #expect(story.state.runs[2]?.origin == .fork(of: 1, step: 2))
    #expect(story.state.runs[1]?.status == .cancelled)
    story.press("z")
    // As the model left it, and nothing that a command would have to say.
    let mark = TokenMark(
        position: 0, id: 3, fixedAt: 1, confidence: Story.snapshot(2).confidence[0])
    #expect(story.takeEffects() == [.putBack(2, mark)])
    #expect(story.state.runs[2]?.pinned == [] && story.state.runs[2]?.chosenTokens.isEmpty == true)
    story.press("Z")
    #expect(story.takeEffects() == [.pin(2, position: 0, id: 9)])
    #expect(story.state.runs[2]?.chosenTokens.words == ["0=9"])
    // What was changed twice goes back to the first change.
    story.start(2)
    story.step(2, 1)
    story.step(2, 2)
    story.tell(
        .changed(
            2,
            StepSnapshot(
                step: 2, ids: [9, 4, nil, nil], fixedAt: [2, 2, nil, nil],
                confidence: [1, 0.75, 0, 0])))
    story.tell(.paused(2))
    story.act(.token(place: 0, id: 5))
    _ = story.takeEffects()
    story.press("z")
    #expect(story.takeEffects() == [.pin(2, position: 0, id: 9)])
    story.press("z")
    #expect(story.takeEffects() == [.putBack(2, mark)])
}

@Test func whatTheModelMadeOfAChangedTokenStays() {
    var story = Story()
    story.pauseAfter(2)
    story.act(.token(place: 0, id: 9))
    story.start(2)
    for step in 1...2 { story.step(2, step) }
    story.tell(.paused(2))
    story.press(".")
    story.step(2, 3)
    story.tell(.paused(2))
    _ = story.takeEffects()
    story.press("z")
    #expect(story.takeEffects().isEmpty && story.state.runs[2]?.chosenTokens.words == ["0=9"])
    #expect(story.state.message?.text.hasPrefix("Undo waits for the run;") == true)
}

/// The last step, the residual and the decoder go on to their end.
@Test func nothingIsSaidToPauseAfterTheLastStep() {
    for step in 1...4 {
        for key in [" ", "."] as [Unicode.Scalar] {
            var story = Story()
            story.type("a fox")
            story.press(Key(.enter))
            story.start(1)
            for number in 1...step { story.step(1, number) }
            _ = story.takeEffects()
            story.press(key)
            #expect(story.takeEffects() == (step < 3 ? [.pause] : []))
            #expect(
                story.state.message?.text
                    == (step < 3
                        ? "Pausing after this step."
                        : "This is the last step, after which nothing pauses; Ctrl-C cancels."))
        }
    }
}

@Test func aForkTakesAllChangesUntilItGoesOn() {
    var story = Story()
    story.pauseAfter(2)
    story.act(.token(place: 0, id: 9))
    story.tell(
        .started(2, gridWidth: 2, gridHeight: 2, Story.snapshot(0), isPromptTruncated: false))
    story.step(2, 1)
    story.step(2, 2)
    story.tell(.paused(2))
    story.act(.token(place: 1, id: nil))
    #expect(story.state.shownRun == 2)
    #expect(story.state.runs[2]?.chosenTokens.words == ["0=9", "1=mask"])
    story.step(2, 3)
    story.act(.token(place: 3, id: 1))
    #expect(story.state.runs[3]?.origin == .fork(of: 2, step: 3))
    #expect(story.state.runs[3]?.chosenTokens.words == ["3=1"])
    _ = story.takeEffects()
    story.act(.token(place: 4, id: 1))
    #expect(story.state.message?.text == "There are no tokens to change yet.")
}

@Test func aTokenHasAPlaceAndAnEntry() {
    var story = Story()
    story.pauseAfter(2)
    for (place, id) in [(4, 1), (-1, 1), (0, 16), (0, -1)] {
        story.act(.token(place: place, id: id))
        #expect(story.state.message?.text == "Tokens are 0 to 3, their entries 0 to 15.")
    }
    #expect(story.state.runs[2] == nil)
}

@Test func changingATokenOfAnEarlierStepForksThereAndPauses() throws {
    var story = Story()
    story.draw("a fox")
    story.press(",", ",", "t")
    let effects = story.takeEffects()
    guard case .prepare(let orders)? = effects.first(where: { $0.isPrepare }) else {
        Issue.record("there is no fork")
        return
    }
    #expect(orders.map(\.origin) == [.fork(of: 1, step: 3)])
    #expect(effects.last == .pin(2, position: 0, id: nil))
    #expect(story.state.job?.isPaused == true)
    #expect(story.state.runs[1]?.picture != nil)
}

@Test func theTimeLeftIsHiddenUntilTwoStepsAreMeasured() throws {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.tell(.phase(1, .steps, done: 0, of: 4))
    for step in 1...3 {
        let run = try #require(story.state.runs[1])
        #expect((story.state.remainingTime(of: run) == nil) == (step < 3))
        story.step(1, step)
    }
    var run = try #require(story.state.runs[1])
    #expect(story.state.remainingTime(of: run) == RemainingTime(seconds: 0.5, isStepsOnly: true))
    // Once the later phases were measured, they count too.
    story.tell(.timed(9, .residual, units: 20, seconds: 2))
    story.tell(.timed(9, .decoding, units: 2, seconds: 1))
    run = try #require(story.state.runs[1])
    #expect(story.state.remainingTime(of: run) == RemainingTime(seconds: 3.5, isStepsOnly: false))
}

@Test func theViewEnlargesAndFollowsTheCursor() {
    var story = Story()
    story.draw("a fox")
    story.press("+")
    #expect(story.state.viewport == PixelRectangle(x: 8, y: 8, width: 32, height: 32))
    for _ in 0..<4 { story.press(Key(.right), Key(.down)) }
    let view = story.state.viewport
    #expect(view.x + view.width <= 64 && view.y + view.height <= 64)
    #expect(view.x..<view.x + view.width ~= story.state.canvas.cursor.x)
    #expect(view.y..<view.y + view.height ~= story.state.canvas.cursor.y)
    story.press("=")
    #expect(story.state.viewport == PixelRectangle(x: 0, y: 0, width: 64, height: 64))
}

@Test func anyTwoPicturesAreCompared() {
    var story = Story()
    story.draw("a fox")
    story.press("C")
    #expect(story.state.message?.kind == .problem)
    story.draw("a cat")
    story.press("C")
    story.press(Key(.down), Key(.enter))
    #expect(story.state.canvas.partner == 1)
    #expect(story.state.canvas.display == .split)
    #expect(story.state.canvas.comparison?.psnr.isInfinite == true)
    #expect(story.state.counterpart == story.state.runs[1]?.picture?.refined)
    story.press("C")
    story.press(Key(.enter))
    #expect(story.state.counterpart == story.state.runs[2]?.picture?.discrete)
}

@Test func theResidualAloneIsMadeAnew() throws {
    var story = Story()
    story.draw("a fox")
    story.press("R")
    let order = try #require(story.takeEffects().orders.first)
    let before = try #require(story.state.runs[1]?.request)
    #expect(order.origin == .residual(of: 1))
    #expect(order.request.seed == before.seed)
    #expect(order.request.residual.seed != nil)
}

extension Story {
    static let candidates = [3, 7, 9].map { TokenCandidate(id: $0, probability: 0.25) }

    /// A run that pauses after a step.
    mutating func pauseAfter(_ step: Int) {
        type("a fox")
        press(Key(.enter))
        start(1)
        for number in 1...step { self.step(1, number) }
        press(" ")
        _ = takeEffects()
        tell(.paused(1))
    }
}

extension [StudioEffect] {
    /// The runs that are to be made.
    var orders: [RunOrder] {
        flatMap { effect -> [RunOrder] in
            if case .generate(let orders) = effect { orders } else { [] }
        }
    }
}

extension StudioEffect {
    fileprivate var isPrepare: Bool { if case .prepare = self { true } else { false } }
}

/// Unlike the key that turns a token over, it never fixes one.
@Test func aTokenIsMaskedAgainByName() {
    var story = Story()
    story.draw("a fox")
    story.do(.unpinToken)
    #expect(story.state.message?.kind == .problem)
    story.do(.goToStep)
    story.press(Key(.character("u"), .control))
    story.type("2")
    story.press(Key(.enter))
    _ = story.takeEffects()
    story.do(.unpinToken)
    #expect(story.takeEffects().last == .pin(2, position: 0, id: nil))
    story.start(2)
    story.tell(.changed(2, Story.snapshot(0)))
    _ = story.takeEffects()
    story.do(.unpinToken)
    #expect(story.takeEffects() == [])
    #expect(story.state.message?.text == "This token is masked already.")
}

/// A form's fields begin with what is likely; the first thing typed takes its place, and keys that
/// move keep it.
@Test func whatIsTypedReplacesWhatAFormSuggests() {
    var story = Story()
    story.draw("a fox")
    story.press("g")
    story.type("2")
    story.press(Key(.enter))
    #expect(story.state.canvas.step == 2)
    story.press("g")
    story.press(Key(.backspace))
    story.type("3")
    story.press(Key(.enter))
    #expect(story.state.canvas.step == 3)
    story.press("g")
    story.press(Key(.left))
    story.act(.paste("0"))
    story.press(Key(.enter))
    #expect(story.state.popup == nil && story.state.canvas.step == 3)
}
