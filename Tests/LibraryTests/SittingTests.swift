import Foundation
import GRDB
import Library
import Requests
import StudioCore
import TestSupport
import Testing

private func jobs(_ states: QueuedJob.State...) -> [QueuedJob] {
    states.enumerated().map { place, state in
        var job = QueuedJob(
            id: place + 1, request: GenerationRequest(prompt: "job \(place)", seed: .max))
        job.state = state
        return job
    }
}

@Test func theNextSittingGoesOnWithTheLast() throws {
    let folder = try TemporaryFolder()
    var session = SavedSession(StudioState())
    session.prompt = "a fox"
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, restored) = try database.sit(isFresh: false)
        #expect(restored == RestoredSession())
        try database.save(session, [], from: 0, of: sitting)
        try database.journal(jobs(.waiting, .finished), isPaused: true, of: sitting)
        try database.close(sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.session == session)
    #expect(restored.jobs == jobs(.waiting, .finished))
    #expect(restored.isQueuePaused)
    #expect(!restored.wasKilled)
}

@Test func aSittingThatWasNotClosedWasKilled() throws {
    let folder = try TemporaryFolder()
    _ = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.wasKilled)
}

@Test func twoStudiosHaveASittingEach() throws {
    let folder = try TemporaryFolder()
    let first = StudioDatabase.open(in: folder.path)
    let (one, _) = try first.sit(isFresh: false)
    try first.journal(jobs(.waiting), isPaused: false, of: one)
    let second = StudioDatabase.open(in: folder.path)
    let (two, restored) = try second.sit(isFresh: false)
    #expect(one != two)
    #expect(restored == RestoredSession())
    try second.journal(jobs(.waiting, .running), isPaused: false, of: two)
}

@Test func jobsOfAllEndedSittingsComeAlong() throws {
    let folder = try TemporaryFolder()
    do {
        let first = StudioDatabase.open(in: folder.path)
        let second = StudioDatabase.open(in: folder.path)
        let (one, _) = try first.sit(isFresh: false)
        let (two, _) = try second.sit(isFresh: false)
        try first.journal(jobs(.waiting), isPaused: false, of: one)
        try second.journal(jobs(.waiting, .finished, .running), isPaused: false, of: two)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.jobs.count { $0.state == .waiting } == 2)
    #expect(restored.jobs.count { $0.state == .running } == 1)
    #expect(Set(restored.jobs.map(\.id)).count == restored.jobs.count)
}

@Test func aFreshStartLeavesTheLastSittingAlone() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        try database.journal(jobs(.waiting), isPaused: false, of: sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: true)
    #expect(restored == RestoredSession())
}

/// A state in which so many pictures were made, one after the other.
private func drawn(_ pictures: Int) -> StudioState {
    var state = StudioState()
    var document = StudioState.Document()
    for picture in 1...pictures {
        document.picture = picture
        state.history.record(document, "picture \(picture)")
        state.order.append(picture)
        state.shownRun = picture
    }
    return state
}

private func kept(_ id: RunID, _ prompt: String, _ origin: RunOrigin = .prompt) -> KeptRun {
    KeptRun(
        id: id, request: GenerationRequest(prompt: prompt, seed: 7), origin: origin, gridWidth: 2,
        gridHeight: 1, record: "{}", tokens: "", residual: Data([1, 2]))
}

extension StudioDatabase {
    fileprivate func keep(_ state: StudioState, _ runs: [KeptRun], of sitting: Sitting) throws {
        try save(SavedSession(state), state.history.nodes, from: 0, of: sitting)
        for run in runs { try keep(run, of: sitting) }
        try close(sitting)
    }
}

@Test func picturesAndUndoStepsOfAllEndedSittingsComeAlong() throws {
    let folder = try TemporaryFolder()
    do {
        let first = StudioDatabase.open(in: folder.path)
        let second = StudioDatabase.open(in: folder.path)
        let (one, _) = try first.sit(isFresh: false)
        let (two, _) = try second.sit(isFresh: false)
        let fork = kept(2, "a hat", .fork(of: 1, step: 3))
        let edit = kept(2, "a boat", .edit(EditOrder(operation: .inpaint, base: 1)))
        try first.keep(drawn(2), [kept(1, "a fox"), fork], of: one)
        try second.keep(drawn(2), [kept(1, "a beach"), edit], of: two)
    }
    // They are on disk as they were taken over.
    for adopted in [2, 0] {
        let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
        #expect(restored.adopted == adopted)
        #expect(restored.runs.map(\.id) == [1, 2, 3, 4])
        #expect(restored.runs.map(\.request.prompt) == ["a fox", "a hat", "a beach", "a boat"])
        let moved = RunOrigin.edit(EditOrder(operation: .inpaint, base: 3))
        #expect(restored.runs.map(\.origin) == [.prompt, .fork(of: 1, step: 3), .prompt, moved])
        let session = try #require(restored.session)
        #expect(session.order == [1, 2, 3, 4])
        #expect(session.shownRun == 4 && session.lastRun == 4)
        var tree = SnapshotTree(
            nodes: restored.versions, current: session.version, redo: session.redo)
        let undone = (1...5).map { _ in tree.undo() }
        #expect(undone == ["picture 4", "picture 3", "new session", "picture 2", "picture 1"])
        #expect(tree.undo() == nil)
        for _ in 1...5 { _ = tree.redo() }
        #expect(tree.value.picture == 4)
    }
}

