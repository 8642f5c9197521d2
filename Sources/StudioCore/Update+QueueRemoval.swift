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
        queue.removals.append(
            QueueState.Removal(jobs: chosen.map { .init(place: $0.offset, job: $0.element) }))
        queue.undoneRemovals = []
        queue.jobs.removeAll(where: isChosen)
        clampQueueSelection()
        message = Message(
            chosen.count == 1
                ? "Removed; \(key(.undo)) brings it back."
                : "\(chosen.count) jobs removed; \(key(.undo)) brings them back.")
        return [journal()]
    }

    mutating func travelInQueue(isUndo: Bool) -> [StudioEffect] {
        guard let removal = isUndo ? queue.removals.popLast() : queue.undoneRemovals.popLast()
        else {
            message = Message(isUndo ? "Nothing to undo here." : "Nothing to redo here.")
            return []
        }
        return isUndo ? bringBack(removal) : removeAgain(removal)
    }

    private mutating func bringBack(_ removal: QueueState.Removal) -> [StudioEffect] {
        for placed in removal.jobs {
            queue.jobs.insert(placed.job, at: min(placed.place, queue.jobs.count))
        }
        queue.undoneRemovals.append(removal)
        let count = removal.jobs.count
        message = Message(count == 1 ? "The job is back." : "\(count) jobs are back.")
        return [journal()]
    }

    /// Those that wait or are done as they were; one that was begun since stays.
    private mutating func removeAgain(_ removal: QueueState.Removal) -> [StudioEffect] {
        let jobs = Set(removal.jobs.map(\.job))
        let undone = queue.undoneRemovals
        let effects = remove("Those jobs were begun since.") { jobs.contains($0) }
        queue.undoneRemovals = undone
        return effects
    }
}
