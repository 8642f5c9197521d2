import Foundation
import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

private func kept(_ id: RunID, _ prompt: String = "a fox") -> KeptRun {
    KeptRun(
        id: id, request: GenerationRequest(prompt: prompt, seed: 7), origin: .prompt, gridWidth: 2,
        gridHeight: 2, record: "{}", tokens: "", residual: Data())
}

/// What a later sitting gets of a story.
private func restored(_ story: Story, _ runs: [KeptRun], isCutShort: Bool = false)
    -> RestoredSession
{
    var restored = RestoredSession()
    restored.session = SavedSession(story.state, isCutShort: isCutShort)
    restored.versions = story.state.history.nodes
    restored.runs = runs
    return restored
}

// MARK: Before the library is open

@Test func noRunBeginsBeforeTheLastSessionIsKnown() {
    var first = Story()
    first.draw("a fox")
    var story = Story()
    story.state.isAwaitingLibrary = true
    story.type("a beach")
    story.press(Key(.enter))
    #expect(story.state.job == nil && story.state.order == [])
    #expect(story.state.message?.text.contains("still being read") == true)
    story.do(.openFile)
    story.type("a.png")
    story.press(Key(.enter))
    #expect(
        story.takeEffects().allSatisfy { if case .open = $0 { false } else { true } })
    story.press(Key(.escape))
    story.tell(.library(.opened(restored(first, [kept(1)]))))
    // What was asked for meanwhile is begun now.
    #expect(story.state.order == [1, 2] && story.state.shownRun == 2)
    #expect(story.state.runs[1]?.request.prompt == "a fox")
}

/// Whatever comes last, the library or the model.
@Test(arguments: [true, false]) func aHeldPictureIsBegunOnceItCanBe(isModelLast: Bool) {
    var story = Story(isModelOpen: !isModelLast)
    story.state.isAwaitingLibrary = true
    story.type("a beach")
    story.press(Key(.enter))
    if isModelLast {
        story.tell(.library(.opened(RestoredSession())))
        #expect(story.state.job == nil)
        story.tell(.modelOpened(Story.facts))
    } else {
        story.tell(.library(.opened(RestoredSession())))
    }
    #expect(story.state.job?.runs == [1])
    #expect(story.state.runs[1]?.request.prompt == "a beach")
}

/// What was said of the model meanwhile is over by then.
@Test func aHeldPictureThatIsAskedForTwiceSaysItsSeed() {
    var story = Story(isModelOpen: false)
    story.state.isAwaitingLibrary = true
    story.type("a fox")
    story.press(Key(.enter))
    story.tell(.library(.opened(RestoredSession())))
    story.press(Key(.enter))
    #expect(story.state.message?.text == "The model is still being opened.")
    story.tell(.modelOpened(Story.facts))
    #expect(story.state.order == [1])
    #expect(story.state.message?.text.hasPrefix("Seed ") == true)
}

@Test func aHeldPictureIsNotBegunInPlaceOfAnother() {
    var last = Story()
    last.draw("a fox")
    // Nothing was asked for, though the last session had a prompt.
    var story = Story()
    story.state.isAwaitingLibrary = true
    story.press(Key(.enter))
    story.tell(.library(.opened(restored(last, [kept(1)]))))
    #expect(story.state.prompt.positive.text == "a fox" && story.state.job == nil)
    // The prompt goes on being typed.
    story = Story()
    story.state.isAwaitingLibrary = true
    story.type("a beach")
    story.press(Key(.enter))
    story.type(" at night")
    story.tell(.library(.opened(RestoredSession())))
    #expect(story.state.job == nil && story.state.focus == .prompt)
    #expect(story.state.message?.text.contains("is not begun") == true)
    // What went wrong is said, whatever is begun.
    story = Story()
    story.state.isAwaitingLibrary = true
    story.type("a beach")
    story.press(Key(.enter))
    var unread = RestoredSession()
    unread.problem = "The history cannot be read."
    story.tell(.library(.opened(unread)))
    #expect(story.state.job?.runs == [1])
    #expect(story.state.message?.text.hasPrefix("The history cannot be read. Seed ") == true)
}

