import CNcurses
import Foundation
import Imaging
import Pipeline
import Settings
import StudioCore
import StudioViews
import Synchronization
import TerminalGraphics

/// The interactive studio.
package enum Studio {
    /// How it ended.
    package enum Ending: Sendable {
        /// With an exit code: 0, or 128 plus the number of the signal that ended it.
        case quit(Int32)
        /// With the system's number for why lines could not be written.
        case unwritten(Int32)
        /// To begin anew with the model of another folder.
        case reopen(model: String)
    }

    /// Runs the studio until a person quits it.
    /// - Throws: `StudioError` where there is no usable terminal.
    package static func run(_ options: StudioOptions) throws -> Ending {
        let type = ProcessInfo.processInfo.environment["TERM"] ?? ""
        if options.isPlain || type.isEmpty || type == "dumb" {
            var plain = PlainStudio(options)
            let status = plain.run()
            return plain.failure.map { .unwritten($0) } ?? .quit(status)
        }
        // Before a byte is written that such a terminal might show.
        guard dcar_terminal_is_known() == 1 else { throw StudioError.unknownTerminal(type) }
        dcar_use_locale(
            TerminalEnvironment(ProcessInfo.processInfo.environment, window: nil).isUTF8 ? 1 : 0)
        let session = try Session(options)
        return session.run()
    }
}

/// News on its way from the model worker to the screen.
final class Inbox: Sendable {
    private let news = Mutex<[StudioNews]>([])
    private let pipe = WakePipe()

    /// Can be read whenever there is news.
    var descriptor: Int32 { pipe.descriptor }

    func post(_ item: StudioNews) {
        news.withLock { $0.append(item) }
        wake()
    }

    var isEmpty: Bool { news.withLock(\.isEmpty) }

    /// Makes the descriptor readable though there is no news.
    func wake() { pipe.wake() }

    func take() -> [StudioNews] {
        _ = pipe.take()
        return news.withLock { items in
            defer { items = [] }
            return items
        }
    }
}

/// One sitting at the terminal: reads, updates, draws.
private final class Session {
    private let options: StudioOptions
    private var terminal: Terminal
    private let screen: Screen
    private var replies: TerminalReplies
    private let modelWorker: ModelWorker
    private let inbox = Inbox()
    private let libraryWorker: LibraryWorker
    private let log: StudioLog
    private let renderWorker: RenderWorker
    /// The canvas as it was last painted.
    private var canvas: PaintedCanvas?
    private var parser = ReplyParser()
    private var state: StudioState
    private var ending: Studio.Ending?
    /// Whether the terminal has said anything of what it can do.
    private var hasAnsweredProbe: Bool
    /// Until when a terminal that has said nothing so far may still do so.
    private let firstAnswersEnd: Duration
    /// Whether to draw at once: somebody waits for what a key does.
    private var isDirty = true
    /// Whether to draw soon: news of a run come faster than anybody can read.
    private var hasNews = false
    private var drawTime = Duration.zero
    private static let newsPause = Duration.milliseconds(33)
    /// What is still to be done without hands.
    private var replay: Replay
    /// How often it is looked whether it can go on.
    private static let replayPause = Duration.milliseconds(20)
    /// How pictures are drawn, where a person said so in this sitting.
    private var graphicsChoice: GraphicsChoice?

