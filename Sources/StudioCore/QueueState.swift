import Requests

/// The number of a job in a sitting.
package typealias JobID = Int

/// Pictures that are to be made one after the other.
package struct QueueState: Hashable, Sendable {
    /// In the order in which they are made; those that are done stay in their places.
    package var jobs: [QueuedJob] = []
    package var isPaused = false
    package var selected = 0
    package var lastJob: JobID = 0
    /// What a person changed, for undo; the newest last.
    var changes: [Change] = []
    /// Changes that were undone.
    var undone: [Change] = []
    /// Where the history was when a change of the queue was made in the studio, so that undo there
    /// takes that back in its turn; the newest last.
    var marks: [Mark] = []
    var undoneMarks: [Mark] = []

    package init() {}

    enum Change: Hashable, Sendable {
        /// Jobs left the queue together, each from its place, the first place first.
        case remove([Placed])
        case add([Placed])
        /// Two jobs changed places.
        case swap(JobID, JobID)
        /// A job waits again; it was as it is here.
        case retry(QueuedJob)
    }

    struct Mark: Hashable, Sendable {
        let place: Int
        let change: Change
    }

    struct Placed: Hashable, Sendable {
        let place: Int
        let job: QueuedJob
    }

    mutating func changed(_ change: Change) {
        changes.append(change)
        (undone, undoneMarks) = ([], [])
    }

    package var waitingCount: Int { jobs.count { $0.state == .waiting } }

    /// The job that is being made.
    package var running: QueuedJob? { jobs.first { $0.state == .running } }

    package subscript(_ id: JobID) -> QueuedJob? {
        get { jobs.first { $0.id == id } }
        set {
            guard let newValue, let at = jobs.firstIndex(where: { $0.id == id }) else { return }
            jobs[at] = newValue
        }
    }
}

extension RestoredSession {
    /// What was being made from prompts when the program was killed or ended by a signal, as jobs
    /// before all others; but for what was kept, which can be gone on with.
    var lostJobs: [QueuedJob] {
        guard let session, wasKilled || session.isCutShort == true else { return [] }
        let kept = Set(runs.map(\.id))
        let ids = session.unfinishedRuns ?? []
        let lost = (session.unfinished ?? []).enumerated().filter { place, _ in
            !(ids.indices.contains(place) && kept.contains(ids[place]))
        }
        let first = (jobs.map(\.id).max() ?? 0) + 1
        return lost.enumerated().map { place, unfinished in
            var job = QueuedJob(id: first + place, request: unfinished.element)
            // A signal is nothing that a picture could be at fault for.
            job.attempts = wasKilled ? 1 : 0
            return job
        }
    }

    /// Puts what was lost before the other jobs.
    /// - Returns: whether there was anything to do.
    package mutating func settleLostJobs() -> Bool {
        let lost = lostJobs
        guard !lost.isEmpty || session?.unfinished?.isEmpty == false else { return false }
        jobs = lost + jobs
        session?.unfinished = nil
        session?.unfinishedRuns = nil
        session?.isCutShort = nil
        return true
    }
}

/// A picture that is to be made.
package struct QueuedJob: Hashable, Sendable, Codable {
    package let id: JobID
    package var request: GenerationRequest
    package var state = State.waiting
    /// How often it was begun; two starts that ended with the program are too many.
    package var attempts = 0
    /// Where its picture was saved.
    package var path: String?
    package var problem: String?
    /// Its run in this sitting.
    package var run: RunID?

    package enum State: String, Hashable, Sendable, Codable {
        case waiting
        case running
        case finished
        case failed
        case skipped
        /// The program ended while it ran, twice.
        case quarantined
    }

    package init(id: JobID, request: GenerationRequest) {
        self.id = id
        self.request = request
    }

    /// The same job, which waits and was never begun.
    var anew: QueuedJob { QueuedJob(id: id, request: request) }
}
