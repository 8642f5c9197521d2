import Requests

extension StudioState {
    /// A picture for every part of the prompt and every seed.
    mutating func generate() -> [StudioEffect] {
        // A person who wants another picture while one is made gets it after those that wait.
        if let job, !job.isPaused { return enqueue(atFront: false) }
        let text = prompt.positive.text
        guard !text.allSatisfy(\.isWhitespace) else {
            (view, focus) = (.studio, .prompt)
            message = Message(
                "Type a prompt first; \(key(.example)) in the picture shows examples.", .problem)
            return []
        }
        guard !isAwaitingLibrary else {
            heldPrompt = text
            message = Self.isHeld
            return []
        }
        guard isReady() else { return [] }
        do throws(RequestError) {
            let requests = try nextRequests(text)
            return keeping(text) + beginBatch(requests)
        } catch {
            message = Message("\(error)", .problem)
            return []
        }
    }

    /// Begins a picture that was asked for before the last session was known, unless a person has
    /// begun something else by then.
    mutating func beginHeld() -> [StudioEffect] {
        guard let held = heldPrompt, !isAwaitingLibrary, model != .opening else { return [] }
        heldPrompt = nil
        guard held == prompt.positive.text, view == .studio, popup == nil, !isTyping else {
            message = Message(
                "The picture that was asked for is not begun, as something else was; "
                    + "\(goingToPicture)\(key(.generate)) draws the prompt.", .problem)
            return []
        }
        let before = message
        let effects = generate()
        // What is wrong with the last session is not covered by what is said of this picture.
        if let before, before.kind == .problem, before != Self.isOpening, !effects.isEmpty {
            message = Message("\(before.text) \(message?.text ?? "")", .problem)
        }
        return effects
    }

    /// What a prompt asks for: each of its alternatives, so many times.
    mutating func nextRequests(_ text: String) throws(RequestError) -> [GenerationRequest] {
        let expansion = try PromptExpansion(text)
        let base = nextRequest(of: parameters.count)
        remember(text)
        return expansion.prompts.flatMap { prompt in
            (0..<parameters.count).map { index in
                var request = base
                request.prompt = prompt
                request.rawPrompt = expansion.isExpanded ? text : nil
                request.seed &+= UInt64(index)
                return request
            }
        }
    }

    private mutating func beginBatch(_ requests: [GenerationRequest]) -> [StudioEffect] {
        guard requests.count <= Proposal.limit else {
            message = Message(
                "That would be \(requests.count) pictures; \(Proposal.limit) at once are the most.",
                .problem)
            return []
        }
        let effects = begin(requests.map { ($0, .prompt) })
        // Said before the first step, so that the log has it whatever becomes of the run.
        let seeds = Set(requests.map(\.seed)).sorted()
        if let first = seeds.first, let last = seeds.last {
            message = Message(first == last ? "Seed \(first)." : "Seeds \(first) to \(last).")
        }
        if requests.count > 1 { proposal = Proposal(base: nil, candidates: job?.runs ?? []) }
        return effects
    }

    // MARK: Parameter sheets

    mutating func askSheet() {
        guard isReady() else { return }
        let seed = parameters.seed
        let guidance = parameters.sampling.guidanceScale
        popup = .form(
            Form(
                .sheet,
                [
                    Form.Field("columns", suggesting: "seed=\(seed),\(seed &+ 1),\(seed &+ 2)"),
                    Form.Field("rows", suggesting: "guidance=\(guidance),\(guidance + 1)")
                ]))
    }

    mutating func makeSheet(across: String, down: String) throws(FormProblem) -> [StudioEffect] {
        guard isReady() else { return [] }
        var requests: [GenerationRequest] = []
        let axes: (x: ParameterAxis?, y: ParameterAxis?)
        do throws(RequestError) {
            axes.x = across.isEmpty ? nil : try ParameterAxis(across)
            axes.y = down.isEmpty ? nil : try ParameterAxis(down)
            let base = parameters.request(
                prompt: prompt.positive.text, negativePrompt: prompt.negative.text)
            for row in 0..<(axes.y?.values.count ?? 1) {
                for column in 0..<(axes.x?.values.count ?? 1) {
                    var request = base
                    try axes.x?.apply(column, to: &request)
                    try axes.y?.apply(row, to: &request)
                    requests.append(request)
                }
            }
            try PromptExpansion.checkSheet(requests)
        } catch {
            throw FormProblem(text: "\(error)")
        }
        guard axes.x != nil || axes.y != nil else {
            throw FormProblem(text: "Say what changes, such as seed=1,2,3.")
        }
        guard axes.x?.parameter != axes.y?.parameter else {
            throw FormProblem(text: "Columns and rows change the same parameter.")
        }
        guard requests.allSatisfy({ !$0.prompt.allSatisfy(\.isWhitespace) }) else {
            throw FormProblem(text: "Type a prompt first, or let a side change it.")
        }
        guard requests.count <= Proposal.limit else {
            throw FormProblem(
                text: "That would be \(requests.count) pictures; \(Proposal.limit) are the most.")
        }
        let effects = beginBatch(requests)
        proposal = Proposal(base: nil, candidates: job?.runs ?? [])
        let sheet = Proposal.Sheet(across: axes.x, down: axes.y)
        proposal?.sheet = sheet
        lastSheet = SheetOrder(runs: proposal?.candidates ?? [], sheet: sheet)
        return effects
    }

    mutating func saveSheet() -> [StudioEffect] {
        guard let lastSheet, job.map({ $0.runs != lastSheet.runs }) ?? true else {
            message = Message(
                lastSheet == nil
                    ? "\(key(.sheet)) makes a parameter sheet first."
                    : "The sheet is still being made; it can be saved when it is done.", .problem)
            return []
        }
        message = Message("Saving…")
        return [.saveSheet(lastSheet)]
    }

    // MARK: Skipping

    /// Gives up the selected picture of a batch that is being made.
    mutating func skip() -> [StudioEffect] {
        guard let job, let run = shownRun, job.runs.contains(run), runs[run]?.picture == nil,
            runs[run]?.isSkipped == false
        else {
            message = Message("Only a picture that is being made can be skipped.", .problem)
            return []
        }
        let left = job.runs.filter { runs[$0]?.picture == nil && runs[$0]?.isSkipped == false }
        guard left.count > 1 else { return cancel() }
        runs[run]?.isSkipped = true
        message = Message("Picture \(run) is skipped.")
        selectCandidate(1)
        return [.skip(run)]
    }
}

extension StudioState.Proposal {
    /// Pictures made together.
    package static let limit = RequestLimits.pictures.upperBound

    /// What changes along the sides of a parameter sheet.
    package struct Sheet: Hashable, Sendable, Codable {
        package var across: ParameterAxis?
        package var down: ParameterAxis?

        /// What makes a picture of the sheet different.
        package func caption(_ index: Int) -> String {
            let columns = across?.values.count ?? 1
            return [across?.caption(index % columns), down?.caption(index / columns)]
                .compactMap { $0 }.joined(separator: ", ")
        }
    }

    /// Pictures in a row where all are shown.
    package var columns: Int {
        if let sheet { return sheet.across?.values.count ?? 1 }
        return max(1, Int(Double(candidates.count).squareRoot().rounded(.up)))
    }
}

/// A parameter sheet to write.
package struct SheetOrder: Hashable, Sendable {
    package let runs: [RunID]
    package let sheet: StudioState.Proposal.Sheet
}
