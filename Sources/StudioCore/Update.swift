import TerminalGraphics

/// The one way the studio changes.
package func update(_ state: inout StudioState, _ action: StudioAction) -> [StudioEffect] {
    let (shown, prompt) = (state.shownRun, state.prompt.positive)
    let isTyped = state.isPromptTyped(by: action)
    // What was written is read back before a person does anything else.
    if case .news = action {} else { state.settingsView.written = nil }
    var effects = react(&state, action)
    effects += state.beginHeld()
    effects += state.startNextJob()
    // It would take the place of the queue that is still being read.
    if state.isAwaitingLibrary { effects.removeAll(where: \.isJournal) }
    if state.shownRun != shown {
        state.leavePartner()
        state.noteShown()
    }
    if case .news(let news) = action, news.bringsPixels { state.letGoOfPixels() }
    state.settle()
    state.settleComparison()
    return state.settlePrompt(after: prompt, isTyped: isTyped) + effects + state.loadRuns()
}

private func react(_ state: inout StudioState, _ action: StudioAction) -> [StudioEffect] {
    switch action {
    case .key(let key): return state.press(key)
    case .paste(let text): return state.paste(text)
    case .mouse(let target, let action): return state.point(at: target, action)
    case .command(let command): return state.perform(command)
    case .news(let news): return state.learn(news)
    case .promptEdited(let text): state.prompt.positive.replace(with: text)
    case .negativeEdited(let text): state.prompt.negative.replace(with: text)
    case .region(let x, let y, let width, let height):
        state.mask(x: x, y: y, width: width, height: height)
    case .fork(let step, let prompt): return state.fork(step: step, prompt: prompt)
    case .token(let place, let id): return state.changeToken(place, to: id)
    case .resized(let metrics):
        state.screen = metrics
        state.gallery.thumbnails = [:]
        state.gallery.awaited = []
        return state.view == .gallery ? state.galleryMoved() : []
    case .tick: state.ticks &+= 1
    }
    return []
}

extension StudioState {
    /// Whether an action is a person's writing in the prompt, not another prompt in its place.
    fileprivate func isPromptTyped(by action: StudioAction) -> Bool {
        switch action {
        case .key, .paste: view == .studio && focus == .prompt && popup == nil
        case .promptEdited, .news(.library(.opened)): true
        default: false
        }
    }

    /// Whether a mark moves on the screen, for which the state wants ticks.
    package var isMoving: Bool {
        settings.isOn(.animations) && view == .studio && job.map { !$0.isPaused } ?? false
    }

    /// Where keys are looked up now, the narrowest first.
    package var contexts: [KeyContext] {
        switch view {
        case .gallery: return [.gallery, .navigation, .anywhere]
        case .queue: return [.queue, .navigation, .anywhere]
        case .settings: return [.settings, .navigation, .anywhere]
        case .studio, .edit: break
        }
        var contexts: [KeyContext] = []
        // Delete clears a mask that is being painted on a result.
        if focus == .canvas, canvas.isPainting { contexts.append(.mask) }
        if focus == .canvas, proposal != nil { contexts.append(.proposal) }
        if focus == .canvas || focus == .parameters { contexts += [.canvas, .navigation] }
        // Results that were turned down, too.
        if focus == .canvas, proposal == nil, isTurnedDown { contexts.append(.proposal) }
        contexts.append(.anywhere)
        return contexts
    }

    fileprivate mutating func press(_ key: Key) -> [StudioEffect] {
        if popup != nil { return pressInPopup(key) }
        switch (view, focus) {
        case (.gallery, _):
            if let effects = pressInGallery(key) { return effects }
            // Only what is meant everywhere interrupts a search.
            if gallery.field != nil {
                return keymap.command(for: key, in: [.anywhere]).map { perform($0) } ?? []
            }
        case (.queue, _):
            if let effects = pressInQueue(key) { return effects }
        case (.settings, _):
            if let effects = pressInSettings(key) { return effects }
            if key == Key(.escape) { return openPicture() }
        case (_, .prompt), (_, .negative):
            if let effects = pressInPrompt(key) { return effects }
        case (_, .parameters):
            if let effects = pressInParameters(key) { return effects }
        case (_, .canvas):
            if let effects = pressInCanvas(key) { return effects }
        }
        guard let command = keymap.command(for: key, in: contexts) else { return [] }
        return perform(command)
    }