@Test func whatIsQueuedBeforeTheLastSessionIsKnownComesAfterItsJobs() {
    var last = RestoredSession()
    last.jobs = [QueuedJob(id: 1, request: GenerationRequest(prompt: "a fox", seed: 1))]
    for isEmpty in [false, true] {
        var story = Story()
        story.state.isAwaitingLibrary = true
        story.queue("a beach")
        #expect(story.takeEffects().isDisjointFromJournals)
        #expect(story.states == [.waiting])
        story.tell(.library(.opened(isEmpty ? RestoredSession() : last)))
        #expect(!story.state.queue.jobs.isEmpty)
        #expect(story.journal() == 1)
        #expect(story.states == (isEmpty ? [.running] : [.running, .waiting]))
    }
}

extension [StudioEffect] {
    fileprivate var isDisjointFromJournals: Bool {
        allSatisfy { if case .library(.journal) = $0 { false } else { true } }
    }
}

@Test func whatWasNotTouchedComesBackThoughAPromptIsTyped() {
    var first = Story()
    first.draw("a fox")
    first.draw("a boat")
    first.set(.steps, "9")
    first.do(.closePicture)
    first.state.prompt.negative = TextField("rain")
    first.state.canvas.brushRadius = 44
    #expect(first.state.closed == [2])
    var story = Story()
    story.state.isAwaitingLibrary = true
    story.type("a beach")
    story.tell(.library(.opened(restored(first, [kept(1), kept(2, "a boat")]))))
    #expect(story.state.prompt.positive.text == "a beach")
    #expect(story.state.prompt.negative.text == "rain")
    #expect(story.state.closed == [2])
    #expect(story.state.parameters.sampling.steps == 9)
    #expect(story.state.canvas.brushRadius == 44)
    // So does what was typed though there is no prompt yet.
    story = Story()
    story.state.isAwaitingLibrary = true
    story.state.prompt.negative = TextField("snow")
    story.set(.steps, "5")
    story.tell(.library(.opened(restored(first, [kept(1)]))))
    #expect(story.state.prompt.negative.text == "snow")
    #expect(story.state.parameters.sampling.steps == 5)
    // A parameter that was set stays.
    story = Story()
    story.state.isAwaitingLibrary = true
    story.set(.steps, "5")
    story.do(.editPrompt)
    story.type("a beach")
    story.tell(.library(.opened(restored(first, [kept(1)]))))
    #expect(story.state.parameters.sampling.steps == 5)
}

// MARK: Ends

@Test func whatASignalInterruptedIsMadeAgainButForWhatWasKept() {
    var first = Story()
    first.state.parameters.count = 3
    first.type("a fox")
    first.press(Key(.enter))
    first.start(1)
    first.step(1, 1)
    var last = restored(first, [kept(1)], isCutShort: true)
    _ = last.settleLostJobs()
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.state.queue.jobs.map(\.request) == [2, 3].map { first.state.runs[$0]?.request })
    #expect(!story.state.queue.isPaused)
    #expect(story.state.queue.jobs.allSatisfy { $0.attempts <= 1 })
    // A person who quit wanted no more of it.
    story = Story()
    story.tell(.library(.opened(restored(first, [kept(1)]))))
    #expect(story.state.queue.jobs.isEmpty)
}