    init(_ options: StudioOptions) throws(StudioError) {
        self.options = options
        let inbox = inbox
        let libraryWorker = LibraryWorker(options) { inbox.post($0) }
        let modelWorker = ModelWorker(options) {
            inbox.post($0)
        } keep: {
            libraryWorker.keep($0)
        }
        (self.libraryWorker, self.modelWorker) = (libraryWorker, modelWorker)
        log = StudioLog(
            folder: options.stateFolder, days: options.settings.logDays)
        renderWorker = RenderWorker(budget: options.settings.previewBudget) { inbox.wake() }
        replay = options.replay
        renderWorker.start()
        modelWorker.start()
        libraryWorker.start { modelWorker.take($0) }
        terminal = try Terminal(hasMouse: options.settings.isOn(.mouse))
        let typed: [TerminalInput]
        (replies, typed) = terminal.probe(
            &parser, timeout: options.settings.whole(.probeTimeout).map { .milliseconds($0) })
        hasAnsweredProbe = replies != TerminalReplies()
        firstAnswersEnd = Terminal.now + .seconds(5)
        let capabilities = Self.capabilities(terminal, replies, options, choice: nil)
        guard dcar_screen_start(capabilities.terminfoName) == 0 else {
            dcar_terminal_leave()
            throw .unknownTerminal(ProcessInfo.processInfo.environment["TERM"] ?? "")
        }
        screen = Screen(capabilities.limited(toColors: Int(dcar_screen_colors())))
        state = StudioState(randomness: UInt64.random(in: .min ... .max))
        state.terminalTheme = Self.terminalTheme(capabilities)
        state.theme = state.terminalTheme
        state.isAwaitingLibrary = true
        apply(.news(.settings(options.settings)))
        state.graphics = screen.shortName
        state.version = options.appVersion
        state.picturesFolder = options.picturesFolder.withTilde
        state.prompt.positive = TextField(options.prompt)
        state.screen = screen.metrics
        terminal.enterModes()
        for input in typed { take(input) }
    }

    private static func terminalTheme(_ capabilities: TerminalCapabilities) -> Theme {
        if capabilities.colors == .mono { return .mono }
        return capabilities.isOnLightBackground ? .light : .dark
    }

    private static func capabilities(
        _ terminal: Terminal, _ replies: TerminalReplies, _ options: StudioOptions,
        choice: GraphicsChoice?
    ) -> TerminalCapabilities {
        var capabilities = TerminalCapabilities.decide(
            terminal.environment, replies, flag: choice,
            configuration: options.settings.text(.graphics).flatMap(GraphicsChoice.init))
        capabilities.adopt(options.settings)
        return capabilities.limited(toColors: Int(dcar_screen_colors()))
    }

    // MARK: Loop

    func run() -> Studio.Ending {
        while ending == nil {
            if isDirty || hasNews && Terminal.now >= newsTime, screen.isReady { draw() }
            let ready = Terminal.wait(
                [STDIN_FILENO, dcar_signal_pipe(), inbox.descriptor],
                forRoomIn: screen.output.waiting, milliseconds: timeout)
            screen.output.advance()
            let now = Terminal.now
            if ready.contains(STDIN_FILENO) {
                read(at: now)
            } else {
                for input in parser.tick(at: now) { take(input) }
            }
            if ready.contains(dcar_signal_pipe()) { handleSignals() }
            if ready.contains(inbox.descriptor) {
                for news in inbox.take() { apply(.news(news)) }
                takePictures()
            }
            if screen.tick(at: now) { isDirty = true }
            if let due = saveTime, now >= due { saveSession() }
            if let due = tickTime, now >= due {
                lastTick = now
                apply(.tick)
            }
            playOn()
        }
        close()
        return ending ?? .quit(0)
    }

    /// The replay goes on whenever all that it asked for is done.
    private func playOn() {
        guard !replay.actions.isEmpty, isSessionKnown, state.model != .opening,
            state.job?.isPaused ?? true, modelWorker.isIdle, inbox.isEmpty,
            let action = replay.next()
        else { return }
        apply(action)
    }

    /// When news are drawn that nobody waits for.
    private var newsTime: Duration { max(drawTime + Self.newsPause, screen.newsTime) }

    private var lastTick = Duration.zero
    private static let tickPause = Duration.milliseconds(250)
    /// When something on the screen moves next.
    private var tickTime: Duration? { state.isMoving ? lastTick + Self.tickPause : nil }

