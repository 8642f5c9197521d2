import Imaging
import Requests
import Settings

extension StudioState {
    mutating func edit(_ command: Command) -> [StudioEffect] {
        // Among pictures of a batch Enter chooses, unless a mask was painted on one.
        if command == .inpaint, proposal != nil, proposal?.base == nil, mask?.isEmpty ?? true,
            canvas.margins.isEmpty, job == nil
        {
            accept()
            return []
        }
        guard isReady() else { return [] }
        let isPaintedOn = isResultPainted(command)
        let base = isPaintedOn ? shownRun : proposal?.base ?? shownRun
        guard let base, let run = runs[base], run.picture != nil else {
            let isComing = base.map { runs[$0]?.status == .finished } ?? false
            message =
                isComing
                ? loading
                : Message("An edit needs a finished picture; generate one first.", .problem)
            return []
        }
        let text = prompt.positive.text
        let isOwnText = text.allSatisfy(\.isWhitespace) || run.request.isMade(from: text)
        guard isOwnText || !text.standsForSeveral else {
            message = Message(Self.severalPrompts, .problem)
            return []
        }
        if isPaintedOn { acceptPainted() }
        guard var order = repeated(command) ?? editOrder(command, run) else { return [] }
        let count = command == .alternatives ? parameters.alternatives : 1
        let kept = keep(text)
        var request = nextRequest(of: count)
        if isOwnText {
            (request.prompt, request.rawPrompt) = (run.request.prompt, run.request.rawPrompt)
        }
        request.sampling.steps = editSteps(order, run)
        (request.width, request.height) = (run.request.width, run.request.height)
        order.base = base
        order.baseStrength = run.request.residual.strength
        let requests = (0..<count).map { index in
            var request = request
            request.seed &+= UInt64(index)
            return (request, RunOrigin.edit(order))
        }
        let effects = begin(requests)
        proposal = Proposal(base: base, candidates: job?.runs ?? [], mask: mask)
        canvas.isPainting = false
        return kept + effects
    }

    /// Why `{a|b}` is refused where it was not what the picture was made from.
    static let severalPrompts = "An edit or a fork has one prompt; write it out in place of {a|b}."

    /// Whether a mask was painted on a result that had none, which then is what is painted anew. That
    /// of an inpainting may only be put right, for another try.
    private func isResultPainted(_ command: Command) -> Bool {
        guard command == .inpaint || command == .alternatives, job == nil, let proposal,
            proposal.base != nil, let mask, !mask.isEmpty, mask != proposal.mask
        else { return false }
        return shown?.picture != nil && shown?.edit?.operation != .inpaint
    }

    private mutating func acceptPainted() {
        guard let mask else { return }
        // It is the result's, and not that of the picture before.
        leaveResults(withStrokes: true)
        accept()
        record(mask, "mask")
    }

    /// Trying again means the edit just made, unless that had a mask, which may have changed.
    private func repeated(_ command: Command) -> EditOrder? {
        guard command == .inpaint || command == .alternatives, proposal?.base != nil,
            let first = proposal?.candidates.first, let order = runs[first]?.edit,
            order.operation != .inpaint
        else { return nil }
        return order
    }

    private mutating func editOrder(_ command: Command, _ run: RunRecord) -> EditOrder? {
        switch command {
        case .variation:
            return EditOrder(
                operation: .variation, base: run.id, feather: parameters.feather,
                content: .random, share: Double(parameters.variationPercent) / 100)
        case .reroll:
            return EditOrder(
                operation: .reroll, base: run.id, feather: parameters.feather,
                content: .leastSure, share: Double(parameters.rerollPercent) / 100)
        default: break
        }
        if !canvas.margins.isEmpty {
            return EditOrder(
                operation: .outpaint, base: run.id, feather: parameters.feather,
                margins: canvas.margins)
        }
        guard let mask, !mask.isEmpty else {
            let painting =
                canvas.isPainting
                ? "\(key(.applyTool)) paints at the cursor" : "\(key(.editMask)) paints one"
            message = Message(
                isPlain
                    ? "The mask is empty; write :edit X,Y,WIDTH,HEIGHT PROMPT."
                    : "The mask is empty; \(painting), then \(key(.inpaint)) fills it in.", .problem
            )
            return nil
        }
        let isWhole = parameters.content == .all
        var order = EditOrder(
            operation: .inpaint, base: run.id, mask: grown(mask), feather: parameters.feather,
            content: parameters.content,
            share: isWhole ? nil : Double(parameters.variationPercent) / 100)
        order.padding = parameters.padding
        return order
    }

