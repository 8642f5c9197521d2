import Foundation
import Requests
import StudioCore
import TerminalGraphics
import Testing

/// What a later sitting gets of a story, through JSON as on disk.
private func restored(_ story: Story, runs: [RunID]) throws -> RestoredSession {
    var restored = RestoredSession()
    restored.session = try JSONDecoder().decode(
        SavedSession.self, from: JSONEncoder().encode(SavedSession(story.state)))
    restored.versions = try JSONDecoder().decode(
        [SnapshotTree<StudioState.Document>.Node].self,
        from: JSONEncoder().encode(story.state.history.nodes))
    restored.runs = runs.compactMap { id in
        story.state.runs[id].map { run in
            KeptRun(
                id: id, request: run.request, origin: run.origin, gridWidth: 2, gridHeight: 2,
                record: "{}", tokens: "", residual: Data())
        }
    }
    restored.prompts = story.state.prompt.history
    return restored
}

@Test func aSittingGoesOnWhereTheLastEnded() throws {
    var first = Story()
    first.draw("a fox")
    first.press("m", " ")
    first.press(Key(.enter))
    first.start(2)
    first.finish(2)
    first.press("A", "m", " ", "s")
    first.press(Key(.right))
    let before = first.state
    var second = Story(isModelOpen: false)
    second.tell(.library(.opened(try restored(first, runs: [1, 2]))))
    #expect(second.takeEffects() == [.inspect(prompt: "a fox")])
    second.tell(.modelOpened(Story.facts))
    #expect(second.takeEffects() == [.load(2)])
    #expect(second.state.shownRun == 2)
    #expect(second.state.mask == before.mask && before.mask != nil)
    #expect(second.state.parameters == before.parameters)
    #expect(second.state.prompt.positive.text == "a fox")
    #expect(second.state.history == before.history)
    #expect(second.state.message?.text.contains("2 pictures") == true)
    var loaded = RunRecord(
        id: 2, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .prompt)
    (loaded.picture, loaded.status) = (Story.picture(50), .finished)
    second.tell(.loaded(loaded))
    #expect(second.state.isPictureShown)
    // What was undone before can be undone now, and its picture is made again.
    second.press(Key(.escape))
    for _ in 0..<10 where second.state.shownRun != 1 { second.do(.undo) }
    #expect(second.state.shownRun == 1)
    #expect(second.takeEffects().contains(.load(1)))
}

@Test func aResultThatWaitedStillDoesAfterARestart() throws {
    var first = Story()
    first.draw("a fox")
    first.set(.alternatives, "2")
    first.press("m", " ")
    first.do(.alternatives)
    for run in 2...3 {
        first.start(run)
        first.finish(run)
    }
    first.press("n")
    #expect(first.state.shownRun == 3)
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: [1, 2, 3]))))
    #expect(second.state.proposal == first.state.proposal && second.state.shownRun == 3)
    #expect(second.state.message?.text.contains("results to accept or discard") == true)
    #expect(Set(second.takeEffects()).isSuperset(of: [.load(1), .load(2), .load(3)]))
    // Not before it is there to be seen.
    second.press("A")
    #expect(second.state.proposal != nil)
    for run in 1...3 {
        var loaded = RunRecord(
            id: run, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .prompt)
        (loaded.picture, loaded.status) = (Story.picture(50), .finished)
        second.tell(.loaded(loaded))
    }
    var discarding = second
    second.press("A")
    #expect(second.state.proposal == nil && second.state.history.value.picture == 3)
    second.press("z")
    #expect(second.state.shownRun == 1)
    discarding.press("D")
    #expect(discarding.state.shownRun == 1 && discarding.state.discarded == [2, 3])
}

/// One that was still being made is gone, and the picture is as it was.
@Test func ofResultsOnlyThoseThatWereDoneComeBack() throws {
    var first = Story()
    first.draw("a fox")
    first.set(.alternatives, "2")
    first.press("m", " ")
    first.do(.alternatives)
    for (done, left) in [([1], nil), ([1, 2], [2])] as [([RunID], [RunID]?)] {
        var second = Story()
        second.tell(.library(.opened(try restored(first, runs: done))))
        #expect(second.state.proposal?.candidates == left)
        #expect(second.state.shownRun == left?.first ?? 1)
    }
    // Numbers are raised together where another sitting's pictures come before.
    var other = Story()
    other.draw("a beach")
    var both = try restored(first, runs: [1, 2])
    both.adopt(try restored(other, runs: [1]))
    var second = Story()
    second.tell(.library(.opened(both)))
    #expect(second.state.proposal?.base == 2 && second.state.proposal?.candidates == [3])
}

