import Foundation
import TerminalGraphics

/// Asks a terminal what it can do.
package enum TerminalProbe {
    /// What a terminal said, and what else came meanwhile.
    struct Answers {
        var replies = TerminalReplies()
        var others: [TerminalInput] = []
        var bytes: [UInt8] = []
    }

    /// What a command outside the studio learns of the terminal that it writes to.
    package struct Report {
        package let environment: TerminalEnvironment
        package let replies: TerminalReplies
        /// What the terminal answered.
        package let bytes: [UInt8]
    }

    /// Asks in raw mode, which no signal can leave behind.
    package static func report() -> Report {
        let environment = environment
        let nobody = Report(environment: environment, replies: TerminalReplies(), bytes: [])
        let batch = ProbeBatch(environment)
        guard isatty(STDOUT_FILENO) == 1, !batch.bytes.isEmpty else { return nobody }
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nobody }
        defer { close(terminal) }
        // Who is in the background must not read, nor change the modes of those in front.
        guard tcgetpgrp(terminal) == getpgrp() else { return nobody }
        var (all, signals) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &signals)
        defer { pthread_sigmask(SIG_SETMASK, &signals, nil) }
        var modes = termios()
        guard tcgetattr(terminal, &modes) == 0 else { return nobody }
        var raw = modes
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        // VMIN and VTIME: reading never waits.
        (raw.c_cc.6, raw.c_cc.5) = (0, 0)
        guard tcsetattr(terminal, TCSADRAIN, &raw) == 0 else { return nobody }
        defer { tcsetattr(terminal, TCSADRAIN, &modes) }
        var parser = ReplyParser()
        let answers = ask(batch, &parser, reading: terminal, writing: terminal)
        return Report(environment: environment, replies: answers.replies, bytes: answers.bytes)
    }

    /// What is known of standard output's terminal without asking it.
    package static var environment: TerminalEnvironment {
        var window: WindowSize?
        var size = winsize()
        if isatty(STDOUT_FILENO) == 1 {
            let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
            window =
                isKnown
                ? WindowSize(
                    columns: Int(size.ws_col), rows: Int(size.ws_row),
                    pixelWidth: Int(size.ws_xpixel), pixelHeight: Int(size.ws_ypixel))
                : WindowSize(columns: 80, rows: 24)
        }
        return TerminalEnvironment(
            ProcessInfo.processInfo.environment, window: window,
            tmuxClientFeatures: window == nil ? "" : TmuxClient.features)
    }

    /// - Parameter timeout: nil for what fits the connection.
    static func ask(
        _ batch: ProbeBatch, _ parser: inout ReplyParser, reading input: Int32,
        writing output: Int32, timeout: Duration? = nil
    ) -> Answers {
        var answers = Answers()
        guard !batch.bytes.isEmpty else { return answers }
        Terminal.write(batch.bytes, to: output)
        let end = Terminal.now + (timeout ?? batch.timeout)
        parser.expectFence(until: end + .seconds(5))
        while !batch.isAnswered(by: answers.replies), Terminal.now < end {
            let rest = (end - Terminal.now) / .milliseconds(1)
            guard
                Terminal.wait([input], milliseconds: Int32(max(1, rest))).contains(input)
            else { continue }
            let bytes = Terminal.read(input)
            guard !bytes.isEmpty else { break }
            answers.bytes += bytes
            for input in parser.feed(bytes, at: Terminal.now) {
                if case .reply(let reply) = input {
                    answers.replies.record(reply)
                } else {
                    answers.others.append(input)
                }
            }
        }
        return answers
    }
}