@Test func aFreshSittingThatMadeNothingLosesNothing() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        try database.keep(drawn(1), [kept(1, "a fox")], of: sitting)
    }
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: true)
        try database.keep(StudioState(), [], of: sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.runs == [kept(1, "a fox")])
    #expect(restored.session?.order == [1])
    #expect(restored.versions.count == 3)
}

@Test(arguments: [true, false])
func aPausedOrKilledQueueStaysSoBesideALaterSitting(isPaused: Bool) throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        try database.journal(jobs(.waiting, .quarantined), isPaused: isPaused, of: sitting)
        if isPaused { try database.close(sitting) }
    }
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: true)
        try database.close(sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.jobs == jobs(.waiting, .quarantined))
    #expect(restored.isQueuePaused == isPaused)
    #expect(restored.wasKilled != isPaused)
}

/// What a sitting was making when it was killed is a job; one that was quit made nothing more.
@Test(arguments: [true, false])
func onlyAKilledSittingLeavesWhatItWasMaking(isFirstKilled: Bool) throws {
    let folder = try TemporaryFolder()
    for (prompt, isKilled) in [("a fox", isFirstKilled), ("a beach", !isFirstKilled)] {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: true)
        var session = SavedSession(StudioState())
        session.unfinished = [GenerationRequest(prompt: prompt, seed: 1)]
        try database.save(session, [], from: 0, of: sitting)
        if !isKilled { try database.close(sitting) }
    }
    // It is on disk as it was taken over.
    for _ in 0..<2 {
        let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
        #expect(restored.jobs.map(\.request.prompt) == [isFirstKilled ? "a fox" : "a beach"])
        #expect(restored.jobs.map(\.attempts) == [1])
        #expect(restored.wasKilled && restored.session?.unfinished == nil)
    }
}

@Test func versionsAndRunsComeBack() throws {
    let folder = try TemporaryFolder()
    var state = StudioState()
    var document = StudioState.Document()
    for picture in 1...5 {
        document.picture = picture
        var mask = PaintedMask(width: 40, height: 30)
        mask.stamp(x: 10 + picture, y: 12, radius: 6, true)
        document.mask = mask
        state.history.record(document, "picture \(picture)")
    }
    _ = state.history.undo()
    var run = KeptRun(
        id: 3, request: GenerationRequest(prompt: "a fox", seed: 7),
        origin: .edit(EditOrder(operation: .inpaint, base: 1, share: 0.5)),
        gridWidth: 2, gridHeight: 1, record: "{}", tokens: "", residual: Data([1, 2]))
    run.path = "/a.png"
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        let nodes = state.history.nodes
        try database.save(SavedSession(state), Array(nodes.prefix(3)), from: 0, of: sitting)
        try database.save(SavedSession(state), nodes, from: 3, of: sitting)
        try database.keep(run, of: sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.runs == [run])
    let session = try #require(restored.session)
    let tree = SnapshotTree(
        nodes: restored.versions, current: session.version, redo: session.redo)
    #expect(tree == state.history)
}

/// What another program has written where numbers and data are kept.
@Test(arguments: ["isOpen = 'x'", "isQueuePaused = x'00'", "session = 'text'", "session = 7"])
func aSittingOfOtherTypesEndsNothing(change: String) throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        try database.save(SavedSession(StudioState()), [], from: 0, of: sitting)
        let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
        try queue.write { try $0.execute(sql: "UPDATE sitting SET \(change)") }
    }
    _ = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
}

/// Killed again before it was saved, a sitting does not leave what it was making twice.
@Test func whatWasLostComesBackOnce() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        var session = SavedSession(StudioState())
        session.unfinished = [GenerationRequest(prompt: "a fox", seed: 1)]
        try database.save(session, [], from: 0, of: sitting)
    }
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, restored) = try database.sit(isFresh: false)
        // The studio writes its queue first, and was not given the time to save its session.
        try database.journal(
            RestoredSession.jobs(of: restored), isPaused: true, of: sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.jobs.map(\.request.prompt) == ["a fox"])
    #expect(RestoredSession.jobs(of: restored).count == 1)
}

extension RestoredSession {
    /// The queue of a studio that takes it up.
    fileprivate static func jobs(of restored: RestoredSession) -> [QueuedJob] {
        var state = StudioState()
        _ = update(&state, .news(.library(.opened(restored))))
        return state.queue.jobs
    }
}

@Test func onlyTheNewestOfManyPicturesAreTakenUp() throws {
    let folder = try TemporaryFolder()
    do {
        let database = StudioDatabase.open(in: folder.path)
        let (sitting, _) = try database.sit(isFresh: false)
        try database.keep(drawn(620), (1...620).map { kept($0, "a fox") }, of: sitting)
    }
    let (_, restored) = try StudioDatabase.open(in: folder.path).sit(isFresh: false)
    #expect(restored.runs.map(\.id) == Array(121...620))
    let queue = try DatabaseQueue(path: folder.file("studio.sqlite"))
    #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM run") } == 500)
}
