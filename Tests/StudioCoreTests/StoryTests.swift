import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

@Test func aPromptAndEnterStartARunWithThatPrompt() {
    var story = Story()
    story.type("a red fox")
    story.press(Key(.enter))
    let orders = story.takeEffects().compactMap { effect -> [RunOrder]? in
        if case .generate(let orders) = effect { orders } else { nil }
    }
    #expect(orders.count == 1)
    #expect(orders.first?.map(\.request.prompt) == ["a red fox"])
    #expect(story.state.focus == .canvas)
    #expect(story.state.job?.runs == [1])
}

@Test func everyStepIsShownAndTheFinishedPictureEndsTheJob() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    for step in 1...4 {
        story.step(1, step)
        #expect(story.state.shownSnapshot?.step == step)
        #expect(!story.state.isPictureShown)
    }
    story.tell(.finished(1, Story.picture(10), seconds: 2))
    #expect(story.state.isPictureShown)
    #expect(story.state.job == nil)
    #expect(story.state.history.value.picture == 1)
}

@Test func anEmptyPromptAsksForOneInsteadOfRunning() {
    var story = Story()
    story.press(Key(.enter))
    #expect(story.takeEffects().isEmpty)
    #expect(story.state.message?.kind == .problem)
}

@Test func nothingRunsBeforeTheModelIsOpen() {
    var story = Story(isModelOpen: false)
    story.type("a fox")
    story.press(Key(.enter))
    #expect(story.state.job == nil)
    #expect(story.state.message?.text == "The model is still being opened.")
}

@Test func aCancelledRunCannotChangeTheJobThatFollows() {
    var story = Story()
    story.draw("a fox")
    story.press("p")
    story.press(Key(.enter))
    story.start(2)
    story.press(Key(.character("c"), .control))
    #expect(story.takeEffects().last == .cancel)
    story.tell(.cancelled(2))
    #expect(story.state.job == nil)
    story.do(.generate)
    story.tell(.cancelled(2))
    story.tell(.finished(2, Story.picture(1), seconds: 1))
    #expect(story.state.job?.runs == [3])
    #expect(story.state.shownRun == 3)
}

@Test func ctrlCTwiceAsksToQuitAndOnlyYesQuits() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    let interrupt = Key(.character("c"), .control)
    story.press(interrupt)
    #expect(story.state.popup == nil)
    story.press(interrupt)
    #expect(story.state.popup == .quit)
    story.press(Key(.escape))
    #expect(!story.takeEffects().contains(.quit))
    story.press(interrupt)
    story.press("y")
    #expect(story.takeEffects().last == .quit)
}

@Test func pauseStepAndGoOn() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    story.press(" ")
    #expect(story.takeEffects().last == .pause)
    story.tell(.paused(1))
    #expect(story.state.job?.isPaused == true)
    story.press(".")
    #expect(story.takeEffects().last == .advance([1], isSingleStep: true))
    story.step(1, 2)
    story.tell(.paused(1))
    story.press(" ")
    #expect(story.takeEffects().last == .advance([1], isSingleStep: false))
}

@Test func steppingBackShowsOldStepsWithoutChangingTheRun() {
    var story = Story()
    story.draw("a fox")
    let run = story.state.runs[1]
    story.press(",")
    #expect(story.state.canvas.step == 4)
    story.press(",")
    #expect(story.state.shownSnapshot?.step == 3)
    story.press("0")
    #expect(story.state.shownSnapshot?.step == 0)
    story.press("$")
    #expect(story.state.isPictureShown)
    #expect(story.state.runs[1] == run)
    let decoded = story.takeEffects().filter { if case .decode = $0 { true } else { false } }
    #expect(decoded == [.decode(1, step: 4), .decode(1, step: 3)])
}

@Test func aForkStartsFromTheStepShownWithAnotherSeed() {
    var story = Story()
    story.draw("a fox")
    story.press(",", ",", "f")
    story.press(Key(.enter))
    guard case .generate(let orders)? = story.takeEffects().last else {
        Issue.record("a fork is a run")
        return
    }
    #expect(orders.map(\.origin) == [.fork(of: 1, step: 3)])
    #expect(orders.first?.request.prompt == "a fox")
    #expect(orders.first?.request.seed != story.state.runs[1]?.request.seed)
}

@Test func discreteAndRefinedFlipOnlyOnAFinishedPicture() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.press("d")
    #expect(story.state.canvas.display == .refined)
    #expect(story.state.message?.kind == .problem)
    story.finish(1)
    story.press("d")
    #expect(story.state.canvas.display == .discrete)
    story.press("c")
    #expect(story.state.canvas.display == .split)
}

@Test func enterInThePromptPaintsAMaskedPartAnew() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    #expect(story.state.mask?.isEmpty == false)
    story.press("p")
    story.press(Key(.end))
    story.type(" with a hat")
    story.press(Key(.enter))
    guard case .generate(let orders)? = story.takeEffects().last else {
        Issue.record("an edit is a run")
        return
    }
    let edit = story.state.runs[2]?.edit
    #expect(orders.first?.request.prompt == "a fox with a hat")
    #expect(edit?.operation == .inpaint)
    #expect(edit?.base == 1)
    #expect(edit?.mask == story.state.mask)
}

