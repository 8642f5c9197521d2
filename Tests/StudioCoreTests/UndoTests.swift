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
    UndoableChange("recall") { $0.do(.recallAll) },
    UndoableChange("recalled prompt") { $0.do(.recallPrompt) },
    UndoableChange("recalled size") { $0.do(.recallSize) },
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
    UndoableChange("closed") { $0.do(.closePicture) }
]

/// As the story stood before the change, prepared as the change prepares it.
private func prepared(_ name: String) -> Story {
    var story = Story()
    story.draw("a fox")
    story.draw("a bear")
    story.do(.queuePause)
    if name == "recall" { story.state.parameters.sampling.steps = 9 }
    if name == "recalled size" { story.state.parameters.width = 128 }
    if name == "recalled prompt" {
        story.do(.editPrompt)
        story.press(Key(.character("u"), .control))
    }
    return story
}

@Test(arguments: changes) func aChangeIsTakenBackAndDoneAgain(change: UndoableChange) throws {
    var story = prepared(change.testDescription)
    let before = Work(story.state)
    change.make(&story)
    let done = Work(story.state)
    story.do(.undo)
    #expect(Work(story.state) == before && before != done)
    story.do(.redo)
    #expect(Work(story.state) == done)
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
    // A job that was skipped waits again, and then not.
    story.do(.queueResume)
    let run = story.journal() ?? 0
    story.start(run)
    story.do(.queuePause)
    story.do(.queueSkip)
    story.tell(.cancelled(run))
    story.state.queue.selected = 0
    #expect(story.states == [.skipped, .waiting])
    story.do(.queueRetry)
    #expect(story.states == [.waiting, .waiting])
    story.press("z")
    #expect(story.states == [.skipped, .waiting])
    story.do(.redo)
    #expect(story.states == [.waiting, .waiting])
}

@Test func ofJobsThatAreTakenOutAgainTheOneThatIsOnStays() {
    var story = Story()
    story.do(.queuePause)
    for prompt in ["b", "a"] { story.queue(prompt) }
    story.do(.viewQueue)
    story.do(.queueEmpty)
    story.press("z")
    story.do(.queueResume)
    let run = story.journal() ?? 0
    story.start(run)
    #expect(story.states == [.running, .waiting])
    story.do(.redo)
    #expect(story.states == [.running])
    story.press("z")
    #expect(story.states == [.running, .waiting])
}

