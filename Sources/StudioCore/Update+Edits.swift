import Imaging
import Requests

extension StudioState {
    mutating func edit(_ command: Command) -> [StudioEffect] {
        guard isReady() else { return [] }
        let base = proposal?.base ?? shownRun
        guard let base, let run = runs[base], run.picture != nil else {
            let isComing = base.map { runs[$0]?.status == .finished } ?? false
            message = Message(
                isComing
                    ? "The picture is still being made from its tokens; try again in a moment."
                    : "An edit needs a finished picture; generate one first.", .problem)
            return []
        }
        guard var order = repeated(command) ?? editOrder(command, run) else { return [] }
        let count = command == .alternatives ? parameters.alternatives : 1
        var request = nextRequest(of: count)
        if request.prompt.allSatisfy(\.isWhitespace) { request.prompt = run.request.prompt }
        request.sampling.steps = editSteps(order)
        (request.width, request.height) = (run.request.width, run.request.height)
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
        guard command == .inpaint || command == .alternatives, proposal?.base != nil,
            let first = proposal?.candidates.first, let order = runs[first]?.edit,
            order.operation != "inpaint"
        else { return nil }
        return order
    }

    private mutating func editOrder(_ command: Command, _ run: RunRecord) -> EditOrder? {
        let tokens = Array(0..<run.gridWidth * run.gridHeight)
        switch command {
        case .variation:
            return order(
                "variation", run, of: tokens, .random, Double(parameters.variationPercent) / 100)
        case .reroll:
            return order(
                "reroll", run, of: tokens, .leastSure, Double(parameters.rerollPercent) / 100)
        default: break
        }
        if !canvas.margins.isEmpty {
            return EditOrder(
                operation: "outpaint", base: run.id,
                isMasked: canvas.margins.masked(run.gridWidth, run.gridHeight),
                feather: parameters.feather, margins: canvas.margins)
        }
        guard let mask, !mask.isEmpty else {
            message = Message(
                "The mask is empty; \(key(.editMask)) paints one, then \(key(.inpaint)) fills it in.",
                .problem)
            return nil
        }
        let touched = mask.tokens(cell: parameters.tokenSide)
        guard parameters.content == .all else {
            return order(
                "inpaint", run, of: tokens.filter { touched[$0] }, parameters.content,
                Double(parameters.variationPercent) / 100)
        }
        return EditOrder(
            operation: "inpaint", base: run.id, isMasked: touched, mask: mask,
            feather: parameters.feather)
    }

    /// An edit of a share of some tokens, whose cells are its mask.
    private mutating func order(
        _ operation: String, _ run: RunRecord, of tokens: [Int], _ content: MaskedContent,
        _ share: Double
    ) -> EditOrder {
        let count = max(1, Int((Double(tokens.count) * share).rounded()))
        let ranked: [Int]
        let confidence = run.snapshots.last?.confidence ?? []
        if content == .leastSure, tokens.allSatisfy(confidence.indices.contains) {
            ranked = tokens.sorted { (confidence[$0], $0) < (confidence[$1], $1) }
        } else {
            ranked = tokens.shuffled(by: &self)
        }
        let chosen = Set(ranked.prefix(count))
        return EditOrder(
            operation: operation, base: run.id,
            isMasked: (0..<run.gridWidth * run.gridHeight).map(chosen.contains),
            feather: parameters.feather, content: content, share: share)
    }

    /// Fewer unknown tokens need fewer steps: max(4, 12 sqrt(unknown / tokens)) for 12; more steps
    /// than tokens would have nothing to do.
    private func editSteps(_ order: EditOrder) -> Int {
        let unknown = order.isMasked.count { $0 }
        let share = Double(unknown) / Double(max(1, order.isMasked.count))
        let steps = max(4, Int((Double(parameters.sampling.steps) * share.squareRoot()).rounded()))
        return max(1, min(parameters.sampling.steps, steps, unknown))
    }

    // MARK: Outpainting

