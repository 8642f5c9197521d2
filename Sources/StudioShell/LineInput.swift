import Foundation

/// Standard input by lines, and Ctrl-C as something that happens between them.
struct LineInput {
    private var bytes: [UInt8] = []
    private(set) var isAtEnd = false
    private(set) var wasInterrupted = false
    private let isTerminal = isatty(STDIN_FILENO) == 1
    private let interrupts: DispatchSourceSignal
    private let ends: (read: Int32, write: Int32)

    init() {
        var pair: [Int32] = [-1, -1]
        if pipe(&pair) != 0 { pair = [-1, -1] }
        for end in pair { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        ends = (pair[0], pair[1])
        signal(SIGINT, SIG_IGN)
        interrupts = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        let write = ends.write
        interrupts.setEventHandler {
            var byte: UInt8 = 1
            _ = Foundation.write(write, &byte, 1)
        }
        interrupts.resume()
    }

    /// What to wait for. While a run is on, only a person is listened to: lines of a script wait.
    func descriptors(whileRunning isRunning: Bool) -> [Int32] {
        let isHeard = !isAtEnd && (isTerminal || !isRunning)
        return isHeard ? [ends.read, STDIN_FILENO] : [ends.read]
    }

    mutating func read(_ ready: [Int32]) {
        if ready.contains(ends.read), !Terminal.read(ends.read).isEmpty { wasInterrupted = true }
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