/// What is kept before the model is open is never written again.
@Test func theFirstParameterIsUndoneAlsoAfterARestart() throws {
    var first = Story(isModelOpen: false)
    let early = first.state.history.nodes
    first.tell(.modelOpened(Story.facts))
    first.set(.steps, "9")
    var kept = try restored(first, runs: [])
    kept.versions.replaceSubrange(early.indices, with: early)
    var second = Story(isModelOpen: false)
    second.tell(.library(.opened(kept)))
    #expect(second.state.message?.text == "Back: 1 version to undo.")
    second.tell(.modelOpened(Story.facts))
    #expect(second.state.parameters.sampling.steps == 9)
    second.do(.undo)
    #expect(second.state.parameters.sampling.steps == 4)
    second.do(.undo)
    #expect(second.state.message?.text == "Nothing to undo.")
}

/// The place that the model's own parameters get is nobody's change.
@Test func aSittingWithoutChangesHasNothingToUndo() throws {
    var second = Story(isModelOpen: false)
    second.tell(.library(.opened(try restored(Story(), runs: []))))
    #expect(second.state.message == nil)
}

@Test func picturesOfTheLastSittingAreThereToCompareWith() throws {
    var first = Story()
    first.draw("a fox")
    first.draw("a beach")
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: [1, 2]))))
    #expect(second.takeEffects() == [.inspect(prompt: "a beach"), .load(2)])
    func loaded(_ id: RunID) -> StudioNews {
        var record = RunRecord(
            id: id, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .prompt)
        (record.picture, record.status) = (Story.picture(UInt8(id)), .finished)
        return .loaded(record)
    }
    second.tell(loaded(2))
    _ = second.takeEffects()
    second.do(.compareWith)
    second.press(Key(.down), Key(.enter))
    #expect(second.state.canvas.partner == 1 && second.state.canvas.comparison == nil)
    #expect(second.takeEffects() == [.load(1)])
    second.tell(loaded(1))
    #expect(second.state.canvas.comparison?.partner == 1)
    #expect(second.state.counterpart == Story.picture(1).refined)
}

@Test func theModelMayBeOpenFirst() throws {
    var first = Story()
    first.draw("a fox")
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: [1]))))
    #expect(second.takeEffects() == [.inspect(prompt: "a fox"), .load(1)])
    #expect(second.state.parameters == first.state.parameters)
}

@Test func newRunsNeverTakeTheNumberOfAnEarlierOne() throws {
    var first = Story()
    for prompt in ["a", "b", "c"] { first.draw(prompt) }
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: [1, 2, 3]))))
    second.draw("d")
    #expect(second.state.shownRun == 4)
}

@Test func whatIsTypedMeanwhileStays() throws {
    var first = Story()
    first.draw("a fox")
    var second = Story(isModelOpen: false)
    second.type("a beach")
    second.tell(.library(.opened(try restored(first, runs: [1]))))
    #expect(second.state.prompt.positive.text == "a beach")
    #expect(second.state.shownRun == nil)
    second.press(Key(.escape), Key(.pageUp))
    #expect(second.state.shownRun == 1)
}

@Test func whatWasDoneBeforeIsUndoneAfterWhatIsTypedMeanwhile() throws {
    var first = Story()
    first.draw("a fox")
    var second = Story(isModelOpen: false)
    second.type("a beach")
    second.tell(.library(.opened(try restored(first, runs: [1]))))
    second.tell(.modelOpened(Story.facts))
    second.do(.undo)
    #expect(second.state.shownRun == 1)
    #expect(second.state.prompt.positive.text == "a fox")
}

/// Also what was taken off the list in one of them.
@Test func closedPicturesOfAllSittingsCanBeReopened() throws {
    var (fox, beach) = (Story(), Story())
    fox.draw("a fox")
    fox.press(Key(.delete))
    beach.draw("a beach")
    var last = try restored(beach, runs: [1])
    last.adopt(try restored(fox, runs: [1]))
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.state.order == [2] && story.state.closed == [1])
    story.do(.reopenPicture)
    #expect(story.state.order.contains(1) && story.state.closed.isEmpty)
}

/// What was undone, and other branches, are no versions to undo.
@Test func onlyWhatCanBeUndoneIsCounted() throws {
    var first = Story()
    first.draw("a fox")
    first.press(Key(.escape))
    for command in [Command.editMask, .maskAll, .editMask] { first.do(command) }
    let all = first.state.history.undoCount
    #expect(all > 1)
    first.do(.undo)
    var story = Story()
    story.tell(.library(.opened(try restored(first, runs: [1]))))
    let words = all - 1 == 1 ? "1 version to undo" : "\(all - 1) versions to undo"
    #expect(story.state.message?.text.contains(words) == true)
}

@Test func sittingsSideBySideComeBackAsOne() throws {
    var (fox, beach) = (Story(), Story())
    fox.draw("a fox")
    beach.draw("a beach")
    var last = try restored(beach, runs: [1])
    last.adopt(try restored(fox, runs: [1]))
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.state.order == [1, 2])
    #expect(story.state.shownRun == 2)
    #expect(story.state.prompt.positive.text == "a beach")
    #expect(story.state.message?.text.contains("2 pictures (1 of another session)") == true)
    for _ in 0..<10 where story.state.shownRun != 1 { story.do(.undo) }
    #expect(story.state.shownRun == 1)
    #expect(story.state.prompt.positive.text == "a fox")
    story.draw("a boat")
    #expect(story.state.shownRun == 3)
}

