import Requests

/// Undo and redo, and going from picture to picture.
extension StudioState {
    /// Undo and redo mean the view that one is in.
    mutating func travelInView(isUndo: Bool) -> [StudioEffect] {
        switch view {
        case .settings:
            message = Message(
                "There is nothing to undo here; \(key(.resetSetting)) sets a setting back.")
            return []
        case .gallery: return travelInGallery(isUndo: isUndo)
        case .queue: return travelInQueue(isUndo: isUndo)
        case .studio, .edit: return travelTokens(isUndo: isUndo) ?? travel(isUndo: isUndo)
        }
    }

    /// What the parameters became without a change that undo knows, such as a seed that moved on,
    /// belongs to what was before the next change.
    mutating func noteParameters() {
        goToShown()
        guard history.value.parameters != parameters else { return }
        var document = history.value
        document.parameters = parameters
        history.move(to: history.current, document)
    }

    /// Records a change of the parameters, which `noteParameters` has gone before.
    mutating func recordParameters(_ label: String) {
        record(picture: history.value.picture, mask: history.value.mask, label)
    }

    /// A change belongs to the picture that is shown, or to the one that results would replace,
    /// though the history is at another one: to go there is no change.
    mutating func goToShown() {
        guard let run = proposal?.base ?? shownRun, let known = history.value.picture, known != run,
            runs[run]?.status == .finished
        else { return }
        notePlace()
        moveHistory(to: run, orAfter: history.current)
    }

    /// Puts the history where a picture was left, with the mask that was on it; what is done next
    /// comes after `parent` where it does not hold the picture.
    private mutating func moveHistory(to run: RunID, orAfter parent: Int) {
        let place = place(of: run)
        var document = document(picture: run, mask: nil)
        document.mask = place.flatMap { history.value(at: $0)?.mask }
        history.move(to: place ?? parent, document)
    }

    /// Where in the history a picture was left, or came last.
    private func place(of run: RunID) -> Int? {
        placesLeft[run].flatMap { history.value(at: $0)?.picture == run ? $0 : nil }
            ?? history.nodes.lastIndex { $0.value.picture == run }
    }

    mutating func record(picture: RunID?, mask: PaintedMask?, _ label: String) {
        notePlace()
        history.record(document(picture: picture, mask: mask), label)
    }

    /// Records a change of the list of pictures, and what is shown after it.
    private mutating func record(_ listing: Document.Listing) {
        notePlace()
        let mask = shownRun.flatMap(place).flatMap { history.value(at: $0)?.mask }
        var document = document(picture: shownRun, mask: mask)
        document.listing = listing
        history.record(document, listing.label)
    }

    /// Keeps in mind where in the history the picture is that may be left now.
    private mutating func notePlace() {
        if let picture = history.value.picture { placesLeft[picture] = history.current }
    }

    private func document(picture: RunID?, mask: PaintedMask?) -> Document {
        var document = Document()
        document.picture = picture
        document.mask = mask
        document.prompt = prompt.positive.text
        document.negativePrompt = prompt.negative.text
        document.parameters = parameters
        return document
    }

    private mutating func travel(isUndo: Bool) -> [StudioEffect] {
        guard !isShownRunOn else {
            message = Message("Undo waits for the run; \(key(.cancel)) cancels it.", .problem)
            return []
        }
        guard proposal == nil || !isUndo else {
            discard()
            return []
        }
        guard proposal?.base == nil else {
            message = Message(
                "Results are open; \(key(.accept)) or \(key(.discard)) first.", .problem)
            return []
        }
        notePlace()
        let before = history.value
        let strength = parameters.residualStrength
        guard let label = isUndo ? history.undo() : history.redo() else {
            message = Message(isUndo ? "Nothing to undo." : "Nothing to redo.")
            return []
        }
        let document = history.value
        if let listing = isUndo ? history.undone?.listing : document.listing {
            relist(isUndo ? listing.reversed : listing)
            message = Message(isUndo ? "Undone: \(label)." : "Done again: \(label).")
            return []
        }
        // Before the first picture there was none, but what is on the canvas is not undone. Nor does
        // another one come with a change that went to none.
        if let picture = document.picture, picture != before.picture, runs[picture] != nil {
            if picture != shownRun { canvas.margins = EditOrder.Margins() }
            shownRun = picture
        }
        if let shownRun { list(shownRun) }
        proposal = nil
        canvas.step = nil
        canvas.stroke = nil
        if document.picture != nil, document.picture != before.picture {
            prompt.positive = TextField(document.prompt)
            prompt.negative = TextField(document.negativePrompt)
        }
        // Pictures were gone to since perhaps, and parameters changed there. A stroke changes none.
        if let recorded = document.parameters,
            document.picture != before.picture || document.mask == before.mask
        {
            parameters.take(recorded, otherThan: history.otherSide(ofUndo: isUndo)?.parameters)
        }
        message = Message(travelWords(label, from: before.picture, isUndo: isUndo))
        let isOfShown = document.picture == nil || document.picture == shownRun
        guard document.picture == before.picture, isOfShown,
            parameters.residualStrength != strength
        else { return [] }
        return strengthChanged()
    }

