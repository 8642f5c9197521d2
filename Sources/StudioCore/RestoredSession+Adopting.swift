import Requests

extension RestoredSession {
    /// Its pictures as they were asked for; all that were kept where no session says so.
    var order: [RunID] { session?.order ?? runs.map(\.id) }

    /// Its undo tree; nil where none was kept.
    var history: SnapshotTree<StudioState.Document>? {
        guard !versions.isEmpty else { return nil }
        return SnapshotTree(
            nodes: versions, current: session?.version ?? versions.count - 1,
            redo: session?.redo ?? [])
    }

    /// Takes over all that another sitting left. The other's pictures and undo steps come before
    /// this one's, whose pictures are numbered anew; its jobs come after.
    package mutating func adopt(_ other: RestoredSession) {
        var earlier = other
        earlier.settleJobs()
        settleJobs()
        adoptJobs(earlier)
        problem = problem ?? earlier.problem
        guard earlier.session != nil || !earlier.runs.isEmpty || !earlier.versions.isEmpty
        else { return }
        renumber(after: earlier.lastRun)
        let (before, mine) = (earlier.order, order)
        let closed = (earlier.session?.closed ?? []) + (session?.closed ?? [])
        let whole = history.map { earlier.history?.followed(by: $0, as: "new session") ?? $0 }
        let known = Set(earlier.runs.map(\.id))
        adopted += before.count { known.contains($0) }
        let last = max(lastRun, earlier.lastRun)
        runs = earlier.runs + runs
        session = session ?? earlier.session
        session?.order = before + mine
        session?.closed = closed
        session?.lastRun = last
        guard let tree = whole ?? earlier.history else { return }
        versions = tree.nodes
        session?.version = tree.current
        session?.redo = tree.nodes.map(\.lastChild)
    }

    private mutating func adoptJobs(_ earlier: RestoredSession) {
        let last = jobs.map(\.id).max() ?? 0
        jobs += earlier.jobs.enumerated().map { offset, job in job.numbered(last + 1 + offset) }
        wasKilled = wasKilled || earlier.wasKilled
        isQueuePaused = isQueuePaused || earlier.isQueuePaused
    }

    /// Judges what was on by how its own sitting ended: a kill leaves jobs, and a job that was on at
    /// a proper end has killed nothing.
    private mutating func settleJobs() {
        _ = settleLostJobs()
        guard !wasKilled else { return }
        for at in jobs.indices where jobs[at].state == .running { jobs[at].attempts = 0 }
    }

    /// The highest number that a picture has here.
    private var lastRun: RunID {
        max(session?.lastRun ?? 0, session?.order.max() ?? 0, runs.map(\.id).max() ?? 0)
    }

    /// Raises the numbers of all pictures.
    private mutating func renumber(after last: RunID) {
        guard last > 0 else { return }
        for at in runs.indices { runs[at].renumber(after: last) }
        versions = versions.map { $0.renumbered(after: last) }
        guard var moved = session else { return }
        moved.order = moved.order.map { $0 + last }
        moved.lastRun += last
        moved.closed = moved.closed?.map { $0 + last }
        moved.shownRun = moved.shownRun.map { $0 + last }
        moved.results = moved.results?.renumbered(after: last)
        session = moved
    }
}

extension KeptRun {
    fileprivate mutating func renumber(after last: RunID) {
        id += last
        switch origin {
        case .prompt, .file: break
        case .fork(let parent, let step): origin = .fork(of: parent + last, step: step)
        case .residual(let parent): origin = .residual(of: parent + last)
        case .edit(var order):
            order.base += last
            origin = .edit(order)
        }
    }
}

extension SnapshotTree.Node where Value == StudioState.Document {
    fileprivate func renumbered(after last: RunID) -> Self {
        var document = value
        document.picture = value.picture.map { $0 + last }
        document.change = value.change?.renumbered(after: last)
        let isPicture = value.picture.map { label == "picture \($0)" } ?? false
        let named = isPicture ? document.picture.map { "picture \($0)" } : document.change?.label
        let name = label.isEmpty ? label : named ?? label
        return Self(value: document, label: name, parent: parent, lastChild: lastChild)
    }
}

extension QueuedJob {
    /// The same job under another number.
    func numbered(_ id: JobID) -> QueuedJob {
        var copy = QueuedJob(id: id, request: request)
        (copy.state, copy.attempts) = (state, attempts)
        (copy.path, copy.problem, copy.run) = (path, problem, run)
        return copy
    }
}