@Test func picturesOfASessionThatCannotBeReadComeBack() throws {
    var first = Story()
    first.draw("a fox")
    var last = try restored(first, runs: [1])
    last.session = nil
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.state.order == [1])
    story.draw("a beach")
    #expect(story.state.shownRun == 2)
}

@Test func aSavedRunThatGoesOnIsNotSavedAnyMore() {
    var story = Story()
    let id = story.state.newRunID()
    var record = RunRecord(
        id: id, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .file("a.png"))
    (record.gridWidth, record.gridHeight, record.status) = (2, 2, .cancelled)
    record.snapshots = [Story.snapshot(0), Story.snapshot(1)]
    record.savedPath = "/p/a.png"
    story.tell(.opened(record))
    #expect(story.state.shown?.savedPath == "/p/a.png")
    story.do(.pause)
    story.step(id, 2)
    #expect(story.state.shown?.savedPath == nil)
    story.finish(id)
    #expect(story.state.shown?.status == .finished && story.state.shown?.savedPath == nil)
    story.tell(.saved(id, path: "/p/b.png"))
    #expect(story.state.shown?.savedPath == "/p/b.png")
}

@Test func aSessionWhosePicturesAreGoneStillGivesThePrompt() throws {
    var first = Story()
    first.draw("a fox")
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: []))))
    #expect(second.state.shownRun == nil)
    #expect(second.state.prompt.positive.text == "a fox")
    second.press(Key(.escape))
    for _ in 0..<3 { second.do(.undo) }
    #expect(second.state.shownRun == nil || second.state.runs[1] != nil)
}

@Test func aThousandChangesAreTakenBackOneByOne() {
    var story = Story()
    story.draw("a fox")
    for step in 0..<1_200 {
        var document = story.state.history.value
        document.mask = PaintedMask(width: step + 1, height: 1)
        story.state.history.record(document, "mask")
    }
    for _ in 0..<1_200 { story.do(.undo) }
    #expect(story.state.mask == nil && story.state.shownRun == 1)
    for _ in 0..<1_200 { story.do(.redo) }
    #expect(story.state.mask?.width == 1_200)
}

@Test func versionsOfAPictureAreATreeAndAnyOneIsShown() {
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.press(Key(.pageUp))
    for _ in 0..<2 {
        story.press("m", " ")
        story.press(Key(.enter))
        let run = story.state.shownRun ?? 0
        story.start(run)
        story.finish(run)
        story.press("A", "z")
    }
    story.press("B")
    #expect(story.state.versionTree(of: 1).map(\.run) == [1, 3, 4])
    #expect(story.state.versionTree(of: 1).map(\.depth) == [0, 1, 1])
    #expect(story.state.versionTree(of: 1).map(\.goesOn) == [[], [true], [false]])
    story.press(Key(.down), Key(.enter))
    #expect(story.state.popup == nil)
    #expect(story.state.shownRun == 3)
    story.press("z")
    #expect(story.state.shownRun == 1)
}

@Test func aMaskThatWasUndoneIsPaintedAgainAfterARestart() throws {
    var first = Story()
    first.draw("a fox")
    first.draw("a beach")
    first.press("m", " ")
    let mask = first.state.mask
    first.press("z", "m", "p")
    first.type(" at noon")
    first.press(Key(.escape), Key(.pageUp), Key(.pageDown))
    #expect(mask != nil && first.state.mask == nil)
    var second = Story()
    second.tell(.library(.opened(try restored(first, runs: [1, 2]))))
    for var story in [first, second] {
        story.do(.redo)
        #expect(story.state.shownRun == 2 && story.state.mask == mask)
    }
}

@Test func whatWasQueuedBeforeTheLibraryAnsweredIsTheNewestPrompt() {
    var story = Story()
    for prompt in ["a boat", "a fox"] { story.queue(prompt) }
    var restored = RestoredSession()
    restored.prompts = ["a boat", "a beach"]
    story.tell(.library(.opened(restored)))
    #expect(story.state.prompt.history == ["a beach", "a boat", "a fox"])
}

@Test func earlierPromptsAreRankedByHowWellTheyFit() throws {
    var story = Story()
    var restored = RestoredSession()
    restored.prompts = ["a fox", "four oxen", "foxes at night", "the outfox", "f o x"]
    story.tell(.library(.opened(restored)))
    story.press(Key(.character("r"), .control))
    story.type("fox")
    let list = try #require(story.state.popup?.list)
    #expect(
        story.state.historyList(list)
            == ["foxes at night", "a fox", "the outfox", "f o x", "four oxen"])
}

extension Popup {
    /// Of the earlier prompts.
    fileprivate var list: ListState? {
        if case .list(.history, let list) = self { list } else { nil }
    }
}