    /// Takes a picture off the list once more, or puts it back and shows it.
    private mutating func relist(_ listing: Document.Listing) {
        leaveComparison()
        switch listing {
        case .closed(let run):
            guard job?.runs.contains(run) != true, let at = order.firstIndex(of: run) else { return }
            _ = unlist(at)
            turn(to: history.value.picture)
        case .reopened(let run):
            list(run)
            turn(to: run)
        }
        if let shownRun { list(shownRun) }
    }

    /// A picture that undo goes back from is still there, so nothing is said to be undone.
    private func travelWords(_ label: String, from left: RunID?, isUndo: Bool) -> String {
        let now = history.value.picture
        let made = isUndo ? left : now
        guard now != left, made.flatMap({ runs[$0]?.edit }) == nil else {
            return isUndo ? "Undone: \(label)." : "Done again: \(label)."
        }
        guard let now else {
            return isUndo ? "Back to the start; the picture stays." : "Done again: \(label)."
        }
        return isUndo ? "Back to picture \(now)." : "Picture \(now) again."
    }

    /// Shows another picture, with the mask that was painted on it. To go about is no change, and
    /// nothing that undo takes back.
    mutating func visit(_ run: RunID) {
        notePlace()
        list(run)
        turn(to: run)
        guard runs[run]?.status == .finished else { return }
        moveHistory(to: run, orAfter: 0)
    }

    /// Turns the canvas to another picture. What was begun on the one before stays behind.
    mutating func turn(to run: RunID?) {
        shownRun = run
        proposal = nil
        canvas.step = nil
        canvas.stroke = nil
        canvas.margins = EditOrder.Margins()
    }

    mutating func browse(_ direction: Int) {
        guard !isShownRunOn || job?.isPaused == true else {
            message = Message(
                "A run is on; others can be shown when it is done or paused.", .problem)
            return
        }
        let finished = order.filter { runs[$0]?.snapshots.isEmpty == false }
        guard !finished.isEmpty else {
            message = Message("There is no picture yet.", .problem)
            return
        }
        let at = shownRun.flatMap(finished.firstIndex(of:)) ?? finished.count
        let next = min(max(at + direction, 0), finished.count - 1)
        guard finished[next] != shownRun else { return }
        visit(finished[next])
    }

    // MARK: The list of pictures

    /// Takes the picture off the list, and shows its neighbour. Its file stays.
    mutating func closePicture() {
        guard let run = shownRun, let at = order.firstIndex(of: run) else {
            message = Message("There is no picture to take off the list.", .problem)
            return
        }
        guard job.map({ !$0.runs.contains(run) }) ?? true, proposal == nil else {
            message = Message(
                proposal == nil
                    ? "The run is still on; \(key(.cancel)) cancels it."
                    : "\(key(.accept)) or \(key(.discard)) first.", .problem)
            return
        }
        leaveComparison()
        goToShown()
        let next = unlist(at)
        turn(to: next)
        record(.closed(run))
        let isSaved = runs[run]?.savedPath != nil
        message = Message(
            "Picture \(run) is off the list; \(isSaved ? "its file stays, and " : "")"
                + "\(key(.undo)) brings it back.")
    }

    /// - Returns: the picture that is beside it on the list.
    private mutating func unlist(_ at: Int) -> RunID? {
        let run = order.remove(at: at)
        closed.append(run)
        let begun = order.filter { runs[$0]?.snapshots.isEmpty == false }
        return begun.first { $0 > run } ?? begun.last
    }

    mutating func reopenPicture() {
        guard let run = closed.last else {
            message = Message("No picture was taken off the list.", .problem)
            return
        }
        guard proposal == nil else {
            message = Message("\(key(.accept)) or \(key(.discard)) first.", .problem)
            return
        }
        guard !isShownRunOn || job?.isPaused == true else {
            message = Message("A run is on; others can be shown when it is done.", .problem)
            return
        }
        leaveComparison()
        goToShown()
        list(run)
        turn(to: run)
        record(.reopened(run))
        message = Message("Picture \(run) is on the list again.")
    }

    /// What is shown is on the list, again if it was taken off it.
    private mutating func list(_ run: RunID) {
        guard closed.contains(run) else { return }
        closed.removeAll { $0 == run }
        order.insert(run, at: order.firstIndex { $0 > run } ?? order.count)
    }
}

extension StudioState.Document.Listing {
    /// What undo calls it.
    var label: String {
        switch self {
        case .closed(let run): "taking picture \(run) off the list"
        case .reopened(let run): "putting picture \(run) back on the list"
        }
    }

    /// What takes it back.
    fileprivate var reversed: Self {
        switch self {
        case .closed(let run): .reopened(run)
        case .reopened(let run): .closed(run)
        }
    }

    /// The same of a picture whose number was raised.
    func renumbered(after last: RunID) -> Self {
        switch self {
        case .closed(let run): .closed(run + last)
        case .reopened(let run): .reopened(run + last)
        }
    }
}
