import Requests

extension StudioState {
    mutating func perform(_ command: Command) -> [StudioEffect] {
        message = nil
        defer { lastCommand = command }
        switch command {
        case .generate: return generate()
        case .cancel: return cancel()
        case .pause: return pauseOrGoOn()
        case .nextStep: return stepForward()
        case .previousStep: return show(step: (canvas.step ?? shown?.lastStepShown ?? 0) - 1)
        case .firstStep: return show(step: 0)
        case .lastStep: return show(step: nil)
        case .goToStep: askStep()
        case .skip: return skip()
        case .fork: askFork()
        case .toggleResidual, .flip, .split, .difference, .residualMap: return compare(command)
        case .swapCompared: swapCompared()
        case .dividerLeft, .dividerRight: moveDivider(command == .dividerLeft ? -0.05 : 0.05)
        case .compareWith: askComparison()
        case .rerollResidual: return remakeResidual(withNewSeed: true)
        case .repeatResidual: return remakeResidual(withNewSeed: false)
        case .strongerResidual, .weakerResidual:
            takeStrengthShown()
            noteParameters()
            parameters.adjust(.strength, by: command == .strongerResidual ? 1 : -1)
            record(
                picture: history.value.picture, mask: mask,
                "strength \(parameters.shown(.strength))")
            message = Message(
                "Residual strength \(parameters.shown(.strength)).")
            return strengthChanged()
        case .nextOverlay: canvas.overlay = canvas.overlay.neighbour(1)
        case .previousOverlay: canvas.overlay = canvas.overlay.neighbour(-1)
        case .noOverlay: canvas.overlay = .off
        case .gridOverlay: canvas.overlay = .grid
        case .tokensOverlay: canvas.overlay = .tokens
        case .confidenceOverlay: canvas.overlay = .confidence
        case .orderOverlay: canvas.overlay = .order
        case .maskOverlay:
            canvas.overlay = canvas.overlay == .mask ? .off : .mask
            if mask == nil {
                message = Message("There is no mask to show; \(key(.editMask)) paints one.")
            }
        case .nextPreview:
            preview = preview.neighbour(1)
            message = Message("Steps are shown as \(preview.shown).")
            guard let run = shown, let step = shownSnapshot?.step, !isPictureShown else {
                return [.preview(preview)]
            }
            return [.preview(preview)] + decode(run, step: step)
        case .zoomIn: zoom(to: canvas.zoom * 2)
        case .zoomOut: zoom(to: canvas.zoom / 2)
        case .zoomFit: zoom(to: 1)
        case .pinToken: return togglePin()
        case .unpinToken: return unpin()
        case .swapToken: return askSwap()
        case .editMask, .brush, .eraser, .rectangle, .ellipse, .lasso, .flood, .largerBrush,
            .smallerBrush, .applyTool, .invertMask, .growMask, .shrinkMask, .clearMask, .maskAll,
            .maskLeastSure:
            performOnMask(command)
        case .loadMask, .saveMask: askMaskFile(command)
        case .inpaint, .variation, .reroll, .alternatives: return edit(command)
        case .outpaint: askMargins()
        case .outpaintLeft, .outpaintRight, .outpaintUp, .outpaintDown: widen(command)
        case .accept: accept()
        case .discard: discard()
        case .nextCandidate: selectCandidate(1)
        case .previousCandidate: selectCandidate(-1)
        case .undo, .redo:
            if view == .settings {
                message = Message(
                    "There is nothing to undo here; \(key(.resetSetting)) sets a setting back.")
                return []
            }
            if view == .gallery { return travelInGallery(isUndo: command == .undo) }
            if view == .queue { return travelInQueue(isUndo: command == .undo) }
            if let effects = travelTokens(isUndo: command == .undo) { return effects }
            return travel(isUndo: command == .undo)
        case .previousPicture: browse(-1)
        case .nextPicture: browse(1)
        case .save: return canBeSaved(orderSeen).map { [.save($0)] } ?? []
        case .saveBoth: return save(.both)
        case .saveSteps: return save(.steps)
        case .saveAnimation: return save(.animation)
        case .saveEachStep: return save(.eachStep)
        case .saveStripped: return save(.stripped)
        case .sheet: askSheet()
        case .saveSheet: return saveSheet()
        case .exports:
            if shown == nil, lastSheet == nil {
                sayNothingToSave()
            } else {
                popup = .exports(Popup.ListState())
            }
        case .saveAs:
            guard let order = canBeSaved(orderSeen) else { return [] }
            popup = .saveAs(TextField(), order)
            return [.suggestName(order.run)]
        case .openFile: popup = .open(TextField())
        case .editPrompt:
            (view, focus) = (.studio, .prompt)
            suggestPromptOfMask()
        case .externalEditor: return [.editPrompt(prompt.positive.text)]
        case .example: popup = .examples(Popup.ListState())
        case .style: openStyles()
        case .searchHistory: popup = .history(Popup.ListState())
        case .newSeed:
            parameters.seed = randomSeed()
            message = Message("Seed \(parameters.seed).")
        case .fixSeed:
            if parameters.seedMode == .fixed {
                parameters.seedMode = releasedSeeds
            } else {
                (releasedSeeds, parameters.seedMode) = (parameters.seedMode, .fixed)
            }
            message = Message("Next seed: \(parameters.seedMode.rawValue).")
        case .recallAll: recall()
        case .recallPrompt: recallPrompt()
        case .recallSize: recallSize()
        case .recallSeed:
            guard let run = shown else { return [] }
            guard let seed = run.knownSeed else {
                message = Message("The file of this picture names no seed.", .problem)
                return []
            }
            (parameters.seed, parameters.seedMode) = (seed, .fixed)
            message = Message("Seed \(seed), kept.")
        case .parameters: (view, focus) = (.studio, .parameters)
        case .nextPanel:
            focus = focus.neighbour(1)
            suggestPromptOfMask()
        case .copy: askCopy()
        case .copySeed, .copyPrompt, .copyCommandLine, .copyPath: return copy(command)
        case .editConfiguration: return [.editSettings]
        case .reloadConfiguration: return [.reloadSettings]
        case .resetSetting: return resetSetting()
        case .nextTheme:
            theme = theme.neighbour(1)
            message = Message("Theme: \(theme.rawValue).")
        case .setTheme: popup = .themes(Theme.allCases.firstIndex(of: theme) ?? 0)
        case .bestGraphics, .sixelGraphics, .kittyGraphics, .halfBlockGraphics, .quadrantGraphics,
            .sextantGraphics, .asciiGraphics, .noGraphics, .probeTerminal:
            return changeGraphics(command)
        case .queueAdd, .queueAddFirst, .queuePause, .queueResume, .queueUp, .queueDown, .queueEdit,
            .queueRemove, .queueRetry, .queueClear, .queueEmpty, .queueSkip:
            return performOnQueue(command)
        case .gallerySearch, .galleryNext, .galleryPrevious, .galleryOpen, .galleryPair,
            .galleryStar, .galleryTag, .galleryTrash, .galleryInfo, .galleryCopy, .galleryRecallAll,
            .galleryRecallPrompt, .galleryRecallSeed, .galleryRecallSize, .galleryRemix,
            .galleryScan:
            return performInGallery(command)
        case .loadModel: askModel()
        case .verifyModel:
            message = Message("The model's files are read.")
            return [.verifyModel]
        case .showVersions: showVersions()
        case .showLog: return [.readLog]
        case .viewStudio: return open(.studio)
        case .viewEdit: return open(.edit)
        case .viewGallery: return open(.gallery)
        case .viewQueue: return open(.queue)
        case .viewSettings: return open(.settings)
        case .help: popup = .commands(Popup.ListState(), isHelp: true)
        case .palette: popup = .commands(Popup.ListState(), isHelp: false)
        case .about: popup = .text(title: "About", lines: about)
        case .redraw: return lastCommand == .redraw ? [.redraw, .probe] : [.redraw]
        case .suspend: return [.suspend]
        case .quit: return quit()
        }
        return []
    }

