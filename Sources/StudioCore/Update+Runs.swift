import Requests

/// Runs from the request to the picture: begun, paused, stepped through, given up.
extension StudioState {
    /// The request that the fields and parameters make now; a random or counting seed moves on past
    /// so many pictures.
    mutating func nextRequest(of count: Int) -> GenerationRequest {
        let request = parameters.request(
            prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
        switch parameters.seedMode {
        case .random: parameters.seed = randomSeed()
        case .increment: parameters.seed &+= UInt64(count)
        case .fixed: break
        }
        return request
    }

    mutating func remember(_ text: String) {
        prompt.history.removeAll { $0 == text }
        prompt.history.append(text)
        prompt.historyIndex = nil
    }

    /// Whether the run on the canvas is being worked on, not only one of the queue behind it.
    package var isShownRunOn: Bool { shownRun.map { job?.runs.contains($0) == true } ?? false }

    /// False, with a message, while a run is on or there is no model.
    mutating func isReady() -> Bool {
        guard hasLibrary() else { return false }
        if let job, !job.isPaused {
            message = Message(
                queue.running == nil
                    ? "A run is on; \(key(.cancel)) cancels it, \(key(.queueAddFirst)) queues the prompt."
                    : "The queue is at work; \(key(.queuePause)) in its view pauses it.", .problem)
            return false
        }
        switch model {
        case .ready: return true
        case .opening: message = Self.isOpening
        case .failed(let problem): message = Message(problem, .problem)
        }
        return false
    }

    /// False, with a message, until the last session is known, whose pictures have numbers.
    mutating func hasLibrary() -> Bool {
        guard isAwaitingLibrary else { return true }
        message = Self.isReading
        return false
    }

    static let isOpening = Message("The model is still being opened.", .problem)
    /// What is said of a picture that is begun as soon as the last session is known.
    static let isHeld = Message(
        "The last session is still being read; the picture is begun as soon as it is.")
    static let isReading = Message(
        "The last session is still being read; try again in a moment.", .problem)

    mutating func begin(_ requests: [(GenerationRequest, RunOrigin)]) -> [StudioEffect] {
        let orders = requests.map { add($0, $1) }
        let released = job.map { release($0) } ?? []
        job = Job(runs: orders.map(\.run))
        show(orders)
        return released + [.generate(orders)]
    }

    mutating func add(_ request: GenerationRequest, _ origin: RunOrigin) -> RunOrder {
        let id = newRunID()
        order.append(id)
        runs[id] = RunRecord(id: id, request: request, origin: origin)
        inheritPins(id)
        return RunOrder(run: id, request: request, origin: origin)
    }

    /// What a person pinned before a fork stays pinned in it.
    mutating func inheritPins(_ id: RunID) {
        guard case .fork(let parent, let step)? = runs[id]?.origin, let parent = runs[parent]
        else { return }
        // Of one that an earlier sitting kept only the newest tokens are known yet.
        let known = parent.isBrief ? nil : parent.snapshots.first { $0.step == step }
        guard let ids = (known ?? runs[id]?.snapshots.first)?.ids else { return }
        runs[id]?.inheritedPins = parent.pinned.filter {
            ids.indices.contains($0) && ids[$0] != nil
        }
    }

    /// Turns the canvas to runs that begin.
    mutating func show(_ orders: [RunOrder]) {
        leaveComparison()
        proposal = nil
        canvas.step = nil
        canvas.stroke = nil
        // An edit that is discarded leaves them where they waited.
        if orders.first.flatMap({ runs[$0.run]?.edit }) == nil {
            canvas.margins = EditOrder.Margins()
        }
        candidates = nil
        shownRun = orders.first?.run
        view = .studio
        focus = .canvas
    }

    /// A paused run that something else takes the place of can still be forked and gone on with; for
    /// the queue, its job is over.
    mutating func release(_ job: Job) -> [StudioEffect] {
        for run in job.runs where runs[run]?.status != .finished {
            runs[run]?.status = .cancelled
        }
        guard var left = queue.running, let run = left.run, job.runs.contains(run) else {
            return []
        }
        left.state = .skipped
        queue[left.id] = left
        replacedJob = left.id
        return [journal()]
    }

    /// Gives up a run that is paused.
    mutating func cancelPaused(_ job: Job) -> [StudioEffect] {
        self.job = nil
        message = Message(cancelledWords(job))
        if let base = proposal?.base, proposal?.candidates == job.runs {
            // Nothing to choose from: back to the picture.
            proposal = nil
            shownRun = base
        }
        return release(job)
    }

    /// What becomes of runs that are cancelled, while they are still those on the canvas.
    func cancelledWords(_ job: Job) -> String {
        let begun = job.runs.filter { runs[$0]?.snapshots.isEmpty == false }
        guard proposal?.base != nil, proposal?.candidates == job.runs else {
            return begun.isEmpty
                ? "Cancelled before the first step." : "Cancelled; what was fixed so far is kept."
        }
        guard let edit = begun.first, !isPlain else {
            return "Cancelled; the picture is as it was."
        }
        return "Cancelled; the picture is as it was. \(goingToPicture)\(key(.showVersions)) shows "
            + "picture \(edit), the edit so far."
    }

    mutating func cancel() -> [StudioEffect] {
        guard let job else { return quit() }
        guard job.phase != .cancelling else {
            popup = .quit
            return []
        }
        // Idle is what was asked for, so the next job does not begin.
        if queue.running != nil { queue.isPaused = true }
        return cancel(job)
    }

    /// Gives up runs: at once where they stand still.
    mutating func cancel(_ job: Job) -> [StudioEffect] {
        if job.isPaused { return cancelPaused(job) }
        self.job?.phase = .cancelling
        return [.cancel]
    }

    mutating func quit() -> [StudioEffect] {
        guard job != nil || settings.isOn(.confirmQuit) else { return [.quit] }
        popup = .quit
        return []
    }

    mutating func pauseOrGoOn() -> [StudioEffect] {
        if let job, !job.isPaused { return pause(job) }
        return goOn(isSingleStep: false)
    }

    /// Runs stand still between two steps; after the last one they only end.
    private mutating func pause(_ job: Job) -> [StudioEffect] {
        guard canPause(job) else {
            message = Message(
                "This is the last step, after which nothing pauses; \(key(.cancel)) cancels.",
                .problem)
            return []
        }
        message = Message("Pausing after this step.")
        return [.pause]
    }

    /// Whether a step is left to stop before.
    package func canPause(_ job: Job) -> Bool {
        job.runs.compactMap { runs[$0] }.contains {
            $0.picture == nil && !$0.isSkipped && $0.step + 1 < $0.steps
        }
    }

    /// Goes on with the run shown, from its newest step; where that is finished, with the one that is
    /// paused behind it.
    private mutating func goOn(isSingleStep: Bool) -> [StudioEffect] {
        guard let run = shown else { return generate() }
        if isLoading, job == nil {
            message = loading
            return []
        }
        let isLeft = run.status == .cancelled && !run.snapshots.isEmpty && !isShownRunOn
        guard let ids = isLeft ? [run.id] : job?.runs else {
            message = Message("This run is finished; \(key(.fork)) forks it from the step shown.")
            return []
        }
        let released = isLeft ? job.map { release($0) } ?? [] : []
        if ids.contains(run.id) {
            canvas.step = nil
            if proposal.map({ !$0.candidates.contains(run.id) }) ?? false { proposal = nil }
        }
        job = Job(runs: ids)
        for id in ids where runs[id]?.picture == nil { runs[id]?.status = .running }
        return released + [.advance(ids, isSingleStep: isSingleStep)]
    }

    mutating func stepForward() -> [StudioEffect] {
        guard let run = shown else { return sayNoSteps() }
        if let step = canvas.step {
            if step < run.step { return show(step: step + 1) }
            if run.picture != nil { return show(step: nil) }
            canvas.step = nil
        }
        if let job, !job.isPaused { return pause(job) }
        return goOn(isSingleStep: true)
    }

    /// Winds the view, not the run: `fork` starts from what is shown.
    mutating func show(step: Int?) -> [StudioEffect] {
        guard let run = shown, !run.snapshots.isEmpty else { return sayNoSteps() }
        guard let step else {
            canvas.step = nil
            return readToken()
        }
        let first = run.snapshots.first?.step ?? 0
        let shown = min(max(step, first), run.step)
        canvas.step = shown == run.step && run.picture == nil ? nil : shown
        return decode(run, step: shown) + readToken()
    }

    private mutating func sayNoSteps() -> [StudioEffect] {
        message = Message("There are no steps yet.", .problem)
        return []
    }

    /// Asks for a step's tokens decoded in full, while there is nothing else to do.
    func decode(_ run: RunRecord, step: Int) -> [StudioEffect] {
        let wanted = preview == .full ? PreviewKind.full : .decoded
        guard run.previews[step]?.kind != wanted, job?.isPaused ?? true, step > 0, preview != .off
        else { return [] }
        return [.decode(run.id, step: step)]
    }

    mutating func askStep() {
        guard let run = shown, run.step > 0 else {
            message = Message("There are no steps yet.", .problem)
            return
        }
        popup = .form(
            Form(
                .step(of: run.id),
                [
                    Form.Field(
                        "step 0 to \(run.step)", suggesting: "\(shownSnapshot?.step ?? 0)")
                ]))
    }

    mutating func showNextPreview() -> [StudioEffect] {
        preview = preview.neighbour(1)
        message = Message("Steps are shown as \(preview.shown).")
        guard let run = shown, let step = shownSnapshot?.step, !isPictureShown else {
            return [.preview(preview)]
        }
        return [.preview(preview)] + decode(run, step: step)
    }
}

extension RunRecord {
    /// The step that the canvas counts from: the newest, or one past it for the finished picture.
    var lastStepShown: Int { picture == nil ? step : step + 1 }
}
