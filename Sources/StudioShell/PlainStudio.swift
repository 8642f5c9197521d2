import Foundation
import Settings
import StudioCore

/// The studio as lines of text, for screen readers, pipes and terminals that can do no more: a
/// prompt a line, commands after a colon, one line for each thing that happens, no drawing.
struct PlainStudio {
    private let options: StudioOptions
    private let inbox = Inbox()
    private let workshop: Workshop
    private let librarian: Librarian
    private var state: StudioState
    private var input = LineInput()
    /// Milliseconds after which it is looked again whether the workshop is done.
    private static let patience: Int32 = 20

    init(_ options: StudioOptions) {
        var options = options
        // What is copied is printed: a screen reader can take it from there.
        var sources = options.sources
        sources.flags[.clipboard] = SettingsSources.Flag("--plain", .flag(false))
        options.settings = sources.load()
        // Lines are not a sitting to come back to; the queue works as in the studio.
        (options.stateFolder, options.cacheFolder) = (nil, nil)
        self.options = options
        let inbox = inbox
        librarian = Librarian(options) { inbox.post($0) }
        workshop = Workshop(options, post: { inbox.post($0) }, keep: { _ in })
        state = StudioState(randomness: UInt64.random(in: .min ... .max))
    }

    mutating func run() -> Int32 {
        workshop.start()
        librarian.start { _ in }
        say("dcar studio, in plain lines. Type a prompt and press Enter, or :help.")
        perform([.news(.settings(options.settings))])
        state.keymap = .none
        listen { $0.model != .opening }
        if let picture = options.picture, case .ready = state.model {
            open(picture)
        }
        for action in options.replay.actions {
            guard case .ready = state.model else { break }
            state.message = nil
            if action == .command(.quit) { return close() }
            perform([action])
            finish()
        }
        while case .ready = state.model {
            guard let line = nextLine(), obey(PlainOrder(line)) else { break }
            finish()
        }
        return close()
    }

    private func close() -> Int32 {
        workshop.close()
        if case .failed = state.model { return 3 }
        return input.wasInterrupted ? 128 + SIGINT : 0
    }

    // MARK: Orders

    /// - Returns: false to end.
    private mutating func obey(_ order: PlainOrder) -> Bool {
        state.message = nil
        switch order {
        case .nothing: break
        case .quit: return false
        case .help: for line in PlainOrder.explanation { say(line) }
        case .commands:
            for entry in Command.entries { say(":\(entry.command.rawValue)  \(entry.title)") }
        case .status: report()
        case .problem(let text): say("problem: \(text)")
        case .actions(let actions): perform(actions)
        case .set(let parameter, let value):
            say(
                state.parameters.set(parameter, typed: value)
                    ? "\(parameter.title) is \(state.parameters.shown(parameter))."
                    : "problem: \"\(value)\" is no value for \(parameter.title).")
        case .save(let path): save(path)
        case .open(let path): open(path)
        }
        return true
    }

    private mutating func save(_ path: String?) {
        guard let run = state.shownRun else {
            return say("problem: There is no picture to save yet.")
        }
        workshop.perform(.save(SaveOrder(run: run, content: .refined, path: path)))
        listen { $0.message != nil }
    }

    private mutating func open(_ path: String) {
        state.message = nil
        workshop.perform(.open(path: path, run: state.newRunID()))
        listen { $0.message != nil }
    }

    private mutating func perform(_ actions: [StudioAction]) {
        for action in actions {
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
        case .quit, .redraw, .probe, .draw, .suspend, .editPrompt, .copy, .readLog: break
        case .library(let order): librarian.perform(order)
        case .writeSetting, .editSettings, .reloadSettings:
            say("Settings are changed with `dcar config`.")
        case .save:
            workshop.perform(effect)
            listen { $0.message != nil }
        default: workshop.perform(effect)
        }
    }

    /// What a box on the screen would show, as lines.
    private mutating func sayPopup() {
        switch state.popup {
        case nil: return
        case .text(let title, let lines):
            say(title)
            for line in lines { say(line) }
        case .copy: for choice in state.copyChoices { say("\(choice.title): \(choice.text)") }
        case .examples(let list): for example in state.exampleList(list) { say(example) }
        case .styles(let list):
            for style in state.styleList(list) { say("\(style.name): \(style.text)") }
        case .history(let list): for prompt in state.historyList(list) { say(prompt) }
        case .commands: for line in PlainOrder.explanation { say(line) }
        default: say("That needs a screen.")
        }
        state.popup = nil
    }

    /// Where things stand, in words.
    private func report() {
        say("prompt: \(state.prompt.positive.text)")
        for parameter in Parameter.allCases {
            say("\(parameter): \(state.parameters.shown(parameter))")
        }
        guard let run = state.shown else { return say("There is no picture yet.") }
        let size = state.pictureSize
        say(
            "picture \(run.id): \(size.x) by \(size.y) pixels, seed \(run.request.seed), "
                + (run.picture == nil ? "step \(run.step)" : "finished")
                + (run.savedPath.map { ", saved as \($0)" } ?? ", not saved")
                + (state.proposal == nil ? "." : ", to be accepted or discarded."))
    }

    // MARK: News

    /// Says what happens until the state is as wanted. Ctrl-C, or `:cancel` typed meanwhile, stops
    /// a run.
    private mutating func listen(until isEnough: (StudioState) -> Bool) {
        while !isEnough(state) {
            let ready = Terminal.wait(
                [inbox.descriptor] + input.descriptors(whileRunning: true),
                milliseconds: Self.patience)
            takeNews()
            input.read(ready)
            if input.takeInterrupt() || input.takeLine(":cancel") {
                perform([.command(.cancel)])
                state.popup = nil
            }
        }
    }

    /// Waits until all that was asked for is done.
    private mutating func finish() {
        let (workshop, inbox) = (workshop, inbox)
        listen { ($0.job.map(\.isPaused) ?? true) && workshop.isIdle && inbox.isEmpty }
    }

    private mutating func nextLine() -> String? {
        while true {
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
                say("step \(snapshot.step): \(snapshot.maskedCount) tokens masked")
            }
            if case .inspected(let facts) = news { sayUnknown(facts) }
            sayMessage()
            for effect in effects { workshop.perform(effect) }
        }
    }

    private func sayUnknown(_ facts: PromptFacts) {
        guard !facts.unknownWords.isEmpty else { return }
        say("The model's vocabulary does not know: \(facts.unknownWords.joined(separator: ", ")).")
    }

    private func sayMessage() {
        guard let message = state.message else { return }
        say((message.kind == .problem ? "problem: " : "") + message.text)
    }

    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
