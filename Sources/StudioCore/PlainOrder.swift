/// What a line means to the studio without a screen.
package enum PlainOrder: Hashable, Sendable {
    case nothing
    case quit
    case help
    case commands
    case status
    case set(Parameter, String)
    case save(path: String?)
    case open(path: String)
    /// The saved pictures, those that match where words are given.
    case gallery(String)
    case queue
    /// A command that works on a line of the gallery or the queue, counted from 1.
    case chosen(Command, line: Int)
    case actions([StudioAction])
    case problem(String)

    package static let explanation = [
        "A line without a colon is a prompt, and makes a picture.",
        ":save, or :save NAME.png, saves the picture.",
        ":edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew, in pixels from the top left.",
        ":fork STEP PROMPT goes on from a step of the picture with another seed.",
        ":step.back goes a step back; :token PLACE ENTRY, or :token PLACE mask, changes a token there,",
        "counted from 0 in reading order, and :pause goes on.",
        ":accept keeps an edit, :discard drops it, :undo and :redo go back and forth.",
        ":steps 8 sets a parameter; so do guidance, temperature, seed, width, height and others.",
        ":negative TEXT is what pictures should not be.",
        ":open FILE.png opens a picture, :status says where things stand, :examples lists prompts.",
        ":view.gallery lists the saved pictures, :gallery.search WORDS those that match, and",
        ":gallery.open 3 opens the third. :queue.add queues the prompt; :view.queue and :log.show list.",
        ":cancel, or Ctrl-C, stops a run. :copy prints seed, prompt and command line.",
        ":commands lists all commands; a colon and a command's name runs it. :quit ends."
    ]

    package init(_ line: String) {
        let line = line.trimmed
        guard line.hasPrefix(":") else {
            self = Self.word(line) ?? Self.prompt(line)
            return
        }
        let words = line.dropFirst().split(separator: " ", maxSplits: 1)
        let name = words.first.map(String.init) ?? ""
        let rest = words.count > 1 ? String(words[1]).trimmed : ""
        self = Self.word(name) ?? Self.order(name, rest)
    }

    /// Words that need no colon, as nobody draws them.
    private static func word(_ name: String) -> PlainOrder? {
        switch name {
        case "": .nothing
        case "help", "?": .help
        case "quit", "exit", "q": .quit
        default: nil
        }
    }

    private static func prompt(_ text: String) -> PlainOrder {
        .actions([.promptEdited(text), .command(.generate)])
    }

    private static func order(_ name: String, _ rest: String) -> PlainOrder {
        switch name {
        case "prompt": return rest.isEmpty ? .problem(":prompt needs a text.") : prompt(rest)
        case "negative": return .actions([.negativeEdited(rest)])
        case "save": return .save(path: rest.isEmpty ? nil : rest)
        case "open": return rest.isEmpty ? .problem(":open needs a file.") : .open(path: rest)
        case "status": return .status
        case "commands": return .commands
        case "edit": return edit(rest)
        case "fork": return fork(rest)
        case "token": return token(rest)
        case "set":
            let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
            return words.count == 2
                ? order(words[0], words[1]) : .problem("Write it as :set steps 8.")
        default: break
        }
        let parameter = Parameter.allCases.first { $0.plainName == name || "\($0)" == name }
        if let parameter, !rest.isEmpty { return .set(parameter, rest) }
        guard let command = Command(rawValue: shortNames[name] ?? name) else {
            if parameter != nil { return .problem("Write it as :\(name) VALUE.") }
            return .problem("There is no command \(name); :help explains the usual ones.")
        }
        return PlainOrder(command, rest)
    }

    /// What a command means without a screen.
    ///
    /// - Parameter rest: what stands behind its name.
    package init(_ command: Command, _ rest: String = "") {
        switch command {
        case .viewGallery: self = .gallery("")
        case .gallerySearch:
            self = rest.isEmpty ? .problem("Write it as :gallery.search WORDS.") : .gallery(rest)
        case .viewQueue: self = .queue
        case _ where Self.screenCommands.contains(command):
            let instead = Self.insteadOfScreen[command].map { "; \($0)" } ?? ""
            self = .problem("\(command.rawValue) needs a screen\(instead).")
        case _ where !rest.isEmpty && Self.lineCommands.contains(command):
            self =
                Int(rest).map { PlainOrder.chosen(command, line: $0) }
                ?? .problem("Write it as :\(command.rawValue) NUMBER.")
        case _ where !rest.isEmpty:
            self = .problem("Write it as :\(command.rawValue), with nothing behind it.")
        default: self = .actions([.command(command)])
        }
    }

    private static let lineCommands: Set<Command> = [
        .galleryOpen, .galleryPair, .galleryStar, .galleryTrash, .galleryInfo, .galleryRecallAll,
        .galleryRecallPrompt, .galleryRecallSeed, .galleryRecallSize, .galleryRemix, .queueUp,
        .queueDown, .queueEdit, .queueRemove, .queueRetry
    ]

    /// Commands that change only what a screen shows, or ask what only a screen can ask.
    private static let screenCommands: Set<Command> = [
        .goToStep, .toggleResidual, .split, .difference, .residualMap, .compareWith, .flip,
        .flipSource, .swapCompared, .dividerLeft, .dividerRight, .maskOverlay, .outpaint,
        .nextOverlay, .previousOverlay, .noOverlay, .gridOverlay, .tokensOverlay,
        .confidenceOverlay, .orderOverlay, .nextPreview, .zoomIn, .zoomOut, .zoomFit, .pinToken,
        .unpinToken, .swapToken, .editMask, .brush, .eraser, .rectangle, .ellipse, .lasso, .flood,
        .largerBrush, .smallerBrush, .loadMask, .saveMask, .sheet, .saveSheet, .exports, .saveAs,
        .openFile, .editPrompt, .externalEditor, .parameters, .nextPanel, .editConfiguration,
        .reloadConfiguration, .resetSetting, .nextTheme, .setTheme, .bestGraphics, .sixelGraphics,
        .kittyGraphics, .halfBlockGraphics, .quadrantGraphics, .sextantGraphics, .asciiGraphics,
        .noGraphics, .probeTerminal, .galleryTag, .galleryCopy, .loadModel, .showVersions,
        .viewEdit, .viewSettings, .redraw, .suspend
    ]

    private static let insteadOfScreen: [Command: String] = [
        .goToStep: ":step.back goes a step back",
        .toggleResidual: ":save.both saves discrete and refined",
        .pinToken: ":token PLACE ENTRY changes a token",
        .unpinToken: ":token PLACE mask masks a token again",
        .swapToken: ":token PLACE ENTRY changes a token",
        .editMask: ":edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew",
        .viewEdit: ":edit X,Y,WIDTH,HEIGHT PROMPT paints a part anew",
        .outpaint: ":edit.outpaint.right and so on add tokens at a side",
        .sheet: "`dcar grid` makes a parameter sheet",
        .galleryCopy: ":gallery.info NUMBER says how it was made",
        .saveAs: ":save NAME.png saves under a name",
        .openFile: ":open FILE.png opens a picture",
        .editPrompt: "a line without a colon is a prompt",
        .parameters: ":steps 8 and the like set one",
        .editConfiguration: "`dcar config` changes settings",
        .viewSettings: "`dcar config` changes settings",
        .loadModel: "--model names the folder when the studio is started"
    ]

    private static let shortNames = [
        "accept": "edit.accept", "discard": "edit.discard", "cancel": "job.cancel",
        "again": "edit.inpaint", "variation": "edit.variation", "reroll": "edit.reroll",
        "examples": "prompt.example", "styles": "prompt.style", "pause": "step.pause",
        "next": "picture.next", "previous": "picture.previous"
    ]

    /// What the explanation calls a command.
    static func shortName(of command: Command) -> String {
        shortNames.first { $0.value == command.rawValue }?.key ?? command.rawValue
    }

    private static func fork(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        guard let step = words.first.flatMap({ Int($0) }) else {
            return .problem("Write it as :fork STEP, or :fork STEP PROMPT.")
        }
        return .actions([.fork(step: step, prompt: words.count > 1 ? words[1] : "")])
    }

    private static func token(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ")
        guard words.count == 2, let place = Int(words[0]),
            words[1] == "mask" || Int(words[1]) != nil
        else { return .problem("Write it as :token PLACE ENTRY, or :token PLACE mask.") }
        return .actions([.token(place: place, id: Int(words[1]))])
    }

    private static func edit(_ text: String) -> PlainOrder {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let numbers = (words.first ?? "").split(
            separator: ",", omittingEmptySubsequences: false
        ).map { Int($0) }
        guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2],
            let height = numbers[3], x >= 0, y >= 0, width > 0, height > 0
        else {
            return .problem("Write it as :edit X,Y,WIDTH,HEIGHT PROMPT, in pixels.")
        }
        let region = StudioAction.region(x: x, y: y, width: width, height: height)
        let prompt = words.count > 1 ? [StudioAction.promptEdited(words[1])] : []
        return .actions([region] + prompt + [.command(.inpaint)])
    }
}

extension Parameter {
    /// What plain lines call it, such as `residual-steps`.
    package var plainName: String {
        switch self {
        case .seedMode: "seed-mode"
        case .residualSteps: "residual-steps"
        case .residualGuidance: "residual-guidance"
        case .residualTemperature: "residual-temperature"
        default: "\(self)"
        }
    }
}

extension StudioState {
    /// Whether a command changed nothing but which one was last.
    package func isUnchanged(since before: StudioState) -> Bool {
        var copy = self
        copy.lastCommand = before.lastCommand
        return copy == before
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