@Test func whatWasQueuedInTheStudioIsUndoneThereInItsTurn() {
    var story = Story()
    story.draw("a fox")
    story.do(.queuePause)
    story.do(.newSeed)
    story.do(.queueAdd)
    story.press("z")
    #expect(story.state.queue.jobs.isEmpty)
    let seed = story.state.parameters.seed
    story.press("z")
    #expect(story.state.parameters.seed != seed)
    story.do(.redo)
    story.do(.redo)
    #expect(story.state.queue.jobs.count == 1)
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

// MARK: Results

@Test func whatHistoryDoesNotKnowOfIsClosedOnce() throws {
    var first = Story()
    first.draw("a fox")
    first.set(.alternatives, "2")
    first.press("m", " ")
    first.do(.alternatives)
    first.start(2)
    first.finish(2)
    // The program ends before the second is done.
    var story = Story()
    story.tell(.library(.opened(try first.kept([1, 2]))))
    #expect(story.state.proposal?.candidates == [2])
    story.do(.redo)
    #expect(story.state.message?.kind == .problem)
    story.press("z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    story.press("z")
    #expect(story.state.proposal == nil && story.state.mask == nil)
}

@Test func ofAlternativesOfWhichOneWasSkippedTheOthersComeBack() {
    var story = Story()
    story.draw("a fox")
    story.set(.alternatives, "2")
    story.press("m", " ")
    story.do(.alternatives)
    story.start(2)
    story.start(3)
    story.do(.nextCandidate)
    story.do(.skip)
    story.finish(2)
    story.tell(.cancelled(3))
    story.press("D")
    story.press("z")
    #expect(story.state.proposal?.candidates == [2])
    story.press("z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    story.press("z")
    #expect(story.state.mask == nil && story.state.proposal == nil)
}

@Test func discardingKeepsTheMaskThatWasRetouched() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    story.press("m")
    story.do(.growMask)
    let mask = story.state.mask
    story.press(Key(.escape))
    story.do(.discard)
    #expect(story.state.mask == mask && mask != nil && story.state.shownRun == 1)
}

@Test func whatWasTurnedDownStaysSoWhateverIsDoneBesideIt() {
    var story = Story.result(of: .variation)
    story.press("D")
    story.draw("a bear")
    story.do(.closePicture)
    #expect(story.state.shownRun == 2 && story.state.discarded == [2])
    story.do(.newSeed)
    #expect(story.state.discarded == [2])
    story.press("A")
    #expect(story.state.discarded.isEmpty)
}

@Test func cellsWaitAgainWhereTheirResultIsUndone() {
    var story = Story()
    story.draw("a fox")
    story.do(.outpaintRight)
    story.do(.inpaint)
    story.start(2)
    story.finish(2)
    story.press("z")
    #expect(story.state.canvas.margins == EditOrder.Margins(right: 1))
    story.press("z")
    #expect(story.state.canvas.margins.isEmpty)
}

@Test func undoOfASecondTryOpensTheFirst() {
    var story = Story.result(of: .variation)
    story.do(.variation)
    story.start(3)
    story.finish(3)
    #expect(story.state.proposal?.candidates == [3])
    story.press("z")
    #expect(story.state.proposal?.candidates == [2] && story.state.shownRun == 2)
    story.press("z")
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
}

@Test func aBatchIsUndoneWithItsPrompt() {
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
    story.press("z")
    #expect(story.state.prompt.positive.text == "a frog")
}

@Test func resultsAreNotOpenedWhileARunIsOn() {
    var story = Story.result(of: .variation)
    story.press("D")
    story.queue("a bear")
    let run = story.journal() ?? 0
    story.start(run)
    story.do(.previousPicture)
    story.do(.undo)
    #expect(story.state.proposal == nil && story.state.job != nil)
}

@Test func anEarlierPromptIsPutBackByUndoInTheText() {
    var story = Story()
    story.draw("a fox")
    story.do(.editPrompt)
    story.press(Key(.character("u"), .control))
    story.type("a be")
    story.press(Key(.character("p"), .control))
    #expect(story.state.prompt.positive.text == "a fox")
    story.press(Key(.character("z"), .control))
    #expect(story.state.prompt.positive.text == "a be" && story.state.shownRun == 1)
}

@Test func aChangeInTheStudioEndsTheRedoOfAJob() {
    var story = Story.result(of: .variation)
    story.do(.queueAdd)
    story.press("z")
    #expect(story.state.queue.jobs.isEmpty)
    story.do(.variation)
    story.start(3)
    story.finish(3)
    story.press("z")
    #expect(story.state.proposal?.candidates == [2])
    story.do(.redo)
    #expect(story.state.queue.jobs.isEmpty && story.state.proposal?.candidates == [3])
}

@Test func theStudioTakesBackNothingThatTheQueuesViewDid() {
    var story = Story()
    story.draw("a fox")
    story.do(.newSeed)
    let seed = story.state.parameters.seed
    story.do(.queuePause)
    story.do(.queueAdd)
    story.do(.queueEmpty)
    story.do(.viewStudio)
    story.do(.undo)
    #expect(story.state.queue.jobs.isEmpty && story.state.parameters.seed != seed)
}

@Test func aResultIsOnTheListThoughItsPictureIsNot() {
    var story = Story.result(of: .variation)
    story.press("D")
    story.do(.closePicture)
    #expect(story.state.order == [2] && story.state.versionTree().map(\.run) == [2])
}

@Test func theFirstPictureOfABatchLeadsBackToItToo() {
    var story = Story()
    story.type("a {fox|bear}")
    story.press(Key(.enter))
    for run in 1...2 {
        story.start(run)
        story.finish(run)
    }
    for key in [Key(.enter), Key(.character("D"))] {
        story.press(key)
        #expect(story.state.proposal == nil && story.state.shownRun == 1)
        story.press("z")
        #expect(story.state.proposal?.candidates == [1, 2])
    }
    // The one that was looked at is selected again.
    story.press(Key(.right), Key(.enter))
    #expect(story.state.shownRun == 2)
    story.press("z")
    #expect(story.state.proposal?.selected == 1 && story.state.shownRun == 2)
}

@Test func aSeedAmongPicturesOfABatchIsUndoneBeforeTheBatch() {
    var story = Story()
    story.type("a {fox|bear}")
    story.press(Key(.enter))
    for run in 1...2 {
        story.start(run)
        story.finish(run)
    }
    story.press("n")
    let seed = story.state.parameters.seed
    story.press("r")
    #expect(story.state.parameters.seed != seed)
    story.press("z")
    #expect(story.state.parameters.seed == seed && story.state.proposal?.candidates == [1, 2])
}

@Test func aTryWithARetouchedMaskLeadsBackToTheFirst() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    story.press("m")
    story.do(.maskAll)
    let mask = story.state.mask
    story.press(Key(.enter))
    story.start(3)
    story.finish(3)
    story.press("z")
    #expect(story.state.proposal?.candidates == [2] && story.state.mask == mask)
    story.press("z")
    #expect(story.state.proposal?.candidates == [2] && story.state.mask != mask)
}

@Test func cellsWaitAlsoAfterARestartAndAnotherPicture() throws {
    var first = Story()
    first.draw("a fox")
    first.draw("a bear")
    first.do(.outpaintRight)
    first.do(.outpaintUp)
    let margins = first.state.canvas.margins
    first.press(Key(.pageUp), Key(.pageDown))
    #expect(first.state.canvas.margins == margins && !margins.isEmpty)
    var story = Story()
    story.tell(.library(.opened(try first.kept([1, 2]))))
    #expect(story.state.canvas.margins == margins)
    story.do(.undo)
    #expect(story.state.canvas.margins == EditOrder.Margins(right: 1))
}

@Test func earlierPromptsAreThereAgainAfterADraftCameBack() {
    var story = Story()
    story.draw("a fox")
    story.do(.editPrompt)
    story.press(Key(.character("u"), .control))
    story.type("a be")
    for _ in 0..<2 {
        story.press(Key(.character("p"), .control))
        #expect(story.state.prompt.positive.text == "a fox")
        story.press(Key(.character("z"), .control))
        #expect(story.state.prompt.positive.text == "a be")
    }
}

// MARK: What earlier versions kept

@Test func documentsOfEarlierVersionsAreRead() throws {
    var story = Story()
    story.draw("a fox")
    var object = try #require(
        JSONSerialization.jsonObject(with: JSONEncoder().encode(story.state.history.value))
            as? [String: Any])
    #expect(object.removeValue(forKey: "change") == nil)
    object["picture"] = 1
    let read = try JSONDecoder().decode(
        StudioState.Document.self, from: JSONSerialization.data(withJSONObject: object))
    #expect(read == story.state.history.value)
}

extension Story {
    /// What a later sitting gets of some pictures, through JSON as on disk.
    fileprivate func kept(_ runs: [RunID]) throws -> RestoredSession {
        var restored = RestoredSession()
        restored.session = try JSONDecoder().decode(
            SavedSession.self, from: JSONEncoder().encode(SavedSession(state)))
        restored.versions = state.history.nodes
        restored.runs = runs.compactMap { id in
            state.runs[id].map { run in
                KeptRun(
                    id: id, request: run.request, origin: run.origin, gridWidth: 2, gridHeight: 2,
                    record: "{}", tokens: "", residual: Data())
            }
        }
        return restored
    }
}
