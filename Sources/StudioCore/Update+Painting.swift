import Imaging
import TerminalGraphics

extension StudioState {
    mutating func performOnMask(_ command: Command) {
        guard !isLoading else {
            message = loading
            return
        }
        if command == .editMask, canvas.isPainting {
            (view, focus) = (.studio, .canvas)
            stopPainting()
            return
        }
        guard let picture = shown?.picture, canvas.step == nil else {
            message = Message(
                shown?.picture == nil
                    ? "A mask is painted on a finished picture."
                    : "A mask is painted on the finished picture; \(key(.lastStep)) goes back to it.",
                .problem)
            return
        }
        guard canPaint() else { return }
        // Painting on a picture of a batch takes that one.
        if job == nil, proposal != nil, proposal?.base == nil { accept() }
        takeMargins(EditOrder.Margins())
        let size = PixelPoint(x: picture.refined.width, y: picture.refined.height)
        switch command {
        case .editMask:
            canvas.isPainting = true
            canvas.stroke = nil
            (view, focus) = (.studio, .canvas)
            return
        case .brush, .eraser, .rectangle, .ellipse, .lasso, .flood:
            canvas.tool = command.tool
            canvas.stroke = nil
            return
        case .largerBrush: canvas.brushRadius = min(128, canvas.brushRadius + 4)
        case .smallerBrush: canvas.brushRadius = max(2, canvas.brushRadius - 4)
        case .applyTool: applyTool(size)
        default: reshape(command, size)
        }
    }

    /// Painting ends; a mask that is left is not forgotten.
    mutating func stopPainting() {
        (canvas.isPainting, canvas.stroke) = (false, nil)
        guard isMaskLeft else { return }
        message = Message("The mask stays: \(key(.inpaint)) paints it anew, Esc drops it.")
    }

    /// Takes a mask off the picture that is not being painted any more.
    mutating func dropMask() {
        record(picture: shownRun, mask: nil, "drop the mask")
        message = Message("The mask is gone; \(key(.undo)) brings it back.")
    }

    /// Why nothing can be done with a picture whose pixels are not there yet.
    var loading: Message {
        if case .failed = model {
            return Message("The picture needs the model, which could not be opened.", .problem)
        }
        return Message(
            "The picture is still being made from its tokens; try again in a moment.", .problem)
    }

    /// False, with a message, where a result is larger than the picture that masks belong to.
    mutating func canPaint() -> Bool {
        guard let base = proposal?.base.flatMap({ runs[$0] }), let shown,
            (base.gridWidth, base.gridHeight) != (shown.gridWidth, shown.gridHeight)
        else { return true }
        message = Message(
            "This result is larger than its picture; \(key(.accept)) accepts it, and then it can be "
                + "masked.", .problem)
        return false
    }

    /// Records a mask; one painted on a result is its base's, which a further try starts from.
    mutating func record(_ mask: PaintedMask, _ label: String) {
        // A shape that is half made began with the mask before.
        canvas.stroke = nil
        record(
            picture: proposal?.base ?? shownRun, mask: mask.isEmpty ? nil : mask, label)
    }

    private func currentMask(_ size: PixelPoint) -> PaintedMask {
        if let mask, mask.width == size.x, mask.height == size.y { return mask }
        return PaintedMask(width: size.x, height: size.y)
    }

    private mutating func reshape(_ command: Command, _ size: PixelPoint) {
        var mask = currentMask(size)
        switch command {
        case .invertMask: mask.invert()
        case .growMask: mask.grow(by: 8)
        case .shrinkMask: mask.shrink(by: 8)
        case .maskAll:
            mask = PaintedMask(Mask(width: size.x, height: size.y, coverage: 255))
        case .maskLeastSure:
            let side = parameters.tokenSide
            let count = (shown?.gridWidth ?? 1) * (shown?.gridHeight ?? 1)
            let share = count * parameters.rerollPercent / 100
            for token in shown?.leastSure(max(1, share)) ?? [] {
                let (x, y) = (token % (shown?.gridWidth ?? 1), token / (shown?.gridWidth ?? 1))
                mask.fill(
                    from: PixelPoint(x: x * side, y: y * side),
                    to: PixelPoint(x: (x + 1) * side - 1, y: (y + 1) * side - 1),
                    isEllipse: false, true)
            }
        default: mask = PaintedMask(width: size.x, height: size.y)
        }
        record(mask, command.title)
    }

    // MARK: Tools by key

    /// Brush and eraser stamp, flood fills; shapes take a first corner and then the second.
    private mutating func applyTool(_ size: PixelPoint) {
        var mask = currentMask(size)
        let cursor = canvas.cursor
        switch canvas.tool {
        case .brush, .eraser:
            mask.stamp(
                x: cursor.x, y: cursor.y, radius: canvas.brushRadius, canvas.tool == .brush)
        case .flood: flood(&mask, from: cursor)
        case .rectangle, .ellipse, .lasso:
            guard var stroke = canvas.stroke else {
                canvas.stroke = CanvasState.Stroke(
                    points: [cursor], before: mask, isErasing: false)
                sayCorners()
                return
            }
            stroke.points.append(cursor)
            if canvas.tool == .lasso, stroke.points.first != cursor {
                canvas.stroke = stroke
                sayCorners()
                return
            }
            mask = stroke.before
            mask.apply(canvas.tool, stroke, radius: canvas.brushRadius)
        }
        record(mask, canvas.tool.rawValue)
    }

    private mutating func sayCorners() {
        let next = key(.applyTool)
        message = Message(
            canvas.tool == .lasso
                ? "Move and press \(next) for each corner; Enter, or \(next) on the first one, closes."
                : "Move to the opposite corner and press \(next).")
    }

