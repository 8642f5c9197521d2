import StudioCore

extension FrameBuilder {
    /// The six keys that matter most now. The last one, help, and what keeps a picture have their
    /// places on narrow screens too.
    mutating func footer(_ state: StudioState, row: Int) {
        guard state.settings.isOn(.footer) else { return }
        fill(CellArea(column: 0, row: row, columns: frame.columns, rows: 1), palette.bar)
        var column = 1
        let hints = state.hints
        let kept = hints.indices.filter {
            $0 + 1 == hints.count || hints[$0].command == .save
        }
        for (index, hint) in hints.enumerated() {
            let width = hint.width
            let reserve = kept.filter { $0 > index }.reduce(0) { $0 + hints[$1].width + 3 }
            guard column + width + reserve <= frame.columns else { continue }
            let start = column
            column = put(hint.key, column: column, row: row, palette.barKey)
            column = put(" \(hint.label)", column: column, row: row, palette.bar)
            if let command = hint.command {
                hit(
                    CellArea(column: start, row: row, columns: width, rows: 1),
                    .fixed(.command(command)))
            }
            column += 3
        }
    }
}

/// One key in the footer.
struct FooterHint {
    let key: String
    let label: String
    let command: Command?

    var width: Int { key.cellWidth + 1 + label.cellWidth }
}

extension StudioState {
    var hints: [FooterHint] {
        func hint(_ command: Command, _ label: String) -> FooterHint {
            FooterHint(key: key(command), label: label, command: command)
        }
        func word(_ key: String, _ label: String) -> FooterHint {
            FooterHint(key: key, label: label, command: nil)
        }
        switch popup {
        case nil: break
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
        switch view {
        case .gallery:
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
        case .queue:
            let pause = hint(.queuePause, queue.isPaused ? "go on" : "pause")
            guard !queue.jobs.isEmpty else {
                return [
                    hint(.queueAddFirst, "queue the prompt"), pause, word("Esc", "studio"), helpHint
                ]
            }
            return [
                pause, hint(.queueEdit, "edit"), hint(.queueUp, "up"), hint(.queueDown, "down"),
                queue.running == nil ? hint(.queueRemove, "remove") : hint(.queueSkip, "skip"),
                helpHint
            ]
        case .settings:
            guard settingsView.field == nil else {
                return [word("Enter", "keep"), word("Esc", "leave as it was")]
            }
            return [
                word("Enter", "change"), hint(.resetSetting, "default"),
                hint(.editConfiguration, "editor"), hint(.reloadConfiguration, "read again"),
                word("Esc", "studio"), helpHint
            ]
        case .studio, .edit: break
        }
        let isMasked = mask.map { !$0.isEmpty } ?? false
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
        case .canvas: break
        }
        if isLoading, job == nil {
            return [
                hint(.editPrompt, "prompt"), hint(.parameters, "parameters"),
                word(keys(.previousPicture, .nextPicture), "other pictures"),
                hint(.recallAll, "recall"), helpHint
            ]
        }
        let isOffered = proposal != nil && job == nil && !canvas.isPainting
        if isComparing, isOffered { return comparingHints }
        if proposal != nil, proposal?.base == nil, job == nil {
            return [
                word("Arrows", "choose"), hint(.accept, "this one"), hint(.discard, "close"),
                hint(.save, "save"), hint(.exports, "export"), helpHint
            ]
        }
        if let proposal, job == nil, !canvas.isPainting {
            return [
                hint(.accept, "accept"), hint(.discard, "discard"), hint(.inpaint, "again")
            ] + (proposal.candidates.count > 1 ? [hint(.nextCandidate, "next")] : [])
                + [
                    sourceOfResult == nil
                        ? hint(.toggleResidual, "flip") : hint(.flipSource, "before/after"),
                    helpHint
                ]
        }
        if canvas.isPainting {
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
        // What a paused run can do is no matter of a picture that is shown in front of it.
        let isBehind = job?.isPaused == true && !isShownRunOn && shown != nil
        if let job, !isBehind {
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
        if !canvas.margins.isEmpty {
            return [
                word("Alt-arrows", "more cells"), word("Enter", "paint them"), word("Esc", "none"),
                hint(.alternatives, "alternatives"), hint(.editPrompt, "prompt"), helpHint
            ]
        }
        if shown == nil {
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

    /// Those of a picture beside another one, which Esc leaves first.
    private var comparingHints: [FooterHint] {
        func hint(_ command: Command, _ label: String) -> FooterHint {
            FooterHint(key: key(command), label: label, command: command)
        }
        let ways: [FooterHint] =
            switch canvas.display {
            case .split:
                [
                    FooterHint(
                        key: keys(.dividerLeft, .dividerRight), label: "divider", command: nil),
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
            + [FooterHint(key: "Esc", label: "picture alone", command: nil), helpHint]
    }

    private var helpHint: FooterHint {
        FooterHint(key: key(.help), label: "help", command: .help)
    }

    private func keys(_ commands: Command...) -> String {
        commands.map(key).joined(separator: " ")
    }
}
