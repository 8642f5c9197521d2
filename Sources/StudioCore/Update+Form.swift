import Requests
import TerminalGraphics

extension StudioState {
    mutating func press(_ key: Key, in form: Form) -> [StudioEffect] {
        var form = form
        switch (key.code, key.modifiers) {
        case (.escape, _), (.character("c"), .control): popup = nil
        case (.enter, []):
            popup = nil
            return complete(form)
        case (.tab, []), (.down, []):
            form.move(by: 1)
            popup = .form(form)
        case (.tab, .shift), (.up, []):
            form.move(by: -1)
            popup = .form(form)
        default:
            if form.field.edit(key) { popup = .form(form) }
        }
        return []
    }

    private mutating func complete(_ form: Form) -> [StudioEffect] {
        message = nil
        do throws(FormProblem) {
            switch form.purpose {
            case .fork(let run): return try fork(run, form)
            case .step(let run):
                try check(isShown: run)
                return show(step: try whole(form, 0, 0...(shown?.step ?? 0)))
            case .sheet: return try makeSheet(across: form.text(0), down: form.text(1))
            case .loadMask(let run):
                try check(isShown: run)
                return loadMask(try name(form))
            case .saveMask(let mask): return [.saveMask(path: try name(form), mask)]
            case .outpaint(let run):
                try check(isShown: run)
                try setMargins(form)
            case .loadModel:
                return [.reopen(model: try name(form))]
            }
            return []
        } catch {
            // What was typed stays, to be put right.
            popup = .form(form)
            message = Message(error.text, .problem)
            return []
        }
    }

    /// What is wrong with what was typed.
    struct FormProblem: Error {
        let text: String
    }

    private func name(_ form: Form) throws(FormProblem) -> String {
        guard !form.text(0).isEmpty else {
            throw FormProblem(text: "Write a name, or press Esc.")
        }
        return form.text(0)
    }

    /// The queue may have turned the canvas to another picture while the form was filled in.
    private func check(isShown run: RunID) throws(FormProblem) {
        guard shownRun == run else {
            throw FormProblem(
                text: "Picture \(run) is not shown any more; press Esc, go back to it with "
                    + "\(key(.previousPicture)) and ask again.")
        }
    }

