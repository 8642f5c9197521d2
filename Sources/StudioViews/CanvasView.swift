import StudioCore

extension FrameBuilder {
    mutating func canvas(_ state: StudioState, in area: CellArea) {
        heading(
            state.canvasTitle, in: area, isFocused: state.focus == .canvas,
            remark: state.canvasRemark)
        let inner = CellArea(
            column: area.column, row: area.row + 1, columns: area.columns, rows: area.rows - 1)
        hit(inner, .fixed(.focus(.canvas)))
        guard inner.rows > 0 else { return }
        guard abilities.hasPictures, let scene = CanvasScene(state) else {
            welcome(state, in: inner)
            return
        }
        let order = CanvasOrder(
            scene: scene, columns: inner.columns, rows: inner.rows, style: abilities.cellStyle,
            cellSize: abilities.cellSize)
        guard let painted = painted(order) else { return }
        let place = self.picture(
            painted.image, painted.twin, in: inner, isPreview: !state.isPictureShown)
        hits(on: place, state)
        let isNumbered = state.canvas.overlay == .order
        if abilities.colors == .mono || !abilities.hasUnicode || isNumbered {
            marks(state, on: place)
        }
    }

    /// The picture to show, which may be an older one until the order is carried out.
    private mutating func painted(_ order: CanvasOrder) -> PaintedCanvas? {
        guard case .later(let last) = timing else { return order.painted() }
        guard let last, last.order == order else {
            frame.canvasOrder = order
            return last.flatMap { $0.fits(order) ? $0 : nil }
        }
        return last
    }

    private mutating func hits(on place: CellArea, _ state: StudioState) {
        if let proposal = state.proposal, proposal.candidates.count > 1 {
            let columns = proposal.columns
            let rows = (proposal.candidates.count + columns - 1) / columns
            for index in proposal.candidates.indices {
                hit(
                    CellArea(
                        column: place.column + index % columns * place.columns / columns,
                        row: place.row + index / columns * place.rows / rows,
                        columns: place.columns / columns, rows: place.rows / rows),
                    .fixed(.candidate(index)))
            }
            return
        }
        guard state.canvas.margins.isEmpty else { return }
        hit(place, .picture(state.viewport))
    }

    /// Letters on tokens, where colour and outlines cannot be seen, and the order in figures.
    private mutating func marks(_ state: StudioState, on place: CellArea) {
        guard let run = state.shown, let snapshot = state.shownSnapshot,
            (state.proposal?.candidates.count ?? 1) == 1, state.canvas.margins.isEmpty
        else { return }
        let view = state.viewport
        let side = state.parameters.tokenSide
        let mask = state.isPictureShown ? state.visibleMask : nil
        let masked = mask?.tokens(cell: state.parameters.tokenSide)
        let isPlain = abilities.colors == .mono || !abilities.hasUnicode
        for token in snapshot.fixedAt.indices {
            let mark: String? =
                if state.canvas.overlay == .order, let step = snapshot.fixedAt[token] {
                    step == 0 ? nil : " \(step) "
                } else if !isPlain {
                    nil
                } else if let masked, masked.indices.contains(token), masked[token] {
                    "%"
                } else if state.focus == .canvas, token == state.cursorToken {
                    "X"
                } else if state.isPictureShown || state.canvas.overlay == .off {
                    nil
                } else if run.pinned.contains(token) {
                    "#"
                } else if snapshot.fixedAt[token] == nil {
                    "·"
                } else if snapshot.step > 0, snapshot.fixedAt[token] == snapshot.step {
                    "+"
                } else {
                    nil
                }
            guard let mark else { continue }
            let x = (2 * (token % run.gridWidth) + 1) * side / 2 - view.x
            let y = (2 * (token / run.gridWidth) + 1) * side / 2 - view.y
            guard 0..<view.width ~= x, 0..<view.height ~= y else { continue }
            put(
                mark, column: place.column + x * place.columns / view.width - (mark.count - 1) / 2,
                row: place.row + y * place.rows / view.height, palette.title, width: mark.count)
        }
    }

