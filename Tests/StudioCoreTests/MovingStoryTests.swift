import Requests
import StudioCore
import TerminalGraphics
import Testing

// Going about: between pictures, views and fields, and what undo makes of it.

@Test func goingToAnotherPictureIsNotUndone() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.set(.guidance, "7")
    story.press(Key(.pageUp), Key(.pageDown), Key(.pageUp))
    #expect(story.state.shownRun == 1)
    story.press(Key(.pageDown))
    story.press("z")
    #expect(story.state.shownRun == 2 && story.state.parameters.sampling.guidanceScale == 4.5)
    #expect(story.state.message?.text == "Undone: guidance 7.0.")
    story.press("Z")
    #expect(story.state.parameters.sampling.guidanceScale == 7)
}

@Test func eachPictureHasItsOwnMaskAndItsOwnUndo() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    let mask = story.state.mask
    story.do(.clearMask)
    story.press("z")
    story.press("m")
    story.do(.editPrompt)
    story.do(.generate)
    story.start(2)
    story.finish(2)
    #expect(story.state.shownRun == 2 && story.state.mask == nil)
    story.press(Key(.pageUp))
    #expect(story.state.shownRun == 1 && story.state.mask == mask && mask != nil)
    story.press("z")
    #expect(story.state.shownRun == 1 && story.state.mask == nil)
    story.press("Z")
    #expect(story.state.shownRun == 1 && story.state.mask == mask)
}

@Test func noWordsSayThatAPictureIsGone() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.press("z")
    #expect(story.state.shownRun == 1)
    #expect(story.state.message?.text == "Back to picture 1.")
    story.press("Z")
    #expect(story.state.shownRun == 2)
    #expect(story.state.message?.text == "Picture 2 again.")
    story.press("z", "z")
    // There was none before the first one, but it stays on the canvas with its prompt.
    #expect(story.state.shownRun == 1 && story.state.prompt.positive.text == "a fox")
    #expect(story.state.message?.text == "Back to the start; the picture stays.")
}

@Test func undoTakesBackNoParameterThatWasChangedElsewhere() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ", "m")
    story.drawBeside("a beach")
    story.set(.guidance, "7")
    story.press(Key(.pageUp))
    #expect(story.state.shownRun == 1)
    story.press("z")
    #expect(story.state.mask == nil && story.state.parameters.sampling.guidanceScale == 7)
}

@Test func whatWasBegunOnAPictureStaysBehind() {
    var opened = RunRecord(
        id: 9, request: GenerationRequest(prompt: "", seed: 1), origin: .file("a.png"))
    (opened.gridWidth, opened.gridHeight, opened.picture) = (2, 2, Story.picture(7))
    (opened.snapshots, opened.status) = ([Story.snapshot(4)], .finished)
    let ways: [(inout Story) -> Void] = [
        { $0.press(Key(.pageUp)) }, { $0.tell(.opened(opened)) }, { $0.do(.generate) }
    ]
    for leave in ways {
        var story = Story()
        story.draw("a fox")
        story.draw("a beach")
        story.press("m", "u", " ")
        #expect(story.state.canvas.stroke != nil)
        leave(&story)
        #expect(story.state.shownRun != 2 && story.state.canvas.stroke == nil)
        story = Story()
        story.draw("a fox")
        story.draw("a beach")
        story.press(Key(.right, .alt))
        #expect(!story.state.canvas.margins.isEmpty)
        leave(&story)
        #expect(story.state.shownRun != 2 && story.state.canvas.margins.isEmpty)
    }
}

@Test func cellsThatWaitAreStillThereAfterTheirResultIsDiscarded() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.right, .alt), Key(.enter))
    story.start(2)
    story.finish(2)
    story.press(Key(.escape))
    #expect(story.state.shownRun == 1 && story.state.canvas.margins.right == 1)
}

/// A shape whose first corner was set by a key is not ended by the mouse elsewhere.
@Test func aClickOnATabEndsNoShape() {
    var story = Story()
    story.draw("a fox")
    story.press("m", "u", " ")
    story.point(.command(.viewGallery), .press(.left))
    story.point(nil, .release(.left))
    #expect(story.state.view == .gallery && story.state.mask == nil)
}

