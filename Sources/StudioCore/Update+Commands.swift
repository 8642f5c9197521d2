import Requests

extension StudioState {
    mutating func perform(_ command: Command) -> [StudioEffect] {
        message = nil
        switch command {
        case .generate: return generate()
        case .cancel: return cancel()
        case .pause: return pauseOrGoOn()
        case .nextStep: return stepForward()
        case .previousStep: return show(step: (canvas.step ?? shown?.lastStepShown ?? 0) - 1)
        case .firstStep: return show(step: 0)
        case .lastStep: return show(step: nil)
        case .fork: return fork()
        case .toggleResidual, .split, .difference, .residualMap: return compare(command)
        case .dividerLeft: canvas.divider = max(0.05, canvas.divider - 0.05)
        case .dividerRight: canvas.divider = min(0.95, canvas.divider + 0.05)
        case .rerollResidual: return rerollResidual()
        case .strongerResidual, .weakerResidual:
            parameters.adjust(.strength, by: command == .strongerResidual ? 1 : -1)
            message = Message(
                "Residual strength \(parameters.shown(.strength)).")
            return strengthChanged()
        case .nextOverlay: canvas.overlay = canvas.overlay.neighbour(1)
        case .previousOverlay: canvas.overlay = canvas.overlay.neighbour(-1)
        case .noOverlay: canvas.overlay = .off
        case .pinToken: return togglePin()
        case .swapToken: return swapToken()
        case .editMask, .brush, .eraser, .rectangle, .ellipse, .lasso, .flood, .largerBrush,
            .smallerBrush, .applyTool, .invertMask, .growMask, .shrinkMask, .clearMask, .maskAll,
            .maskLeastSure:
            performOnMask(command)
        case .inpaint, .variation, .reroll, .alternatives, .outpaintLeft, .outpaintRight,
            .outpaintUp, .outpaintDown:
            return edit(command)
        case .accept: accept()
        case .discard: discard()
        case .nextCandidate: selectCandidate(1)
        case .previousCandidate: selectCandidate(-1)
        case .undo: travel(isUndo: true)
        case .redo: travel(isUndo: false)
        case .previousPicture: browse(-1)
        case .nextPicture: browse(1)
        case .save: return save(canvas.display == .discrete ? .discrete : .refined)
        case .saveBoth: return save(.both)
        case .saveSteps: return save(.steps)
        case .saveAnimation: return save(.animation)
        case .saveAs:
            if shown != nil { popup = .saveAs(TextField()) } else { sayNothingToSave() }
        case .openFile: popup = .open(TextField())
        case .editPrompt: (view, focus) = (.studio, .prompt)
        case .externalEditor: return [.editPrompt(prompt.positive.text)]
        case .example: return takeExample()
        case .searchHistory: popup = .history(Popup.ListState())
        case .newSeed:
            parameters.seed = randomSeed()
            message = Message("Seed \(parameters.seed).")
        case .fixSeed:
            parameters.seedMode = parameters.seedMode == .fixed ? .random : .fixed
            message = Message("Next seed: \(parameters.seedMode.rawValue).")
        case .recallAll: recall()
        case .recallSeed:
            if let run = shown {
                (parameters.seed, parameters.seedMode) = (run.request.seed, .fixed)
                message = Message("Seed \(parameters.seed), kept.")
            }
        case .parameters: (view, focus) = (.studio, .parameters)
        case .nextPanel: focus = focus.neighbour(1)
        case .copySeed: return [.copy(String(shown?.request.seed ?? parameters.seed))]
        case .copyPrompt: return [.copy(shown?.request.prompt ?? prompt.positive.text)]
        case .showCommandLine: showCommandLine()
        case .nextTheme:
            theme = theme.neighbour(1)
            message = Message("Theme: \(theme.rawValue).")
        case .viewStudio: return open(.studio)
        case .viewEdit: return open(.edit)
        case .viewGallery: return open(.gallery)
        case .viewQueue: return open(.queue)
        case .viewSettings: return open(.settings)
        case .help: popup = .commands(Popup.ListState(), isHelp: true)
        case .palette: popup = .commands(Popup.ListState(), isHelp: false)
        case .redraw: return [.redraw]
        case .suspend: return [.suspend]
        case .quit: return quit()
        }
        return []
    }

    // MARK: Runs

