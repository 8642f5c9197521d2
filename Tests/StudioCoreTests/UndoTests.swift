import Foundation
import Requests
import Settings
import StudioCore
import TerminalGraphics
import Testing

// Undo takes back the last change, whatever it was, and redo does it again.

/// What a person would call the work: the picture, its mask, texts, parameters, results, cells.
private struct Work: Equatable {
    let picture: RunID?
    let mask: PaintedMask?
    let prompts: [String]
    let parameters: Parameters
    let results: [RunID]?
    let margins: EditOrder.Margins
    let order: [RunID]
    let queued: [String]

    init(_ state: StudioState) {
        (picture, mask) = (state.shownRun, state.mask)
        prompts = [state.prompt.positive.text, state.prompt.negative.text]
        (parameters, results) = (state.parameters, state.proposal?.candidates)
        (margins, order) = (state.canvas.margins, state.order)
        queued = state.queue.jobs.map(\.request.prompt)
    }
}

/// A change, done to two pictures of which the second is shown.
struct UndoableChange: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (inout Story) -> Void

    init(_ name: String, _ make: @escaping @Sendable (inout Story) -> Void) {
        (testDescription, self.make) = (name, make)
    }
}

private let changes: [UndoableChange] = [
    UndoableChange("seed") { $0.do(.newSeed) },
    UndoableChange("fixed seed") { $0.do(.fixSeed) },
    UndoableChange("recall") { story in
        story.state.parameters.sampling.steps = 9
        story.do(.recallAll)
    },
    UndoableChange("recalled prompt") { story in
        story.do(.editPrompt)
        story.press(Key(.character("u"), .control))
        story.do(.recallPrompt)
    },
    UndoableChange("recalled size") { story in
        story.state.parameters.width = 128
        story.do(.recallSize)
    },
    UndoableChange("example") { story in
        story.do(.searchHistory)
        story.press(Key(.down), Key(.enter))
    },
    UndoableChange("cells") { $0.do(.outpaintRight) },
    UndoableChange("mask") { $0.press("m", " ") },
    UndoableChange("strength") { $0.do(.weakerResidual) },
    UndoableChange("parameter") { story in
        story.do(.parameters)
        story.press(Key(.right), Key(.escape))
    },
    UndoableChange("closed") { $0.do(.closePicture) },
    UndoableChange("queued") { $0.do(.queueAdd) },
    UndoableChange("discarded result") { story in
        story.do(.variation)
        story.start(3)
        story.finish(3)
        story.press("D")
    },
    UndoableChange("accepted result") { story in
        story.do(.variation)
        story.start(3)
        story.finish(3)
        story.press("A")
    }
]

@Test(arguments: changes) func aChangeIsTakenBackAndDoneAgain(change: UndoableChange) throws {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.do(.queuePause)
    if change.testDescription.hasSuffix("result") {
        // Undo of a result leads through the result itself.
        change.make(&story)
        let done = Work(story.state)
        story.do(.undo)
        #expect(Work(story.state) != done)
        story.do(.redo)
        let again = Work(story.state)
        #expect(again.picture == done.picture && again.results == done.results)
        return
    }
    var before = story
    change.make(&story)
    let done = Work(story.state)
    story.do(.undo)
    // What the change was prepared with is not taken back.
    before.state.parameters.sampling.steps = story.state.parameters.sampling.steps
    before.state.parameters.width = story.state.parameters.width
    let (undone, expected) = (Work(story.state), Work(before.state))
    #expect(undone.picture == expected.picture && undone.mask == expected.mask)
    #expect(undone.order == expected.order && undone.margins == expected.margins)
    #expect(undone.queued == expected.queued && undone != done)
    #expect(story.state.message?.text.hasPrefix("Undone: ") == true)
    story.do(.redo)
    #expect(Work(story.state) == done)
    #expect(story.state.message?.text.hasPrefix("Done again: ") == true)
}