/// A shape goes on with the mask that it was begun on, so a mask that comes otherwise ends it.
@Test func anotherMaskEndsAHalfMadeShape() {
    var loaded = PaintedMask(width: 64, height: 64)
    loaded.stamp(x: 40, y: 40, radius: 3, true)
    let ways: [(inout Story) -> Void] = [
        { $0.do(.maskAll) }, { $0.do(.invertMask) }, { $0.tell(.maskLoaded(1, loaded)) },
        { $0.act(.region(x: 0, y: 0, width: 32, height: 32)) }
    ]
    for paint in ways {
        var story = Story()
        story.draw("a fox")
        story.press("m", "u", " ")
        paint(&story)
        let mask = story.state.mask
        #expect(story.state.canvas.stroke == nil && mask != nil)
        story.press(" ")
        #expect(story.state.mask == mask && story.state.canvas.stroke?.before == mask)
    }
}

@Test func whatWasUndoneIsDoneAgainAlsoAfterARestart() {
    var tree = SnapshotTree(0)
    tree.record(1, "one")
    tree.record(2, "two")
    #expect(tree.undo() == "two")
    tree.move(to: 0, 10)
    tree.move(to: 1, 11)
    tree = SnapshotTree(
        nodes: tree.nodes, current: tree.current, redo: tree.nodes.map(\.lastChild))
    #expect(tree.value == 11)
    #expect(tree.redo() == "two" && tree.value == 2)
    #expect(tree.undo() == "two" && tree.undo() == "one")
    #expect(tree.redo() == "one" && tree.redo() == "two" && tree.redo() == nil)
}

@Test func aTreeGoesToAnyPlaceWithoutAChange() {
    var tree = SnapshotTree(0)
    tree.record(1, "one")
    tree.record(2, "two")
    tree.record(3, "three")
    #expect(tree.undo() == "three")
    tree.move(to: 1, 10)
    #expect(tree.value == 10)
    tree.move(to: 2, 2)
    #expect(tree.redo() == "three")
    #expect(tree.value == 3)
    tree.move(to: 1, 10)
    tree.record(11, "eleven")
    #expect(tree.undo() == "eleven")
    #expect(tree.value == 10)
    #expect(tree.redo() == "eleven")
    #expect(tree.value == 11)
    #expect(tree.undo() == "eleven")
    #expect(tree.undo() == "one")
    #expect(tree.value == 0)
    #expect(tree.undo() == nil)
    #expect(tree.redo() == "one")
}

// MARK: Fields and views

@Test(arguments: [Command.viewGallery, .viewQueue, .viewSettings])
func escapeFromAViewLeadsToThePicture(view: Command) {
    var story = Story()
    story.type("a fox")
    story.do(view)
    story.press(Key(.escape))
    #expect(story.state.view == .studio && story.state.focus == .canvas)
    story.press("4")
    #expect(story.state.view == .queue && story.state.prompt.positive.text == "a fox")
}

@Test func ctrlGLeavesThePromptAsEnterDoes() {
    var (enter, key) = (Story(), Story())
    for text in ["a fox", "a cat"] {
        enter.type(text)
        key.type(text)
        enter.press(Key(.enter))
        key.press(Key(.character("g"), .control))
        #expect(enter.state.focus == key.state.focus)
        let (byEnter, byKey) = (enter.takeEffects(), key.takeEffects())
        #expect(byEnter == byKey)
        enter.do(.editPrompt)
        key.do(.editPrompt)
    }
}

@Test func theWheelChangesNoParameter() {
    var story = Story()
    let before = story.state.parameters
    story.point(.parameter(.width), .scroll(.down))
    #expect(story.state.parameters == before && story.state.parameter == .steps)
    story.press(Key(.escape), Key(.character("s")))
    story.point(.parameter(.width), .scroll(.down))
    #expect(story.state.parameters == before && story.state.parameter != .steps)
}

// MARK: Names, themes and what is said

@Test func saveAsBeginsWithTheNameThatSaveWouldTake() {
    var story = Story()
    story.draw("a fox")
    let order = SaveOrder(run: 1, content: .refined)
    story.press("W")
    #expect(story.takeEffects() == [.suggestName(1)])
    story.tell(.nameSuggested("dcar-0007-a-fox.png"))
    story.press(Key(.enter))
    #expect(
        story.takeEffects() == [
            .save(SaveOrder(run: 1, content: .refined, path: "dcar-0007-a-fox.png"))
        ])
    story.press("W")
    story.tell(.nameSuggested("dcar-0007-a-fox.png"))
    story.press(Key(.home))
    story.type("my-")
    #expect(story.state.popup == .saveAs(moved("my-", before: "dcar-0007-a-fox.png"), order))
}