    /// The request that the fields and parameters make now; a random or counting seed moves on.
    private mutating func nextRequest() -> GenerationRequest {
        let request = parameters.request(
            prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
        switch parameters.seedMode {
        case .random: parameters.seed = randomSeed()
        case .increment: parameters.seed &+= 1
        case .fixed: break
        }
        return request
    }

    private mutating func generate() -> [StudioEffect] {
        guard isReady() else { return [] }
        guard !prompt.positive.text.allSatisfy(\.isWhitespace) else {
            (view, focus) = (.studio, .prompt)
            message = Message("Type a prompt first; e in the canvas brings an example.", .problem)
            return []
        }
        let text = prompt.positive.text
        remember(text)
        let request = nextRequest()
        return [.remember(prompt: text)] + begin([(request, .prompt)])
    }

    private mutating func remember(_ text: String) {
        prompt.history.removeAll { $0 == text }
        prompt.history.append(text)
        prompt.historyIndex = nil
    }

    /// False, with a message, while a run is on or there is no model.
    private mutating func isReady() -> Bool {
        if let job, !job.isPaused {
            message = Message("A run is on; Ctrl-C cancels it.", .problem)
            return false
        }
        switch model {
        case .ready: return true
        case .opening: message = Message("The model is still being opened.", .problem)
        case .failed(let problem): message = Message(problem, .problem)
        }
        return false
    }

    private mutating func begin(_ requests: [(GenerationRequest, RunOrigin)]) -> [StudioEffect] {
        let orders = requests.map { request, origin in
            let id = newRunID()
            order.append(id)
            runs[id] = RunRecord(id: id, request: request, origin: origin)
            return RunOrder(run: id, request: request, origin: origin)
        }
        if let job, job.isPaused { release(job) }
        job = Job(runs: orders.map(\.run))
        canvas.step = nil
        canvas.stroke = nil
        candidates = nil
        shownRun = orders.first?.run
        view = .studio
        focus = .canvas
        return [.generate(orders)]
    }

    /// A paused run that something else takes the place of can still be forked and gone on with.
    private mutating func release(_ job: Job) {
        for run in job.runs where runs[run]?.status != .finished {
            runs[run]?.status = .cancelled
        }
    }

    private mutating func cancel() -> [StudioEffect] {
        guard let job else { return quit() }
        if job.isPaused {
            release(job)
            self.job = nil
            message = Message("Cancelled; what was fixed so far is kept.")
            return []
        }
        guard !job.isCancelling else {
            popup = .quit
            return []
        }
        self.job?.isCancelling = true
        return [.cancel]
    }

    private mutating func quit() -> [StudioEffect] {
        popup = .quit
        return []
    }

    private mutating func pauseOrGoOn() -> [StudioEffect] {
        if let job, !job.isPaused {
            message = Message("Pausing after this step.")
            return [.pause]
        }
        return goOn(isSingleStep: false)
    }

    /// Goes on with the run shown, from its newest step.
    private mutating func goOn(isSingleStep: Bool) -> [StudioEffect] {
        guard let run = shown else { return generate() }
        guard run.status == .paused || run.status == .cancelled, !run.snapshots.isEmpty else {
            message = Message("This run is finished; f forks it from the step shown.")
            return []
        }
        canvas.step = nil
        job = Job(runs: job?.runs.contains(run.id) == true ? job?.runs ?? [] : [run.id])
        for id in job?.runs ?? [] { runs[id]?.status = .running }
        return [.advance(job?.runs ?? [], isSingleStep: isSingleStep)]
    }

    private mutating func stepForward() -> [StudioEffect] {
        guard let run = shown else { return [] }
        if let step = canvas.step {
            if step < run.step { return show(step: step + 1) }
            if run.picture != nil { return show(step: nil) }
            canvas.step = nil
        }
        guard job.map({ $0.isPaused }) ?? true else { return [.pause] }
        return goOn(isSingleStep: true)
    }

    /// Winds the view, not the run: `fork` starts from what is shown.
    mutating func show(step: Int?) -> [StudioEffect] {
        guard let run = shown, !run.snapshots.isEmpty else { return [] }
        guard let step else {
            canvas.step = nil
            return []
        }
        let first = run.snapshots.first?.step ?? 0
        let shown = min(max(step, first), run.step)
        canvas.step = shown == run.step && run.picture == nil ? nil : shown
        guard run.previews[shown]?.isDecoded != true, job?.isPaused ?? true, shown > 0 else {
            return []
        }
        return [.decode(run.id, step: shown)]
    }

    private mutating func fork() -> [StudioEffect] {
        guard isReady(), let run = shown, let snapshot = shownSnapshot else { return [] }
        let step = isPictureShown ? max(0, run.request.sampling.steps / 2) : snapshot.step
        guard step < run.request.sampling.steps else {
            message = Message("Every token is fixed here; step back first.", .problem)
            return []
        }
        var request = nextRequest()
        if request.prompt.allSatisfy(\.isWhitespace) { request.prompt = run.request.prompt }
        (request.width, request.height) = (run.request.width, run.request.height)
        if request.seed == run.request.seed, request.prompt == run.request.prompt {
            request.seed = randomSeed()
        }
        let effects = begin([(request, .fork(of: run.id, step: step))])
        message = Message("Forked from step \(step) with seed \(request.seed).")
        return effects
    }

    private mutating func rerollResidual() -> [StudioEffect] {
        guard isReady(), let run = shown else { return [] }
        guard run.picture != nil else {
            message = Message("A new residual needs a finished picture.", .problem)
            return []
        }
        var request = run.request
        request.residual.seed = randomSeed()
        request.residual.steps = parameters.residualSteps
        request.residual.strength = parameters.residualStrength
        return begin([(request, .residual(of: run.id))])
    }

    private mutating func compare(_ command: Command) -> [StudioEffect] {
        guard isPictureShown else {
            message = Message(
                shown?.picture == nil
                    ? "There is no residual before the run is finished."
                    : "Steps have no residual; $ shows the finished picture.", .problem)
            return []
        }
        switch command {
        case .toggleResidual:
            canvas.display = canvas.display == .refined ? .discrete : .refined
        case .split: canvas.display = canvas.display == .split ? .refined : .split
        case .difference:
            canvas.display = canvas.display == .difference ? .refined : .difference
        default: canvas.display = canvas.display == .residual ? .refined : .residual
        }
        return []
    }

    // MARK: Tokens

    private mutating func togglePin() -> [StudioEffect] {
        guard let run = shown, let token = cursorToken, job?.isPaused == true, canvas.step == nil
        else {
            message = Message("Tokens can be changed while a run is paused.", .problem)
            return []
        }
        let isFixed = run.snapshots.last?.ids[token] != nil
        if isFixed, run.pinned.contains(token) || run.snapshots.last?.fixedAt[token] != nil {
            runs[run.id]?.pinned.remove(token)
            return [.pin(run.id, position: token, id: nil)]
        }
        return swapToken()
    }

    private mutating func swapToken() -> [StudioEffect] {
        guard let run = shown, let token = cursorToken, job?.isPaused == true, canvas.step == nil
        else {
            message = Message("Tokens can be changed while a run is paused.", .problem)
            return []
        }
        guard let known = candidates, known.run == run.id, known.position == token,
            !known.candidates.isEmpty
        else {
            message = Message("The candidates are not known yet; press again in a moment.")
            return [.candidates(run.id, position: token)]
        }
        let now = run.snapshots.last?.ids[token] ?? nil
        let ids = known.candidates.map(\.id)
        let next = now.flatMap(ids.firstIndex(of:)).map { ids[($0 + 1) % ids.count] } ?? ids[0]
        runs[run.id]?.pinned.insert(token)
        return [.pin(run.id, position: token, id: next)]
    }

    // MARK: Edits

    private mutating func edit(_ command: Command) -> [StudioEffect] {
        guard isReady() else { return [] }
        let base = proposal.map(\.base) ?? shownRun
        guard let base, let run = runs[base], run.picture != nil else {
            message = Message("An edit needs a finished picture; generate one first.", .problem)
            return []
        }
        guard var order = repeated(command) ?? editOrder(command, run) else { return [] }
        var request = nextRequest()
        if request.prompt.allSatisfy(\.isWhitespace) { request.prompt = run.request.prompt }
        request.sampling.steps = editSteps(order)
        (request.width, request.height) = (run.request.width, run.request.height)
        let count = command == .alternatives ? parameters.alternatives : 1
        order.base = base
        let requests = (0..<count).map { index in
            var request = request
            request.seed &+= UInt64(index)
            return (request, RunOrigin.edit(order))
        }
        let effects = begin(requests)
        proposal = Proposal(base: base, candidates: job?.runs ?? [])
        canvas.isPainting = false
        return effects
    }

    /// Trying again means the edit just made, unless that had a mask, which may have changed.
    private func repeated(_ command: Command) -> EditOrder? {
        guard command == .inpaint, let first = proposal?.candidates.first,
            let order = runs[first]?.edit, order.mask == nil
        else { return nil }
        return order
    }

    private mutating func editOrder(_ command: Command, _ run: RunRecord) -> EditOrder? {
        let count = run.gridWidth * run.gridHeight
        switch command {
        case .variation:
            let share = Double(parameters.variationPercent) / 100
            let chosen = Set(
                (0..<count).shuffled(by: &self).prefix(max(1, Int(Double(count) * share))))
            return EditOrder(
                operation: "variation", base: run.id, isMasked: (0..<count).map(chosen.contains),
                share: share)
        case .reroll:
            let share = Double(parameters.rerollPercent) / 100
            let chosen = Set(run.leastSure(max(1, Int((Double(count) * share).rounded(.up)))))
            return EditOrder(
                operation: "reroll", base: run.id, isMasked: (0..<count).map(chosen.contains),
                feather: 0, share: share)
        case .outpaintLeft, .outpaintRight, .outpaintUp, .outpaintDown:
            var margins = EditOrder.Margins()
            let cells = 2
            if command == .outpaintLeft { margins.left = cells }
            if command == .outpaintRight { margins.right = cells }
            if command == .outpaintUp { margins.top = cells }
            if command == .outpaintDown { margins.bottom = cells }
            return EditOrder(
                operation: "outpaint", base: run.id,
                isMasked: margins.masked(run.gridWidth, run.gridHeight), margins: margins)
        default:
            guard let mask, !mask.isEmpty else {
                message = Message(
                    "The mask is empty; m paints one, then Enter fills it in.", .problem)
                return nil
            }
            return EditOrder(
                operation: "inpaint", base: run.id,
                isMasked: mask.tokens(cell: parameters.tokenSide), mask: mask,
                feather: parameters.feather)
        }
    }

    /// Fewer unknown tokens need fewer steps: max(4, 12 sqrt(unknown / tokens)) for 12.
    private func editSteps(_ order: EditOrder) -> Int {
        let share = Double(order.isMasked.count { $0 }) / Double(max(1, order.isMasked.count))
        let steps = (Double(parameters.sampling.steps) * share.squareRoot()).rounded()
        return min(parameters.sampling.steps, max(4, Int(steps)))
    }

    private mutating func accept() {
        guard let proposal, job == nil else { return }
        let chosen = proposal.candidates[proposal.selected]
        guard runs[chosen]?.picture != nil else { return }
        self.proposal = nil
        shownRun = chosen
        record(picture: chosen, mask: nil, runs[chosen]?.edit?.operation ?? "edit")
        message = Message("Accepted; z takes it back.", .success)
    }

    private mutating func discard() {
        guard let proposal, job == nil else { return }
        self.proposal = nil
        shownRun = proposal.base
        message = Message("Discarded; the picture is as it was.")
    }

    private mutating func selectCandidate(_ direction: Int) {
        guard var proposal, !proposal.candidates.isEmpty else { return }
        let count = proposal.candidates.count
        proposal.selected = (proposal.selected + direction + count) % count
        self.proposal = proposal
        shownRun = proposal.candidates[proposal.selected]
    }

    // MARK: History

    mutating func record(picture: RunID?, mask: PaintedMask?, _ label: String) {
        var document = Document()
        document.picture = picture
        document.mask = mask
        document.prompt = prompt.positive.text
        document.negativePrompt = prompt.negative.text
        document.parameters = parameters
        history.record(document, label)
    }

    private mutating func travel(isUndo: Bool) {
        guard job == nil else {
            message = Message("Undo waits for the run; Ctrl-C cancels it.", .problem)
            return
        }
        if proposal != nil, isUndo { return discard() }
        let before = history.value
        guard let label = isUndo ? history.undo() : history.redo() else {
            message = Message(isUndo ? "Nothing to undo." : "Nothing to redo.")
            return
        }
        let document = history.value
        shownRun = document.picture
        proposal = nil
        canvas.step = nil
        canvas.stroke = nil
        if document.picture != before.picture {
            prompt.positive = TextField(document.prompt)
            prompt.negative = TextField(document.negativePrompt)
            if let recorded = document.parameters { parameters = recorded }
        }
        message = Message(isUndo ? "Undone: \(label)." : "Done again: \(label).")
    }

    private mutating func browse(_ direction: Int) {
        guard job.map({ $0.isPaused }) ?? true else { return }
        let finished = order.filter { runs[$0]?.snapshots.isEmpty == false }
        guard !finished.isEmpty else { return }
        let at = shownRun.flatMap(finished.firstIndex(of:)) ?? finished.count
        let next = min(max(at + direction, 0), finished.count - 1)
        guard finished[next] != shownRun else { return }
        shownRun = finished[next]
        proposal = nil
        canvas.step = nil
        if runs[finished[next]]?.picture != nil {
            record(picture: finished[next], mask: nil, "picture \(finished[next])")
        }
    }

    private mutating func recall() {
        guard let run = shown else { return }
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
        parameters.seed = run.request.seed
        parameters.seedMode = .fixed
        if run.edit == nil { parameters.sampling = run.request.sampling }
        parameters.residualSteps = run.request.residual.steps
        parameters.residualStrength = run.request.residual.strength
        message = Message("Prompt, seed \(run.request.seed) and parameters are this picture's.")
    }

    private mutating func takeExample() -> [StudioEffect] {
        let examples = PromptState.examples
        prompt.positive = TextField(examples[prompt.exampleIndex % examples.count])
        prompt.exampleIndex += 1
        (view, focus) = (.studio, .prompt)
        return [.inspect(prompt: prompt.positive.text)]
    }

    // MARK: Files

    private mutating func save(_ content: SaveOrder.Content) -> [StudioEffect] {
        guard let run = shown, !run.snapshots.isEmpty else {
            sayNothingToSave()
            return []
        }
        guard job.map({ $0.isPaused }) ?? true else {
            message = Message(
                "The run is still on; it can be saved when it ends or is paused.", .problem)
            return []
        }
        return [.save(SaveOrder(run: run.id, content: content))]
    }

    private mutating func sayNothingToSave() {
        message = Message("There is no picture to save yet.", .problem)
    }

    private mutating func showCommandLine() {
        let request =
            shown?.request
            ?? parameters.request(
                prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
        popup = .text(title: "Equivalent command line", lines: [request.commandLine])
    }
}

extension RunRecord {
    /// The step that the canvas counts from: the newest, or one past it for the finished picture.
    fileprivate var lastStepShown: Int { picture == nil ? step : step + 1 }

    /// The tokens with the least confidence, ties in reading order.
    func leastSure(_ count: Int) -> [Int] {
        guard let confidence = snapshots.last?.confidence else { return [] }
        let ranked = confidence.indices.sorted { (confidence[$0], $0) < (confidence[$1], $1) }
        return Array(ranked.prefix(count))
    }
}

extension EditOrder.Margins {
    /// The tokens of the larger grid that lie outside the old one.
    package func masked(_ gridWidth: Int, _ gridHeight: Int) -> [Bool] {
        let (width, height) = (gridWidth + left + right, gridHeight + top + bottom)
        return (0..<width * height).map { at in
            let (x, y) = (at % width - left, at / width - top)
            return !(0..<gridWidth ~= x && 0..<gridHeight ~= y)
        }
    }
}

extension Range<Int> {
    /// In an order drawn from the state's own randomness (Fisher-Yates).
    fileprivate func shuffled(by state: inout StudioState) -> [Int] {
        var numbers = Array(self)
        for at in stride(from: numbers.count - 1, to: 0, by: -1) {
            numbers.swapAt(at, Int(state.randomSeed() % UInt64(at + 1)))
        }
        return numbers
    }
}

extension GenerationRequest {
    /// What makes the same picture without the studio.
    package var commandLine: String {
        var words = ["dcar", "generate", "--prompt", prompt.shellQuoted]
        if !negativePrompt.isEmpty { words += ["--negative-prompt", negativePrompt.shellQuoted] }
        words += ["--seed", String(seed), "--steps", String(sampling.steps)]
        words += ["--guidance", Parameters.decimal(sampling.guidanceScale)]
        words += ["--guidance-decay", sampling.guidanceDecay.rawValue]
        words += ["--temperature", Parameters.decimal(sampling.temperature)]
        if let steps = residual.steps { words += ["--residual-steps", String(steps)] }
        if let width { words += ["--width", String(width)] }
        if let height { words += ["--height", String(height)] }
        return words.joined(separator: " ")
    }
}

extension String {
    /// As one word of a shell.
    fileprivate var shellQuoted: String {
        "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
    }
}
