import Requests
import TerminalGraphics

extension StudioState {
    // MARK: Adding

    /// Puts the prompt and parameters of now into the queue.
    mutating func enqueue(atFront: Bool) -> [StudioEffect] {
        guard !prompt.positive.text.allSatisfy(\.isWhitespace) else {
            (view, focus) = (.studio, .prompt)
            message = Message(
                "Type a prompt first; \(key(.example)) in the picture shows examples.", .problem)
            return []
        }
        let text = prompt.positive.text
        do throws(RequestError) {
            let jobs = try nextRequests(text).map { request in
                queue.lastJob += 1
                return QueuedJob(id: queue.lastJob, request: request)
            }
            let first = atFront ? queue.jobs.firstIndex { $0.state == .waiting } : nil
            let at = first ?? queue.jobs.count
            queue.jobs.insert(contentsOf: jobs, at: at)
            queue.changed(.add(jobs.enumerated().map { .init(place: at + $0, job: $1) }))
            markQueueChange()
            message = Message(
                "Queued; \(queue.waitingCount) waiting"
                    + (queue.isPaused
                        ? ", the queue is paused."
                        : isQueueHeldBack
                            ? " until the open result is accepted or left."
                            : isQueueBehindPause ? " for the run that is paused." : "."),
                .success)
            return keeping(text) + [journal()]
        } catch {
            message = Message("\(error)", .problem)
            return []
        }
    }

    func journal(beginning job: JobID? = nil) -> StudioEffect {
        .library(.journal(queue.jobs, isPaused: queue.isPaused, beginning: job))
    }

    // MARK: Running

    /// Whether an open result, and nothing else, keeps the next job from beginning.
    package var isQueueHeldBack: Bool {
        job == nil && proposal != nil && !queue.isPaused && queue.waitingCount > 0
    }

    /// Whether a paused run, which is none of the queue's, keeps the next job from beginning.
    package var isQueueBehindPause: Bool {
        job?.isPaused == true && queue.running == nil && !queue.isPaused && queue.waitingCount > 0
    }

    private var queueWords: String {
        if queue.isPaused {
            return queue.running == nil
                ? "The queue is paused."
                : "The queue is paused; the job that runs is still finished."
        }
        if isQueueHeldBack { return "The queue goes on when the open result is accepted or left." }
        if isQueueBehindPause {
            return "The queue goes on after the run that is paused; \(key(.cancel)) cancels that."
        }
        return "The queue goes on."
    }

    /// Begins the first job that waits, where nothing else is on: first in the journal. Asked after
    /// everything that happens.
    mutating func startNextJob() -> [StudioEffect] {
        guard job == nil, proposal == nil, !queue.isPaused, queue.running == nil, facts != nil,
            !isAwaitingLibrary, var next = queue.jobs.first(where: { $0.state == .waiting })
        else { return [] }
        next.state = .running
        next.attempts += 1
        queue[next.id] = next
        return [journal(beginning: next.id)]
    }

    /// The journal knows that the job begins.
    mutating func beginJob(_ id: JobID) -> [StudioEffect] {
        guard var next = queue[id], next.state == .running, next.run == nil else { return [] }
        guard job == nil, proposal == nil else {
            // Something else was begun meanwhile; the job goes on waiting.
            next.state = .waiting
            next.attempts -= 1
            queue[id] = next
            return [journal()]
        }
        let isWatching =
            shownRun == nil || (shownRun == lastQueueRun && !canvas.isPainting)
        let before = (shown: shownRun, view: view, focus: focus, canvas: canvas)
        let effects = begin([(next.request, .prompt)])
        next.run = job?.runs.first
        queue[id] = next
        (view, focus) = (before.view, before.focus)
        if !isWatching { (shownRun, canvas) = (before.shown, before.canvas) }
        return effects
    }

    /// The run of the job that was made last.
    private var lastQueueRun: RunID? { queue.jobs.compactMap(\.run).max() }

    /// What a run's end means for the queue; the picture is saved at once.
    mutating func endJob(of run: RunID, _ state: QueuedJob.State, _ problem: String? = nil)
        -> [StudioEffect]
    {
        guard var done = queue.jobs.first(where: { $0.run == run && $0.state == .running }) else {
            return []
        }
        done.state = state
        done.problem = problem
        queue[done.id] = done
        // The journal learns of a picture together with its file: one without is made again.
        return state == .finished
            ? [.save(SaveOrder(run: run, content: .refined))] : [journal()]
    }

    /// A picture of the queue has its file; one saved before it was finished is not meant.
    mutating func jobSaved(_ run: RunID, _ path: String) -> [StudioEffect] {
        guard var done = queue.jobs.first(where: { $0.run == run }), done.state == .finished,
            done.path == nil
        else { return [] }
        (done.path, done.problem) = (path, nil)
        queue[done.id] = done
        if !settings.isOn(.keepsFinished) {
            queue.jobs.removeAll { $0.id == done.id }
            clampQueueSelection()
        }
        return [journal()]
    }

    /// A picture of the queue has no file, and why.
    mutating func jobNotSaved(_ run: RunID, _ problem: String) -> [StudioEffect] {
        guard var done = queue.jobs.first(where: { $0.run == run }), done.state == .finished,
            done.path == nil
        else { return [] }
        done.problem = problem
        queue[done.id] = done
        return [journal()]
    }