@Test func whatIsTypedReplacesTheNameAndComesBeforeALateOne() {
    var story = Story()
    story.draw("a fox")
    story.press("W")
    story.tell(.nameSuggested("dcar-0007-a-fox.png"))
    story.type("fox")
    let order = SaveOrder(run: 1, content: .refined)
    #expect(story.state.popup == .saveAs(TextField("fox"), order))
    story.press(Key(.escape))
    story.press("W")
    story.type("cat")
    story.tell(.nameSuggested("dcar-0007-a-fox.png"))
    #expect(story.state.popup == .saveAs(TextField("cat"), order))
}

/// A field whose cursor stands after `start`, before `rest`.
private func moved(_ start: String, before rest: String) -> TextField {
    var field = TextField(rest)
    _ = field.edit(Key(.home))
    field.insert(start)
    return field
}

@Test func theThemeThatFitsTheTerminalIsAmongThem() {
    var story = Story()
    story.state.terminalTheme = .light
    story.do(.setTheme)
    for _ in 0..<9 { story.press(Key(.down)) }
    story.press(Key(.enter))
    #expect(story.state.theme == .light)
    #expect(story.state.message?.text.hasPrefix("Theme: auto, which is light,") == true)
}

@Test func aClosedSheetCanStillBeSaved() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.escape))
    story.do(.saveSheet)
    #expect(story.state.message?.kind == .problem)
    story.press("G")
    story.press(Key(.enter))
    let runs = story.takeEffects().orders.map(\.run)
    for run in runs {
        story.start(run)
        story.finish(run)
    }
    story.press(Key(.escape))
    #expect(story.state.proposal == nil)
    story.do(.saveSheet)
    guard case .saveSheet(let order)? = story.takeEffects().last else {
        Issue.record("the sheet is not saved")
        return
    }
    #expect(order.runs == runs && runs.count == 6)
}

@Test func aboutNamesTheProgramAndItsVersion() {
    var story = Story()
    story.state.version = "1.2.3"
    story.do(.about)
    guard case .text(_, let lines, _)? = story.state.popup else {
        Issue.record("nothing is said")
        return
    }
    #expect(lines.first == "program: dcar 1.2.3")
    #expect(lines.contains("machine: 2 threads"))
}

@Test func aFileThatNamesNoSeedHasNone() {
    func seed(_ seed: UInt64, _ origin: RunOrigin) -> UInt64? {
        RunRecord(id: 1, request: GenerationRequest(prompt: "", seed: seed), origin: origin)
            .knownSeed
    }
    #expect(seed(0, .file("a.png")) == nil)
    #expect(seed(42, .file("a.png")) == 42)
    #expect(seed(0, .prompt) == 0)
}

@Test func aSearchThatIsClearedSaysNothingMore() {
    var story = Story()
    var fox = PictureEntry(path: "/p/fox.png", bytes: 1, modified: 1)
    fox.prompt = "a fox"
    story.tell(.library(.listed([fox])))
    story.do(.viewGallery)
    story.press("/")
    story.type("cat")
    story.press(Key(.enter))
    #expect(story.state.message?.text == "0 pictures.")
    story.press(Key(.escape))
    #expect(story.state.message == nil && story.state.gallery.matches.count == 1)
}

extension Story {
    /// Draws a picture though another one has a mask, which Enter would paint anew.
    fileprivate mutating func drawBeside(_ prompt: String) {
        `do`(.editPrompt)
        press(Key(.character("u"), .control))
        type(prompt)
        `do`(.generate)
        let run = state.shownRun ?? 0
        start(run)
        finish(run)
        _ = takeEffects()
    }
}

/// No key is silent where there is nothing yet to do with it.
@Test(arguments: ["f", "R", "E", "W", "w", "t", "m", "d", "g", "B", "%"])
func aKeyThatNeedsAPictureSaysSo(key: String) {
    var story = Story()
    story.press(Key(.escape))
    story.type(key)
    #expect(story.state.popup == nil && story.state.message?.kind == .problem)
    #expect(story.takeEffects() == [])
}

@Test func noNameIsAskedForWhileTheRunGoesOn() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    _ = story.takeEffects()
    story.do(.saveAs)
    #expect(story.state.popup == nil && story.state.message?.kind == .problem)
    story.tell(.paused(1))
    _ = story.takeEffects()
    story.do(.saveAs)
    #expect(story.takeEffects() == [.suggestName(1)])
}

// MARK: What happens while something else is asked

