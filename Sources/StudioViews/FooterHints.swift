import StudioCore

/// One key in the footer.
struct FooterHint {
    let key: String
    let label: String
    let command: Command?

    var width: Int { key.cellWidth + 1 + label.cellWidth }
}

extension StudioState {
    /// The keys that matter most now, the first one most.
    var hints: [FooterHint] {
        guard !isEnding else { return [word("Ctrl-C", "quit at once, without the rest")] }
        return popupHints ?? viewHints ?? panelHints ?? canvasHints
    }

    /// Those of the box that is open.
    private var popupHints: [FooterHint]? {
        switch popup {
        case nil: return nil
        case .list(.help, _):
            return [
                word("Enter", "run"), word("Up/Down", "move"), word("Tab", "change its key"),
                word("Esc", "close")
            ]
        case .rebind:
            return [
                word("any key", "becomes its key"), word("Backspace", "as it came"),
                word("Esc", "back")
            ]
        case .form(let form):
            return [word("Enter", "do it")]
                + (form.fields.count > 1 ? [word("Tab", "next line")] : [])
                + [word("Esc", "close")]
        case .copy:
            let keys = copyChoices.map { String($0.key) }.joined(separator: " ")
            return [word(keys, "copy"), word("Esc", "close")]
        case .saveAs: return [word("Enter", "save"), word("Esc", "close")]
        case .tags: return [word("Enter", "set the tags"), word("Esc", "close")]
        case .open:
            return [word("Enter", "open"), word("Tab", "odd sizes"), word("Esc", "close")]
        case .text(_, let lines, _):
            return (textBox(lines).scrolls ? [word("Up/Down", "scroll")] : [])
                + [word("Esc", "close")]
        case .quit: return [word("y", "quit"), word("Esc", "stay")]
        default:
            return [word("Enter", "choose"), word("Up/Down", "move"), word("Esc", "close")]
        }
    }

    /// Those of a view other than the studio's own.
    private var viewHints: [FooterHint]? {
        switch view {
        case .gallery: return galleryHints
        case .queue: return queueHints
        case .settings:
            guard settingsView.field == nil else {
                return [word("Enter", "keep"), word("Esc", "leave as it was")]
            }
            return [
                word("Enter", "change"), hint(.resetSetting, "default"),
                hint(.editConfiguration, "editor"), hint(.reloadConfiguration, "read again"),
                word("Esc", "studio"), helpHint
            ]
        case .studio, .edit: return nil
        }
    }

    private var galleryHints: [FooterHint] {
        guard gallery.field == nil else {
            return [
                word("Enter", "done"), word("Esc", "show all"), word("seed:42", "parameter"),
                word("steps>8", "range"), word("is:starred", "marks"), word("tag:x", "tags")
            ]
        }
        guard !gallery.matches.isEmpty else {
            return gallery.query.isEmpty
                ? [hint(.galleryScan, "look for new files"), word("Esc", "studio"), helpHint]
                : [hint(.gallerySearch, "search"), word("Esc", "show all"), helpHint]
        }
        return [
            hint(.galleryOpen, "open"), hint(.gallerySearch, "search"),
            hint(.galleryStar, "star"), hint(.galleryRecallAll, "recall"),
            hint(.galleryTrash, gallery.query.seeksTrash ? "bring back" : "trash"), helpHint
        ]
    }

    private var queueHints: [FooterHint] {
        let pause = hint(.queuePause, queue.isPaused ? "go on" : "pause")
        guard !queue.jobs.isEmpty else {
            return [
                hint(.queueAddFirst, "queue the prompt"), pause, word("Esc", "studio"), helpHint
            ]
        }
        let remove =
            queue.running == nil ? hint(.queueRemove, "remove") : hint(.queueSkip, "skip")
        guard queue.jobs.indices.contains(queue.selected),
            [.waiting, .running].contains(queue.jobs[queue.selected].state)
        else {
            return [
                pause, hint(.queueRetry, "again"), remove, hint(.queueClear, "clear what is done"),
                helpHint
            ]
        }
        guard queue.jobs.count > 1 else {
            return [pause, hint(.queueEdit, "edit"), remove, helpHint]
        }
        return [
            pause, hint(.queueEdit, "edit"), hint(.queueUp, "up"), hint(.queueDown, "down"), remove,
            helpHint
        ]
    }

    /// Those of the prompt and of the parameters.
    private var panelHints: [FooterHint]? {
        let generate = job.map { !$0.isPaused } ?? false ? "queue" : "generate"
        switch focus {
        case .prompt, .negative:
            if isPromptOfMask {
                return [
                    word("Enter", "paint the mask anew"), hint(.generate, "new picture"),
                    word("Esc", "to the picture"), hint(.searchHistory, "search"), helpHint
                ]
            }
            return [
                word("Enter", generate), word("Esc", "to the picture"), word("Tab", "next panel"),
                word("Ctrl-P", "earlier prompts"), hint(.searchHistory, "search"),
                helpHint
            ]
        case .parameters:
            return [
                word("Up/Down", "choose"), word("Left/Right", "change"), word("Enter", "type"),
                hint(.generate, generate), word("Esc", "to the picture"), helpHint
            ]
        case .canvas: return nil
        }
    }