    private var timeout: Int32 {
        let newsTime = hasNews && screen.isReady ? newsTime : nil
        let playTime = replay.actions.isEmpty ? nil : Terminal.now + Self.replayPause
        let deadlines = [parser.nextTick, screen.nextTick, saveTime, newsTime, playTime, tickTime]
            .compactMap { $0 }
        guard let next = deadlines.min() else { return -1 }
        return Int32(min(max((next - Terminal.now) / .milliseconds(1) + 1, 0), 60_000))
    }

    private func read(at now: Duration) {
        let bytes = Terminal.read(STDIN_FILENO)
        guard !bytes.isEmpty else {
            if Terminal.hasEnded(STDIN_FILENO) { ending = .quit(128 + SIGHUP) }
            return
        }
        for input in parser.feed(bytes, at: now) { take(input) }
    }

    private func take(_ input: TerminalInput) {
        switch input {
        case .reply(.ready):
            if screen.answered(at: Terminal.now) { isDirty = true }
            expectAnswers()
        case .reply(let reply): learn(reply)
        case .key(let key): apply(.key(key))
        case .paste(let text): apply(.paste(text))
        case .mouse(let event):
            apply(.mouse(lastFrame?.target(column: event.column, row: event.row), event.action))
        case .focus(let isGained): if isGained { screen.repaint(); isDirty = true }
        }
    }

    /// A late answer may show that the terminal can do more than was thought.
    private func learn(_ reply: TerminalReply) {
        hasAnsweredProbe = true
        replies.record(reply)
        if terminal.environment.isOutside(replies) {
            terminal.goOutside()
            probeAgain()
        }
        decideAgain()
    }

    private func decideAgain() {
        let capabilities = Self.capabilities(terminal, replies, options, choice: graphicsChoice)
        guard !capabilities.isSame(as: screen.capabilities) else { return }
        screen.adopt(capabilities)
        state.graphics = screen.shortName
        if state.screen != screen.metrics { apply(.resized(screen.metrics)) }
        let isFollowing = state.theme == state.terminalTheme
        state.terminalTheme = Self.terminalTheme(capabilities)
        if isFollowing { state.theme = state.terminalTheme }
        isDirty = true
    }

    private func apply(_ action: StudioAction) {
        let before = state.message
        let effects = update(&state, action)
        if case .news = action { hasNews = true } else { isDirty = true }
        if let message = state.message, message != before { log.record(message, state.settings) }
        if case .news(.library(.opened)) = action {
            // Only now are the numbers known that earlier runs have.
            if let picture = options.picture {
                modelWorker.perform(state.opening(picture))
            }
        }
        if isSessionKnown, saveTime == nil { saveTime = Terminal.now + .milliseconds(300) }
        for effect in effects { perform(effect) }
    }

    // MARK: Session

    /// Nothing is kept before the last session is known, lest that be lost.
    private var isSessionKnown: Bool { !state.isAwaitingLibrary }
    /// When what changed is to be kept.
    private var saveTime: Duration?
    private var saved: (session: SavedSession, versions: Int)?

    private func saveSession() {
        saveTime = nil
        let session = SavedSession(state, isCutShort: isCutShort)
        guard session != saved?.session || state.history.count != saved?.versions else { return }
        saved = (session, state.history.count)
        libraryWorker.save(session, state.history)
    }

    /// Whether nobody wanted the end.
    private var isCutShort: Bool {
        guard case .quit(let status) = ending else { return false }
        return [128 + SIGHUP, 128 + SIGTERM].contains(status)
    }

    private var lastFrame: Frame?

    private func draw() {
        (isDirty, hasNews, drawTime) = (false, false, Terminal.now)
        let frame = StudioViews.frame(
            of: state, columns: screen.columns, rows: screen.rows, on: screen.abilities,
            canvas: .later(canvas))
        lastFrame = frame
        if let order = frame.canvasOrder { renderWorker.paint(order) }
        if let order = screen.show(frame, at: Terminal.now) { renderWorker.encode(order) }
        expectAnswers()
        if state.graphics != screen.shortName {
            state.graphics = screen.shortName
            hasNews = true
        }
    }

