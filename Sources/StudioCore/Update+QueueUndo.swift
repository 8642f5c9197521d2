/// What a person changes in the queue, taken back and done again: in its view, and in the studio in
/// its turn.
extension StudioState {
    /// Takes jobs out of the queue, which undo in its view takes back.
    /// - Parameter nothing: what to say where there are none.
    mutating func remove(
        _ nothing: String = "", where isChosen: (QueuedJob) -> Bool
    ) -> [StudioEffect] {
        let chosen = queue.jobs.filter(isChosen)
        guard !chosen.isEmpty else {
            message = Message(nothing)
            return []
        }
        queue.changed(.remove(placed(where: isChosen)))
        takeOut(Set(chosen.map(\.id)))
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
        guard let done = isUndo ? takeBack(change) : makeAgain(change) else {
            message = Message("Those jobs were begun or changed since.")
            return []
        }
        if isUndo { queue.undone.append(done) } else { queue.changes.append(done) }
        clampQueueSelection()
        return [journal()]
    }

    /// - Returns: what of the change was taken back; nil where all jobs are others by now.
    private mutating func takeBack(_ change: QueueState.Change) -> QueueState.Change? {
        switch change {
        case .remove(let placed):
            bringBack(placed)
            message = Message(
                placed.count == 1 ? "The job is back." : "\(placed.count) jobs are back.")
            return change
        case .add(let placed):
            let waiting = self.placed { job in
                job.state == .waiting && placed.contains { $0.job.id == job.id }
            }
            guard !waiting.isEmpty else { return nil }
            takeOut(Set(waiting.map(\.job.id)))
            message = Message(
                waiting.count == 1
                    ? "The job is out of the queue." : "The jobs are out of the queue.")
            return .add(waiting)
        case .swap(let one, let other):
            guard swap(one, other) else { return nil }
            message = Message("The job is where it was.")
        case .retry(let job):
            guard queue[job.id]?.state == .waiting else { return nil }
            queue[job.id] = job
            message = Message("The job is as it was.")
        }
        return change
    }

    /// Jobs that are as they were go again; one that was begun since stays.
    private mutating func makeAgain(_ change: QueueState.Change) -> QueueState.Change? {
        switch change {
        case .remove(let placed):
            let jobs = Set(placed.map(\.job))
            let left = self.placed(where: jobs.contains)
            guard !left.isEmpty else { return nil }
            takeOut(Set(left.map(\.job.id)))
            message = Message(
                left.count == 1 ? "Removed again." : "\(left.count) jobs removed again.")
            return .remove(left)
        case .add(let placed):
            bringBack(placed.filter { queue[$0.job.id] == nil })
            message = Message("Queued again.")
        case .swap(let one, let other):
            guard swap(one, other) else { return nil }
            message = Message("Moved again.")
        case .retry(let job):
            guard queue[job.id] == job else { return nil }
            queue[job.id] = job.anew
            message = Message("The job waits again.")
        }
        return change
    }

    private func placed(where isChosen: (QueuedJob) -> Bool) -> [QueueState.Placed] {
        queue.jobs.enumerated().filter { isChosen($0.element) }.map {
            .init(place: $0.offset, job: $0.element)
        }
    }

    // MARK: In the studio

    /// The change just made of the queue is the studio's last one.
    mutating func markQueueChange() {
        guard view == .studio, let change = queue.changes.last else { return }
        queue.marks.append(.init(place: history.current, change: change))
    }

    /// - Returns: nil where the studio's last change was none of the queue.
    mutating func travelQueued(isUndo: Bool) -> [StudioEffect]? {
        if isUndo {
            while let mark = queue.marks.last, mark.place == history.current {
                queue.marks.removeLast()
                guard queue.changes.last == mark.change, canBeTakenBack(mark.change) else {
                    continue
                }
                let effects = travelInQueue(isUndo: true)
                if let undone = queue.undone.last {
                    queue.undoneMarks.append(.init(place: mark.place, change: undone))
                }
                return effects
            }
        } else if let mark = queue.undoneMarks.last, mark.place == history.current {
            queue.undoneMarks.removeLast()
            guard queue.undone.last == mark.change else { return nil }
            let effects = travelInQueue(isUndo: false)
            markQueueChange()
            return effects
        }
        return nil
    }

    /// Whether it is not too late, as all its jobs were begun.
    private func canBeTakenBack(_ change: QueueState.Change) -> Bool {
        guard case .add(let placed) = change else { return true }
        return placed.contains { queue[$0.job.id]?.state == .waiting }
    }

    private mutating func takeOut(_ jobs: Set<JobID>) {
        queue.jobs.removeAll { jobs.contains($0.id) }
        clampQueueSelection()
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