@Test func aFinishedJobIsInTheJournalTogetherWithItsFile() {
    var story = Story()
    story.queue("a fox")
    let run = story.journal() ?? 0
    story.start(run)
    story.finish(run)
    #expect(story.takeEffects().isDisjointFromJournals)
    story.tell(.saved(run, path: "/p/a.png"))
    #expect(
        story.takeEffects().contains(
            .library(.journal(story.state.queue.jobs, isPaused: false, beginning: nil))))
    // One without a file is made again, unless it is known why there is none.
    var last = RestoredSession()
    last.wasKilled = true
    for (id, path, problem) in [(1, nil, nil), (2, "/p/a.png", nil), (3, nil, "full")]
        as [(JobID, String?, String?)]
    {
        var job = QueuedJob(id: id, request: GenerationRequest(prompt: "a fox", seed: 1))
        (job.state, job.path, job.problem) = (.finished, path, problem)
        last.jobs.append(job)
    }
    var second = Story()
    second.tell(.library(.opened(last)))
    #expect(second.states == [.waiting, .finished, .finished])
}

@Test func aForkThatWasGivenUpBeforeItWasReadyCanBeGoneOnWith() {
    var story = Story()
    story.draw("a fox")
    story.press(",", ",", "t")
    let fork = story.state.shownRun ?? 0
    #expect(fork == 2 && story.state.job?.isPaused == true)
    story.do(.cancel)
    story.start(fork)
    story.tell(.paused(fork))
    #expect(story.state.runs[fork]?.status == .cancelled && story.state.job == nil)
    _ = story.takeEffects()
    story.do(.pause)
    #expect(story.takeEffects().contains(.advance([fork], isSingleStep: false)))
}

// MARK: Orders

@Test func aStrengthThatWasAskedBeforeASaveIsNotGivenUp() {
    var orders = ModelOrders()
    let save = StudioEffect.save(SaveOrder(run: 1, content: .refined))
    for order in [
        .changeStrength(1, 0.9), .decode(1, step: 2), .changeStrength(1, 0.8), save,
        .changeStrength(1, 0.7), .decode(1, step: 3)
    ] as [StudioEffect] {
        orders.add(order)
    }
    #expect(
        orders.waiting == [
            .changeStrength(1, 0.8), save, .changeStrength(1, 0.7), .decode(1, step: 3)
        ])
}

@Test func anEndLeavesFilesToBeWritten() {
    var orders = ModelOrders()
    let save = StudioEffect.save(SaveOrder(run: 1, content: .animation))
    let run = RunOrder(run: 2, request: GenerationRequest(prompt: "a", seed: 1), origin: .prompt)
    for order in [
        .changeStrength(1, 0.9), .decode(1, step: 2), .generate([run]), .load(3), save,
        .saveMask(path: "m.png", PaintedMask(width: 8, height: 8))
    ] as [StudioEffect] {
        orders.add(order)
    }
    orders.close()
    #expect(orders.waiting.count == 3 && orders.waiting[0] == .changeStrength(1, 0.9))
    #expect(orders.waiting[1] == save && orders.hasLasting)
    orders.add(.generate([run]))
    orders.add(.save(SaveOrder(run: 2, content: .refined)))
    #expect(orders.waiting.count == 4)
    let given = orders.giveUpRuns()
    #expect(given == [])
}

// MARK: Undo

@Test func undoOfAStrengthStaysWithThePictureThatIsShown() {
    var story = Story()
    story.draw("a fox")
    story.state.parameters.count = 2
    story.do(.editPrompt)
    story.press(Key(.enter))
    for run in [2, 3] {
        story.start(run)
        story.finish(run)
    }
    #expect(story.state.shownRun == 2)
    story.press(Key(.right))
    #expect(story.state.shownRun == 3)
    story.press("{")
    story.press(Key(.enter))
    _ = story.takeEffects()
    story.tell(.strengthChanged(3, Story.picture(9)))
    for _ in 0..<3 where story.state.message?.text.hasPrefix("Undone: strength") != true {
        story.do(.undo)
        #expect(story.state.shownRun == 3)
    }
    #expect(story.state.message?.text.hasPrefix("Undone: strength") == true)
    let runs: [RunID] = story.takeEffects().compactMap {
        if case .changeStrength(let run, _) = $0 { run } else { nil }
    }
    #expect(runs == [3])
}