    /// An answer may come in pieces, of which the first is an ESC, long after its question.
    private func expectAnswers() {
        let hasAnswered = hasAnsweredProbe || screen.hasAnswered
        let end = hasAnswered ? Terminal.now + FramePacer.lostAnswer : firstAnswersEnd
        for _ in 0..<screen.takeQuestions() { parser.expectFence(until: end) }
    }

    private func takePictures() {
        let made = renderWorker.take()
        if let painted = made.canvas {
            canvas = painted
            isDirty = true
        }
        if let pictures = made.pixels {
            screen.take(pictures)
            isDirty = true
        }
    }

    // MARK: Effects

    private func perform(_ effect: StudioEffect) {
        switch effect {
        case .reopen(let folder): reopen(folder)
        case .redraw: screen.clear()
        case .probe: probeAgain()
        case .setGraphics(let choice):
            graphicsChoice = choice
            decideAgain()
        case .quit: ending = .quit(0)
        case .suspend: suspend()
        case .readLog: log.read { [inbox] in inbox.post(.log($0)) }
        case .copy(let text): copy(text)
        case .present(let text): present(text)
        case .editPrompt(let text): editPrompt(text)
        case .writeSetting(let path, let toml): writeSetting(path, toml)
        case .editSettings: editSettings()
        case .reloadSettings: reloadSettings()
        case .use(let settings):
            screen.output.send(terminal.setMouse(settings.isOn(.mouse)))
            renderWorker.setBudget(settings.previewBudget)
            modelWorker.perform(effect)
            libraryWorker.use(settings)
        case .library(let order): libraryWorker.perform(order)
        case .generate, .prepare, .skip, .preview, .advance, .pause, .cancel, .decode,
            .changeStrength, .pin, .putBack, .candidates, .inspect, .save, .suggestName, .saveSheet,
            .loadMask, .saveMask, .open, .verifyModel, .load, .fileMoved:
            modelWorker.perform(effect)
        }
    }

    /// Leaves for a studio with another model, if the folder holds one.
    private func reopen(_ folder: String) {
        let path = URL(fileURLWithPath: folder.withHome).path
        do {
            _ = try ModelParts(in: path).ofModel()
            ending = .reopen(model: path)
        } catch {
            apply(.news(.problem("\(error)")))
        }
    }

    /// The answers come in among the keys, as late ones do.
    private func probeAgain() {
        let batch = ProbeBatch(terminal.environment)
        for _ in 0..<batch.fenceCount {
            parser.expectFence(until: Terminal.now + batch.timeout + .seconds(5))
        }
        screen.output.send(batch.bytes)
        // Some terminals print what they do not know.
        screen.clear()
        isDirty = true
    }

    private func copy(_ text: String) {
        let coded = Data(text.utf8).base64EncodedString()
        screen.output.send("\u{1B}]52;c;\(coded)\u{07}".utf8)
    }