@Test func aResultThatWasDiscardedComesBackWithUndo() {
    var story = Story.result(of: .variation)
    story.press("D")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    story.press("z")
    #expect(story.state.proposal?.candidates == [2] && story.state.shownRun == 2)
    // Once more takes back the edit itself, and redo brings both.
    story.press("z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    story.do(.redo)
    #expect(story.state.proposal?.candidates == [2])
    story.do(.redo)
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
}

@Test func aResultThatWasTurnedDownCanStillBeAccepted() {
    var story = Story.result(of: .variation)
    story.press("D")
    story.do(.nextPicture)
    #expect(story.state.shownRun == 2 && story.state.discarded == [2])
    story.press("A")
    #expect(story.state.discarded.isEmpty && story.state.message?.kind == .success)
    story.press("z")
    #expect(story.state.shownRun == 1)
    story.do(.accept)
    #expect(story.state.message?.text == "There is no result to accept.")
}

@Test func aBatchThatWasClosedOpensAgain() {
    var story = Story()
    story.draw("a frog")
    story.do(.editPrompt)
    story.press(Key(.character("u"), .control))
    story.type("a {fox|bear}")
    story.press(Key(.enter))
    for run in 2...3 {
        story.start(run)
        story.finish(run)
    }
    #expect(story.state.proposal?.candidates == [2, 3])
    story.press("z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    story.do(.redo)
    #expect(story.state.proposal?.candidates == [2, 3] && story.state.shownRun == 2)
}

@Test func aStrokeOnAResultIsUndoneBeforeTheResult() {
    var story = Story.result(of: .variation)
    story.press("m", " ")
    #expect(story.state.mask != nil)
    story.press("z")
    #expect(story.state.mask == nil && story.state.proposal?.candidates == [2])
    story.press("m", "z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
}

@Test func aPromptIsUndoneWordByWord() {
    var story = Story()
    story.do(.editPrompt)
    story.type("a red fox")
    let undo = Key(.character("z"), .control)
    story.press(undo)
    #expect(story.state.prompt.positive.text == "a red ")
    story.press(Key(.character("u"), .control))
    #expect(story.state.prompt.positive.isEmpty)
    story.press(undo)
    #expect(story.state.prompt.positive.text == "a red ")
    story.press(undo, undo)
    #expect(story.state.prompt.positive.text == "a ")
    story.press(Key(.character("y"), .control), Key(.character("y"), .control))
    #expect(story.state.prompt.positive.text == "a red ")
    // Something typed is another future.
    story.type("cat")
    story.press(Key(.character("y"), .control))
    #expect(story.state.prompt.positive.text == "a red cat")
}

@Test func whatTookThePromptsPlaceIsUndoneFromThePrompt() {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.do(.searchHistory)
    story.press(Key(.down), Key(.enter))
    #expect(story.state.prompt.positive.text == "a fox" && story.state.focus == .prompt)
    story.press(Key(.character("z"), .control))
    #expect(story.state.prompt.positive.text == "a bear" && story.state.shownRun == 2)
}

@Test func aRecallInTheGalleryIsUndoneThere() {
    var story = Story()
    story.draw("a fox")
    var entry = PictureEntry(path: "/p/bear.png", bytes: 1, modified: 1)
    (entry.prompt, entry.seed, entry.width, entry.height) = ("a bear", 5, 64, 64)
    story.tell(.library(.listed([entry])))
    story.do(.viewGallery)
    story.do(.galleryStar)
    story.do(.galleryRecallAll)
    #expect(story.state.prompt.positive.text == "a bear" && story.state.parameters.seed == 5)
    story.press("z")
    #expect(story.state.prompt.positive.text == "a fox" && story.state.parameters.seed != 5)
    #expect(story.state.gallery.entries[0].isStarred)
    story.do(.redo)
    #expect(story.state.prompt.positive.text == "a bear")
    story.press("z", "z")
    #expect(!story.state.gallery.entries[0].isStarred)
}

@Test func movesAndNewTriesOfJobsAreUndone() {
    var story = Story()
    story.do(.queuePause)
    for prompt in ["b", "a"] { story.queue(prompt) }
    story.do(.viewQueue)
    func prompts() -> [String] { story.state.queue.jobs.map(\.request.prompt) }
    story.do(.queueDown)
    #expect(prompts() == ["b", "a"])
    story.press("z")
    #expect(prompts() == ["a", "b"])
    story.do(.redo)
    #expect(prompts() == ["b", "a"])
}

@Test func aSittingKeepsWhatUndoBringsBack() throws {
    var first = Story.result(of: .variation)
    first.press("D")
    first.do(.outpaintLeft)
    let nodes = try JSONDecoder().decode(
        [SnapshotTree<StudioState.Document>.Node].self,
        from: JSONEncoder().encode(first.state.history.nodes))
    #expect(nodes == first.state.history.nodes)
}

@Test func aSettingThatWasChangedIsUndoneInItsView() throws {
    var story = Story()
    story.tell(.settings(ResolvedSettings()))
    story.do(.viewSettings)
    let place = try #require(Setting.all.firstIndex { $0.name == "ui.animations" })
    for _ in 0..<place { story.press(Key(.down)) }
    _ = story.takeEffects()
    story.press(Key(.right))
    #expect(story.takeEffects() == [.writeSetting(["ui", "animations"], "false")])
    story.press("z")
    #expect(story.takeEffects() == [.writeSetting(["ui", "animations"], nil)])
    story.press("Z")
    #expect(story.takeEffects() == [.writeSetting(["ui", "animations"], "false")])
    story.press("z", "z")
    #expect(story.state.message?.text.hasPrefix("There is nothing to undo here") == true)
}

@Test func aKeyThatWasGivenToAnotherCommandIsGivenBack() throws {
    var story = Story()
    story.do(.help)
    story.type("token.pin")
    story.press(Key(.tab))
    story.press(Key(.function(6)))
    let written = story.takeEffects().compactMap { effect in
        if case .writeSetting(let path, let value) = effect { (path, value) } else { nil }
    }
    #expect(written.first?.0 == ["keys", "token.pin"] && written.first?.1 == "\"F6\"")
    story.press(Key(.escape))
    story.do(.viewSettings)
    story.press("z")
    #expect(story.takeEffects().contains(.writeSetting(["keys", "token.pin"], nil)))
}
