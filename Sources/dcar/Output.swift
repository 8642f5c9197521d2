import Foundation
import Imaging

/// Standard output: results only. Written at once, so that a program reading it is never behind.
enum Output {
    static func line(_ text: String) throws(OutputError) {
        try write(Array((text + "\n").utf8))
    }

    /// A line of a table: a name, then what is to be said of it, with anything that a terminal would
    /// obey made visible.
    static func row(_ name: String, _ value: String) throws(OutputError) {
        let title = name.padding(toLength: 16, withPad: " ", startingAt: 0)
        try line("\(title)\(SanitizedText(value))")
    }

    static func write(_ bytes: [UInt8]) throws(OutputError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(
                    STDOUT_FILENO, buffer.baseAddress?.advanced(by: sent), bytes.count - sent)
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                var ready = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                throw OutputError(errno)
            }
        }
    }

    static func flush() throws(OutputError) {
        guard fsync(STDOUT_FILENO) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP
        else { throw .failed(reason: String(cString: strerror(errno))) }
    }

    /// The path of a file that was written: on a terminal with anything that it would obey made
    /// visible, and as it is for a program that opens the file.
    static func path(_ path: String) throws(OutputError) {
        try line(isTerminal ? SanitizedText(path).text : path)
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether nothing can be written, as it was closed when the program was started.
    static var isClosed: Bool {
        let flags = fcntl(STDOUT_FILENO, F_GETFL)
        return flags < 0 || flags & O_ACCMODE == O_RDONLY
    }
}

/// Why a result did not reach standard output.
enum OutputError: Error, CustomStringConvertible {
    case closed
    /// Whoever read it has had enough, as `head` has; nobody needs to be told.
    case unread
    case failed(reason: String)

    /// - Parameter code: the system's number.
    init(_ code: Int32) {
        self =
            switch code {
            case EPIPE: .unread
            case EBADF: .closed
            default: .failed(reason: String(cString: strerror(code)))
            }
    }

    var description: String {
        switch self {
        case .closed, .unread: "Standard output was closed before everything was written."
        case .failed(let reason): "Standard output cannot be written: \(reason)."
        }
    }
}

/// Standard error: messages for a person.
enum Messages {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// One line, with anything that a terminal would obey made visible.
    static func plain(_ text: String) {
        let safe = SanitizedText(text, limit: 1 << 16, keepingLineBreaks: true).description
        raw(safe + "\n")
    }

    /// The program's own text as it is. What cannot be written is lost: there is nowhere left to
    /// say so.
    static func raw(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count)
            }
            guard count > 0 || (count < 0 && errno == EINTR) else { return }
            rest = rest.dropFirst(max(0, count))
        }
    }

    static func error(_ text: String) {
        plain("dcar: \(text)")
    }
}
