/// What is saved, and whether it can be now.
extension StudioState {
    mutating func save(_ content: SaveOrder.Content) -> [StudioEffect] {
        guard let order = canBeSaved(shownRun.map({ SaveOrder(run: $0, content: content) }))
        else { return [] }
        guard content != .both || runs[order.run]?.status == .finished else {
            message = Message(
                "A stopped run has its discrete half alone; \(key(.save)) saves that.", .problem)
            return []
        }
        // All steps of a large picture take a while.
        message = Message("Saving…")
        return [.save(order)]
    }

    /// To save what is seen.
    var orderSeen: SaveOrder? {
        runSeen.map { SaveOrder(run: $0.id, content: isDiscreteSeen ? .discrete : .refined) }
    }

    /// - Returns: the order; nil, with a message, where there is nothing to save now.
    mutating func canBeSaved(_ order: SaveOrder?) -> SaveOrder? {
        guard let order, runs[order.run]?.snapshots.isEmpty == false else {
            sayNothingToSave()
            return nil
        }
        guard let job, !job.isPaused, job.runs.contains(order.run) else { return order }
        message = Message(
            "The run is still on; it can be saved when it ends or is paused.", .problem)
        return nil
    }

    private mutating func sayNothingToSave() {
        message = Message("There is no picture to save yet.", .problem)
    }

    mutating func askExport() {
        guard shown != nil || lastSheet != nil else { return sayNothingToSave() }
        popup = .list(.exports, Popup.ListState())
    }

    mutating func askName() -> [StudioEffect] {
        guard let order = canBeSaved(orderSeen) else { return [] }
        popup = .saveAs(TextField(), order)
        return [.suggestName(order.run)]
    }
}
