import Requests
import StudioCore
import TerminalGraphics
import Testing

extension Story {
    /// Types a prompt and queues it with Alt-G.
    mutating func queue(_ prompt: String) {
        `do`(.editPrompt)
        press(Key(.character("u"), .control))
        type(prompt)
        press(Key(.character("g"), .alt))
    }

    /// Tells the studio that the journal is on disk, and returns the run that begins then.
    mutating func journal() -> RunID? {
        for effect in takeEffects() {
            if case .library(.journal(_, _, let job?)) = effect {
                tell(.library(.journalled(job)))
            }
        }
        return state.job?.runs.first
    }

    fileprivate var prompts: [String] { state.queue.jobs.map(\.request.prompt) }
    var states: [QueuedJob.State] { state.queue.jobs.map(\.state) }
}

@Test func aJobBeginsOnceItIsInTheJournal() {
    var story = Story()
    story.queue("a fox")
    #expect(story.state.job == nil)
    #expect(
        !story.takeEffects().contains { if case .generate = $0 { true } else { false } })
    story.tell(.library(.journalled(1)))
    #expect(story.state.job?.runs == [1])
    #expect(story.states == [.running])
    #expect(story.state.queue.jobs.first?.attempts == 1)
}

@Test func aFinishedJobIsSavedAtOnceAndTheNextBegins() {
    var story = Story()
    story.queue("a fox")
    story.queue("a beach")
    let first = story.journal() ?? 0
    story.start(first)
    story.finish(first)
    let effects = story.takeEffects()
    #expect(effects.contains(.save(SaveOrder(run: first, content: .refined))))
    #expect(story.states == [.finished, .running])
    story.tell(.library(.journalled(2)))
    #expect(story.state.job?.runs == [2])
    story.tell(.saved(first, path: "/p/a.png"))
    #expect(story.state.queue.jobs.first?.path == "/p/a.png")
    #expect(story.takeEffects().contains(.library(.index(path: "/p/a.png"))))
}

@Test func enterWhileAPictureIsMadeQueuesTheNext() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.start(1)
    story.press("p")
    story.type(" in snow")
    story.press(Key(.enter))
    #expect(story.state.job?.runs == [1])
    #expect(story.prompts == ["a fox in snow"])
    _ = story.takeEffects()
    story.finish(1)
    #expect(story.journal() == 2)
}

@Test func altGComesBeforeWhatWaits() {
    var story = Story()
    story.do(.queuePause)
    for prompt in ["a", "b"] { story.queue(prompt) }
    #expect(story.prompts == ["b", "a"])
    story.do(.queueAdd)
    #expect(story.prompts == ["b", "a", "b"])
}

@Test func aPausedQueueBeginsNothingAndGoesOn() {
    var story = Story()
    story.do(.queuePause)
    story.queue("a fox")
    #expect(story.journal() == nil)
    story.press("4", " ")
    story.press(Key(.character("4"), .alt))
    story.press(" ")
    #expect(!story.state.queue.isPaused)
    #expect(story.journal() != nil)
}

@Test func jobsAreMovedRemovedAndEdited() {
    var story = Story()
    story.do(.queuePause)
    for prompt in ["c", "b", "a"] { story.queue(prompt) }
    story.press(Key(.character("4"), .alt))
    story.press("J")
    #expect(story.prompts == ["b", "a", "c"])
    #expect(story.state.queue.selected == 1)
    story.press("j", "K")
    #expect(story.prompts == ["b", "c", "a"])
    story.press("x")
    #expect(story.prompts == ["b", "a"])
    story.press(Key(.enter))
    #expect(story.prompts == ["b"])
    #expect(story.state.view == .studio)
    #expect(story.state.prompt.positive.text == "a")
}

