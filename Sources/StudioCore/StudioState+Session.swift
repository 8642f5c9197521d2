import Imaging
import Requests

extension SavedSession {
    /// What of the state outlives the sitting.
    /// - Parameter isCutShort: whether a signal ends the sitting.
    package init(_ state: StudioState, isCutShort: Bool = false) {
        prompt = state.prompt.positive.text
        negativePrompt = state.prompt.negative.text
        parameters = state.parameters
        view = state.view
        focus = state.focus
        shownRun = state.proposal?.base ?? state.shownRun
        order = state.order
        lastRun = state.lastRun
        closed = state.closed
        canvas = SavedCanvas(
            display: state.canvas.display, overlay: state.canvas.overlay, tool: state.canvas.tool,
            brushRadius: state.canvas.brushRadius, divider: state.canvas.divider,
            isPainting: state.canvas.isPainting)
        version = state.history.current
        redo = state.history.nodes.map(\.lastChild)
        query = state.gallery.query.text
        selectedPicture = state.gallery.selectedEntry?.path
        firstRow = state.gallery.firstRow
        let runs = state.unfinishedRuns
        unfinished = runs.map(\.request)
        unfinishedRuns = runs.map(\.id)
        self.isCutShort = isCutShort ? true : nil
        // One that is paused is kept with its steps.
        let edits = state.job.map { $0.isPaused ? [] : $0.runs.compactMap { state.runs[$0] } } ?? []
        unfinishedEdit =
            edits.first { $0.picture == nil && $0.edit != nil }?.edit?.operation.rawValue
        results = state.proposal.flatMap { $0.base == nil ? nil : $0 }
    }
}

extension StudioState {
    /// Runs of the batch that is on and that the queue does not know. One that is paused is kept with
    /// its steps.
    fileprivate var unfinishedRuns: [RunRecord] {
        guard let job, !job.isPaused else { return [] }
        return job.runs.compactMap { runs[$0] }
            .filter {
                $0.origin == .prompt && $0.picture == nil && !$0.isSkipped
                    && $0.id != queue.running?.run
            }
    }
}

extension StudioState {
    /// Takes up what an earlier sitting left. What a person has typed meanwhile stays.
    mutating func restore(_ restored: RestoredSession) -> [StudioEffect] {
        isAwaitingLibrary = false
        if message == Self.isReading || message == Self.isHeld { message = nil }
        let typed = prompt.history
        let earlier = restored.prompts.filter { !typed.contains($0) }
        prompt.history = earlier + typed
        prompt.historyIndex = prompt.historyIndex.map { $0 + earlier.count }
        let effects = restoreQueue(restored)
        let hasBegun = !order.isEmpty || !prompt.positive.isEmpty
        restorePictures(restored)
        if let session = restored.session { restore(session, restored, hasBegun: hasBegun) }
        message = restorationMessage(restored)
        return effects
    }

    private mutating func restorePictures(_ restored: RestoredSession) {
        for kept in restored.runs where runs[kept.id] == nil {
            runs[kept.id] = RunRecord(kept)
        }
        for id in runs.keys.sorted() { inheritPins(id) }
        layAsideTrashed()
        let earlier = restored.order.filter { runs[$0]?.isStored == true }
        order = earlier + order.filter { !earlier.contains($0) }
        let last = [restored.session?.lastRun, order.max(), runs.keys.max()].compactMap { $0 }.max()
        startRunNumbers(after: last ?? 0)
    }

    private mutating func restore(
        _ session: SavedSession, _ restored: RestoredSession, hasBegun: Bool
    ) {
        gallery.search(PictureQuery(session.query))
        gallery.firstRow = max(0, session.firstRow)
        gallery.wanted = session.selectedPicture
        closed = (session.closed ?? []).filter { runs[$0] != nil && !order.contains($0) }
        if prompt.negative.isEmpty { prompt.negative = TextField(session.negativePrompt) }
        // Undo knows of every parameter that was changed.
        if history.changeCount == 0, parameterField == nil { restore(session.parameters) }
        if order.allSatisfy({ runs[$0]?.isStored == true }) { restore(session.canvas) }
        guard !hasBegun else {
            // What was done before can still be undone, after what was begun meanwhile.
            history = restored.history?.followed(by: history, as: "new session") ?? history
            return
        }
        prompt.positive = TextField(session.prompt)
        history = restored.history ?? history
        let shown = session.shownRun.flatMap { runs[$0] == nil ? nil : $0 }
        shownRun = shown ?? history.value.picture.flatMap { order.contains($0) ? $0 : nil }
        canvas.isPainting = session.canvas.isPainting && shownRun != nil
        view = session.view
        focus = shownRun == nil ? .prompt : session.focus
        if session.results.map({ !reopen($0) }) ?? true { canvas.margins = marginsHere }
    }

    private mutating func restore(_ kept: Parameters) {
        parameters = kept
        hasRestoredParameters = true
        guard let facts else { return }
        parameters.tokenSide = facts.pixelsPerToken
        parameters.takeResidualDefaults(facts)
    }

