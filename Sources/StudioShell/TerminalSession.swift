import CNcurses
import Foundation
import Settings
import StudioCore
import StudioViews
import TerminalGraphics

/// One sitting at the terminal: reads, updates, draws.
final class TerminalSession {
    let options: StudioOptions
    var terminal: Terminal
    let screen: Screen
    var replies: TerminalReplies
    let modelWorker: ModelWorker
    let inbox = Inbox()
    let libraryWorker: LibraryWorker
    let log: StudioLog
    let renderWorker: RenderWorker
    /// The canvas as it was last painted.
    private var canvas: PaintedCanvas?
    var parser = ReplyParser()
    var state: StudioState
    var ending: Studio.Ending?
    /// Whether the terminal has said anything of what it can do.
    var hasAnsweredProbe: Bool
    /// Until when a terminal that has said nothing so far may still do so.
    private let firstAnswersEnd: Duration
    /// Whether to draw at once: somebody waits for what a key does.
    var isDirty = true
    /// Whether to draw soon: news of a run come faster than anybody can read.
    private var hasNews = false
    private var drawTime = Duration.zero
    private static let newsPause = Duration.milliseconds(33)
    /// What is still to be done without hands.
    private var replay: Replay
    /// How often it is looked whether it can go on.
    private static let replayPause = Duration.milliseconds(20)
    /// How pictures are drawn, where a person said so in this sitting.
    var graphicsChoice: GraphicsChoice?
    /// Whether the terminal is somebody else's already.
    var isAway = false
    /// Whether somebody does not want to wait for the last files.
    var isGivenUp = false

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

    func decideAgain() {
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

    func apply(_ action: StudioAction) {
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
    var isSessionKnown: Bool { !state.isAwaitingLibrary }
    /// When what changed is to be kept.
    private var saveTime: Duration?
    private var saved: (session: SavedSession, versions: Int)?

    func saveSession() {
        saveTime = nil
        let session = SavedSession(state, isCutShort: isCutShort)
        guard session != saved?.session || state.history.count != saved?.versions else { return }
        saved = (session, state.history.count)
        libraryWorker.save(session, state.history)
    }

    /// Whether nobody wanted the end.
    var isCutShort: Bool {
        guard case .quit(let status) = ending else { return false }
        return [128 + SIGHUP, 128 + SIGTERM].contains(status)
    }

    private var lastFrame: Frame?

    func draw() {
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
    func expectAnswers() {
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
}