@Test func whatLeavesTheQueueComesBack() {
    var story = Story()
    story.queue("a")
    #expect(story.journal() == 1)
    for prompt in ["d", "c", "b"] { story.queue(prompt) }
    story.do(.viewQueue)
    let before = story.state.queue.jobs
    story.press("j", "j", "x")
    #expect(story.prompts == ["a", "b", "d"])
    _ = story.takeEffects()
    story.press("X")
    #expect(story.prompts == ["a"] && story.states == [.running])
    #expect(story.state.message?.text == "2 jobs removed; z brings them back.")
    #expect(
        story.takeEffects()
            == [.library(.journal(story.state.queue.jobs, isPaused: false, beginning: nil))])
    story.press("X")
    #expect(story.state.message?.text == "No job waits.")
    story.press("z")
    #expect(story.prompts == ["a", "b", "d"])
    story.press("z")
    #expect(story.state.queue.jobs == before)
    // What was added goes, but for the job that is on.
    story.press("z", "z", "z")
    #expect(story.prompts == ["a"])
    story.press("z")
    #expect(story.state.message?.text == "Those jobs were begun or changed since.")
    story.press("z")
    #expect(story.state.message?.text == "Nothing to undo here.")
    story.press("Z", "Z", "Z", "Z")
    #expect(story.prompts == ["a", "b", "d"])
    story.press("Z", "Z")
    #expect(story.prompts == ["a"])
    #expect(story.state.message?.text == "Nothing to redo here.")
    story.press("z", "x")
    #expect(story.prompts == ["a", "b", "d"], "the job that is on stays")
}

@Test func aJobThatComesBackIsMade() {
    var story = Story()
    story.do(.queuePause)
    story.queue("a")
    story.do(.viewQueue)
    story.press("X", " ")
    #expect(story.journal() == nil)
    story.press("z")
    #expect(story.journal() == 1)
    story.press("Z")
    #expect(story.states == [.running])
    #expect(story.state.message?.text == "Those jobs were begun or changed since.")
}

@Test func theRunningJobIsSkippedAndTheNextBegins() {
    var story = Story()
    story.queue("a fox")
    story.queue("a beach")
    let run = story.journal() ?? 0
    story.start(run)
    story.press(Key(.character("4"), .alt))
    story.press("S")
    #expect(story.takeEffects().contains(.cancel))
    story.tell(.cancelled(run))
    #expect(story.states == [.skipped, .running])
}

@Test func ctrlCStopsTheJobAndPausesTheQueue() {
    var story = Story()
    story.queue("a fox")
    story.queue("a beach")
    let run = story.journal() ?? 0
    story.start(run)
    story.press(Key(.character("c"), .control))
    story.tell(.cancelled(run))
    #expect(story.state.job == nil)
    #expect(story.states == [.skipped, .waiting])
    #expect(story.state.queue.isPaused)
}

@Test func aFailedJobSaysWhyAndCanBeQueuedAgain() {
    var story = Story()
    story.queue("a fox")
    let run = story.journal() ?? 0
    story.tell(.failed(run, "The disk is full."))
    #expect(story.state.queue.jobs.first?.problem == "The disk is full.")
    story.press(Key(.character("4"), .alt))
    story.press("r")
    #expect(story.states == [.running])
    #expect(story.state.queue.jobs.first?.problem == nil)
}

@Test func aQueuedRunDoesNotPushAwayWhatAPersonLooksAt() {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    let mask = story.state.mask
    story.do(.queueAdd)
    let run = story.journal() ?? 0
    #expect(run == 2)
    story.start(run)
    story.finish(run)
    #expect(story.state.shownRun == 1)
    #expect(story.state.mask == mask && mask != nil)
    #expect(story.state.canvas.isPainting)
}

private func restored(_ states: [(QueuedJob.State, attempts: Int)], wasKilled: Bool)
    -> RestoredSession
{
    var restored = RestoredSession()
    restored.wasKilled = wasKilled
    restored.jobs = states.enumerated().map { place, state in
        var job = QueuedJob(
            id: place + 1, request: GenerationRequest(prompt: "job \(place)", seed: 1))
        (job.state, job.attempts) = (state.0, state.attempts)
        return job
    }
    return restored
}

@Test func afterACrashTheQueueIsPausedAndAJobThatCrashedTwiceIsPutAside() {
    var story = Story()
    story.tell(
        .library(
            .opened(restored([(.running, 2), (.running, 1), (.waiting, 0)], wasKilled: true))))
    #expect(story.states == [.quarantined, .waiting, .waiting])
    #expect(story.state.queue.isPaused)
    #expect(story.journal() == nil)
    story.do(.queuePause)
    #expect(story.journal() == 1)
    #expect(story.states == [.quarantined, .running, .waiting])
}

