extension StudioState {
    /// Takes jobs out of the queue, which undo in its view takes back.
    /// - Parameter nothing: what to say where there are none.
    mutating func remove(
        _ nothing: String = "", where isChosen: (QueuedJob) -> Bool
    ) -> [StudioEffect] {
        let chosen = queue.jobs.enumerated().filter { isChosen($0.element) }
        guard !chosen.isEmpty else {
            message = Message(nothing)
            return []
        }
        queue.changed(.remove(chosen.map { .init(place: $0.offset, job: $0.element) }))
        takeOut(Set(chosen.map(\.element.id)))
        message = Message(
            chosen.count == 1
                ? "Removed; \(key(.undo)) brings it back."
                : "\(chosen.count) jobs removed; \(key(.undo)) brings them back.")
        return [journal()]
    }

    mutating func travelInQueue(isUndo: Bool) -> [StudioEffect] {
        guard let change = isUndo ? queue.changes.popLast() : queue.undone.popLast() else {
            message = Message(isUndo ? "Nothing to undo here." : "Nothing to redo here.")
            return []
        }
        guard isUndo ? takeBack(change) : makeAgain(change) else {
            message = Message("Those jobs were begun or changed since.")
            return []
        }
        if isUndo { queue.undone.append(change) } else { queue.changes.append(change) }
        clampQueueSelection()
        return [journal()]
    }

    /// - Returns: false where the jobs are others by now.
    private mutating func takeBack(_ change: QueueState.Change) -> Bool {
        switch change {
        case .remove(let placed):
            bringBack(placed)
            message = Message(
                placed.count == 1 ? "The job is back." : "\(placed.count) jobs are back.")
        case .add(let placed):
            guard takeOutWaiting(placed.map(\.job)) else { return false }
            message = Message(
                placed.count == 1
                    ? "The job is out of the queue." : "The jobs are out of the queue.")
        case .swap(let one, let other):
            guard swap(one, other) else { return false }
            message = Message("The job is where it was.")
        case .retry(let job):
            guard queue[job.id]?.state == .waiting else { return false }
            queue[job.id] = job
            message = Message("The job is as it was.")
        }
        return true
    }

    /// Jobs that wait or are done as they were go again; one that was begun since stays.
    private mutating func makeAgain(_ change: QueueState.Change) -> Bool {
        switch change {
        case .remove(let placed):
            let jobs = Set(placed.map(\.job))
            guard queue.jobs.contains(where: jobs.contains) else { return false }
            takeOut(Set(jobs.map(\.id)))
            message = Message("Removed; \(key(.undo)) brings it back.")
        case .add(let placed):
            bringBack(placed.filter { queue[$0.job.id] == nil })
            message = Message("Queued again.")
        case .swap(let one, let other):
            guard swap(one, other) else { return false }
            message = Message("Moved again.")
        case .retry(let job):
            guard queue[job.id] == job else { return false }
            var again = job
            (again.state, again.attempts) = (.waiting, 0)
            (again.problem, again.path, again.run) = (nil, nil, nil)
            queue[job.id] = again
            message = Message("The job waits again.")
        }
        return true
    }

    private mutating func takeOut(_ jobs: Set<JobID>) {
        queue.jobs.removeAll { jobs.contains($0.id) }
        clampQueueSelection()
    }

    /// Out with those that still wait.
    private mutating func takeOutWaiting(_ jobs: [QueuedJob]) -> Bool {
        let waiting = jobs.filter { queue[$0.id]?.state == .waiting }
        takeOut(Set(waiting.map(\.id)))
        return !waiting.isEmpty
    }

    private mutating func bringBack(_ placed: [QueueState.Placed]) {
        for placed in placed {
            queue.jobs.insert(placed.job, at: min(placed.place, queue.jobs.count))
        }
    }

    private mutating func swap(_ one: JobID, _ other: JobID) -> Bool {
        guard let first = queue.jobs.firstIndex(where: { $0.id == one }),
            let second = queue.jobs.firstIndex(where: { $0.id == other })
        else { return false }
        queue.jobs.swapAt(first, second)
        return true
    }
}
