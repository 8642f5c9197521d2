import Foundation
import Imaging
import Settings
import StudioCore

/// The studio as lines of text, for screen readers, pipes and terminals that can do no more: a
/// prompt a line, commands after a colon, one line for each thing that happens, no drawing.
struct PlainStudio {
    private let options: StudioOptions
    private let inbox = Inbox()
    private let modelWorker: ModelWorker
    let libraryWorker: LibraryWorker
    private let log: StudioLog
    var state: StudioState
    private var input = LineInput()
    /// Whether the last order was to quit, and what would be lost was said.
    private var isLeaving = false
    /// Whether the last order has been answered.
    private var hasSpoken = false
    /// The system's number for why a line could not be written; then nobody is left to talk to.
    private(set) var failure: Int32?
    /// Whether the picture that the program was started with could not be opened.
    private var lacksPicture = false
    /// Whether the folder of pictures has been gone through since that was asked for.
    var isScanned = false
    /// Milliseconds after which it is looked again whether the model worker is done.
    private static let patience: Int32 = 20

    init(_ options: StudioOptions) {
        var options = options
        // What is copied is printed: a screen reader can take it from there.
        var sources = options.sources
        sources.flags[.clipboard] = SettingsSources.Flag("--plain", .flag(false))
        options.settings = sources.load()
        log = StudioLog(
            folder: options.stateFolder, days: options.settings.logDays)
        // Lines are not a sitting to come back to; the queue works as in the studio.
        (options.stateFolder, options.cacheFolder) = (nil, nil)
        self.options = options
        let inbox = inbox
        libraryWorker = LibraryWorker(options) { inbox.post($0) }
        modelWorker = ModelWorker(options, post: { inbox.post($0) }, keep: { _ in })
        state = StudioState(randomness: UInt64.random(in: .min ... .max))
        state.isPlain = true
        state.version = options.appVersion
    }

    mutating func run() -> Int32 {
        modelWorker.start()
        libraryWorker.start { _ in }
        say("dcar studio, in plain lines. Type a prompt and press Enter, or :help.")
        perform([.news(.settings(options.settings))])
        state.keymap = .none
        listen { $0.model != .opening }
        if let picture = options.picture, case .ready = state.model {
            open(picture)
            finish()
            lacksPicture = state.message?.kind == .problem
        }
        for line in options.commands {
            guard case .ready = state.model, failure == nil, input.endingSignal == nil else {
                break
            }
            let order = PlainOrder(":" + line)
            if order == .quit { return close() }
            answer(order)
        }
        while case .ready = state.model, failure == nil {
            guard let line = nextLine() else { break }
            let order = PlainOrder(line)
            if order == .quit, mayLeave() { break }
            answer(order)
            isLeaving = order == .quit
        }
        return close()
    }

    /// Whether nothing is lost, or it was asked for twice: lines are not a sitting to come back to.
    private mutating func mayLeave() -> Bool {
        let count = state.unsavedCount
        guard count > 0, !isLeaving, state.settings.isOn(.confirmQuit) else { return true }
        say(
            (count == 1 ? "One picture is" : "\(count) pictures are")
                + " not saved; :save saves the one shown, :quit again leaves.")
        return false
    }

    private func close() -> Int32 {
        // Whoever signals does not wait for ever.
        modelWorker.close(within: input.endingSignal == nil ? nil : .seconds(10))
        if let number = input.endingSignal { return 128 + number }
        if case .failed = state.model { return 3 }
        if input.wasInterrupted { return 128 + SIGINT }
        return lacksPicture ? 4 : 0
    }

    // MARK: Orders

    /// Does what was asked for and waits for it; nothing that was asked for goes without a word.
    private mutating func answer(_ order: PlainOrder) {
        guard order != .nothing, order != .quit else { return }
        let before = state
        hasSpoken = false
        obey(order)
        finish()
        if !hasSpoken { sayOutcome(since: before) }
    }

