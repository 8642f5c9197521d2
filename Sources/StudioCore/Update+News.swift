import Requests

extension StudioState {
    /// Late news of runs that are not known, or were given up, change nothing but those runs.
    mutating func learn(_ news: StudioNews) -> [StudioEffect] {
        switch news {
        case .modelOpened(let facts):
            open(facts)
        case .modelFailed(let problem):
            model = .failed(problem)
            message = Message(problem, .problem)
        case .started(let id, let gridWidth, let gridHeight, let snapshot, let isTruncated):
            runs[id]?.gridWidth = gridWidth
            runs[id]?.gridHeight = gridHeight
            runs[id]?.snapshots = [snapshot]
            if isTruncated {
                message = Message("The model reads only the start of this prompt.", .problem)
            }
            // One that was given up meanwhile stays so.
            if let job, job.runs.contains(id) { runs[id]?.status = .running }
        case .stepped(let id, let snapshot, let preview, let seconds):
            runs[id]?.savedPath = nil
            runs[id]?.snapshots.removeAll { $0.step >= snapshot.step }
            runs[id]?.snapshots.append(snapshot)
            // Masks alone are wanted, and not the picture of a step before.
            if self.preview == .off { runs[id]?.previews = [:] }
            runs[id]?.previews[snapshot.step] = preview
            runs[id]?.stepSeconds.append(seconds)
            // What the model made of a change cannot be taken back with it.
            if tokenChanges.run == id, snapshot.step > tokenChanges.step {
                tokenChanges = TokenChanges()
            }
        case .phase(let id, let phase, let done, let count):
            runs[id]?.phase = phase
            runs[id]?.done = done
            runs[id]?.of = count
        case .timed(let id, let phase, let units, let seconds):
            runs[id]?.timings[phase] = PhaseTime(units: units, seconds: seconds)
            if units > 0 { paces[phase] = seconds / Double(units) }
        case .paused(let id):
            // Others of a batch that was given up meanwhile are said to be paused, too.
            if let job, job.runs.contains(id) {
                // It was asked to pause, and then to end.
                if job.isCancelling { return idle(id) + cancelPaused(job) }
                runs[id]?.status = .paused
                self.job?.phase = .paused
                message = Message(
                    "Paused. \(goingToPicture)\(key(.pause)) goes on, \(key(.nextStep)) takes one "
                        + "step, \(key(.fork)) forks.")
            }
            return idle(id)
        case .cancelled(let id):
            end(id, .cancelled)
            return idle(id) + endJob(of: id, .skipped)
        case .failed(let id, let problem):
            end(id, .failed(problem))
            if id == shownRun || id == canvas.partner { message = Message(problem, .problem) }
            if id == canvas.partner { leaveComparison() }
            return endJob(of: id, .failed, problem)
        case .finished(let id, let picture, let seconds):
            finish(id, picture, seconds)
            return idle(id) + (job == nil ? endJob(of: id, .finished) : [])
        case .loaded(let record):
            loaded(record)
            canvas.comparison = nil
            return idle(record.id)
        case .library(let news): return learn(news)
        case .decoded(let id, let step, let preview): runs[id]?.previews[step] = preview
        case .strengthChanged(let id, let picture):
            if runs[id]?.picture?.strength != picture.strength { runs[id]?.savedPath = nil }
            runs[id]?.picture = picture
            runs[id]?.request.residual.strength = picture.strength
            canvas.comparison = nil
        case .candidates(let id, let step, let position, let list):
            candidates = TokenCandidates(
                run: id, step: step, position: position, candidates: list)
        case .changed(let id, let snapshot):
            runs[id]?.savedPath = nil
            runs[id]?.snapshots.removeAll { $0.step >= snapshot.step }
            runs[id]?.snapshots.append(snapshot)
            runs[id]?.previews[snapshot.step] = nil
            return idle(id)
        case .inspected(let facts):
            if facts.prompt == prompt.positive.text { prompt.facts = facts }
        case .saved(let id, let path, let content):
            let twin = keepFile(of: id, path, content)
            // Not the step that is shown.
            let isHidden = id == shownRun && canvas.step != nil && shown?.picture != nil
            let isWhole = isHidden && content.isWholePicture
            message = Message(
                (isWhole ? "The finished picture is saved" : "Saved") + " as \(path)"
                    + (twin.map { "; it is in \($0) too." } ?? "."), .saved)
            return [.library(.index(path: path))]
                + (content.isWholePicture ? jobSaved(id, path) : [])
        case .notSaved(let id, let problem):
            message = Message(problem, .problem)
            return jobNotSaved(id, problem)
        case .opened(let record):
            opened(record)
            return idle(record.id)
        case .nameSuggested(let name):
            // Who types already knows better.
            guard case .saveAs(TextField(), let order)? = popup else { return [] }
            popup = .saveAs(TextField(suggesting: name), order)
        case .maskLoaded(let id, let mask): maskLoaded(mask, of: id)
        case .settings(let settings): return learn(settings)
        case .log(let lines):
            popup = .text(
                title: "Log, the newest first", lines: lines.isEmpty ? ["It is empty."] : lines)
        case .problem(let text): message = Message(text, .problem)
        case .note(let text): message = Message(text)
        case .written(let text): message = Message(text, .saved)
        }
        return []
    }