    /// What an edit makes anew of a mask: more, where the settings say so.
    package func grown(_ mask: PaintedMask) -> PaintedMask {
        mask.grown(byCells: settings.whole(.growth) ?? 0, of: parameters.tokenSide)
    }

    private func editSteps(_ order: EditOrder, _ run: RunRecord) -> Int {
        let unknown = order.unknownCount(
            run.gridWidth, run.gridHeight, cell: parameters.tokenSide)
        var tokens = run.gridWidth * run.gridHeight
        if !order.margins.isEmpty { tokens += unknown }
        return parameters.sampling.steps(making: unknown, of: tokens)
    }

    // MARK: Outpainting

    /// Adds a cell at a side; Enter then paints all that were added.
    mutating func widen(_ command: Command) {
        guard canWiden() else { return }
        var margins = canvas.margins
        switch command {
        case .outpaintLeft: margins.left += 1
        case .outpaintRight: margins.right += 1
        case .outpaintUp: margins.top += 1
        default: margins.bottom += 1
        }
        if let problem = widen(to: margins) { message = Message(problem, .problem) }
    }

    /// False, with a message, where there is no picture to go on from.
    mutating func canWiden() -> Bool {
        guard isPictureShown, proposal == nil else {
            message = Message("Only a finished picture can be continued.", .problem)
            return false
        }
        return true
    }

    /// - Returns: why there cannot be so many cells; nil where they wait now.
    mutating func widen(to margins: EditOrder.Margins) -> String? {
        guard let run = shown else { return nil }
        let limit = RequestLimits.side / parameters.tokenSide
        guard run.gridWidth + margins.left + margins.right <= limit,
            run.gridHeight + margins.top + margins.bottom <= limit
        else { return "A side can have \(limit) tokens, \(RequestLimits.side) pixels." }
        takeMargins(margins)
        canvas.isPainting = false
        focus = .canvas
        message = Message(
            "\(key(.outpaintLeft)) and so on add cells, \(key(.inpaint)) paints them"
                + (isPlain ? "." : ", Esc takes them away.")
        )
        return nil
    }

    /// Cells that wait, or wait no more, as a change that undo knows.
    mutating func takeMargins(_ margins: EditOrder.Margins) {
        guard margins != canvas.margins else { return }
        noteParameters()
        let change = Document.Change.margins(
            of: shownRun, before: canvas.margins, after: margins)
        canvas.margins = margins
        record(
            picture: history.value.picture, mask: history.value.mask, change.label ?? "", change)
    }

    // MARK: Results

    /// Whether the picture shown is a result that nobody accepted.
    var isTurnedDown: Bool { shown.map(isTurnedDown) ?? false }

    /// A result that was turned down takes the place of its picture after all.
    private mutating func acceptTurnedDown() {
        guard let run = shown, isTurnedDown else {
            message = Message("There is no result to accept.", .problem)
            return
        }
        guard run.picture != nil else {
            message = loading
            return
        }
        list(run.id)
        // Undo leads back to what it replaces.
        if let base = run.edit?.base { goTo(base) }
        record(picture: run.id, mask: nil, run.edit?.operation.rawValue ?? "edit")
        message = Message("Accepted; \(key(.undo)) takes it back.", .success)
    }

    mutating func accept() {
        guard let proposal else { return acceptTurnedDown() }
        guard areResultsDone() else { return }
        let chosen = proposal.candidates[proposal.selected]
        list(chosen)
        guard runs[chosen]?.picture != nil else {
            if isLoading { message = loading }
            return
        }
        if proposal.base != nil, canvas.partner == proposal.base { leaveComparison() }
        // Undo leads back to what is replaced, wherever the history is.
        if proposal.base != nil {
            leaveResults()
            goToShown()
        }
        self.proposal = nil
        shownRun = chosen
        guard proposal.base != nil else {
            recordClosed(proposal)
            return
        }
        canvas.margins = EditOrder.Margins()
        record(picture: chosen, mask: nil, runs[chosen]?.edit?.operation.rawValue ?? "edit")
        message = Message("Accepted; \(key(.undo)) takes it back.", .success)
    }