    // MARK: Runs

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
        if let job, !job.isPaused {
            message = Message(
                queue.running == nil
                    ? "A run is on; \(key(.cancel)) cancels it, \(key(.queueAddFirst)) queues the prompt."
                    : "The queue is at work; \(key(.queuePause)) in its view pauses it.", .problem)
            return false
        }
        switch model {
        case .ready: return true
        case .opening: message = Message("The model is still being opened.", .problem)
        case .failed(let problem): message = Message(problem, .problem)
        }
        return false
    }

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
        return RunOrder(run: id, request: request, origin: origin)
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
        return "Cancelled; the picture is as it was. \(key(.showVersions)) shows picture \(edit), "
            + "the edit so far."
    }

    mutating func cancel() -> [StudioEffect] {
        guard let job else { return quit() }
        guard job.isPaused || !job.isCancelling else {
            popup = .quit
            return []
        }
        // Idle is what was asked for, so the next job does not begin.
        if queue.running != nil { queue.isPaused = true }
        if job.isPaused { return cancelPaused(job) }
        self.job?.isCancelling = true
        return [.cancel]
    }

    private mutating func quit() -> [StudioEffect] {
        guard job != nil || settings.isOn(.confirmQuit) else { return [.quit] }
        popup = .quit
        return []
    }

    private mutating func pauseOrGoOn() -> [StudioEffect] {
        if let job, !job.isPaused { return pause(job) }
        return goOn(isSingleStep: false)
    }

    /// Runs stand still between two steps; after the last one they only end.
    private mutating func pause(_ job: Job) -> [StudioEffect] {
        let isStepLeft = job.runs.compactMap { runs[$0] }.contains {
            $0.picture == nil && !$0.isSkipped && $0.step + 1 < $0.steps
        }
        guard isStepLeft else {
            message = Message(
                "This is the last step, after which nothing pauses; \(key(.cancel)) cancels.",
                .problem)
            return []
        }
        message = Message("Pausing after this step.")
        return [.pause]
    }

    /// Goes on with the run shown, from its newest step; where that is finished, with the one that is
    /// paused behind it.
    private mutating func goOn(isSingleStep: Bool) -> [StudioEffect] {
        guard let run = shown else { return generate() }
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

    private mutating func stepForward() -> [StudioEffect] {
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

    private mutating func askStep() {
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

    // MARK: History

    /// What the parameters became without a change that undo knows, such as a seed that moved on,
    /// belongs to what was before the next change.
    mutating func noteParameters() {
        guard history.value.parameters != parameters else { return }
        var document = history.value
        document.parameters = parameters
        history.move(to: history.current, document)
    }

    mutating func record(picture: RunID?, mask: PaintedMask?, _ label: String) {
        notePlace()
        history.record(document(picture: picture, mask: mask), label)
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
        notePlace()
        let before = history.value
        let strength = parameters.residualStrength
        guard let label = isUndo ? history.undo() : history.redo() else {
            message = Message(isUndo ? "Nothing to undo." : "Nothing to redo.")
            return []
        }
        let document = history.value
        if let picture = document.picture, picture != shownRun {
            canvas.margins = EditOrder.Margins()
        }
        // Before the first picture there was none, but what is on the canvas is not undone.
        shownRun = document.picture ?? shownRun
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
        guard document.picture == before.picture, parameters.residualStrength != strength else {
            return []
        }
        return strengthChanged()
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
        turn(to: run)
        guard runs[run]?.status == .finished else { return }
        let place =
            placesLeft[run].flatMap { history.value(at: $0)?.picture == run ? $0 : nil }
            ?? history.nodes.lastIndex { $0.value.picture == run }
        var document = self.document(picture: run, mask: nil)
        if let place { document.mask = history.value(at: place)?.mask }
        history.move(to: place ?? 0, document)
    }

    /// Turns the canvas to another picture. What was begun on the one before stays behind.
    mutating func turn(to run: RunID) {
        shownRun = run
        proposal = nil
        canvas.step = nil
        canvas.stroke = nil
        canvas.margins = EditOrder.Margins()
    }

    private mutating func browse(_ direction: Int) {
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

    private mutating func recall() {
        guard let run = shown else { return }
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
        if let seed = run.knownSeed { (parameters.seed, parameters.seedMode) = (seed, .fixed) }
        let steps = parameters.sampling.steps
        parameters.sampling = run.request.sampling
        // An edit's are as few as its tokens need.
        if run.edit != nil { parameters.sampling.steps = steps }
        parameters.residual = run.request.residual
        (parameters.width, parameters.height) = (pictureSize.x, pictureSize.y)
        let seed = run.knownSeed.map { ", seed \($0)" } ?? ""
        let left =
            (run.edit == nil ? [] : ["the steps"])
            + (run.request.residual.seed.map { ["its residual seed, \($0)"] } ?? [])
        message = Message(
            "Prompt\(seed), size and parameters are this picture's"
                + (left.isEmpty ? "." : ", but for \(left.joined(separator: " and "))."))
    }

    private mutating func recallPrompt() {
        guard let run = shown else { return }
        prompt.positive = TextField(run.request.prompt)
        prompt.negative = TextField(run.request.negativePrompt)
        message = Message("The prompt is this picture's.")
    }

    private mutating func recallSize() {
        guard shown != nil else { return }
        (parameters.width, parameters.height) = (pictureSize.x, pictureSize.y)
        message = Message("The size is this picture's, \(pictureSize.x)×\(pictureSize.y).")
    }

    private mutating func askModel() {
        guard job.map(\.isPaused) ?? true else {
            message = Message("A run is on; \(key(.cancel)) cancels it.", .problem)
            return
        }
        popup = .form(
            Form(.loadModel, [Form.Field("folder", suggesting: settings.text(.modelPath) ?? "")]))
    }

    /// What a person would put into a report.
    private var about: [String] {
        var lines = ["program: dcar" + (version.isEmpty ? "" : " \(version)")]
        if let facts {
            lines += [
                "model: \(facts.name), \(facts.trainedSide) pixels, \(facts.codebookSize) codes, "
                    + "\(facts.sampling.steps) steps, \(facts.residualSteps) residual steps",
                "machine: \(facts.threads) threads"
            ]
        }
        guard !isPlain else { return lines + ["plain lines, without a screen"] }
        lines += [
            "pictures: \(graphics)",
            "\(screen.columns)×\(screen.rows) cells of \(screen.cellWidth)×\(screen.cellHeight) pixels",
            "theme \(theme.rawValue)", "", "`dcar doctor` says how that was found out."
        ]
        return lines
    }

    // MARK: Files

    private mutating func save(_ content: SaveOrder.Content) -> [StudioEffect] {
        canBeSaved(shownRun.map { SaveOrder(run: $0, content: content) }).map { [.save($0)] } ?? []
    }

    /// To save what is seen.
    private var orderSeen: SaveOrder? {
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
}

extension RunRecord {
    /// The step that the canvas counts from: the newest, or one past it for the finished picture.
    fileprivate var lastStepShown: Int { picture == nil ? step : step + 1 }
}
