import CNcurses
import Foundation
import TerminalGraphics

/// Asks a terminal what it can do.
package enum TerminalProbe {
    /// What a terminal said, and what else came meanwhile.
    struct Answers {
        /// What is known without an answer; not what variables say that an answer belies.
        var environment: TerminalEnvironment
        var replies = TerminalReplies()
        /// How long late replies may be waited for at the end.
        var longestWait = Duration.zero
        var others: [TerminalInput] = []
        var bytes: [UInt8] = []
    }

    /// What a command outside the studio learns of the terminal that it writes to.
    package final class Report {
        private let answers: Answers
        private var parser: ReplyParser
        /// The terminal while it is without echo, as answers are still to come.
        private var terminal: Int32?

        package var environment: TerminalEnvironment { answers.environment }
        package var replies: TerminalReplies { answers.replies }
        /// What the terminal answered.
        package var bytes: [UInt8] { answers.bytes }

        fileprivate init(
            _ answers: Answers, _ parser: ReplyParser = ReplyParser(), terminal: Int32? = nil
        ) {
            (self.answers, self.parser, self.terminal) = (answers, parser, terminal)
        }

        /// Waits for late answers, so that none is typed into the shell. To be called when all is
        /// written.
        package func finish() {
            guard let terminal else { return }
            self.terminal = nil
            let end = Terminal.now + answers.longestWait
            while Terminal.now < end, parser.lastFence(at: Terminal.now) != nil {
                let rest = Int32(max(1, (end - Terminal.now) / .milliseconds(1)))
                guard Terminal.wait([terminal], milliseconds: rest).contains(terminal) else {
                    continue
                }
                let bytes = Terminal.read(terminal)
                guard !bytes.isEmpty else { break }
                _ = parser.feed(bytes, at: Terminal.now)
            }
            tcflush(terminal, TCIFLUSH)
            TerminalProbe.giveBack(terminal)
        }
    }

    /// Asks in a terminal without echo, which no signal can leave behind. Where the terminal is slow
    /// to answer it stays so until `finish`.
    package static func report() -> Report {
        let environment = environment
        let nobody = Report(Answers(environment: environment))
        guard isatty(STDOUT_FILENO) == 1, !ProbeBatch(environment).bytes.isEmpty else {
            return nobody
        }
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nobody }
        // Who is in the background must not read, nor change the modes of those in front.
        guard tcgetpgrp(terminal) == getpgrp(), dcar_quiet_begin(terminal) == 0 else {
            close(terminal)
            return nobody
        }
        var parser = ReplyParser()
        let answers = ask(environment, &parser, reading: terminal, writing: terminal)
        let isLate = parser.lastFence(at: Terminal.now) != nil
        if !isLate { giveBack(terminal) }
        return Report(answers, parser, terminal: isLate ? terminal : nil)
    }

    private static func giveBack(_ terminal: Int32) {
        dcar_quiet_end()
        close(terminal)
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
            tmuxClientFeatures: window == nil ? "" : TmuxClient.features,
            tmuxPassthrough: window == nil ? nil : TmuxClient.passthrough)
    }

    /// - Parameter timeout: nil for what fits the connection.
    static func ask(
        _ environment: TerminalEnvironment, _ parser: inout ReplyParser, reading input: Int32,
        writing output: Int32, timeout: Duration? = nil
    ) -> Answers {
        let batch = ProbeBatch(environment)
        var answers = Answers(environment: environment)
        guard !batch.bytes.isEmpty else { return answers }
        Terminal.write(batch.bytes, to: output)
        let end = Terminal.now + (timeout ?? batch.timeout)
        for _ in 0..<batch.fenceCount { parser.expectFence(until: end + .seconds(5)) }
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
        answers.longestWait = batch.longestWait(after: answers.replies)
        guard environment.isOutside(answers.replies) else { return answers }
        // The terminal has not been asked all that it could have been. What was wrapped for tmux it
        // has skipped or taken for itself.
        if !batch.isAnswered(by: answers.replies) { parser.expectOneFenceLess() }
        var again = ask(
            environment.outside, &parser, reading: input, writing: output, timeout: timeout)
        if again.replies == TerminalReplies() { again.replies = answers.replies }
        again.others.insert(contentsOf: answers.others, at: 0)
        again.bytes.insert(contentsOf: answers.bytes, at: 0)
        return again
    }
}