    /// Ends a shape whose corners are set by key: at the cursor, and a lasso on its first corner.
    mutating func closeShape() {
        guard var stroke = canvas.stroke else { return }
        message = nil
        if stroke.points.last != canvas.cursor { stroke.points.append(canvas.cursor) }
        canvas.stroke = nil
        var mask = stroke.before
        mask.apply(canvas.tool, stroke, radius: canvas.brushRadius)
        record(mask, canvas.tool.rawValue)
    }

    private mutating func flood(_ mask: inout PaintedMask, from point: PixelPoint) {
        guard let picture = shown?.picture else { return }
        mask.flood(from: point, in: picture.refined, tolerance: 24, true)
    }

    mutating func dropStroke() {
        canvas.stroke = nil
    }

    // MARK: Mouse

    mutating func point(at target: MouseTarget?, _ action: MouseEvent.Action) -> [StudioEffect] {
        if popup != nil { return pointInPopup(target, action) }
        if case .release = action, canvas.stroke?.isHeld == true { return endStroke() }
        guard let target else { return [] }
        switch (target, action) {
        case (.picture(let point), .press(let button)):
            focus = .canvas
            canvas.cursor = point
            if canvas.isPainting { beginStroke(at: point, isErasing: button == .right) }
            return readToken()
        case (.picture(let point), .drag):
            canvas.cursor = point
            if canvas.stroke?.isHeld == true {
                canvas.stroke?.points.append(point)
            } else if canvas.display == .split {
                canvas.divider = Double(point.x) / Double(max(1, pictureSize.x))
            }
        case (.picture(let point), .scroll(let direction)):
            canvas.cursor = point
            return perform(direction == .up ? .zoomIn : .zoomOut)
        case (.step, .scroll(let direction)):
            return perform(direction == .up ? .previousStep : .nextStep)
        case (.tile(let place), .press):
            let isAgain = gallery.selected == place
            gallery.selected = place
            return isAgain ? perform(.galleryOpen) : galleryMoved()
        case (.queueLine(let line), .press): queue.selected = line
        case (.tile, .scroll(let direction)), (.queueLine, .scroll(let direction)),
            (.list, .scroll(let direction)):
            let step = direction == .up ? -1 : 1
            if view == .gallery { return scrollGallery(step) }
            queue.selected = min(max(0, queue.selected + step), max(0, queue.jobs.count - 1))
        case (.command(let command), .press): return perform(command)
        case (.setting(let index), .press): return point(atSetting: index)
        case (.setting, .scroll(let direction)):
            return pressInSettings(Key(direction == .up ? .up : .down)) ?? []
        case (.focus(let place), .press):
            focus = place
            suggestPromptOfMask()
        case (.parameter(let row), .press):
            focus = .parameters
            parameter = row
        case (.parameter, .scroll(let direction)):
            // The list scrolls to what is selected; a wheel that changed values would do so unseen.
            if focus == .parameters, parameterField == nil {
                parameter = parameter.neighbour(direction == .up ? -1 : 1)
            }
        case (.step(let step), .press): return show(step: step)
        case (.candidate(let index), .press): select(candidate: index)
        default: break
        }
        return []
    }

    private mutating func beginStroke(at point: PixelPoint, isErasing: Bool) {
        guard let picture = shown?.picture, canvas.step == nil else { return }
        let size = PixelPoint(x: picture.refined.width, y: picture.refined.height)
        if canvas.tool == .flood {
            var mask = currentMask(size)
            flood(&mask, from: point)
            record(mask, "flood")
            return
        }
        canvas.stroke = CanvasState.Stroke(
            points: [point], before: currentMask(size),
            isErasing: isErasing || canvas.tool == .eraser, isHeld: true)
    }

    private mutating func endStroke() -> [StudioEffect] {
        guard let stroke = canvas.stroke else { return [] }
        var mask = stroke.before
        mask.apply(canvas.tool, stroke, radius: canvas.brushRadius)
        record(mask, canvas.tool.rawValue)
        return []
    }

    /// The mask with the stroke that is being made.
    package var visibleMask: PaintedMask? { canvas.mask(over: mask) }
}

extension CanvasState {
    /// A mask with the stroke that is being made.
    package func mask(over mask: PaintedMask?) -> PaintedMask? {
        guard let stroke else { return mask }
        var mask = stroke.before
        var shown = stroke
        if tool != .brush, tool != .eraser, stroke.points.last != cursor {
            shown.points.append(cursor)
        }
        mask.apply(tool, shown, radius: brushRadius)
        return mask
    }
}

extension PaintedMask {
    fileprivate mutating func apply(
        _ tool: CanvasState.Tool, _ stroke: CanvasState.Stroke, radius: Int
    ) {
        guard let first = stroke.points.first, let last = stroke.points.last else { return }
        let isPainted = !stroke.isErasing
        switch tool {
        case .brush, .eraser:
            stamp(x: first.x, y: first.y, radius: radius, isPainted)
            for (start, end) in zip(stroke.points, stroke.points.dropFirst()) {
                self.stroke(from: start, to: end, radius: radius, isPainted)
            }
        case .rectangle, .ellipse:
            fill(from: first, to: last, isEllipse: tool == .ellipse, isPainted)
        case .lasso: fill(lasso: stroke.points, isPainted)
        case .flood: break
        }
    }
}

extension Command {
    fileprivate var tool: CanvasState.Tool {
        switch self {
        case .eraser: .eraser
        case .rectangle: .rectangle
        case .ellipse: .ellipse
        case .lasso: .lasso
        case .flood: .flood
        default: .brush
        }
    }
}