    private var canvasHints: [FooterHint] {
        if isLoading, job == nil {
            return [
                hint(.editPrompt, "prompt"), hint(.parameters, "parameters"),
                word(keys(.previousPicture, .nextPicture), "other pictures"),
                hint(.recallAll, "recall"), helpHint
            ]
        }
        if let offered = proposalHints { return offered }
        if canvas.isPainting { return paintingHints }
        // What a paused run can do is no matter of a picture that is shown in front of it.
        let isBehind = job?.isPaused == true && !isShownRunOn && shown != nil
        if let job, !isBehind { return runHints(job) }
        if !canvas.margins.isEmpty {
            return [
                word("Alt-arrows", "more cells"), word("Enter", "paint them"), word("Esc", "none"),
                hint(.alternatives, "alternatives"), hint(.editPrompt, "prompt"), helpHint
            ]
        }
        if shown == nil || shown?.picture == nil && shown?.snapshots.isEmpty == true {
            return [
                hint(.editPrompt, "prompt"), hint(.example, "example"),
                hint(.parameters, "parameters"), hint(.openFile, "open"), hint(.quit, "quit"),
                helpHint
            ]
        }
        if isComparing { return comparingHints }
        if isMaskLeft {
            return [
                hint(.inpaint, "paint anew"), word("Esc", "drop the mask"),
                hint(.editPrompt, "prompt"),
                hint(.editMask, "mask"), hint(.save, "save"), helpHint
            ]
        }
        if isPictureShown {
            return [
                hint(.editPrompt, "prompt"),
                isBehind ? hint(.pause, "go on") : hint(.toggleResidual, "flip"),
                hint(.editMask, "mask"), hint(.previousStep, "steps"), hint(.save, "save"),
                helpHint
            ]
        }
        if shown?.picture == nil {
            return [
                hint(.pause, "go on"), hint(.nextStep, "step"), hint(.previousStep, "back"),
                hint(.fork, "fork"), hint(.nextOverlay, "overlay"), helpHint
            ]
        }
        return [
            hint(.nextStep, "next"), hint(.previousStep, "back"), hint(.lastStep, "last"),
            hint(.fork, "fork here"), hint(.nextOverlay, "overlay"), helpHint
        ]
    }

    /// Those of a result that can be taken or not.
    private var proposalHints: [FooterHint]? {
        guard let proposal, job == nil else { return nil }
        if isComparing, !canvas.isPainting { return comparingHints }
        guard proposal.base != nil else {
            return [
                word("Arrows", "choose"), hint(.accept, "this one"), hint(.discard, "close"),
                hint(.save, "save"), hint(.exports, "export"), helpHint
            ]
        }
        guard !canvas.isPainting else { return nil }
        return [
            hint(.accept, "accept"), hint(.discard, "discard"), hint(.inpaint, "again")
        ] + (proposal.candidates.count > 1 ? [hint(.nextCandidate, "next")] : [])
            + [
                sourceOfResult == nil
                    ? hint(.toggleResidual, "flip") : hint(.flipSource, "before/after"),
                helpHint
            ]
    }

    private var paintingHints: [FooterHint] {
        let isMasked = mask.map { !$0.isEmpty } ?? false
        if canvas.tool == .lasso, canvas.stroke != nil {
            return [
                hint(.applyTool, "corner"), word("Enter", "close the lasso"),
                word("Esc", "drop it"), helpHint
            ]
        }
        return [
            hint(.applyTool, canvas.tool.rawValue),
            word(keys(.brush, .eraser, .rectangle, .ellipse, .lasso, .flood), "tools"),
            isMasked && job == nil ? hint(.inpaint, "paint anew") : hint(.maskAll, "all"),
            proposal == nil || job != nil
                ? hint(.editPrompt, "prompt") : hint(.accept, "accept"),
            canvas.tool.hasSize
                ? word(keys(.smallerBrush, .largerBrush), "size") : hint(.invertMask, "invert"),
            helpHint
        ]
    }

    private func runHints(_ job: Job) -> [FooterHint] {
        guard job.isPaused else {
            return (canPause(job) ? [hint(.pause, "pause")] : []) + [
                hint(.cancel, "cancel"),
                job.runs.count > 1 && shown?.picture == nil && shown?.isSkipped == false
                    ? hint(.skip, "skip one") : hint(.previousStep, "back"),
                hint(.nextOverlay, "overlay"), helpHint
            ]
        }
        let isBatch = proposal.map { $0.candidates.count > 1 } ?? false
        return [hint(.pause, "go on"), hint(.nextStep, "step"), hint(.fork, "fork")]
            + (isBatch
                ? [hint(.cancel, "cancel")]
                : [hint(.pinToken, "mask/pin token"), hint(.swapToken, "swap")])
            + [helpHint]
    }

    /// Those of a picture beside another one, which Esc leaves first.
    private var comparingHints: [FooterHint] {
        let ways: [FooterHint] =
            switch canvas.display {
            case .split:
                [
                    word(keys(.dividerLeft, .dividerRight), "divider"),
                    hint(.swapCompared, "swap")
                ]
            case .difference: [hint(.split, "split"), hint(.swapCompared, "swap")]
            default: [hint(.split, "split"), hint(.difference, "difference")]
            }
        let isOfSource = canvas.partner != nil && canvas.partner == sourceOfResult
        return
            (proposal == nil ? [] : [hint(.accept, proposal?.base == nil ? "this one" : "accept")])
            + [isOfSource ? hint(.flipSource, "before/after") : hint(.toggleResidual, "flip")]
            + ways
            + [word("Esc", "picture alone"), helpHint]
    }

    private func hint(_ command: Command, _ label: String) -> FooterHint {
        FooterHint(key: key(command), label: label, command: command)
    }

    private func word(_ key: String, _ label: String) -> FooterHint {
        FooterHint(key: key, label: label, command: nil)
    }

    private var helpHint: FooterHint { hint(.help, "help") }

    private func keys(_ commands: Command...) -> String {
        commands.map(key).joined(separator: " ")
    }
}
