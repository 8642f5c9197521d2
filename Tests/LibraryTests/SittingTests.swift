import Foundation
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
        origin: .edit(EditOrder(operation: "inpaint", base: 1, share: 0.5)),
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
