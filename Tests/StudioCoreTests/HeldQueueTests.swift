import Requests
import StudioCore
import TerminalGraphics
import Testing

// Jobs of the queue that are paused, and what else keeps the next one from beginning.

extension Story {
    /// A job of the queue that is paused after a step, and another one that waits.
    fileprivate static func pausedJob() -> Story {
        var story = Story()
        for prompt in ["a fox", "a beach"] { story.queue(prompt) }
        story.press(Key(.escape))
        story.pauseJob(story.journal() ?? 0)
        return story
    }

    fileprivate mutating func pauseJob(_ run: RunID) {
        start(run)
        step(run, 1)
        press(" ")
        tell(.paused(run))
        _ = takeEffects()
    }

    /// An edit's result, which the queue waits for.
    fileprivate static func heldByResult() -> Story {
        var story = Story()
        story.draw("a fox")
        story.do(.reroll)
        story.do(.queueAdd)
        story.start(2)
        story.finish(2)
        _ = story.takeEffects()
        return story
    }
}

// MARK: Paused jobs

@Test func ctrlCGivesAPausedJobUpAndPausesTheQueue() {
    var story = Story.pausedJob()
    story.press(Key(.character("c"), .control))
    #expect(story.state.job == nil && story.state.queue.isPaused)
    #expect(story.states == [.skipped, .waiting])
    #expect(
        story.takeEffects()
            == [.library(.journal(story.state.queue.jobs, isPaused: true, beginning: nil))])
    story.do(.queueResume)
    #expect(story.journal() == 2)
}

@Test func aPausedEditThatIsGivenUpLeavesItsPictureAndTheQueueGoesOn() {
    var story = Story()
    story.draw("a fox")
    story.do(.reroll)
    story.pauseJob(2)
    story.do(.queueAdd)
    story.press(Key(.character("c"), .control))
    #expect(story.state.proposal == nil && story.state.shownRun == 1)
    #expect(!story.state.isQueueHeldBack)
    #expect(story.journal() == 3)
}

@Test func aPausedJobIsSkippedAndTheNextBegins() {
    var story = Story.pausedJob()
    story.do(.viewQueue)
    story.press("S")
    #expect(story.states == [.skipped, .running])
    #expect(story.journal() == 2)
}

@Test(arguments: ["generate", "token", "fork", "remake"])
func whatTakesAPausedJobsPlaceEndsIt(way: String) {
    var story = Story.pausedJob()
    switch way {
    case "generate": story.press(Key(.character("g"), .control))
    case "token": story.press("t")
    case "fork": story.act(.fork(step: 1, prompt: ""))
    default:
        story.press("f")
        story.press(Key(.enter))
    }
    #expect(story.states == [.skipped, .waiting])
    #expect(story.state.runs[1]?.status == .cancelled)
    #expect(story.state.job?.runs == [2])
}

@Test func goingOnWithAnotherRunEndsThePausedJob() {
    var story = Story()
    story.type("a cat")
    story.press(Key(.enter))
    story.start(1)
    story.step(1, 1)
    story.press(Key(.character("c"), .control))
    story.tell(.cancelled(1))
    story.do(.queueAdd)
    story.pauseJob(story.journal() ?? 0)
    #expect(story.state.shownRun == 1 && story.state.job?.runs == [2])
    story.press(" ")
    #expect(story.takeEffects().last == .advance([1], isSingleStep: false))
    #expect(story.states == [.skipped] && story.state.runs[2]?.status == .cancelled)
}

@Test func spaceGoesOnWithTheJobThatItPausedBehindAPicture() {
    var story = Story()
    story.draw("a cat")
    story.do(.queueAdd)
    story.pauseJob(story.journal() ?? 0)
    story.press(" ")
    #expect(story.takeEffects() == [.advance([2], isSingleStep: false)])
    #expect(story.state.shownRun == 1 && story.states == [.running])
}

@Test func aJobThatEndsLeavesTheStepThatOneLooksAt() {
    var story = Story()
    story.draw("a cat")
    story.do(.queueAdd)
    let run = story.journal() ?? 0
    story.press(",", ",")
    #expect(story.state.canvas.step == 3)
    story.start(run)
    story.finish(run)
    #expect(story.states == [.finished] && story.state.canvas.step == 3)
}

@Test func aFileOfAPausedJobIsNotItsPicture() throws {
    var story = Story.pausedJob()
    story.tell(.settings(try settings("[queue]\nkeep_finished = false\n")))
    story.tell(.saved(1, path: "/p/a.png"))
    #expect(story.states == [.running, .waiting])
    #expect(story.state.queue.jobs.first?.path == nil)
}

// MARK: What holds the queue back

@Test func theQueueWaitsForAnOpenResult() {
    var story = Story.heldByResult()
    #expect(story.state.isQueueHeldBack && story.states == [.waiting])
    story.press("A")
    #expect(!story.state.isQueueHeldBack && story.journal() == 3)
}

@Test func theQueueGoesOnWhereverAResultIsLeft() {
    var opened = RunRecord(
        id: 9, request: GenerationRequest(prompt: "", seed: 1), origin: .file("a.png"))
    (opened.gridWidth, opened.gridHeight, opened.status) = (2, 2, .finished)
    (opened.snapshots, opened.picture) = ([Story.snapshot(4)], Story.picture(7))
    let ways: [(inout Story) -> Void] = [
        { $0.press("z") }, { $0.press(Key(.escape)) }, { $0.press(Key(.pageUp)) },
        { $0.tell(.opened(opened)) }
    ]
    for leave in ways {
        var story = Story.heldByResult()
        leave(&story)
        #expect(story.states == [.running] && story.journal() != nil)
    }
}

@Test func paintingOnOneOfABatchLetsTheQueueGoOn() {
    var story = Story()
    story.state.parameters.count = 2
    story.type("a fox")
    story.press(Key(.enter))
    story.do(.queueAdd)
    for run in 1...2 { story.start(run) }
    for run in 1...2 { story.finish(run) }
    #expect(story.state.isQueueHeldBack)
    story.press("m")
    #expect(story.states.first == .running)
}

@Test func aPausedRunThatIsGivenUpLetsTheQueueGoOn() {
    var story = Story()
    story.type("a fox")
    story.press(Key(.enter))
    story.pauseJob(1)
    story.do(.queueAdd)
    #expect(story.states == [.waiting])
    story.press(Key(.character("c"), .control))
    #expect(story.states == [.running] && story.journal() == 2)
}

// MARK: Undo

@Test(arguments: [Command.queueEmpty, .queueRemove])
func whatIsTakenOutFromElsewhereComesBackWithUndo(command: Command) {
    var story = Story()
    story.do(.queuePause)
    story.queue("a fox")
    story.press(Key(.escape))
    story.do(command)
    #expect(story.states == [])
    story.press("z")
    #expect(story.states == [.waiting])
}