    private func editPrompt(_ text: String) {
        let path = NSTemporaryDirectory() + "dcar-prompt-\(UUID().uuidString).txt"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else {
            apply(.news(.problem("The prompt cannot be written to \(path) for the editor.")))
            return
        }
        defer { try? FileManager.default.removeItem(atPath: path) }
        guard openEditor(path), let edited = try? String(contentsOfFile: path, encoding: .utf8)
        else { return }
        apply(.promptEdited(edited.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Where lines of the terminal break it a mouse still takes it whole.
    private func present(_ text: String) {
        let lines = [
            "", SanitizedText(text, limit: .max).text, "",
            "# Not copied, as clipboard.osc52 in the settings is off. Enter goes back to the studio.",
            ""
        ]
        giveBack()
        Terminal.write(Array(lines.joined(separator: "\n").utf8))
        _ = dcar_run_in_terminal("read -r line < /dev/tty", "")
        takeBack()
    }

    private func editSettings() {
        guard let path = options.sources.userFile else {
            apply(.news(.problem("\(SettingsError.noPlace)")))
            return
        }
        do {
            if !FileManager.default.fileExists(atPath: path) {
                try SettingsFile.write(
                    "# Settings of dcar; `dcar help config` explains them.\n", to: path)
            }
        } catch {
            apply(.news(.problem("\(error)")))
            return
        }
        if openEditor(path) { reloadSettings() }
    }

    private func reloadSettings() {
        apply(.news(.settings(options.sources.load())))
    }

    private func writeSetting(_ path: [String], _ toml: String?) {
        do {
            try options.sources.write(path, toml)
            reloadSettings()
        } catch {
            apply(.news(.problem("\(error)")))
        }
    }

    /// Gives the terminal to the person's editor until it ends; false, with a message, where it
    /// cannot be started or ends with a failure.
    private func openEditor(_ path: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let editor =
            [environment["VISUAL"], environment["EDITOR"]].compactMap { $0 }
            .first { !$0.isEmpty } ?? "vi"
        giveBack()
        let status = dcar_run_in_terminal(editor + " \"$1\"", path)
        takeBack()
        guard status == 0 else {
            apply(
                .news(
                    .problem(
                        "The editor \(editor) ended with status \(status); set VISUAL or EDITOR to "
                            + "one that works.")))
            return false
        }
        return true
    }

    // MARK: Signals

    private func handleSignals() {
        handle(Terminal.read(dcar_signal_pipe()))
    }

    private func handle(_ numbers: [UInt8]) {
        if numbers.contains(UInt8(SIGWINCH)) { resize() }
        for number in numbers {
            switch Int32(number) {
            case SIGTSTP: suspend()
            case SIGCONT: goOn()
            case SIGINT: interrupt()
            case SIGTERM, SIGHUP: ending = .quit(128 + Int32(number))
            default: break
            }
        }
    }

    private func resize() {
        let before = terminal.environment
        terminal.measure()
        screen.resize()
        // Another font may have come with another size.
        if replies.forgetSizes(of: before, in: terminal.environment) {
            screen.askSizes(at: Terminal.now)
            expectAnswers()
        }
        decideAgain()
        apply(.resized(screen.metrics))
    }

    /// Somebody without a keyboard wants an end: of the run, and then of the studio.
    private func interrupt() {
        if state.popup == .quit || state.job?.isCancelling == true {
            ending = .quit(128 + SIGINT)
        } else {
            apply(.command(.cancel))
        }
    }

    private func suspend() {
        giveBack()
        dcar_stop_process()
        // That it goes on is no news here.
        let numbers = Terminal.read(dcar_signal_pipe()).filter { $0 != UInt8(SIGCONT) }
        takeBack()
        handle(numbers)
    }

    /// Somebody may have stopped the process without a word and had the terminal since.
    private func goOn() {
        dcar_terminal_reenter()
        screen.output.send("\u{1B}[?1049h".utf8)
        terminal.enterModes(isAgain: true)
        resize()
    }

    /// Leaves the terminal to somebody else.
    private func giveBack() {
        let isOnMainScreen = screen.leave()
        terminal.leave(
            &parser, isOnMainScreen: isOnMainScreen,
            hasAnswered: screen.hasAnswered || hasAnsweredProbe)
        screen.expectNothing(at: Terminal.now)
    }

    private func takeBack() {
        dcar_terminal_reenter()
        _ = dcar_screen_start(screen.capabilities.terminfoName)
        terminal.enterModes()
        resize()
    }

    private func close() {
        if isSessionKnown { saveSession() }
        modelWorker.beginClosing()
        waitForFiles()
        if !isGivenUp {
            modelWorker.close()
            // What was finished just then may be the queue's.
            waitForFiles()
        }
        if isSessionKnown { saveSession() }
        libraryWorker.close()
        giveBack()
    }

    // MARK: Last files

    /// Whether somebody does not want to wait for the last files.
    private var isGivenUp = false
    /// What a signal leaves to the last files.
    private static let patience = Duration.seconds(10)

    /// Waits for files that were asked for; Ctrl-C or a signal gives them up.
    private func waitForFiles() {
        let end = isCutShort ? Terminal.now + Self.patience : nil
        var hasSaid = false
        takeLastNews()
        while modelWorker.isKeeping, !isGivenUp {
            if !hasSaid, !isCutShort, screen.isReady {
                state.popup = nil
                state.message = Message("Saving…")
                hasSaid = true
                draw()
            }
            let isThere = !Terminal.hasEnded(STDIN_FILENO)
            let ready = Terminal.wait(
                [dcar_signal_pipe(), inbox.descriptor] + (isThere ? [STDIN_FILENO] : []),
                forRoomIn: screen.output.waiting, milliseconds: 20)
            screen.output.advance()
            takeLastNews()
            if ready.contains(STDIN_FILENO) {
                let bytes = Terminal.read(STDIN_FILENO)
                isGivenUp = bytes.contains(3)
                // What was drawn asks a question, whose answer comes among the keys.
                for case .reply(.ready) in parser.feed(bytes, at: Terminal.now) {
                    _ = screen.answered(at: Terminal.now)
                }
            }
            if ready.contains(dcar_signal_pipe()) {
                let ends = [SIGINT, SIGTERM, SIGHUP].map { UInt8($0) }
                let signals = Terminal.read(dcar_signal_pipe())
                isGivenUp = isGivenUp || signals.contains(where: ends.contains)
            }
            if let end, Terminal.now >= end { isGivenUp = true }
        }
    }

    /// Takes up what became of files and finished pictures. What was stopped is as it was: it goes on
    /// in the next sitting.
    private func takeLastNews() {
        for news in inbox.take() {
            switch news {
            case .saved, .notSaved, .finished, .library(.indexed), .library(.trashed),
                .library(.untrashed), .library(.notUntrashed), .library(.displaced):
                apply(.news(news))
            default: break
            }
        }
    }
}

extension Screen {
    /// For the header.
    fileprivate var shortName: String {
        capabilities.shortName + (isReduced ? ", reduced" : "")
    }
}

extension TerminalCapabilities {
    /// Terminals that show 256 colours often say no more than `xterm` or `screen`, which have 8 in
    /// terminfo.
    fileprivate var terminfoName: String? {
        guard let type = ProcessInfo.processInfo.environment["TERM"], colors >= .xterm256,
            dcar_terminfo_colors(type) < 256
        else { return nil }
        let richer = type + "-256color"
        return dcar_terminfo_colors(richer) >= 256 ? richer : nil
    }

    /// With no more colours than curses can draw with; a negative number where it has not begun.
    fileprivate func limited(toColors count: Int) -> TerminalCapabilities {
        guard count >= 0, count < 256, colors >= .xterm256 else { return self }
        var limited = self
        limited.colors = count >= 8 ? .ansi16 : .mono
        return limited
    }

    /// Whether all is as in `other`, though perhaps for other reasons.
    fileprivate func isSame(as other: TerminalCapabilities) -> Bool {
        var copy = self
        copy.reasons = other.reasons
        return copy == other
    }

    /// For the header.
    fileprivate var shortName: String {
        switch graphics {
        case .sixel: "sixel \(sixelColors) colours"
        case .kitty: "kitty graphics"
        case .halfBlock: "half blocks\(colorRemark)"
        case .quadrant: "quarter blocks\(colorRemark)"
        case .sextant: "sixth blocks\(colorRemark)"
        case .ascii: "ASCII"
        case .none: "no pictures"
        }
    }

    private var colorRemark: String {
        switch colors {
        case .trueColor: ""
        case .xterm256: ", 256 colours"
        case .ansi16: ", 16 colours"
        case .mono: ", mono"
        }
    }
}
