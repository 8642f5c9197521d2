import Requests

extension StudioState {
    mutating func perform(_ command: Command) -> [StudioEffect] {
        message = nil
        defer { lastCommand = command }
        switch command {
        case .generate: return generate()
        case .cancel: return cancel()
        case .pause: return pauseOrGoOn()
        case .nextStep: return stepForward()
        case .previousStep: return show(step: (canvas.step ?? shown?.lastStepShown ?? 0) - 1)
        case .firstStep: return show(step: 0)
        case .lastStep: return show(step: nil)
        case .goToStep: askStep()
        case .skip: return skip()
        case .fork: askFork()
        case .toggleResidual, .flip, .split, .difference, .residualMap: return compare(command)
        case .flipSource: flipSource()
        case .swapCompared: swapCompared()
        case .dividerLeft, .dividerRight: moveDivider(command == .dividerLeft ? -0.05 : 0.05)
        case .compareWith: askComparison()
        case .rerollResidual: return remakeResidual(withNewSeed: true)
        case .repeatResidual: return remakeResidual(withNewSeed: false)
        case .strongerResidual: return changeStrength(1)
        case .weakerResidual: return changeStrength(-1)
        case .nextOverlay: turnOverlay(1)
        case .previousOverlay: turnOverlay(-1)
        case .noOverlay: canvas.overlay = .off
        case .gridOverlay: canvas.overlay = .grid
        case .tokensOverlay: canvas.overlay = .tokens
        case .confidenceOverlay: canvas.overlay = .confidence
        case .orderOverlay: canvas.overlay = .order
        case .maskOverlay:
            canvas.overlay = canvas.overlay == .mask ? .off : .mask
            if mask == nil {
                message = Message("There is no mask to show; \(key(.editMask)) paints one.")
            }
        case .nextPreview: return showNextPreview()
        case .zoomIn: zoom(to: canvas.zoom * 2)
        case .zoomOut: zoom(to: canvas.zoom / 2)
        case .zoomFit: zoom(to: 1)
        case .pinToken: return togglePin()
        case .unpinToken: return unpin()
        case .swapToken: return askSwap()
        case .editMask, .brush, .eraser, .rectangle, .ellipse, .lasso, .flood, .largerBrush,
            .smallerBrush, .applyTool, .invertMask, .growMask, .shrinkMask, .clearMask, .maskAll,
            .maskLeastSure:
            performOnMask(command)
        case .loadMask, .saveMask: askMaskFile(command)
        case .inpaint, .variation, .reroll, .alternatives: return edit(command)
        case .outpaint: askMargins()
        case .outpaintLeft, .outpaintRight, .outpaintUp, .outpaintDown: widen(command)
        case .accept: accept()
        case .discard: discard()
        case .nextCandidate: selectCandidate(1)
        case .previousCandidate: selectCandidate(-1)
        case .undo: return travelInView(isUndo: true)
        case .redo: return travelInView(isUndo: false)
        case .previousPicture: browse(-1)
        case .nextPicture: browse(1)
        case .closePicture: closePicture()
        case .reopenPicture: reopenPicture()
        case .save: return canBeSaved(orderSeen).map { [.save($0)] } ?? []
        case .saveBoth: return save(.both)
        case .saveSteps: return save(.steps)
        case .saveAnimation: return save(.animation)
        case .saveEachStep: return save(.eachStep)
        case .saveStripped: return save(.stripped)
        case .sheet: askSheet()
        case .saveSheet: return saveSheet()
        case .exports: askExport()
        case .saveAs: return askName()
        case .openFile: popup = .open(TextField())
        case .editPrompt:
            (view, focus) = (.studio, .prompt)
            suggestPromptOfMask()
        case .externalEditor: return [.editPrompt(prompt.positive.text)]
        case .example: popup = .list(.examples, Popup.ListState())
        case .style: openStyles()
        case .searchHistory: popup = .list(.history, Popup.ListState())
        case .newSeed: drawSeed()
        case .fixSeed: fixOrReleaseSeed()
        case .recallAll: recall()
        case .recallPrompt: recallPrompt()
        case .recallSize: recallSize()
        case .recallSeed: recallSeed()
        case .parameters: (view, focus) = (.studio, .parameters)
        case .nextPanel:
            focus = focus.neighbour(1)
            suggestPromptOfMask()
        case .copy: askCopy()
        case .copySeed, .copyPrompt, .copyCommandLine, .copyPath: return copy(command)
        case .editConfiguration: return [.editSettings]
        case .reloadConfiguration: return [.reloadSettings]
        case .resetSetting: return resetSetting()
        case .nextTheme:
            theme = theme.neighbour(1)
            message = Message("Theme: \(theme.rawValue).")
        case .setTheme:
            popup = .choice(.themes, Theme.allCases.firstIndex(of: theme) ?? 0)
        case .bestGraphics, .sixelGraphics, .kittyGraphics, .halfBlockGraphics, .quadrantGraphics,
            .sextantGraphics, .asciiGraphics, .noGraphics, .probeTerminal:
            return changeGraphics(command)
        case .queueAdd, .queueAddFirst, .queuePause, .queueResume, .queueUp, .queueDown, .queueEdit,
            .queueRemove, .queueRetry, .queueClear, .queueEmpty, .queueSkip:
            return performOnQueue(command)
        case .gallerySearch, .galleryNext, .galleryPrevious, .galleryOpen, .galleryPair,
            .galleryStar, .galleryTag, .galleryTrash, .galleryInfo, .galleryCopy, .galleryRecallAll,
            .galleryRecallPrompt, .galleryRecallSeed, .galleryRecallSize, .galleryRemix,
            .galleryScan, .galleryTrashed:
            return performInGallery(command)
        case .loadModel: askModel()
        case .verifyModel:
            message = Message("The model's files are read.")
            return [.verifyModel]
        case .showVersions: showVersions()
        case .showLog: return [.readLog]
        case .viewStudio: return open(.studio)
        case .viewEdit: return open(.edit)
        case .viewGallery: return open(.gallery)
        case .viewQueue: return open(.queue)
        case .viewSettings: return open(.settings)
        case .help: popup = .list(.help, Popup.ListState())
        case .palette: popup = .list(.commands, Popup.ListState())
        case .about: popup = .text(title: "About", lines: about)
        case .redraw: return lastCommand == .redraw ? [.redraw, .probe] : [.redraw]
        case .suspend: return [.suspend]
        case .quit: return quit()
        }
        return []
    }
}