@Test func undoOfAParameterDoesNotLeaveAStoppedRun() {
    var story = Story()
    story.draw("a fox")
    story.do(.editPrompt)
    story.press(Key(.enter))
    story.start(2)
    story.step(2, 1)
    story.do(.cancel)
    story.tell(.cancelled(2))
    #expect(story.state.shownRun == 2)
    story.set(.guidance, "7")
    story.do(.undo)
    #expect(story.state.message?.text.hasPrefix("Undone:") == true)
    #expect(story.state.shownRun == 2)
}

@Test func redoWaitsForOpenResults() {
    var story = Story()
    story.draw("a fox")
    story.set(.guidance, "7")
    story.do(.undo)
    story.do(.variation)
    let run = story.state.shownRun ?? 0
    story.start(run)
    story.finish(run)
    #expect(story.state.proposal?.base == 1)
    story.do(.redo)
    #expect(story.state.proposal?.base == 1 && story.state.shownRun == run)
    #expect(story.state.message?.text == "Nothing to redo.")
}

// MARK: Files

@Test func aMaskFromAFileIsItsPicturesOnly() {
    var mask = PaintedMask(width: 64, height: 64)
    mask.stamp(x: 40, y: 40, radius: 3, true)
    var story = Story()
    story.draw("a fox")
    story.draw("a beach")
    story.tell(.maskLoaded(1, mask))
    #expect(story.state.mask == nil && story.state.message?.kind == .problem)
    story.press("m", "I")
    story.type("mask.png")
    story.press(Key(.enter))
    story.press("m", "p")
    story.type(" at noon")
    story.tell(.maskLoaded(2, mask))
    #expect(story.state.mask == mask)
    #expect(story.state.focus == .prompt && !story.state.canvas.isPainting)
}

private func trashed(_ path: String) -> PictureEntry {
    var entry = PictureEntry(path: path, bytes: 1, modified: 1)
    entry.trashPath = "/p/.trash/a.png"
    return entry
}

@Test func theEngineLearnsWhereFilesGo() {
    var story = Story()
    story.draw("a fox")
    story.tell(.library(.indexed([PictureEntry(path: "/p/a.png", bytes: 1, modified: 1)])))
    story.tell(.saved(1, path: "/p/a.png"))
    _ = story.takeEffects()
    story.tell(.library(.trashed(path: "/p/a.png", place: "/p/.trash/a.png")))
    #expect(story.takeEffects() == [.fileMoved(from: "/p/a.png", to: "/p/.trash/a.png")])
    story.tell(.library(.untrashed(path: "/p/a.png")))
    #expect(story.takeEffects() == [.fileMoved(from: "/p/.trash/a.png", to: "/p/a.png")])
    #expect(story.state.shown?.savedPath == "/p/a.png")
    story.tell(.library(.vanished(["/p/a.png", "/p/b.png"])))
    #expect(story.takeEffects() == [.fileMoved(from: "/p/a.png", to: nil)])
}

@Test func aPictureThatWasOpenedFromTheTrashGoesBackWithItsFile() {
    var story = Story()
    story.tell(.library(.listed([trashed("/p/a.png")])))
    let id = story.state.newRunID()
    var record = RunRecord(
        id: id, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .file("a.png"))
    (record.picture, record.status) = (Story.picture(9), .finished)
    record.snapshots = [Story.snapshot(0)]
    record.savedPath = "/p/.trash/a.png"
    record.file = SavedFile(path: "/p/.trash/a.png", strength: 1, step: 0, isFinished: true)
    story.tell(.opened(record))
    story.tell(.library(.untrashed(path: "/p/a.png")))
    #expect(story.state.shown?.savedPath == "/p/a.png")
    #expect(story.state.shown?.file?.path == "/p/a.png")
    // In a later sitting it lies there since the one before.
    var later = Story()
    var earlier = kept(1)
    earlier.path = "/p/.trash/a.png"
    var last = RestoredSession()
    last.runs = [earlier]
    later.tell(.library(.opened(last)))
    later.tell(.library(.listed([trashed("/p/a.png")])))
    #expect(later.state.runs[1]?.savedPath == nil)
    later.tell(.library(.untrashed(path: "/p/a.png")))
    #expect(later.state.runs[1]?.savedPath == "/p/a.png")
}