@Test func anEditIsAcceptedOrDiscardedAndUndone() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2, shade: 50)
    #expect(story.state.shownRun == 2)
    #expect(story.state.history.value.picture == 1)
    story.press(Key(.escape))
    #expect(story.state.shownRun == 1)
    #expect(story.state.mask != nil)
    story.press(Key(.enter))
    story.start(3)
    story.finish(3, shade: 60)
    story.press("A")
    #expect(story.state.history.value.picture == 3)
    #expect(story.state.mask == nil)
    story.press("z")
    #expect(story.state.shownRun == 1)
    #expect(story.state.mask != nil)
    story.press("Z")
    #expect(story.state.shownRun == 3)
}

@Test func fourAlternativesDifferInSeedAndOneIsChosen() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "K")
    guard case .generate(let orders)? = story.takeEffects().last else {
        Issue.record("alternatives are runs")
        return
    }
    #expect(Set(orders.map(\.request.seed)).count == 4)
    for order in orders { story.start(order.run) }
    for order in orders { story.finish(order.run, shade: UInt8(order.run)) }
    story.press("n", "n", "A")
    #expect(story.state.shownRun == orders[2].run)
    #expect(story.state.proposal == nil)
}

@Test func oneStrokeOfTheMouseIsOneStepToUndo() {
    var story = Story()
    story.draw("a fox")
    story.press("m")
    story.point(.picture(PixelPoint(x: 10, y: 10)), .press(.left))
    for x in 11...40 { story.point(.picture(PixelPoint(x: x, y: 10)), .drag(.left)) }
    story.point(.picture(PixelPoint(x: 40, y: 10)), .release(.left))
    #expect(story.state.mask?[30, 10] == true)
    story.press("z")
    #expect(story.state.mask == nil)
    #expect(story.state.shownRun == 1)
}

@Test func helpRunsWhatIsChosen() {
    var story = Story()
    story.draw("a fox")
    story.press("?")
    story.type("split view")
    story.press(Key(.enter))
    #expect(story.state.popup == nil)
    #expect(story.state.canvas.display == .split)
}

@Test func everyCommandIsListedOnceAndKeepsTheStateSound() {
    #expect(
        Command.entries.map(\.command).sorted { $0.rawValue < $1.rawValue }
            == Command.allCases.sorted { $0.rawValue < $1.rawValue })
    for command in Command.allCases {
        var story = Story()
        story.do(command)
        story.press(Key(.escape))
        story.draw("a fox")
        story.do(command)
        #expect(story.state.runs[1] != nil)
    }
}

@Test func noKeyMeansTwoCommandsInOneContext() {
    var seen: Set<[String]> = []
    for entry in Command.entries {
        for key in entry.keys {
            #expect(seen.insert(["\(entry.context)", key.description]).inserted, "\(key)")
        }
    }
}

/// Random keys never trap, and never leave a selection outside what it selects from.
@Test(arguments: 0..<40)
func anyKeysLeaveTheStateSound(seed: UInt64) {
    var story = Story()
    story.draw("a fox")
    var random = StudioState(randomness: seed)
    let codes: [Key.Code] =
        [.enter, .tab, .escape, .left, .right, .up, .down, .backspace, .pageUp, .pageDown]
        + (32..<127).compactMap { Unicode.Scalar($0).map(Key.Code.character) }
    for _ in 0..<300 {
        let code = codes[Int(random.randomSeed() % UInt64(codes.count))]
        let modifiers: [Key.Modifiers] = [.control, .alt, [], [], [], [], [], []]
        story.press(Key(code, modifiers[Int(random.randomSeed() % 8)]))
        if random.randomSeed() % 16 == 0 { story.press(Key(.character("g"), .alt)) }
        // What is done at once may ask for more.
        for _ in 0..<4 {
            for effect in story.takeEffects() { story.answer(effect, random.randomSeed() % 3) }
        }
        let size = story.state.pictureSize
        #expect(0..<size.x ~= story.state.canvas.cursor.x || story.state.shownRun == nil)
        if let shown = story.state.shownRun { #expect(story.state.runs[shown] != nil) }
        if let proposal = story.state.proposal {
            #expect(proposal.candidates.indices.contains(proposal.selected))
        }
        if let run = story.state.queue.running?.run {
            #expect(story.state.job?.runs.contains(run) == true)
        }
    }
}

extension Story {
    /// What the model and the library make of an effect: a run is finished, paused or left at work.
    fileprivate mutating func answer(_ effect: StudioEffect, _ choice: UInt64) {
        switch effect {
        case .library(.journal(_, _, let job?)): tell(.library(.journalled(job)))
        case .generate(let orders):
            for order in orders { start(order.run) }
            work(orders.map(\.run), choice)
        case .prepare(let orders):
            for order in orders {
                start(order.run)
                tell(.paused(order.run))
            }
        case .advance(let runs, let isSingleStep): work(runs, isSingleStep ? 1 : choice)
        case .pause: work(state.job?.runs ?? [], 1)
        case .cancel: for run in state.job?.runs ?? [] { tell(.cancelled(run)) }
        default: break
        }
    }

    private mutating func work(_ runs: [RunID], _ choice: UInt64) {
        for run in runs {
            switch choice {
            case 0: finish(run)
            case 1:
                step(run, 1)
                tell(.paused(run))
            default: break
            }
        }
    }
}

extension Story {
    mutating func press(_ scalars: Unicode.Scalar...) {
        for scalar in scalars { press(Key(.character(scalar))) }
    }
}