    private mutating func obey(_ order: PlainOrder) {
        state.message = nil
        switch order {
        case .nothing, .quit: break
        case .help: for line in PlainOrder.explanation { say(line) }
        case .commands:
            for entry in Command.entries { say(":\(entry.command.rawValue)  \(entry.title)") }
        case .status: report()
        case .problem(let text): say("problem: \(text)")
        case .actions(let actions): perform(actions)
        case .set(let parameter, let value): set(parameter, value)
        case .save(let path): save(path)
        case .open(let path): open(path)
        case .gallery(let words): sayGallery(words)
        case .queue: sayQueue()
        case .chosen(let command, let line): choose(line, command)
        }
    }

    private mutating func set(_ parameter: Parameter, _ value: String) {
        let name = parameter.plainName
        guard state.parameters.takes(parameter, typed: value) else {
            let allowed = state.parameters.allowed(parameter)
            return say(
                "problem: \(name) cannot be \"\(SanitizedText(value))\"; it must be \(allowed).")
        }
        state.changing("\(name) \(value)") { $0.parameters.set(parameter, typed: value) }
        say("\(name) is \(state.parameters.shown(parameter)).")
        guard parameter == .width || parameter == .height else { return }
        if let remark = state.sizeRemark { say(remark) }
    }

    private mutating func save(_ path: String?) {
        guard let run = state.shownRun else {
            return say("problem: There is no picture to save yet.")
        }
        modelWorker.perform(.save(SaveOrder(run: run, content: .refined, path: path)))
    }

    private mutating func open(_ path: String) {
        modelWorker.perform(state.opening(path))
    }

    mutating func perform(_ actions: [StudioAction]) {
        for action in actions {
            if action == .command(.cancel), state.job == nil {
                say("Nothing is being made.")
                continue
            }
            let effects = update(&state, action)
            sayMessage()
            sayPopup()
            if state.message?.kind == .problem { return }
            for effect in effects { carryOut(effect) }
        }
    }

    private mutating func carryOut(_ effect: StudioEffect) {
        switch effect {
        case .reopen: say("Name the folder with --model when the studio is started.")
        case .quit, .redraw, .probe, .setGraphics, .suspend, .editPrompt, .copy, .present: break
        // Nobody would see them.
        case .library(.thumbnails): break
        case .library(let order): libraryWorker.perform(order)
        case .readLog:
            let inbox = inbox
            log.read { inbox.post(.log($0)) }
            listen { $0.popup != nil }
            sayPopup()
        case .writeSetting, .editSettings, .reloadSettings:
            say("Settings are changed with `dcar config`.")
        case .generate, .prepare, .skip, .preview, .advance, .pause, .cancel, .decode,
            .changeStrength, .pin, .putBack, .candidates, .inspect, .save, .suggestName, .saveSheet,
            .loadMask, .saveMask, .open, .verifyModel, .load, .fileMoved, .use:
            modelWorker.perform(effect)
        }
    }

    /// What a box on the screen would show, as lines.
    private mutating func sayPopup() {
        switch state.popup {
        case nil: return
        case .text(let title, let lines, _):
            say(title)
            for line in lines { say(line) }
        case .copy: for choice in state.copyChoices { say("\(choice.title): \(choice.text)") }
        case .list(.examples, let list):
            let examples = state.exampleList(list)
            for example in examples { say(example) }
            if examples.isEmpty { say("This model has no examples.") }
        case .list(.styles, let list):
            for style in state.styleList(list) { say("\(style.name): \(style.text)") }
        case .list(.history, let list):
            let prompts = state.historyList(list)
            for prompt in prompts { say(prompt) }
            if prompts.isEmpty { say("There is no earlier prompt.") }
        case .list(.exports, let list):
            for entry in state.exportList(list) { say("\(entry.command.rawValue): \(entry.title)") }
        case .list(.help, _), .list(.commands, _):
            for line in PlainOrder.explanation { say(line) }
        case .choice, .rebind, .saveAs, .open, .form, .tags, .versions, .quit:
            say("That needs a screen.")
        }
        state.popup = nil
    }