    private mutating func pressInPrompt(_ key: Key) -> [StudioEffect]? {
        let wasChordBegun = prompt.isChordBegun
        prompt.isChordBegun = key == Key(.character("x"), .control)
        switch (key.code, key.modifiers) {
        case (.character("x"), .control): return []
        case (.character("e"), .control) where wasChordBegun: return perform(.externalEditor)
        case (.enter, []):
            return perform(isPromptOfMask ? .inpaint : .generate)
        case (.escape, _):
            focus = .canvas
            return []
        case (.tab, []):
            focus = focus.neighbour(1)
            return []
        case (.tab, .shift):
            focus = focus.neighbour(-1)
            return []
        case (.up, []) where moveLine(-1): return []
        case (.down, []) where moveLine(1): return []
        case (.character("p"), .control), (.up, []):
            recallPrompt(-1)
            return []
        case (.character("n"), .control), (.down, []):
            recallPrompt(1)
            return []
        default: break
        }
        let isEdited =
            focus == .prompt ? prompt.positive.edit(key) : prompt.negative.edit(key)
        if isEdited {
            // A draft that is back is not one of the earlier prompts.
            if key == Key(.character("z"), .control) { prompt.historyIndex = nil }
            return []
        }
        // What was done before the text was edited.
        switch (key.code, key.modifiers) {
        case (.character("z"), .control): return perform(.undo)
        case (.character("y"), .control): return perform(.redo)
        default: return nil
        }
    }

    private mutating func moveLine(_ direction: Int) -> Bool {
        focus == .prompt
            ? prompt.positive.moveLine(direction) : prompt.negative.moveLine(direction)
    }

    private mutating func recallPrompt(_ direction: Int) {
        guard focus == .prompt, !prompt.history.isEmpty else { return }
        if prompt.historyIndex == nil {
            guard direction < 0 else { return }
            prompt.draft = prompt.positive.text
        }
        let index = (prompt.historyIndex ?? prompt.history.count) + direction
        guard index >= 0 else { return }
        if index >= prompt.history.count {
            prompt.historyIndex = nil
            prompt.positive.replace(with: prompt.draft)
        } else {
            prompt.historyIndex = index
            prompt.positive.replace(with: prompt.history[index])
        }
    }

    private mutating func pressInParameters(_ key: Key) -> [StudioEffect]? {
        if var field = parameterField {
            switch key.code {
            case .enter:
                guard parameters.takes(parameter, typed: field.text) else {
                    refuseValue()
                    return []
                }
                (parameterField, message) = (nil, nil)
                noteParameters()
                parameters.set(parameter, typed: field.text)
                return parameterChanged()
            case .escape: (parameterField, message) = (nil, nil)
            default:
                if case (.character(let scalar), []) = (key.code, key.modifiers),
                    !parameter.canHold(scalar)
                {
                    refuseValue()
                    return []
                }
                guard field.edit(key) else { return nil }
                (parameterField, message) = (field, nil)
            }
            return []
        }
        switch (key.code, key.modifiers) {
        case (.up, []): parameter = parameter.neighbour(-1)
        case (.down, []): parameter = parameter.neighbour(1)
        case (.left, []):
            noteParameters()
            parameters.adjust(parameter, by: -1)
            return parameterChanged()
        case (.right, []):
            noteParameters()
            parameters.adjust(parameter, by: 1)
            return parameterChanged()
        case (.enter, []): parameterField = TextField(parameters.typed(parameter))
        case (.character(let digit), []) where ("0"..."9").contains(digit):
            parameterField = TextField(String(digit))
        case (.escape, []), (.tab, []): focus = .canvas
        case (.tab, .shift): focus = .negative
        default: return nil
        }
        return []
    }

    private mutating func refuseValue() {
        let name = isPlain ? parameter.plainName : parameter.title
        message = Message("\(name) must be \(parameters.allowed(parameter)).", .problem)
    }

    /// A changed strength shows at once; all other parameters count for the next picture.
    private mutating func parameterChanged() -> [StudioEffect] {
        recordParameters("\(parameter.title) \(parameters.shown(parameter))")
        if parameter == .width || parameter == .height, let remark = sizeRemark {
            message = Message(remark)
        }
        return parameter == .strength ? strengthChanged() : []
    }