extension Story {
    /// A picture of the queue on the canvas, which the next job takes over once it begins.
    fileprivate static func watchingTheQueue() -> Story {
        var story = Story()
        story.queue("a fox")
        let run = story.journal() ?? 0
        story.start(run)
        story.finish(run)
        story.queue("a beach")
        story.press(Key(.escape))
        return story
    }
}

@Test func aNameIsForThePictureThatItWasAskedFor() {
    var story = Story.watchingTheQueue()
    let effects = story.takeEffects()
    story.press("W")
    story.type("fox")
    story.tell(.library(.journalled(2)))
    #expect(effects.contains { if case .library = $0 { true } else { false } })
    #expect(story.state.shownRun == 2)
    _ = story.takeEffects()
    story.press(Key(.enter))
    #expect(
        story.takeEffects() == [.save(SaveOrder(run: 1, content: .refined, path: "fox"))])
}

@Test(arguments: [Command.goToStep, .loadMask, .outpaint])
func aFormIsForThePictureThatItWasAskedFor(command: Command) {
    var story = Story.watchingTheQueue()
    story.do(command)
    story.type("1")
    story.tell(.library(.journalled(2)))
    story.start(2)
    story.finish(2)
    let before = story.state.canvas
    _ = story.takeEffects()
    story.press(Key(.enter))
    #expect(story.state.message?.text.hasPrefix("Picture 1 is not shown any more;") == true)
    #expect(story.state.popup != nil && story.state.canvas == before)
    #expect(story.takeEffects().isEmpty)
}

@Test func theVersionsAreThoseOfThePictureThatTheyWereAskedFor() {
    var story = Story.watchingTheQueue()
    story.press("B")
    story.tell(.library(.journalled(2)))
    story.start(2)
    story.finish(2)
    #expect(story.state.shownRun == 2 && story.state.popup == .versions(selected: 1))
    story.press(Key(.enter))
    #expect(story.state.shownRun == 1)
}

/// A picture that was asked for comes to who waits for it, and to nobody else.
@Test(arguments: ["nothing", "prompt", "negative", "help", "value"])
func anOpenedPictureTakesNothingFromWhoTypes(meanwhile: String) {
    var story = Story()
    story.type("a boat")
    story.do(.openFile)
    story.type("a.png")
    _ = story.takeEffects()
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.open(path: "a.png", run: 1)])
    switch meanwhile {
    case "prompt": story.type(" at sea")
    case "negative":
        story.press(Key(.tab))
        story.type("blurry")
    case "help": story.do(.help)
    case "value":
        story.do(.parameters)
        story.press(Key(.enter))
    default: break
    }
    let before = story.state
    var opened = RunRecord(
        id: 1, request: GenerationRequest(prompt: "a cat", seed: 1), origin: .file("a.png"))
    (opened.gridWidth, opened.gridHeight, opened.picture) = (2, 2, Story.picture(7))
    (opened.snapshots, opened.status) = ([Story.snapshot(4)], .finished)
    story.tell(.opened(opened))
    guard meanwhile != "nothing" else {
        #expect(story.state.shownRun == 1 && story.state.focus == .canvas)
        #expect(story.takeEffects().first == .inspect(prompt: "a cat"))
        return
    }
    #expect(story.state.message?.text == "Opened as picture 1; Esc, then PageDown leads to it.")
    #expect(story.state.shownRun == nil && story.state.focus == before.focus)
    #expect(story.state.prompt == before.prompt && story.state.popup == before.popup)
    story.press(Key(.escape), Key(.escape))
    story.do(.nextPicture)
    #expect(story.state.shownRun == 1)
}

/// However a prompt comes about, what the model reads of it is asked for.
@Test func everyNewPromptIsRead() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    let ways: [((inout Story) -> Void, String)] = [
        ({ $0.do(.undo) }, "a fox"), ({ $0.do(.redo) }, "a beach"),
        ({ $0.act(.fork(step: 2, prompt: "a boat")) }, "a boat"),
        ({ $0.press(Key(.pageUp), Key(.character("a"))) }, "a beach"),
        ({ $0.act(.promptEdited("x")) }, "x")
    ]
    for (way, prompt) in ways {
        _ = story.takeEffects()
        way(&story)
        #expect(story.takeEffects().contains(.inspect(prompt: prompt)), "\(prompt)")
        if let job = story.state.job {
            story.start(job.runs[0])
            story.finish(job.runs[0])
        }
    }
}