@Test func whatBecameOfTheQueueIsOnDiskAtOnce() {
    var story = Story()
    story.tell(
        .library(.opened(restored([(.running, 2), (.waiting, 0)], wasKilled: true))))
    let jobs = story.state.queue.jobs
    #expect(jobs.first?.state == .quarantined)
    #expect(story.takeEffects() == [.library(.journal(jobs, isPaused: true, beginning: nil))])
}

@Test func aJobIsJudgedByTheEndOfItsOwnSitting() {
    var last = restored([(.running, 2)], wasKilled: false)
    last.adopt(restored([(.running, 2), (.waiting, 1)], wasKilled: true))
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.state.queue.jobs.map(\.id) == [1, 2, 3])
    #expect(story.states == [.waiting, .quarantined, .waiting])
    #expect(story.state.queue.jobs.map(\.attempts) == [0, 2, 1])
    #expect(story.state.queue.isPaused)
}

/// What was being made is queued again, before all others; after a proper end nothing is.
@Test(arguments: [true, false])
func whatAKillInterruptedIsNotLost(wasKilled: Bool) {
    var first = Story()
    first.state.parameters.count = 2
    first.type("a fox")
    first.press(Key(.enter))
    first.start(1)
    first.finish(1)
    first.start(2)
    first.step(2, 1)
    var last = restored([(.waiting, 0)], wasKilled: wasKilled)
    last.session = SavedSession(first.state)
    #expect(last.session?.unfinished == first.state.runs[2].map { [$0.request] })
    _ = last.settleLostJobs()
    var story = Story()
    story.tell(.library(.opened(last)))
    #expect(story.prompts == (wasKilled ? ["a fox", "job 0"] : ["job 0"]))
    #expect(Set(story.state.queue.jobs.map(\.id)).count == story.prompts.count)
    guard wasKilled else { return }
    #expect(story.state.queue.isPaused)
    #expect(story.state.message?.text.hasPrefix("Back after an unclean end: 2 queued") == true)
    #expect(story.state.queue.jobs[0].request == first.state.runs[2]?.request)
}

@Test func anEditedJobStaysOnePicture() {
    var story = Story()
    story.do(.queuePause)
    story.state.parameters.count = 2
    story.queue("a dog")
    #expect(story.prompts == ["a dog", "a dog"])
    story.do(.viewQueue)
    story.press(Key(.enter))
    story.press(Key(.character("g"), .alt))
    #expect(story.prompts == ["a dog", "a dog"])
}

@Test func afterAProperEndTheQueueGoesOn() {
    var story = Story()
    story.tell(.library(.opened(restored([(.running, 2), (.waiting, 0)], wasKilled: false))))
    #expect(!story.state.queue.isPaused)
    #expect(story.journal() == 1)
    #expect(story.state.queue.jobs.first?.attempts == 1)
}

@Test func theQueueGoesOnAfterACrashWhereThatIsWanted() throws {
    var story = Story()
    story.tell(.settings(try settings("[queue]\nstart_paused_after_crash = false\n")))
    story.tell(.library(.opened(restored([(.waiting, 0)], wasKilled: true))))
    #expect(!story.state.queue.isPaused)
    #expect(story.journal() == 1)
}

@Test func aJobLeavesTheListOnceItsPictureIsSavedWhereThatIsWanted() throws {
    var story = Story()
    story.tell(.settings(try settings("[queue]\nkeep_finished = false\n")))
    story.queue("a fox")
    let run = story.journal() ?? 0
    story.start(run)
    story.finish(run)
    #expect(story.states == [.finished])
    story.tell(.saved(run, path: "/p/a.png"))
    #expect(story.states == [])
}

@Test func promptsAreKeptAsTheSettingsSay() throws {
    func kept(_ text: String) throws -> [StudioEffect] {
        var story = Story()
        story.tell(.settings(try settings(text)))
        _ = story.takeEffects()
        story.type("a fox")
        story.press(Key(.enter))
        return story.takeEffects().filter { if case .library = $0 { true } else { false } }
    }
    #expect(try kept("") == [.library(.remember(prompt: "a fox"))])
    #expect(
        try kept("[history]\nmax = 5\n") == [.library(.remember(prompt: "a fox", atMost: 5))])
    #expect(try kept("[history]\nenabled = false\n") == [])
}
