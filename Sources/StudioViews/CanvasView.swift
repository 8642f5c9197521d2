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
        guard abilities.hasPictures, let picture = CanvasPicture(state) else {
            welcome(state, in: inner)
            return
        }
        let isPreview = !state.isPictureShown
        let place = self.picture(picture.image, in: inner, isPreview: isPreview)
        hits(on: place, state)
        if abilities.colors == .mono || !abilities.hasUnicode { marks(state, on: place) }
    }

    private mutating func hits(on place: CellArea, _ state: StudioState) {
        if let proposal = state.proposal, proposal.candidates.count > 1 {
            let rows = (proposal.candidates.count + 1) / 2
            for index in proposal.candidates.indices {
                hit(
                    CellArea(
                        column: place.column + index % 2 * place.columns / 2,
                        row: place.row + index / 2 * place.rows / rows,
                        columns: place.columns / 2, rows: place.rows / rows),
                    .fixed(.candidate(index)))
            }
            return
        }
        let size = state.pictureSize
        hit(place, .picture(width: size.x, height: size.y))
    }

    /// Letters on tokens, where colour and outlines cannot be seen.
    private mutating func marks(_ state: StudioState, on place: CellArea) {
        guard let run = state.shown, let snapshot = state.shownSnapshot,
            (state.proposal?.candidates.count ?? 1) == 1
        else { return }
        let mask = state.isPictureShown ? state.visibleMask : nil
        let masked = mask?.tokens(cell: state.parameters.tokenSide)
        for token in snapshot.fixedAt.indices {
            let mark: String? =
                if let masked, masked.indices.contains(token), masked[token] {
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
            let (x, y) = (token % run.gridWidth, token / run.gridWidth)
            put(
                mark,
                column: place.column + (2 * x + 1) * place.columns / (2 * run.gridWidth),
                row: place.row + (2 * y + 1) * place.rows / (2 * run.gridHeight), palette.title,
                width: 1)
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
                    ("Type a prompt and press Enter.", palette.title), ("", palette.text),
                    ("For example:", palette.faint)
                ]
                lines += PromptState.examples.map { ($0, palette.text) }
                lines += [("", palette.text), ("F1 shows every key.", palette.faint)]
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
            return "Alternative \(proposal.selected + 1) of \(proposal.candidates.count)"
        }
        let name = proposal == nil ? "Picture \(run.id)" : "Proposal"
        return "\(name)  \(size.x)×\(size.y)  seed \(run.request.seed)"
    }

    fileprivate var canvasRemark: String {
        guard let run = shown else { return "" }
        if canvas.isPainting {
            let count = mask?.tokens(cell: parameters.tokenSide).count { $0 } ?? 0
            return "mask: \(canvas.tool.rawValue) \(canvas.brushRadius) px, \(count) tokens"
        }
        if isPictureShown {
            switch canvas.display {
            case .refined: return "refined"
            case .discrete: return "discrete"
            case .split: return "discrete | refined"
            case .difference: return "difference ×8"
            case .residual: return "residual lengths"
            }
        }
        guard let step = shownSnapshot?.step else { return statusWord }
        let preview = run.previews[step]
        let kind =
            preview == nil ? "masked" : preview?.isDecoded == true ? "decoded" : "token colours"
        let state = run.status == .running ? "" : "  \(statusWord)"
        return "step \(step)/\(run.request.sampling.steps)  \(kind)\(state)"
    }
}
