import Foundation
import Synchronization

/// Standard input by lines, and Ctrl-C and what else asks for an end as something that happens
/// between them.
struct LineInput {
    private var bytes: [UInt8] = []
    private(set) var isAtEnd = false
    private(set) var wasInterrupted = false
    private let isTerminal = isatty(STDIN_FILENO) == 1
    private let sources: [any DispatchSourceSignal]
    private let ending = Ending()

    /// The signal that asks for the end of the program; 0 for none yet.
    private final class Ending: Sendable {
        let number = Atomic<Int32>(0)
    }

    /// SIGTERM or SIGHUP, once it has come.
    var endingSignal: Int32? {
        let number = ending.number.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    private let interruption: WakePipe

    init() {
        let interruption = WakePipe()
        self.interruption = interruption
        let ending = ending
        sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
            let earlier = unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
            // Whoever starts a program with nohup wants it to outlive its terminal.
            if number == SIGHUP, earlier == unsafeBitCast(SIG_IGN, to: Int.self) { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if number != SIGINT {
                    // Asked once more, it does not wait for what cannot be stopped.
                    guard ending.number.exchange(number, ordering: .acquiringAndReleasing) == 0
                    else { _exit(128 + number) }
                }
                interruption.wake()
            }
            source.resume()
            return source
        }
    }

    /// What to wait for. While a run is on, only a person is listened to: lines of a script wait.
    func descriptors(whileRunning isRunning: Bool) -> [Int32] {
        let isHeard = !isAtEnd && (isTerminal || !isRunning)
        return isHeard ? [interruption.descriptor, STDIN_FILENO] : [interruption.descriptor]
    }

    mutating func read(_ ready: [Int32]) {
        if ready.contains(interruption.descriptor), interruption.take() { wasInterrupted = true }
        guard ready.contains(STDIN_FILENO) else { return }
        let more = Terminal.read(STDIN_FILENO)
        isAtEnd = more.isEmpty
        bytes += more
    }

    mutating func takeInterrupt() -> Bool {
        defer { wasInterrupted = false }
        return wasInterrupted
    }

    /// The next whole line, or what stands at the end of input.
    mutating func takeLine() -> String? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            guard isAtEnd, !bytes.isEmpty else { return nil }
            defer { bytes = [] }
            return String(decoding: bytes, as: UTF8.self)
        }
        defer { bytes.removeFirst(end + 1) }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }

    /// Takes the next line if it is this one.
    mutating func takeLine(_ text: String) -> Bool {
        guard bytes.starts(with: Array((text + "\n").utf8)) else { return false }
        return takeLine() != nil
    }
}
