import Dispatch
import Foundation
import Kernels
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP: the first asks the computation to stop, the second ends the program.
enum Interrupts {
    private static let received = Mutex<Int32>(0)
    /// Kept alive here; written by `watch` alone, which a command calls once.
    nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []

    /// Raises `stop` when a signal comes.
    static func watch(_ stop: StopSignal) {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let earlier = signal(number, SIG_IGN)
            // Whoever starts a program with nohup wants it to outlive its terminal.
            if number == SIGHUP, isIgnored(earlier) { continue }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                let isSecond = received.withLock { received in
                    defer { received = number }
                    return received != 0
                }
                if isSecond { _exit(status(of: number).rawValue) }
                stop.raise()
            }
            source.resume()
            sources.append(source)
        }
    }

    private static func isIgnored(_ handler: __sighandler_t?) -> Bool {
        unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// The exit status for the signal that came.
    static var status: ExitStatus { status(of: received.withLock { $0 }) }

    private static func status(of number: Int32) -> ExitStatus {
        switch number {
        case SIGTERM: .terminated
        case SIGHUP: .hungUp
        default: .interrupted
        }
    }
}
