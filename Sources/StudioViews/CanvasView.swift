import StudioCore

extension FrameBuilder {
    mutating func canvas(_ state: StudioState, in area: CellArea) {
        heading(
            titles: state.canvasTitles, remarks: state.canvasRemarks, in: area,
            isFocused: state.focus == .canvas)
        let inner = CellArea(
            column: area.column, row: area.row + 1, columns: area.columns, rows: area.rows - 1)
        hit(inner, .fixed(.focus(.canvas)))
        guard inner.rows > 0 else { return }
        guard !state.isLoading else {
            centred(["Loading the picture…", "It is made from its tokens."], in: inner)
            return
        }
        guard abilities.hasPictures, let scene = CanvasScene(state) else {
            if state.shownSnapshot == nil {
                welcome(state, in: inner)
            } else {
                map(state, in: inner)
            }
            return
        }
        let order = CanvasOrder(
            scene: scene, columns: inner.columns, rows: inner.rows, style: abilities.cellStyle,
            cellSize: abilities.cellSize)
        guard let painted = painted(order) else { return }
        let place = self.picture(
            painted.image, painted.twin, in: inner, isPreview: !state.isPictureShown,
            isPassing: scene.isPassing)
        hits(on: place, state)
        if state.isPictureShown, state.canvas.display == .split { divider(state, on: place) }
        let isNumbered = state.overlaySeen == .order
        if abilities.isPlain { stripes(state, on: place) }
        if abilities.isPlain || isNumbered { marks(state, on: place) }
    }

    /// Where the two sides of a split meet, which is no whole cell of the picture; pixels lie over it.
    private mutating func divider(_ state: StudioState, on place: CellArea) {
        guard (state.proposal?.candidates.count ?? 1) == 1, state.canvas.margins.isEmpty else {
            return
        }
        let view = state.viewport
        let at = Int(Double(state.pictureSize.x) * state.canvas.divider) - view.x
        guard 0..<view.width ~= at else { return }
        for row in place.row..<place.endRow {
            put(
                "│", column: place.column + at * place.columns / view.width, row: row, palette.title
            )
        }
    }

    /// The tokens in characters, where no picture is drawn.
    private mutating func map(_ state: StudioState, in area: CellArea) {
        guard let run = state.shown, run.gridWidth > 0, run.gridHeight > 0, area.rows > 4 else {
            return
        }
        put(
            "Pictures are not drawn here (graphics.protocol).", column: area.column + 1,
            row: area.endRow - 1, palette.faint, width: area.columns - 1)
        let rows = (area.rows - 2) / run.gridHeight
        let columns = min(area.columns / run.gridWidth, 2 * rows)
        guard rows > 0, columns > 0 else { return }
        let place = CellArea(
            column: area.column + (area.columns - columns * run.gridWidth) / 2,
            row: area.row + (area.rows - 2 - rows * run.gridHeight) / 2,
            columns: columns * run.gridWidth, rows: rows * run.gridHeight)
        hits(on: place, state)
        marks(state, on: place)
    }