    mutating func strengthChanged() -> [StudioEffect] {
        guard let run = shown, run.picture != nil else { return [] }
        strengthAsked = StrengthAsked(run: run.id, strength: parameters.residualStrength)
        if let job, !job.isPaused {
            message = Message(
                "Residual strength \(parameters.shown(.strength)); the picture shown follows when the "
                    + "run that is on is done.")
        }
        return [.changeStrength(run.id, parameters.residualStrength)]
    }

    private mutating func pressInCanvas(_ key: Key) -> [StudioEffect]? {
        let key = arrow(key)
        let step = key.modifiers.contains(.shift) ? 4 : parameters.tokenSide
        let (dx, dy): (Int, Int)
        switch key.code {
        case .left where !key.modifiers.contains(.alt): (dx, dy) = (-1, 0)
        case .right where !key.modifiers.contains(.alt): (dx, dy) = (1, 0)
        case .up where !key.modifiers.contains(.alt): (dx, dy) = (0, -1)
        case .down where !key.modifiers.contains(.alt): (dx, dy) = (0, 1)
        case .escape where proposal == nil && canvas.stroke != nil:
            dropStroke()
            return []
        case .enter where canvas.isPainting && canvas.stroke?.isHeld == false:
            closeShape()
            return []
        case .escape where isComparing:
            leaveComparison()
            return []
        case .escape where proposal == nil && canvas.isPainting:
            stopPainting()
            return []
        case .escape where proposal == nil && !canvas.margins.isEmpty:
            takeMargins(EditOrder.Margins())
            message = Message("The cells are gone; \(self.key(.undo)) brings them back.")
            return []
        case .escape where isMaskLeft:
            dropMask()
            return []
        default: return nil
        }
        guard key.modifiers.isDisjoint(with: [.control, .command]) else { return nil }
        if let proposal, proposal.candidates.count > 1, !canvas.isPainting {
            selectCandidate(dx + dy * proposal.columns)
            return []
        }
        let size = pictureSize
        canvas.cursor.x = min(max(canvas.cursor.x + dx * step, 0), size.x - 1)
        canvas.cursor.y = min(max(canvas.cursor.y + dy * step, 0), size.y - 1)
        followCursor()
        return readToken()
    }

    /// h, j, k and l as arrows, where they are no command's: in a mask, l is the lasso.
    private func arrow(_ key: Key) -> Key {
        guard key.modifiers.isEmpty, keymap.command(for: key, in: contexts) == nil else {
            return key
        }
        return switch key.code {
        case .character("h") where !canvas.isPainting: Key(.left)
        case .character("j") where !canvas.isPainting: Key(.down)
        case .character("k") where !canvas.isPainting: Key(.up)
        case .character("l") where !canvas.isPainting: Key(.right)
        default: key
        }
    }

    fileprivate mutating func paste(_ text: String) -> [StudioEffect] {
        let line = text.onOneLine
        switch (view, focus) {
        case _ where popup != nil: popup?.field?.insert(line)
        case (.settings, _): settingsView.field?.insert(line)
        case (.gallery, _) where gallery.field != nil:
            gallery.field?.insert(line)
            gallery.search(PictureQuery(gallery.field?.text ?? ""))
            return galleryMoved()
        case (.studio, .prompt):
            prompt.positive.insert(text)
            sayWhatIsCut(from: prompt.positive)
        case (.studio, .negative):
            prompt.negative.insert(text)
            sayWhatIsCut(from: prompt.negative)
        case (.studio, .parameters) where parameterField != nil: pasteValue(line)
        default: break
        }
        return []
    }

    private mutating func sayWhatIsCut(from field: TextField) {
        guard field.isFull else { return }
        message = Message(
            "The end of the text is cut off; a prompt has room for \(TextField.limit) characters.",
            .problem)
    }

    /// Takes what a value can hold of a pasted text.
    private mutating func pasteValue(_ line: String) {
        let fitting = String.UnicodeScalarView(line.unicodeScalars.filter(parameter.canHold))
        guard !fitting.isEmpty else { return refuseValue() }
        parameterField?.insert(String(fitting))
        message = nil
    }
}