    /// False, with a message, while some of the results are still being made.
    private mutating func areResultsDone() -> Bool {
        guard job != nil else { return true }
        message = Message(
            "Pictures are still being made; choose among them when they are done.", .problem)
        return false
    }

    mutating func discard() {
        guard let proposal else {
            if isTurnedDown {
                message = Message(
                    "This result was turned down; \(key(.accept)) accepts it after all.")
            }
            return
        }
        guard areResultsDone() else { return }
        guard let base = proposal.base else {
            // Pictures of a batch replace nothing; the one selected stays on the canvas.
            self.proposal = nil
            recordClosed(proposal)
            return
        }
        self.proposal = nil
        shownRun = base
        recordClosed(proposal)
        message = Message("Discarded; the picture is as it was. \(key(.undo)) brings it back.")
    }

    mutating func selectCandidate(_ direction: Int) {
        guard let proposal, !proposal.candidates.isEmpty else { return }
        let count = proposal.candidates.count
        select(candidate: ((proposal.selected + direction) % count + count) % count)
    }

    mutating func select(candidate index: Int) {
        guard let proposal, proposal.candidates.indices.contains(index) else { return }
        self.proposal?.selected = index
        shownRun = proposal.candidates[index]
        canvas.step = nil
        canvas.stroke = nil
    }

    // MARK: Masks in files

    mutating func loadMask(_ path: String) -> [StudioEffect] {
        guard let run = shownRun, let picture = shown?.picture, !path.isEmpty else { return [] }
        textsAtOrder[run] = promptTexts
        return [
            .loadMask(
                path: path, run: run, width: picture.refined.width, height: picture.refined.height)
        ]
    }

    mutating func askMaskFile(_ command: Command) {
        guard isPictureShown, let run = shownRun else {
            message =
                isLoading
                ? loading : Message("A mask is painted on a finished picture.", .problem)
            return
        }
        guard canPaint() else { return }
        if command == .loadMask {
            popup = .form(Form(.loadMask(on: run), [Form.Field("file")]))
        } else if let mask {
            popup = .form(Form(.saveMask(mask), [Form.Field("file")]))
        } else {
            message = Message("The mask is empty; there is nothing to save.", .problem)
        }
    }

    /// Takes the mask where its picture is still shown, and the canvas where nobody types.
    mutating func maskLoaded(_ mask: PaintedMask, of run: RunID) {
        let texts = textsAtOrder.removeValue(forKey: run) ?? promptTexts
        guard shownRun == run, isPictureShown, let picture = shown?.picture,
            mask.width == picture.refined.width, mask.height == picture.refined.height
        else {
            message = Message(
                "The mask is not taken, as picture \(run) is not shown any more; go back to it and "
                    + "load it again.", .problem)
            return
        }
        record(mask, "mask from a file")
        if popup == nil, !isTyping, view == .studio, texts == promptTexts {
            canvas.isPainting = true
            focus = .canvas
        }
        let count = mask.tokens(cell: parameters.tokenSide).count { $0 }
        message = Message("Mask of \(count) tokens; \(key(.inpaint)) paints them anew.", .success)
    }
}

extension GenerationRequest {
    /// Whether this is, or was one of, the pictures that a prompt stands for.
    func isMade(from text: String) -> Bool { text == prompt || text == rawPrompt }
}

extension String {
    /// Whether it is a prompt with `{a|b}`.
    var standsForSeveral: Bool { (try? PromptExpansion(self))?.isExpanded ?? true }
}

extension RunRecord {
    /// The tokens with the least confidence, ties in reading order.
    func leastSure(_ count: Int) -> [Int] {
        guard let confidence = snapshots.last?.confidence else { return [] }
        let ranked = confidence.indices.sorted { (confidence[$0], $0) < (confidence[$1], $1) }
        return Array(ranked.prefix(count))
    }
}

extension EditOrder.Margins {
    /// Such as "2 left, 1 up".
    package var shown: String {
        [(left, "left"), (right, "right"), (top, "up"), (bottom, "down")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}
