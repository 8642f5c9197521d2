import Foundation

/// A program in an emulated terminal: keys go in, the screen comes out, questions are answered.
///
/// Nothing moves by itself: bytes are read and answers sent while a call here waits, and every call
/// has an end.
public final class TerminalSession {
    /// What a test waited for did not come.
    public struct TimedOut: Error, CustomStringConvertible {
        public let description: String
    }

    public let program: Pseudoterminal
    public private(set) var terminal: EmulatedTerminal
    public var answers: TerminalAnswers
    /// The most bytes to read a second; nil for all there are.
    public var bytesPerSecond: Int?
    private var dueAnswers: [(at: Double, bytes: [UInt8], isContinued: Bool)] = []

    /// - Parameter keepsPixels: false where only time matters.
    public init(
        _ path: String, _ arguments: [String], in folder: String, environment: [String: String],
        columns: Int = 120, rows: Int = 40, answers: TerminalAnswers = .xterm,
        keepsPixels: Bool = true
    ) throws {
        self.answers = answers
        terminal = EmulatedTerminal(
            columns: columns, rows: rows, cellSize: answers.cellSize ?? (10, 20))
        terminal.sixelLimit = answers.sixelLimit
        terminal.keepsPixels = keepsPixels
        // As below a shell's prompt.
        _ = terminal.feed([0x0A, 0x0A])
        program = try Pseudoterminal(
            path, arguments, in: folder, environment: environment, columns: columns, rows: rows,
            pixelsPerCell: answers.cellSize ?? (0, 0))
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    // MARK: Keys

    /// Types a text; an answer that is on its way in pieces is ended first, as terminals do.
    public func type(_ text: String) {
        let rest = dueAnswers.prefix { $0.isContinued }
        guard let last = rest.last else { return program.write(Array(text.utf8)) }
        dueAnswers.insert((last.at, Array(text.utf8), true), at: rest.count)
    }

    public func resize(columns: Int, rows: Int) {
        terminal.resize(columns: columns, rows: rows)
        program.resize(columns: columns, rows: rows, pixelsPerCell: answers.cellSize ?? (0, 0))
    }

    /// Gives the window another size and another font.
    public func resize(columns: Int, rows: Int, cellSize: (width: Int, height: Int)) {
        answers.cellSize = cellSize
        terminal.setCellSize(cellSize)
        resize(columns: columns, rows: rows)
    }

    /// Has a terminal that does not know all sequences print them.
    public func printUnknown() { terminal.printsUnknown = true }

    // MARK: Waiting

    /// Lets the program write and answers it, for so many seconds or until it is quiet that long.
    public func run(seconds: Double) { _ = pump(seconds) { false } }

    /// Lets the program write until it has been quiet for so long; ten seconds at most.
    public func settle(quiet seconds: Double = 0.4) {
        let end = Self.now + 10
        var count = -1
        while count != terminal.transcript.count, Self.now < end {
            count = terminal.transcript.count
            run(seconds: seconds)
        }
    }

    /// - Throws: `TimedOut` with what the screen shows instead.
    public func wait(
        for what: String, seconds: Double = 20, until isThere: (EmulatedTerminal) -> Bool
    ) throws {
        guard pump(seconds, until: { isThere(terminal) }) else {
            throw timedOut(what, seconds)
        }
    }

    /// Waits for a text on the screen.
    public func wait(forText text: String, seconds: Double = 20) throws {
        try wait(for: "\"\(text)\"", seconds: seconds) { $0.text.contains(text) }
    }

    /// Waits for the program's end.
    ///
    /// - Returns: its status.
    public func waitForEnd(seconds: Double = 20) throws -> Int32 {
        guard pump(seconds, until: { program.hasEnded }), let status = program.status else {
            throw timedOut("the end", seconds)
        }
        // What it wrote last may still be on its way.
        _ = pump(0.02) { false }
        return status
    }

    /// Pictures of blocks are left out.
    private func timedOut(_ what: String, _ seconds: Double) -> TimedOut {
        let text = terminal.text.replacing(/[▀▄█]{2,}/, with: "▀…")
        let bytes = String(decoding: terminal.transcript.suffix(400), as: UTF8.self)
            .debugDescription
        return TimedOut(
            description: "Waited \(seconds) s for \(what); the screen shows\n\(text)\n"
                + "after the bytes \(bytes)")
    }

    /// - Returns: whether the condition came true in time.
    private func pump(_ seconds: Double, until isEnough: () -> Bool) -> Bool {
        let end = Self.now + seconds
        // A look at the screen takes longer than reading some more of a picture.
        while terminal.isInsideString || !isEnough() {
            let now = Self.now
            guard now < end else { return false }
            sendAnswers(at: now)
            let next = min(dueAnswers.map(\.at).min() ?? end, end, now + 0.05)
            let limit = bytesPerSecond.map { max(1, $0 / 100) } ?? 65_536
            if bytesPerSecond != nil { usleep(10_000) }
            let bytes = program.read(within: max(0.001, next - now), atMost: limit)
            // An end that was reached leaves a terminal that reads as closed at once.
            if bytes.isEmpty { usleep(500) }
            for question in terminal.feed(bytes) { answer(question) }
        }
        return true
    }

    private func answer(_ question: TerminalQuestion) {
        guard
            let text = answers.answer(
                to: question, columns: terminal.columns, rows: terminal.rows)
        else { return }
        let bytes = Array(text.utf8)
        // A terminal sends its answers in the order of the questions.
        let start = max(Self.now + answers.delay, dueAnswers.last?.at ?? 0)
        if answers.isSplit {
            for (index, byte) in bytes.enumerated() {
                dueAnswers.append((start + answers.pause * Double(index + 1), [byte], index > 0))
            }
        } else {
            dueAnswers.append((start, bytes, false))
        }
        if answers.delay == 0, !answers.isSplit { sendAnswers(at: Self.now) }
    }

    private func sendAnswers(at now: Double) {
        while let first = dueAnswers.first, first.at <= now {
            program.write(first.bytes)
            dueAnswers.removeFirst()
        }
    }
}
