import CNcurses
import Foundation
import TerminalGraphics

/// The terminal between start and end of the studio: modes, alternate screen, probe.
struct Terminal {
    private(set) var environment: TerminalEnvironment
    private(set) var hasMouse: Bool
    /// Whether variables of tmux or screen were handed on to a terminal that is in neither.
    private var isOutside = false

    /// What puts the terminal back, also from a signal handler, a picture half sent having ended:
    /// synchronised output off, mouse, paste and focus reports off, Alt as it was, colours and
    /// scrolling region reset, cursor on, main screen.
    private static let leaving = leaving(screen: "\u{1B}[r\u{1B}[?1049l")

    /// - Parameter screen: what goes to the main screen; nothing where curses has done that, as both
    ///   the second time and the region's reset would move the cursor there.
    private static func leaving(screen: String) -> String {
        "\u{1B}[?2026l\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l\u{1B}[?2004l\u{1B}[?1004l"
            + altAsBefore + "\u{1B}[0m\(screen)\u{1B}[?25h\u{1B}[?1l\u{1B}>"
    }

    /// xterm sends Alt and a letter as another letter (U+00E7 for Alt-g) unless asked for an ESC
    /// before it; what was set is put back at the end (XTSAVE, XTRESTORE).
    private static let saveAlt = "\u{1B}[?1036;1039s"
    private static let altAsEscape = "\u{1B}[?1036;1039h"
    private static let altAsBefore = "\u{1B}[?1036;1039r"

    /// - Throws: `StudioError`.
    init(hasMouse: Bool) throws(StudioError) {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { throw .noTerminal }
        environment = Self.measured
        self.hasMouse = hasMouse
        let leave = Array((Self.stringEnd + Self.leaving).utf8)
        let problem = dcar_terminal_enter(leave, leave.count)
        guard problem == 0 else {
            throw .terminalModes(String(cString: strerror(problem)))
        }
    }

    /// Takes down the window's new size.
    mutating func measure() {
        environment = isOutside ? Self.measured.outside : Self.measured
    }

    /// Believes what the terminal itself says rather than variables.
    mutating func goOutside() {
        isOutside = true
        measure()
    }

    private static var measured: TerminalEnvironment {
        var size: (Int32, Int32, Int32, Int32) = (80, 24, 0, 0)
        _ = dcar_window_size(&size.0, &size.1, &size.2, &size.3)
        return TerminalEnvironment(
            ProcessInfo.processInfo.environment,
            window: WindowSize(
                columns: Int(size.0), rows: Int(size.1), pixelWidth: Int(size.2),
                pixelHeight: Int(size.3)), tmuxClientFeatures: TmuxClient.features,
            tmuxPassthrough: TmuxClient.passthrough,
            codeset: dcar_locale_is_utf8() == 1 ? "UTF-8" : "")
    }

    /// Asks the terminal what it can do; what else comes meanwhile is kept for later.
    /// - Parameter timeout: nil for what fits the connection.
    mutating func probe(_ parser: inout ReplyParser, timeout: Duration? = nil)
        -> (replies: TerminalReplies, others: [TerminalInput])
    {
        let answers = TerminalProbe.ask(
            environment, &parser, reading: STDIN_FILENO, writing: STDOUT_FILENO, timeout: timeout)
        if answers.environment != environment { goOutside() }
        return (answers.replies, answers.others)
    }

    private static let stringEnd = "\u{1B}\\"

    /// Has pictures that the terminal keeps removed at the end, too, even after a crash. Those of
    /// other programs are on the main screen, which comes back only after that.
    ///
    /// - Parameter removal: what removes them.
    static func leave(removing removal: [UInt8]) {
        leaveBy(Array(stringEnd.utf8) + removal + Array(leaving.utf8))
    }

    private static func leaveBy(_ bytes: [UInt8]) {
        _ = dcar_terminal_leave_by(bytes, bytes.count)
    }

    /// Turns on what only the studio wants.
    ///
    /// - Parameter isAgain: whether they may still be on, so that what was before must not be saved.
    func enterModes(isAgain: Bool = false) {
        let alt = isAgain ? Self.altAsEscape : Self.saveAlt + Self.altAsEscape
        Self.write(
            Array("\(alt)\u{1B}[?2004h\u{1B}[?1004h\(hasMouse ? Self.mouseOn : "")".utf8))
    }

    /// - Returns: what to send.
    mutating func setMouse(_ isOn: Bool) -> [UInt8] {
        guard isOn != hasMouse else { return [] }
        hasMouse = isOn
        return Array((isOn ? Self.mouseOn : Self.mouseOff).utf8)
    }

    private static let mouseOn = "\u{1B}[?1000h\u{1B}[?1002h\u{1B}[?1006h"
    private static let mouseOff = "\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l"

    /// How long answers are waited for at the end, at most.
    static let longestWait = Duration.seconds(6)

    /// How long a terminal is waited for that has said nothing yet.
    static let longestSilence = Duration.milliseconds(1700)

    /// Waits for late replies, so that none is typed into the shell, and puts everything back.
    ///
    /// - Parameters:
    ///   - isOnMainScreen: whether curses has gone back to it.
    ///   - hasAnswered: whether the terminal ever did; one that has had time to and did not is not
    ///     waited for.
    func leave(_ parser: inout ReplyParser, isOnMainScreen: Bool, hasAnswered: Bool) {
        // What was written before may still be on its way to a slow terminal; a fast one ends the
        // wait at once.
        let end = Self.now + (hasAnswered ? Self.longestWait : Self.longestSilence)
        if hasAnswered, isOnMainScreen {
            Self.write(FramePacer.fence)
            parser.expectFence(until: end)
        }
        while Self.now < end, parser.lastFence(at: Self.now) != nil {
            guard Self.wait([STDIN_FILENO], milliseconds: 50).contains(STDIN_FILENO) else {
                continue
            }
            let bytes = Self.read(STDIN_FILENO)
            guard !bytes.isEmpty else { break }
            _ = parser.feed(bytes, at: Self.now)
        }
        if parser.lastFence(at: Self.now) != nil { tcflush(STDIN_FILENO, TCIFLUSH) }
        if isOnMainScreen { Self.leaveBy(Array(Self.leaving(screen: "").utf8)) }
        dcar_terminal_leave()
        Self.leave(removing: [])
    }

    // MARK: System calls

    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// The descriptors that can be read, after at most so long; -1 waits for ever. Room to write
    /// ends the wait, too.
    static func wait(
        _ descriptors: [Int32], forRoomIn output: Int32? = nil, milliseconds: Int32
    ) -> [Int32] {
        var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if let output { polls.append(pollfd(fd: output, events: Int16(POLLOUT), revents: 0)) }
        guard poll(&polls, nfds_t(polls.count), milliseconds) > 0 else { return [] }
        return polls.filter { $0.revents != 0 }.map(\.fd)
    }

    /// Writes everything, however long the terminal takes.
    static func write(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR && errno != EAGAIN {
                return
            }
        }
    }

    /// Whether nothing will ever be read again.
    static func hasEnded(_ descriptor: Int32) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, 0) > 0 else { return false }
        return Int32(poller.revents) & (POLLHUP | POLLERR | POLLNVAL) != 0
    }

    /// What is there to read; nothing at the end of input.
    static func read(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }
}