    private func whole(_ form: Form, _ index: Int, _ range: ClosedRange<Int>)
        throws(FormProblem) -> Int
    {
        guard let number = Int(form.text(index)), range ~= number else {
            // What the label says of the range is said anyway.
            let name = form.fields[index].label.prefix { $0 != " " }
            throw FormProblem(
                text: "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    // MARK: Outpainting

    /// Asks how far to go on beyond each side; a cell to the right unless something waits already.
    mutating func askMargins() {
        guard canWiden(), let run = shownRun else { return }
        let isNew = canvas.margins.isEmpty
        let margins = isNew ? EditOrder.Margins(right: 1) : canvas.margins
        popup = .form(
            Form(
                .outpaint(run),
                [
                    Form.Field("left", suggesting: "\(margins.left)"),
                    Form.Field("right", suggesting: "\(margins.right)"),
                    Form.Field("up", suggesting: "\(margins.top)"),
                    Form.Field("down", suggesting: "\(margins.bottom)")
                ], selected: isNew ? 1 : 0))
    }

    private mutating func setMargins(_ form: Form) throws(FormProblem) {
        let sides = 0...RequestLimits.side / parameters.tokenSide
        let margins = EditOrder.Margins(
            left: try whole(form, 0, sides), top: try whole(form, 2, sides),
            right: try whole(form, 1, sides), bottom: try whole(form, 3, sides))
        guard canWiden() else { return }
        if let problem = widen(to: margins) { throw FormProblem(text: problem) }
    }

    // MARK: Fork

    /// Asks with what to go on from the step that is shown.
    mutating func askFork() {
        guard isReady() else { return }
        guard let run = shown, let snapshot = shownSnapshot else {
            message = Message("There is no picture to fork from yet.", .problem)
            return
        }
        let last = run.steps - 1
        guard last > 0, !run.snapshots.isEmpty, !isLoading else {
            message =
                isLoading
                ? loading : Message("This picture has no steps to fork from.", .problem)
            return
        }
        // A finished picture is forked from its middle unless a step is shown.
        let step = isPictureShown ? min(last, run.step / 2) : min(last, snapshot.step)
        let typed = prompt.positive.text
        // A prompt that a picture was made from already is no new one for this.
        let isOwn = typed.isEmpty || runs.values.contains { $0.request.isMade(from: typed) }
        popup = .form(
            Form(
                .fork(run.id),
                [
                    Form.Field("prompt", TextField(isOwn ? run.request.prompt : typed)),
                    Form.Field("step", suggesting: String(step)),
                    Form.Field("seed", suggesting: String(randomSeed())),
                    Form.Field(
                        "guidance",
                        suggesting: Parameters.decimal(parameters.sampling.guidanceScale))
                ]))
    }

    private mutating func fork(_ id: RunID, _ form: Form) throws(FormProblem) -> [StudioEffect] {
        guard isReady(), let run = runs[id] else { return [] }
        let first = run.snapshots.first?.step ?? 0
        let step = try whole(form, 1, first...max(first, min(run.step, run.steps - 1)))
        guard let seed = UInt64(form.text(2)) else {
            throw FormProblem(text: "seed is a whole number from 0 to 2^64 - 1.")
        }
        guard parameters.takes(.guidance, typed: form.text(3)) else {
            throw FormProblem(text: "guidance is \(parameters.allowed(.guidance)).")
        }
        guard run.request.isMade(from: form.text(0)) || !form.text(0).standsForSeveral else {
            throw FormProblem(text: Self.severalPrompts)
        }
        parameters.set(.guidance, typed: form.text(3))
        return fork(run, step: step, prompt: form.text(0), seed: seed)
    }

    /// A fork without a form: the seed is a new one, no prompt means the run's own.
    mutating func fork(step: Int, prompt text: String) -> [StudioEffect] {
        guard isReady() else { return [] }
        guard let run = shown, let first = run.snapshots.first?.step, run.step > 0 else {
            message = Message("There is no picture with steps to fork from.", .problem)
            return []
        }
        let last = max(first, min(run.step, run.steps - 1))
        guard first...last ~= step else {
            message = Message("A fork begins at a step from \(first) to \(last).", .problem)
            return []
        }
        guard run.request.isMade(from: text) || !text.standsForSeveral else {
            message = Message(Self.severalPrompts, .problem)
            return []
        }
        return fork(
            run, step: step, prompt: text.isEmpty ? run.request.prompt : text, seed: randomSeed())
    }

    private mutating func fork(_ run: RunRecord, step: Int, prompt text: String, seed: UInt64)
        -> [StudioEffect]
    {
        let text = text == run.request.rawPrompt ? run.request.prompt : text
        let kept = keep(text)
        prompt.positive = TextField(text)
        var request = run.request
        if request.prompt != text {
            request.prompt = text
            request.rawPrompt = nil
        }
        request.negativePrompt = prompt.negative.text
        request.seed = seed
        let steps = run.request.sampling.steps
        request.sampling = parameters.sampling
        request.sampling.steps = steps
        request.residual = parameters.residual
        let effects = begin([(request, .fork(of: run.id, step: step))])
        message = Message("Forked from step \(step) with seed \(seed).")
        return kept + effects
    }

    /// A copy of a run at a step, paused there, to change its tokens.
    mutating func forkPaused(_ run: RunRecord, step: Int) -> (run: RunID, effects: [StudioEffect]) {
        let released = job.map { release($0) } ?? []
        let order = add(run.request, .fork(of: run.id, step: step))
        job = Job(runs: [order.run], phase: .paused)
        show([order])
        return (order.run, released + [.prepare([order])])
    }
}