    /// Adds a cell at a side; Enter then paints all that were added.
    mutating func widen(_ command: Command) {
        guard isPictureShown, let run = shown, proposal == nil else {
            message = Message("Only a finished picture can be continued.", .problem)
            return
        }
        var margins = canvas.margins
        switch command {
        case .outpaintLeft: margins.left += 1
        case .outpaintRight: margins.right += 1
        case .outpaintUp: margins.top += 1
        default: margins.bottom += 1
        }
        let limit = Parameters.largestSide / parameters.tokenSide
        guard run.gridWidth + margins.left + margins.right <= limit,
            run.gridHeight + margins.top + margins.bottom <= limit
        else {
            message = Message(
                "A side can have \(limit) tokens, \(Parameters.largestSide) pixels.", .problem)
            return
        }
        canvas.margins = margins
        canvas.isPainting = false
        focus = .canvas
        message = Message(
            "\(key(.outpaintLeft)) and so on add cells, \(key(.inpaint)) paints them, Esc takes them away."
        )
    }

    // MARK: Results

    mutating func accept() {
        guard let proposal, job == nil else { return }
        let chosen = proposal.candidates[proposal.selected]
        guard runs[chosen]?.picture != nil else { return }
        self.proposal = nil
        shownRun = chosen
        guard proposal.base != nil else {
            record(picture: chosen, mask: nil, "picture \(chosen)")
            return
        }
        canvas.margins = EditOrder.Margins()
        record(picture: chosen, mask: nil, runs[chosen]?.edit?.operation ?? "edit")
        message = Message("Accepted; \(key(.undo)) takes it back.", .success)
    }

    mutating func discard() {
        guard let proposal, job == nil else { return }
        guard let base = proposal.base else {
            // Pictures of a batch replace nothing; the one selected stays on the canvas.
            self.proposal = nil
            return
        }
        self.proposal = nil
        shownRun = base
        message = Message("Discarded; the picture is as it was.")
    }

    mutating func selectCandidate(_ direction: Int) {
        guard var proposal, !proposal.candidates.isEmpty else { return }
        let count = proposal.candidates.count
        proposal.selected = ((proposal.selected + direction) % count + count) % count
        self.proposal = proposal
        shownRun = proposal.candidates[proposal.selected]
        canvas.step = nil
    }

    // MARK: Masks in files

    mutating func loadMask(_ path: String) -> [StudioEffect] {
        guard let picture = shown?.picture, !path.isEmpty else { return [] }
        return [
            .loadMask(path: path, width: picture.refined.width, height: picture.refined.height)
        ]
    }

    mutating func saveMask(_ path: String) -> [StudioEffect] {
        guard let mask, !path.isEmpty else { return [] }
        return [.saveMask(path: path, mask)]
    }

    mutating func askMaskFile(_ command: Command) {
        guard isPictureShown else {
            message = Message("A mask is painted on a finished picture.", .problem)
            return
        }
        guard command == .loadMask || mask != nil else {
            message = Message("The mask is empty; there is nothing to save.", .problem)
            return
        }
        popup = .form(
            Form(command == .loadMask ? .loadMask : .saveMask, [Form.Field("file")]))
    }

    mutating func maskLoaded(_ mask: PaintedMask) {
        guard isPictureShown, let picture = shown?.picture, mask.width == picture.refined.width,
            mask.height == picture.refined.height
        else { return }
        record(picture: shownRun, mask: mask.isEmpty ? nil : mask, "mask from a file")
        canvas.isPainting = true
        focus = .canvas
        let count = mask.tokens(cell: parameters.tokenSide).count { $0 }
        message = Message("Mask of \(count) tokens; \(key(.inpaint)) paints them anew.", .success)
    }
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
    /// The tokens of the larger grid that lie outside the old one.
    package func masked(_ gridWidth: Int, _ gridHeight: Int) -> [Bool] {
        let (width, height) = (gridWidth + left + right, gridHeight + top + bottom)
        return (0..<width * height).map { at in
            let (x, y) = (at % width - left, at / width - top)
            return !(0..<gridWidth ~= x && 0..<gridHeight ~= y)
        }
    }

    /// Such as "2 left, 1 up".
    package var shown: String {
        [(left, "left"), (right, "right"), (top, "up"), (bottom, "down")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }
}

extension [Int] {
    /// In an order drawn from the state's own randomness (Fisher-Yates).
    fileprivate func shuffled(by state: inout StudioState) -> [Int] {
        var numbers = self
        for at in stride(from: numbers.count - 1, to: 0, by: -1) {
            numbers.swapAt(at, Int(state.randomSeed() % UInt64(at + 1)))
        }
        return numbers
    }
}