    /// Remembers where a picture is saved. Its other files, of steps or of its discrete half, are not
    /// the picture.
    /// - Returns: the name of another file that has the same picture.
    private mutating func keepFile(
        of id: RunID, _ path: String, _ content: SaveOrder.Content
    ) -> String? {
        guard content.isWholePicture, let run = runs[id] else { return nil }
        runs[id]?.savedPath = path
        if case .file = run.origin, run.source == nil { runs[id]?.source = run.file }
        let file = SavedFile(
            path: path, strength: run.request.residual.strength, step: run.step,
            isFinished: run.picture != nil)
        runs[id]?.file = file
        guard run.savedPath != nil, let before = run.file, before.path != path,
            before.strength == file.strength,
            before.step == file.step, before.isFinished == file.isFinished
        else { return nil }
        // Short, as the new name is what counts.
        return before.path.split(separator: "/").last.map { name in
            name.count > 16 ? "\(name.prefix(15))…" : String(name)
        }
    }

    /// What to look at more closely once a run stands still.
    private mutating func idle(_ id: RunID) -> [StudioEffect] {
        guard shownRun == id, job?.isPaused ?? true, let run = runs[id] else { return [] }
        let step = canvas.step ?? run.step
        return (isPictureShown ? [] : decode(run, step: step)) + readToken()
    }

    private mutating func open(_ facts: ModelFacts) {
        model = .ready(facts)
        parameters.takeResidualDefaults(facts)
        parameters.tokenSide = facts.pixelsPerToken
        if !hasRestoredParameters {
            parameters.sampling = facts.sampling
            (parameters.width, parameters.height) = (facts.trainedSide, facts.trainedSide)
            parameters.adopt(settings, since: nil, facts)
            canvas.cursor = PixelPoint(x: facts.pixelsPerToken / 2, y: facts.pixelsPerToken / 2)
        }
        // The first change of a parameter has something to go back to, even where what was before is
        // kept already.
        guard history.value.parameters == nil else { return }
        var document = history.value
        document.parameters = parameters
        history.move(to: history.current, document)
    }

    private mutating func end(_ id: RunID, _ status: RunStatus) {
        runs[id]?.status = status
        guard let ended = job, ended.runs.contains(id) else { return }
        job = nil
        if case .failed(let problem) = status {
            message = Message(problem, .problem)
        } else {
            let hasSteps = runs[id]?.snapshots.isEmpty == false
            let isShown = shownRun == id && proposal?.base == nil && hasSteps
            message = Message(
                cancelledWords(ended)
                    + (isShown
                        ? " \(goingToPicture)\(key(.pause)) goes on, \(key(.fork)) forks." : ""))
        }
        if let base = proposal?.base {
            // Nothing to choose from any more: back to the picture.
            proposal = nil
            shownRun = base
        }
    }