    private mutating func restore(_ kept: SavedSession.SavedCanvas) {
        canvas.display = kept.display
        canvas.overlay = kept.overlay
        canvas.tool = kept.tool
        canvas.brushRadius = min(max(2, kept.brushRadius), 128)
        canvas.divider = min(max(0.05, kept.divider), 0.95)
    }

    /// Whether Enter would paint the mask anew, of which a person is to know.
    private var isMaskNamed: Bool { isPromptOfMask && view == .studio && focus != .parameters }

    private func restorationMessage(_ restored: RestoredSession) -> Message? {
        if let problem = restored.problem { return Message(problem, .problem) }
        if let message, message.kind == .problem { return message }
        var parts: [String] = []
        // First, as what is to be done stands at the end of it.
        let waiting = queue.waitingCount
        if waiting > 0 {
            parts.append(
                "\(waiting) queued"
                    + (queue.isPaused
                        ? " (paused: \(leavingText)\(key(.viewQueue)), then \(key(.queuePause)))"
                        : ""))
        }
        let pictures = order.count { runs[$0]?.isStored == true }
        if restored.session != nil, !prompt.positive.isEmpty { parts.append("the prompt") }
        if pictures > 0 {
            parts.append(
                (pictures == 1 ? "1 picture" : "\(pictures) pictures")
                    + (restored.adopted > 0 ? " (\(restored.adopted) of another session)" : ""))
        }
        if mask != nil { parts.append("the mask") }
        if let proposal {
            parts.append(
                (proposal.candidates.count == 1 ? "a result" : "results") + " to accept or discard")
        }
        let versions = history.undoCount
        if versions > 0 {
            parts.append("\(versions) \(versions == 1 ? "version" : "versions") to undo")
        }
        guard !parts.isEmpty else { return message }
        // What it was to be made of is back.
        let lost = restored.wasKilled ? restored.session?.unfinishedEdit : nil
        let loss = lost.map { " The \($0) that was being made is lost." } ?? ""
        return Message(
            (restored.wasKilled ? "Back after an unclean end: " : "Back: ")
                + parts.joined(separator: ", ") + "." + loss + (isMaskNamed ? " \(maskWords)" : ""))
    }

    /// Pixels of a run that was kept are made when it is shown, alone or beside others.
    mutating func loadRuns() -> [StudioEffect] {
        guard facts != nil else { return [] }
        var effects: [StudioEffect] = []
        let wanted = [shownRun, canvas.partner, proposal?.base] + (proposal?.candidates ?? [])
        for case let id? in wanted where runs[id]?.isStored == true {
            runs[id]?.isStored = false
            effects.append(.load(id))
        }
        return effects
    }

    mutating func loaded(_ record: RunRecord) {
        guard var known = runs[record.id] else { return }
        // Its file turned out to be another one by now.
        if record.savedPath == nil, known.savedPath != nil {
            (known.savedPath, known.file) = (nil, nil)
        }
        known.request.residual = record.request.residual
        known.picture = record.picture
        known.status = record.status
        known.isFromPrompt = record.isFromPrompt
        known.precision = record.precision ?? known.precision
        known.previews = record.previews
        if !record.snapshots.isEmpty { known.snapshots = record.snapshots }
        runs[record.id] = known
        for id in runs.keys.sorted() where id >= record.id { inheritPins(id) }
    }
}

extension RunRecord {
    fileprivate init(_ kept: KeptRun) {
        self.init(id: kept.id, request: kept.request, origin: kept.origin)
        gridWidth = max(1, kept.gridWidth)
        gridHeight = max(1, kept.gridHeight)
        seconds = kept.seconds
        savedPath = kept.path
        precision = (try? ImageRecord(json: kept.record))?.precision
        chosenTokens = kept.chosenTokens.flatMap(ChosenTokens.init) ?? ChosenTokens()
        status = kept.residual == nil ? .cancelled : .finished
        isStored = true
        if let path = kept.path, kept.residual != nil {
            file = SavedFile(
                path: path, strength: request.residual.strength, step: request.sampling.steps,
                isFinished: true)
        }
        let count = gridWidth * gridHeight
        var snapshot = StepSnapshot(
            step: 0, ids: Array(repeating: nil, count: count),
            fixedAt: Array(repeating: nil, count: count),
            confidence: Array(repeating: 0, count: count))
        if let tokens = TokenGridRecord(base64: kept.tokens), tokens.ids.count == count {
            snapshot = StepSnapshot(tokens)
        }
        snapshots = [snapshot]
    }
}

extension StepSnapshot {
    /// The tokens of a finished picture, as its file keeps them.
    package init(_ tokens: TokenGridRecord) {
        self.init(
            step: 0, ids: tokens.ids.map { $0.map(Int.init) },
            fixedAt: zip(tokens.ids, tokens.commitSteps).map { $0 == nil ? nil : Int($1) },
            confidence: tokens.probabilities)
    }
}