    /// Where things stand, in words.
    private mutating func report() {
        say("prompt: \(state.prompt.positive.text)")
        for parameter in Parameter.allCases {
            say("\(parameter.plainName): \(state.parameters.shown(parameter))")
        }
        sayPicture()
    }

    private mutating func sayPicture() {
        guard let run = state.shown else { return say("There is no picture yet.") }
        let size = state.pictureSize
        let isFinished = run.picture != nil && state.canvas.step == nil
        let stage = isFinished ? "finished" : "step \(state.canvas.step ?? run.step)"
        say(
            "picture \(run.id): \(size.x) by \(size.y) pixels, seed \(run.request.seed), \(stage)"
                + (run.savedPath.map { ", saved as \($0)" } ?? ", not saved")
                + (state.proposal == nil ? "." : ", to be accepted or discarded."))
    }

    /// What has become of something that said nothing itself.
    private mutating func sayOutcome(since before: StudioState) {
        let step = state.canvas.step
        if state.isUnchanged(since: before) {
            say("Nothing changed.")
        } else if state.shownRun != before.shownRun || step != before.canvas.step {
            sayPicture()
        } else if state.mask != before.mask {
            let count = state.mask?.tokens(cell: state.parameters.tokenSide).count { $0 } ?? 0
            say("The mask covers \(count) \(count == 1 ? "token" : "tokens").")
        } else if state.view == .gallery, state.gallery.selected != before.gallery.selected {
            sayEntry(state.gallery.selected)
        } else {
            say("Done.")
        }
    }

    // MARK: News

    /// Says what happens until the state is as wanted. Ctrl-C, or `:cancel` typed meanwhile, stops
    /// a run.
    mutating func listen(until isEnough: (StudioState) -> Bool) {
        while !isEnough(state) {
            if input.endingSignal != nil, state.job == nil { return }
            listenOnce()
        }
    }

    mutating func listenOnce() {
        let ready = Terminal.wait(
            [inbox.descriptor] + input.descriptors(whileRunning: true),
            milliseconds: Self.patience)
        takeNews()
        input.read(ready)
        if input.takeInterrupt() || input.takeLine(":cancel") {
            guard state.job != nil || input.endingSignal == nil else { return }
            perform([.command(.cancel)])
            state.popup = nil
        }
    }

    /// Waits until all that was asked for is done, the queue too.
    private mutating func finish() {
        let (modelWorker, inbox) = (modelWorker, inbox)
        libraryWorker.finish()
        listen {
            ($0.job.map(\.isPaused) ?? true) && $0.queue.running == nil && modelWorker.isIdle
                && inbox.isEmpty
        }
    }

    private mutating func nextLine() -> String? {
        while true {
            if input.endingSignal != nil { return nil }
            if let line = input.takeLine() { return line }
            if input.isAtEnd || input.wasInterrupted { return nil }
            let ready = Terminal.wait(
                [inbox.descriptor] + input.descriptors(whileRunning: false), milliseconds: -1)
            takeNews()
            input.read(ready)
        }
    }

    private mutating func takeNews() {
        for news in inbox.take() {
            state.message = nil
            let effects = update(&state, .news(news))
            if case .stepped(_, let snapshot, _, _) = news {
                let count = snapshot.maskedCount
                say("step \(snapshot.step): \(count) \(count == 1 ? "token" : "tokens") masked")
            }
            if case .library(.scanning(0)) = news { isScanned = true }
            if case .inspected(let facts) = news { sayUnknown(facts) }
            sayMessage()
            for effect in effects { carryOut(effect) }
        }
    }

    private mutating func sayUnknown(_ facts: PromptFacts) {
        guard !facts.unknownWords.isEmpty else { return }
        say("The model's vocabulary does not know: \(facts.unknownWords.joined(separator: ", ")).")
    }

    private mutating func sayMessage() {
        guard let message = state.message else { return }
        say((message.kind == .problem ? "problem: " : "") + message.text)
    }

    mutating func say(_ line: String) {
        hasSpoken = true
        print(line)
        if fflush(nil) != 0 { failure = failure ?? errno }
    }
}
