import Foundation

/// Bytes on their way to the terminal, written as fast as it reads them and never waited for.
///
/// Whatever draws asks first whether everything before was taken: a slow terminal gets fewer
/// frames, not later ones, and keys are answered meanwhile.
final class TerminalOutput {
    private var pending: [UInt8] = []
    private var written = 0
    private let descriptor: Int32
    private let isOwn: Bool

    /// Standard output's terminal is opened once more, because the way it waits is shared with
    /// the shell through the descriptor that both were given.
    init() {
        var name = [CChar](repeating: 0, count: 256)
        let flags = O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC
        let opened = ttyname_r(STDOUT_FILENO, &name, name.count) == 0 ? open(name, flags) : -1
        isOwn = opened >= 0
        descriptor = isOwn ? opened : STDOUT_FILENO
    }

    deinit {
        if isOwn { close(descriptor) }
    }

    /// What to wait on for room; nothing when there is nothing to write.
    var waiting: Int32? { isEmpty ? nil : descriptor }

    var isEmpty: Bool { written == pending.count }

    func send(_ bytes: some Collection<UInt8>) {
        if isEmpty {
            pending.removeAll(keepingCapacity: pending.capacity < 1 << 20)
            written = 0
        }
        pending += bytes
        advance()
    }

    /// Writes what the terminal takes now.
    func advance() {
        while !isEmpty {
            let count = pending.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                // The terminal is gone, which reading finds out.
                written = pending.count
            }
        }
    }

    /// Forgets what the terminal has not taken.
    func discard() {
        written = pending.count
    }

    /// Waits until everything is written, or for so long.
    func drain(within limit: Duration) {
        let end = Terminal.now + limit
        while !isEmpty, Terminal.now < end {
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&poller, 1, 50)
            advance()
        }
    }
}
