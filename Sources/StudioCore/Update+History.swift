import Requests

/// Undo and redo, and going from picture to picture.
extension StudioState {
    /// Undo and redo mean the view that one is in.
    mutating func travelInView(isUndo: Bool) -> [StudioEffect] {
        switch view {
        case .settings: return travelInSettings(isUndo: isUndo)
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

    /// Makes a change of parameters and prompts that a person may want to take back.
    package mutating func changing(_ label: String, _ make: (inout Self) -> Void) {
        noteParameters()
        let before = texts
        make(&self)
        let after = texts
        record(
            picture: history.value.picture, mask: history.value.mask, label,
            before == after ? nil : .texts(before: before, after: after))
    }

    private var texts: Document.Texts {
        get {
            Document.Texts(
                prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
        }
        set {
            if texts.prompt != newValue.prompt { prompt.positive = TextField(newValue.prompt) }
            if texts.negativePrompt != newValue.negativePrompt {
                prompt.negative = TextField(newValue.negativePrompt)
            }
        }
    }

    /// A change belongs to the picture that is shown, or to the one that results would replace,
    /// though the history is at another one: to go there is no change.
    mutating func goToShown() {
        if let run = proposal?.base ?? shownRun { goTo(run) }
    }

    /// Puts the history at a picture, if it is at another one.
    mutating func goTo(_ run: RunID) {
        guard let known = history.value.picture, known != run, runs[run]?.status == .finished
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
        document.change = place.flatMap { history.value(at: $0)?.change }
        history.move(to: place ?? parent, document)
    }

    /// Where in the history a picture was left, or came last.
    private func place(of run: RunID) -> Int? {
        placesLeft[run].flatMap { history.value(at: $0)?.picture == run ? $0 : nil }
            ?? history.nodes.lastIndex { $0.value.picture == run && !$0.value.isOfList }
    }

    /// A change that changes nothing is none.
    mutating func record(
        picture: RunID?, mask: PaintedMask?, _ label: String, _ change: Document.Change? = nil
    ) {
        notePlace()
        var document = document(picture: picture, mask: mask)
        guard change != nil || document != history.value.content else { return }
        document.change = change
        history.record(document, label)
        queue.undoneMarks = []
    }

    /// Records what was done to the list or to results, and what is shown after it.
    private mutating func record(_ change: Document.Change) {
        let isHere = history.value.picture == shownRun
        let place = isHere ? history.current : shownRun.flatMap(place)
        let mask = place.flatMap { history.value(at: $0)?.mask }
        record(picture: shownRun, mask: mask, change.label ?? "", change)
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

    mutating func travel(isUndo: Bool) -> [StudioEffect] {
        if let effects = travelQueued(isUndo: isUndo) { return effects }
        guard !isShownRunOn else {
            message = Message("Undo waits for the run; \(key(.cancel)) cancels it.", .problem)
            return []
        }
        if let open = proposal, !isInHistory(open) {
            guard isUndo else {
                message = Message(
                    "Results are open; \(key(.accept)) or \(key(.discard)) first.", .problem)
                return []
            }
            close(open)
            message = Message("The results are closed; they stay on the list.")
            return []
        }
        notePlace()
        var next = history
        guard let label = isUndo ? next.undo() : next.redo() else {
            message = Message(isUndo ? "Nothing to undo." : "Nothing to redo.")
            return []
        }
        if job != nil, opensResults(next) {
            message = Message(
                "Results cannot be opened while a run is on; \(key(.cancel)) cancels it.", .problem)
            return []
        }
        let (before, left) = (history.value, history.current)
        history = next
        // What was undone is no place to come back to.
        if isUndo { placesLeft = placesLeft.filter { $0.value != left } }
        let change = isUndo ? history.undone?.change : history.value.change
        message = Message(
            change == nil
                ? travelWords(label, from: before.picture, isUndo: isUndo)
                : isUndo ? "Undone: \(label)." : "Done again: \(label).")
        canvas.step = nil
        canvas.stroke = nil
        if let change, apply(change, isUndo: isUndo) { return [] }
        var closed: Proposal?
        if isUndo, case .discarded(let proposal)? = change { closed = proposal }
        defer { settleResults(from: before.picture, closed) }
        return takeDocument(from: before, isUndo: isUndo)
    }

    /// Takes over what differs between the document of now and the one before.
    private mutating func takeDocument(from before: Document, isUndo: Bool) -> [StudioEffect] {
        let document = history.value
        let strength = parameters.residualStrength
        // Before the first picture there was none, but what is on the canvas is not undone. Nor does
        // another one come with a change that went to none.
        if let picture = document.picture, picture != before.picture, runs[picture] != nil {
            if picture != shownRun { canvas.margins = EditOrder.Margins() }
            shownRun = picture
            proposal = nil
        }
        if let shownRun { list(shownRun) }
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
        let isOfShown = document.picture == nil || document.picture == shownRun
        guard document.picture == before.picture, isOfShown,
            parameters.residualStrength != strength
        else { return [] }
        return strengthChanged()
    }

    /// Takes back what a change did beside what documents hold, or does it again.
    /// - Returns: whether that is all.
    private mutating func apply(_ change: Document.Change, isUndo: Bool) -> Bool {
        switch change {
        case .closed(let run): isUndo ? putBack(run) : takeOff(run)
        case .reopened(let run): isUndo ? takeOff(run) : putBack(run)
        case .texts(let before, let after):
            texts = isUndo ? before : after
            return false
        case .margins(let run, let before, let after):
            guard shownRun == run else { return false }
            canvas.margins = isUndo ? before : after
            canvas.isPainting = false
        case .proposed, .discarded: return false
        }
        return true
    }

    // MARK: Results

    /// Opens the results that the history has come to, and closes those that it has left.
    ///
    /// - Parameters:
    ///   - left: the picture before; undo of an edit that was accepted leads to what it replaced.
    ///   - closed: results whose closing was undone, with the one that was looked at.
    private mutating func settleResults(from left: RunID?, _ closed: Proposal?) {
        if let wanted = resultsHere, wanted.base == nil || !wanted.candidates.contains(left ?? -1) {
            guard proposal.map({ !$0.isPart(of: wanted) }) ?? true else { return }
            let isSame = closed?.isPart(of: wanted) ?? false
            if !reopen(isSame ? closed ?? wanted : wanted) {
                message = Message("Those results are gone.", .problem)
            }
        } else if let open = proposal {
            close(open)
        }
        if proposal == nil { canvas.margins = marginsHere }
    }

    private func opensResults(_ next: SnapshotTree<Document>) -> Bool {
        Self.results(at: next).map { proposal?.isPart(of: $0) != true } ?? false
    }

    /// The results that were open where the history is now.
    private var resultsHere: Proposal? { Self.results(at: history) }

    private static func results(at history: SnapshotTree<Document>) -> Proposal? {
        let picture = history.value.picture
        for document in history.path {
            switch document.change {
            case .proposed(let proposal)?:
                // What is done among pictures of a batch is done to one of them.
                let isOfBatch =
                    proposal.base == nil && picture.map(proposal.candidates.contains) ?? false
                return document.picture == picture || isOfBatch ? proposal : nil
            case .discarded?: return nil
            default: guard document.picture == picture else { return nil }
            }
        }
        return nil
    }

    /// The cells that waited beside the picture where the history is now.
    var marginsHere: EditOrder.Margins {
        for document in history.path {
            guard document.picture == history.value.picture else { break }
            if case .margins(let run, _, let after)? = document.change, run == shownRun {
                return after
            }
        }
        return EditOrder.Margins()
    }

    /// Whether undo leads to where results came.
    private func isInHistory(_ open: Proposal) -> Bool {
        resultsHere.map(open.isPart) ?? false
    }

    /// Results that have just come, or an edit that has.
    mutating func recordResults(_ label: String) {
        guard let proposal else { return }
        let picture = proposal.base ?? shownRun
        record(picture: picture, mask: mask(on: picture), label, .proposed(proposal))
    }

    /// Turned down, or a batch of which one picture is shown alone from now on.
    mutating func recordClosed(_ proposal: Proposal) {
        if isInHistory(proposal) { record(.discarded(proposal)) }
    }

    /// Puts the history before results that are left, as an edit that is accepted takes their place
    /// there, and redo is what opens them again.
    ///
    /// - Parameter withStrokes: also before what was done while they were open.
    mutating func leaveResults(withStrokes: Bool = false) {
        guard let open = proposal else { return }
        if case .proposed(let known)? = history.value.change, open.isPart(of: known) {
            _ = history.undo()
        }
        while withStrokes, isInHistory(open), history.undo() != nil {}
    }

    private mutating func close(_ closed: Proposal) {
        proposal = nil
        if let base = closed.base, runs[base] != nil { turn(to: base) }
    }

    /// Offers results again, of which some may be gone.
    /// - Returns: whether any are left.
    mutating func reopen(_ closed: Proposal) -> Bool {
        let left = closed.candidates.filter { runs[$0]?.status == .finished }
        guard !left.isEmpty, closed.base.map({ runs[$0] != nil }) ?? (left.count > 1) else {
            return false
        }
        let chosen =
            closed.candidates.indices.contains(closed.selected)
            ? left.firstIndex(of: closed.candidates[closed.selected]) ?? 0 : 0
        for run in left + [closed.base].compactMap({ $0 }) { list(run) }
        turn(to: left[chosen])
        canvas.isPainting = false
        proposal = Proposal(
            base: closed.base, candidates: left, selected: chosen,
            // Rows and columns are those of all.
            sheet: left == closed.candidates ? closed.sheet : nil, mask: closed.mask)
        return true
    }

    /// A picture that undo goes back from is still there, so nothing is said to be undone.
    private func travelWords(_ label: String, from left: RunID?, isUndo: Bool) -> String {
        let now = history.value.picture
        let made = isUndo ? left : now
        guard now != left, made.flatMap({ runs[$0]?.edit }) == nil else {
            return isUndo ? "Undone: \(label)." : "Done again: \(label)."
        }
        guard let now else {
            return isUndo && history.nextUndo == nil
                ? "Back to the start; the picture stays."
                : isUndo ? "Undone: \(label)." : "Done again: \(label)."
        }
        return isUndo ? "Back to picture \(now)." : "Picture \(now) again."
    }

    /// Shows another picture, with the mask that was painted on it. To go about is no change, and
    /// nothing that undo takes back.
    mutating func visit(_ run: RunID) {
        leaveResults()
        notePlace()
        list(run)
        turn(to: run)
        guard runs[run]?.status == .finished else { return }
        moveHistory(to: run, orAfter: 0)
        canvas.margins = marginsHere
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

    private mutating func takeOff(_ run: RunID) {
        guard job?.runs.contains(run) != true, let at = order.firstIndex(of: run) else { return }
        leaveComparison()
        let next = unlist(at)
        turn(to: history.value.picture.flatMap { runs[$0] == nil ? nil : $0 } ?? next)
        if let shownRun { list(shownRun) }
    }

    private mutating func putBack(_ run: RunID) {
        guard runs[run] != nil else {
            message = Message("Picture \(run) is not kept any more.", .problem)
            return
        }
        leaveComparison()
        list(run)
        turn(to: run)
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
    mutating func list(_ run: RunID) {
        guard closed.contains(run) else { return }
        closed.removeAll { $0 == run }
        order.insert(run, at: order.firstIndex { $0 > run } ?? order.count)
    }
}