@Test func aPictureThatDoesNotComeBackIsNotTrashedAgain() {
    var story = Story()
    story.tell(.library(.listed([PictureEntry(path: "/p/a.png", bytes: 1, modified: 1)])))
    story.do(.viewGallery)
    story.press(Key(.delete))
    story.tell(.library(.trashed(path: "/p/a.png", place: "/p/.trash/a.png")))
    story.press("z")
    story.tell(.library(.notUntrashed(path: "/p/a.png", "The name is taken.")))
    #expect(story.state.message?.text == "The name is taken.")
    _ = story.takeEffects()
    // Nothing was undone, so that there is nothing to do again.
    story.press("Z")
    #expect(
        story.takeEffects().allSatisfy { if case .library(.trash) = $0 { false } else { true } })
    story.press("z")
    #expect(
        story.takeEffects().contains { if case .library(.untrash) = $0 { true } else { false } })
    story.tell(.library(.untrashed(path: "/p/a.png")))
    story.press("Z")
    #expect(story.takeEffects().contains { if case .library(.trash) = $0 { true } else { false } })
}

@Test func aPictureWhoseFileIsAnotherOneIsNotSaved() {
    var story = Story()
    var earlier = kept(1)
    earlier.path = "/p/a.png"
    var last = RestoredSession()
    last.runs = [earlier]
    story.tell(.library(.opened(last)))
    #expect(story.state.runs[1]?.savedPath == "/p/a.png")
    for path in ["/p/a.png", nil] {
        var record = RunRecord(id: 1, request: earlier.request, origin: .prompt)
        (record.picture, record.status, record.savedPath) = (Story.picture(9), .finished, path)
        story.tell(.loaded(record))
        #expect(story.state.runs[1]?.savedPath == path)
    }
}

// MARK: Memory

@Test func pixelsOfPicturesThatWereNotShownLatelyAreLetGo() {
    var story = Story()
    for number in 1...40 { story.draw("fox \(number)") }
    let held = story.state.runs.values.filter { $0.picture != nil }.map(\.id).sorted()
    #expect(held == Array(8...40))
    #expect(story.state.runs[1]?.previews.isEmpty == true && story.state.order.count == 40)
    // They are made again where they are wanted.
    for _ in 0..<39 { story.do(.previousPicture) }
    #expect(story.state.shownRun == 1)
    #expect(story.takeEffects().contains(.load(1)))
}

@Test func theOldestPicturesAndUndoStepsAreNotTakenUpForEver() throws {
    var story = Story()
    for number in 1...12 { story.draw("fox \(number)") }
    var last = restored(story, (1...12).map { kept($0) })
    last.runs[11] = KeptRun(
        id: 12, request: last.runs[11].request, origin: .fork(of: 2, step: 1), gridWidth: 2,
        gridHeight: 2, record: "{}", tokens: "", residual: Data())
    let whole = last
    var isPruned = last.prune(toRuns: 12, versions: 100)
    #expect(!isPruned && last == whole)
    isPruned = last.prune(toRuns: 4, versions: 6)
    #expect(isPruned)
    #expect(last.runs.map(\.id) == [2, 9, 10, 11, 12])
    #expect(last.session?.order == [2, 9, 10, 11, 12] && last.session?.lastRun == 12)
    #expect(last.versions.count <= 6)
    var second = Story()
    second.tell(.library(.opened(last)))
    #expect(second.state.shownRun == 12)
    var shown: [RunID] = []
    for _ in 0..<6 {
        second.do(.undo)
        shown.append(try #require(second.state.shownRun))
    }
    #expect(shown.first == 11 && shown.last == 9)
    for _ in 0..<6 { second.do(.redo) }
    #expect(second.state.shownRun == 12)
    second.draw("a beach")
    #expect(second.state.shownRun == 13)
}