    private mutating func welcome(_ state: StudioState, in area: CellArea) {
        var lines: [(String, TextStyle)] = []
        switch state.model {
        case .failed(let problem):
            lines = [("The model could not be opened.", palette.problem), ("", palette.text)]
            lines += WrappedText(Array(problem), columns: area.columns - 4).lines
                .map { ($0, palette.text) }
        case .opening, .ready:
            if let run = state.shown {
                lines = [(run.status == .waiting ? "Reading the prompt…" : "", palette.faint)]
            } else {
                lines = [
                    ("Type a prompt and press Enter.", palette.title), ("", palette.text)
                ]
                let examples = state.facts?.examples ?? []
                if !examples.isEmpty { lines.append(("For example:", palette.faint)) }
                lines += examples.prefix(6).map { ($0, palette.text) }
                lines += [
                    ("", palette.text), ("\(state.key(.help)) shows every key.", palette.faint)
                ]
            }
        }
        let top = area.row + max(0, (area.rows - lines.count) / 2)
        let width = lines.map { $0.0.cellWidth }.max() ?? 0
        let column = area.column + max(1, (area.columns - width) / 2)
        for (index, line) in lines.enumerated() where top + index < area.endRow {
            put(line.0, column: column, row: top + index, line.1, width: area.columns - 1)
        }
    }
}

extension StudioState {
    fileprivate var canvasTitle: String {
        guard let run = shown else { return "Picture" }
        let size = pictureSize
        if let proposal, proposal.candidates.count > 1 {
            if let sheet = proposal.sheet { return sheet.caption(proposal.selected) }
            let kind = proposal.base == nil ? "Picture" : "Alternative"
            return "\(kind) \(proposal.selected + 1) of \(proposal.candidates.count)  seed "
                + "\(run.request.seed)"
        }
        let name = proposal?.base == nil ? "Picture \(run.id)" : "Proposal"
        return "\(name)  \(size.x)×\(size.y)  seed \(run.request.seed)"
    }

    fileprivate var canvasRemark: String {
        guard let run = shown else { return "" }
        if canvas.isPainting {
            let count = mask.map(grown)?.tokens(cell: parameters.tokenSide).count { $0 } ?? 0
            return
                "mask: \(canvas.tool.rawValue) \(canvas.brushRadius) px, \(count) tokens\(enlarged)"
        }
        if !canvas.margins.isEmpty, isPictureShown, proposal == nil {
            return "outpaint: \(canvas.margins.shown)"
        }
        if isPictureShown { return compared + enlarged }
        guard let step = shownSnapshot?.step else { return statusWord }
        var kind = "masked"
        if let (shownStep, preview) = run.preview(at: step) {
            kind = preview.isDecoded ? "decoded" : "token colours"
            if shownStep != step { kind += " of step \(shownStep)" }
        }
        let state = run.status == .running ? "" : "  \(statusWord)"
        return "step \(step)/\(run.steps)  \(kind)\(state)\(enlarged)"
    }

    private var enlarged: String { canvas.zoom > 1 ? "  \(canvas.zoom)×" : "" }

    /// What is shown of a finished picture, and beside what.
    private var compared: String {
        let decibels = canvas.comparison.map { comparison in
            comparison.psnr.isFinite
                ? "  \(Parameters.decimal(Float(comparison.psnr))) dB" : "  equal"
        }
        let other = canvas.comparison.map { "picture \($0.partner)" } ?? "discrete"
        let own = canvas.comparison == nil ? "refined" : "picture \(shownRun ?? 0)"
        switch canvas.display {
        case .refined: return own + (decibels ?? "")
        case .discrete: return other + (decibels ?? "")
        case .split: return "\(other) | \(own)\(decibels ?? "")"
        case .difference: return "difference ×8: \(own) - \(other)"
        case .residual: return "residual lengths"
        }
    }
}