    /// Takes up the queue as it was left; what became of it is on disk before anything begins.
    mutating func restoreQueue(_ restored: RestoredSession) -> [StudioEffect] {
        var earlier = restored.jobs
        guard !earlier.isEmpty else { return queue.jobs.isEmpty ? [] : [journal()] }
        for at in earlier.indices {
            earlier[at].run = nil
            let isUnsaved = earlier[at].path == nil && earlier[at].problem == nil
            if earlier[at].state == .finished, isUnsaved { earlier[at].state = .waiting }
            guard earlier[at].state == .running else { continue }
            earlier[at].state = .waiting
            if !restored.wasKilled {
                earlier[at].attempts = 0
            } else if earlier[at].attempts >= 2 {
                earlier[at].state = .quarantined
                earlier[at].problem = "The program ended twice while this was being made."
            }
        }
        let last = earlier.map(\.id).max() ?? 0
        let added = queue.jobs.enumerated().map { offset, job in
            job.numbered(last + 1 + offset)
        }
        queue.jobs = earlier + added
        // Numbers and places are others now.
        (queue.changes, queue.undone, queue.marks, queue.undoneMarks) = ([], [], [], [])
        queue.lastJob = last + added.count
        queue.isPaused =
            restored.isQueuePaused
            || (restored.wasKilled && queue.waitingCount > 0
                && settings.isOn(.queuePausesAfterCrash))
        return [journal()]
    }

    // MARK: Commands

    mutating func performOnQueue(_ command: Command) -> [StudioEffect] {
        switch command {
        case .queueAdd: return enqueue(atFront: false)
        case .queueAddFirst: return enqueue(atFront: true)
        case .queuePause, .queueResume:
            queue.isPaused = command == .queuePause && !queue.isPaused
            message = Message(queueWords)
            return [journal()]
        case .queueUp: return move(-1)
        case .queueDown: return move(1)
        case .queueEdit: return editJob()
        case .queueRemove, .queueClear, .queueEmpty:
            // Undo in this view brings them back.
            view = .queue
            return takeOut(command)
        case .queueRetry: return retryJob()
        default: return skipJob()
        }
    }

    private mutating func takeOut(_ command: Command) -> [StudioEffect] {
        switch command {
        case .queueClear:
            remove("No job is done.") { $0.state != .waiting && $0.state != .running }
        case .queueEmpty: remove("No job waits.") { $0.state == .waiting }
        default: removeJob()
        }
    }

    mutating func clampQueueSelection() {
        queue.selected = min(max(0, queue.selected), max(0, queue.jobs.count - 1))
    }

    private var selectedJob: QueuedJob? {
        queue.jobs.indices.contains(queue.selected) ? queue.jobs[queue.selected] : nil
    }

    private mutating func move(_ direction: Int) -> [StudioEffect] {
        let other = queue.selected + direction
        guard queue.jobs.indices.contains(other), selectedJob != nil else { return [] }
        queue.jobs.swapAt(queue.selected, other)
        queue.changed(.swap(queue.jobs[queue.selected].id, queue.jobs[other].id))
        queue.selected = other
        return [journal()]
    }

    /// Back into the fields, and out of the queue.
    private mutating func editJob() -> [StudioEffect] {
        guard let chosen = selectedJob else { return [] }
        guard chosen.state != .running else {
            message = Message("This job is on; \(key(.queueSkip)) skips it.", .problem)
            return []
        }
        changing("a job's prompt and parameters") {
            $0.prompt.positive = TextField(chosen.request.prompt)
            $0.prompt.negative = TextField(chosen.request.negativePrompt)
            $0.parameters.take(chosen.request)
            // Its seed is one picture's.
            if chosen.state == .waiting { $0.parameters.count = 1 }
        }
        (view, focus) = (.studio, .prompt)
        var effects: [StudioEffect] = []
        if chosen.state == .waiting {
            effects = remove { $0.id == chosen.id }
            markQueueChange()
            message = Message(
                "Out of the queue; seeds stay at its own until \(key(.fixSeed)). "
                    + "\(key(.queueAddFirst)) puts it back as the next.")
        }
        return effects
    }

    private mutating func removeJob() -> [StudioEffect] {
        guard let chosen = selectedJob else { return [] }
        guard chosen.state != .running else {
            message = Message("This job is on; \(key(.queueSkip)) skips it.", .problem)
            return []
        }
        return remove { $0.id == chosen.id }
    }

    private mutating func retryJob() -> [StudioEffect] {
        guard let chosen = selectedJob, chosen.state != .running, chosen.state != .waiting else {
            return []
        }
        queue.changed(.retry(chosen))
        queue[chosen.id] = chosen.anew
        return [journal()]
    }

    private mutating func skipJob() -> [StudioEffect] {
        guard let run = queue.running?.run, let job, job.runs.contains(run) else {
            message = Message("No job of the queue is on.", .problem)
            return []
        }
        return cancel(job)
    }

    // MARK: Keys

    mutating func pressInQueue(_ key: Key) -> [StudioEffect]? {
        let step: Int
        switch (key.code, key.modifiers) {
        case (.up, []), (.character("k"), []): step = -1
        case (.down, []), (.character("j"), []): step = 1
        case (.pageUp, []): step = -10
        case (.pageDown, []): step = 10
        case (.home, []): step = -queue.jobs.count
        case (.end, []): step = queue.jobs.count
        case (.escape, []): return openPicture()
        default: return nil
        }
        queue.selected += step
        clampQueueSelection()
        return []
    }
}

extension Parameters {
    /// The values that made, or will make, a picture.
    package mutating func take(_ request: GenerationRequest) {
        seed = request.seed
        seedMode = .fixed
        sampling = request.sampling
        residual = request.residual
        if let width = request.width, let height = request.height {
            (self.width, self.height) = (width, height)
        }
    }
}