    private mutating func finish(_ id: RunID, _ picture: FinishedPicture, _ seconds: Double) {
        runs[id]?.picture = picture
        runs[id]?.seconds = seconds
        runs[id]?.status = .finished
        // Its file, if there is one, shows it as it was before.
        runs[id]?.savedPath = nil
        guard let job, job.runs.contains(id) else { return }
        guard job.runs.allSatisfy({ runs[$0]?.status == .finished || runs[$0]?.isSkipped == true })
        else { return }
        let isShown = isShownRunOn
        self.job = nil
        if isShown { canvas.step = nil }
        guard let proposal else {
            if shownRun == id || shownRun == nil {
                shownRun = id
                record(picture: id, mask: nil, "picture \(id)")
            }
            let next: String
            if case .residual = runs[id]?.origin, parameters.headTemperature < 0.5 {
                let name = Parameter.residualTemperature
                next = "A higher \(isPlain ? name.plainName : name.title) changes more."
            } else if isPlain {
                next = "\(key(.save)) saves, :edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew."
            } else {
                next =
                    "\(goingToPicture)\(key(.toggleResidual)) flips discrete and refined, "
                    + "\(key(.editMask)) paints a mask, \(key(.save)) saves."
            }
            message = Message("Done in \(Parameters.decimal(Float(seconds))) s. \(next)", .success)
            return
        }
        guard proposal.base != nil else {
            recordResults(proposal.sheet == nil ? "batch" : "sheet")
            let arrows = goingToPicture.isEmpty ? "Arrows" : "\(goingToPicture)arrows"
            let choosing =
                isPlain ? "\(key(.nextCandidate)) goes to the next" : "\(arrows) choose"
            message = Message(
                "\(proposal.candidates.count) pictures. \(choosing), \(key(.accept)) shows one alone, "
                    + (proposal.sheet == nil
                        ? "\(key(.save)) saves it." : "\(key(.exports)) saves it or the sheet."),
                .success
            )
            return
        }
        // With the same seed it would be the same again.
        let again =
            parameters.seedMode == .fixed
            ? "\(key(.newSeed)) and then \(key(.inpaint)) try another seed"
            : "\(key(.inpaint)) tries again"
        recordResults(
            proposal.candidates.first.flatMap { runs[$0]?.edit }?.operation.rawValue ?? "edit")
        let chosen = runs[proposal.candidates[proposal.selected]]?.picture ?? picture
        let seam = chosen.seamError.map { ", seam \(Parameters.decimal(Float($0)))" } ?? ""
        message = Message(
            "Done\(seam). \(goingToPicture)\(key(.accept)) accepts, \(key(.discard)) discards, "
                + "\(again).", .success)
    }

    /// Asks for a file. It takes the canvas when it comes, unless a run is on or a person has begun
    /// something by then.
    package mutating func opening(_ path: String) -> StudioEffect {
        let run = newRunID()
        textsAtOrder[run] = promptTexts
        return .open(path: path, run: run, fit: importFit)
    }

    var promptTexts: [String] { [prompt.positive.text, prompt.negative.text] }

    /// Whether a value or a search is open, which no order leaves so.
    var isTyping: Bool {
        parameterField != nil || settingsView.field != nil || gallery.field != nil
    }

    private mutating func opened(_ record: RunRecord) {
        let id = record.id
        order.append(id)
        runs[id] = record
        let texts = textsAtOrder.removeValue(forKey: id) ?? promptTexts
        guard job == nil, popup == nil, !isTyping, texts == promptTexts else {
            message = Message(
                "Opened as picture \(id); \(goingToPicture)\(key(.nextPicture)) leads to it.",
                .success)
            return
        }
        turn(to: id)
        canvas.isPainting = false
        view = .studio
        focus = .canvas
        if !record.request.prompt.isEmpty {
            prompt.positive = TextField(record.request.prompt)
        }
        self.record(picture: id, mask: nil, "open")
        guard record.picture != nil else {
            message = Message(
                "Opened; it was stopped after step \(record.step). \(key(.pause)) goes on, "
                    + "\(key(.fork)) forks.", .success)
            return
        }
        let paints =
            isPlain
            ? ":edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew"
            : "\(key(.editMask)) paints a mask"
        message = Message(
            "Opened; \(paints), \(key(.variation)) makes a variation.", .success)
    }
}

extension SaveOrder.Content {
    /// Whether its file is the picture as it is, with its residual.
    fileprivate var isWholePicture: Bool { self == .refined || self == .both }
}