    /// What is masked, where colours cannot tell: every second cell of it is a stroke.
    private mutating func stripes(_ state: StudioState, on place: CellArea) {
        guard state.isPictureShown, state.proposal == nil || state.overlaySeen == .mask,
            (state.proposal?.candidates.count ?? 1) == 1, state.canvas.margins.isEmpty,
            let mask = state.visibleMask
        else { return }
        let view = state.viewport
        for row in 0..<place.rows {
            for column in 0..<place.columns where (row + column) % 2 == 0 {
                let x = view.x + (2 * column + 1) * view.width / (2 * place.columns)
                let y = view.y + (2 * row + 1) * view.height / (2 * place.rows)
                guard x < mask.width, y < mask.height, mask[x, y] else { continue }
                put("/", column: place.column + column, row: place.row + row, palette.title)
            }
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

    /// Letters on tokens, where colour and outlines cannot be seen, the order in figures, and in
    /// place of tints the tenths of the confidence.
    private mutating func marks(_ state: StudioState, on place: CellArea) {
        guard let run = state.shown, let snapshot = state.shownSnapshot,
            (state.proposal?.candidates.count ?? 1) == 1, state.canvas.margins.isEmpty
        else { return }
        let view = state.viewport
        let side = state.parameters.tokenSide
        let isMaskSeen = state.proposal == nil || state.overlaySeen == .mask
        let mask = state.isPictureShown && isMaskSeen ? state.visibleMask : nil
        let masked = mask?.tokens(cell: state.parameters.tokenSide)
        let isPlain = abilities.isPlain || !abilities.hasPictures
        let isRoomy = side * place.columns >= 4 * view.width
        for token in snapshot.fixedAt.indices {
            let mark: String? =
                if state.overlaySeen == .order, let step = snapshot.fixedAt[token] {
                    step == 0 ? nil : "\(step)"
                } else if !isPlain {
                    nil
                } else if let masked, masked.indices.contains(token), masked[token] {
                    "·"
                } else if state.focus == .canvas, token == state.cursorToken {
                    "X"
                } else if !state.isPictureShown, state.overlaySeen != .off,
                    run.pinned.contains(token)
                {
                    "#"
                } else if state.overlaySeen == .confidence, snapshot.fixedAt[token] != nil {
                    snapshot.confidence[token].tenths
                } else if state.isPictureShown || state.overlaySeen == .off {
                    nil
                } else if snapshot.fixedAt[token] == nil {
                    "·"
                } else if snapshot.step > 0, snapshot.fixedAt[token] == snapshot.step {
                    "+"
                } else {
                    nil
                }
            let isBare = mark == nil && !abilities.hasPictures
            guard var mark = isBare ? "o" : mark else { continue }
            // Blanks around it set it off from a picture that is drawn with the same characters.
            if isRoomy { mark = " \(mark) " }
            let x = (2 * (token % run.gridWidth) + 1) * side / 2 - view.x
            let y = (2 * (token / run.gridWidth) + 1) * side / 2 - view.y
            guard 0..<view.width ~= x, 0..<view.height ~= y else { continue }
            put(
                mark, column: place.column + x * place.columns / view.width - (mark.count - 1) / 2,
                row: place.row + y * place.rows / view.height,
                isBare ? palette.faint : palette.title,
                width: mark.count)
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
                let first =
                    state.isTextTyped
                    ? "Type a prompt and press Enter."
                    : "\(state.key(.editPrompt)), then type a prompt and press Enter."
                lines = [(first, palette.title), ("", palette.text)]
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
    /// What is on the canvas, then shorter: the size goes first, then the seed.
    fileprivate var canvasTitles: [String] {
        guard let run = shown else { return ["Picture"] }
        let seed = run.knownSeed.map { "seed \($0)" } ?? "seed unknown"
        if let proposal, proposal.candidates.count > 1 {
            if let sheet = proposal.sheet { return [sheet.caption(proposal.selected)] }
            let kind = proposal.base == nil ? "Picture" : "Alternative"
            let name = "\(kind) \(proposal.selected + 1) of \(proposal.candidates.count)"
            return ["\(name)  \(seed)", name]
        }
        let name = proposal?.base == nil ? "Picture \(run.id)" : "Proposal"
        let size = pictureSize
        return ["\(name)  \(size.x)×\(size.y)  \(seed)", "\(name)  \(seed)", name]
    }

    /// What is shown of it and what is being done, then the same in fewer words.
    fileprivate var canvasRemarks: [String] {
        guard let run = shown else { return [""] }
        if canvas.isPainting {
            let count = mask.map(grown)?.tokens(cell: parameters.tokenSide).count { $0 } ?? 0
            let size = canvas.tool.hasSize ? " \(canvas.brushRadius) px" : ""
            let tokens = count == 1 ? "1 token" : "\(count) tokens"
            let tool = "\(canvas.tool.rawValue)\(size), \(tokens)\(enlarged)"
            return ["mask: \(tool)", tool]
        }
        if !canvas.margins.isEmpty, isPictureShown, proposal == nil {
            return ["outpaint: \(canvas.margins.shown)"]
        }
        if isPictureShown {
            let scale =
                switch canvas.display {
                case .residual: ", dark small, bright large"
                case .difference: ", grey equal"
                default: confidenceScale
                }
            let remarks = compared.map { $0 + enlarged }
            return (scale.isEmpty ? [] : remarks.map { $0 + scale }) + remarks
        }
        if isLoading { return ["loading"] }
        guard let step = shownSnapshot?.step else { return [statusWord] }
        var kind = "masked"
        if let (shownStep, preview) = run.preview(at: step) {
            kind =
                switch preview.kind {
                case .off, .colors: "token colours"
                case .decoded: "decoded"
                case .full: "preview with residual"
                }
            if shownStep != step { kind += " of step \(shownStep)" }
        }
        let counted = "step \(step)/\(run.steps)"
        let rest = (run.status == .running ? "" : "  \(statusWord)") + enlarged
        let scale = confidenceScale
        return (scale.isEmpty ? [] : ["\(counted)  \(kind)\(rest)\(scale)"])
            + ["\(counted)  \(kind)\(rest)", "\(counted)\(rest)"]
    }

    private var confidenceScale: String {
        overlaySeen == .confidence ? ", confidence dark 0 to bright 1" : ""
    }

    private var enlarged: String { canvas.zoom > 1 ? "  \(canvas.zoom)×" : "" }

    /// What is shown of a finished picture and beside what, then the same with numbers alone.
    private var compared: [String] {
        let decibels = canvas.comparison.map { comparison in
            comparison.psnr.isFinite
                ? "  \(Parameters.decimal(Float(comparison.psnr))) dB" : "  equal"
        }
        func line(_ own: String, _ other: String) -> String {
            let (left, right) = canvas.isSwapped ? (own, other) : (other, own)
            return switch canvas.display {
            case .refined: own + (decibels ?? "")
            case .discrete: other + (decibels ?? "")
            case .split: "\(left) | \(right)\(decibels ?? "")"
            case .difference: "difference ×8: \(right) - \(left)"
            case .residual: "residual size"
            }
        }
        guard let comparison = canvas.comparison else { return [line("refined", "discrete")] }
        let (own, other) = (shownRun ?? 0, comparison.partner)
        let isOfSource = other == sourceOfResult
        let full =
            isOfSource ? line("after", "before") : line("picture \(own)", "picture \(other)")
        return canvas.display == .split || canvas.display == .difference
            ? [full, line("\(own)", "\(other)")] : [full]
    }
}

extension CanvasState.Tool {
    /// Whether the size of the brush counts.
    var hasSize: Bool { self == .brush || self == .eraser }
}

extension Float {
    /// 0 ... 9 for what lies between 0 and 1.
    fileprivate var tenths: String { String(Int(min(max(isFinite ? self * 10 : 0, 0), 9))) }
}
