import CPseudoterminal
import Foundation

/// A program with a terminal of its own, whose other side is here.
///
/// The program is killed when the object goes away; no call here waits longer than it says.
public final class Pseudoterminal {
    public struct Failure: Error, CustomStringConvertible {
        let code: Int32

        public var description: String {
            "No program in a terminal: \(String(cString: strerror(code)))."
        }
    }

    public let process: pid_t
    /// The terminal's modes as the program found them.
    public let modesAtStart: TerminalModes
    /// Ours, and one more of the program's own, so that its modes can be read after its end.
    private var ends: (master: Int32, slave: Int32)
    /// 128 and the signal's number when a signal ended the program.
    public private(set) var status: Int32?

    /// - Parameter environment: all of it; nothing is inherited.
    public init(
        _ program: String, _ arguments: [String], in folder: String,
        environment: [String: String], columns: Int, rows: Int,
        pixelsPerCell: (width: Int, height: Int) = (0, 0)
    ) throws {
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var (master, slave): (Int32, Int32) = (-1, -1)
        var modes = termios()
        process = dcar_start_in_terminal(
            &words, &variables, folder, Int32(columns), Int32(rows),
            Int32(columns * pixelsPerCell.width), Int32(rows * pixelsPerCell.height), &master,
            &slave, &modes)
        guard process > 0 else { throw Failure(code: errno) }
        ends = (master, slave)
        modesAtStart = TerminalModes(modes)
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            var code: Int32 = 0
            waitpid(process, &code, 0)
        }
        hangUp()
    }

    /// What the program wrote, after at most so many seconds; nothing when it wrote nothing.
    public func read(within seconds: Double, atMost limit: Int = 65_536) -> [UInt8] {
        guard ends.master >= 0 else { return [] }
        var poller = pollfd(fd: ends.master, events: Int16(POLLIN), revents: 0)
        guard poll(&poller, 1, Int32(max(0, seconds) * 1000)) > 0 else { return [] }
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = Foundation.read(ends.master, &buffer, limit)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    /// Types bytes; those that the program leaves unread for a second are dropped.
    public func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty, ends.master >= 0 {
            let count = rest.withUnsafeBytes {
                Foundation.write(ends.master, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                var poller = pollfd(fd: ends.master, events: Int16(POLLOUT), revents: 0)
                guard errno == EAGAIN, poll(&poller, 1, 1000) > 0 else { return }
            }
        }
    }

    public func resize(
        columns: Int, rows: Int, pixelsPerCell: (width: Int, height: Int) = (0, 0)
    ) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns),
            ws_xpixel: UInt16(columns * pixelsPerCell.width),
            ws_ypixel: UInt16(rows * pixelsPerCell.height))
        _ = ioctl(ends.master, UInt(TIOCSWINSZ), &size)
    }

    public func signal(_ number: Int32) {
        guard status == nil else { return }
        kill(process, number)
    }

    /// Whether the program has ended; then `status` says how.
    public var hasEnded: Bool {
        guard status == nil else { return true }
        var code: Int32 = 0
        guard waitpid(process, &code, WNOHANG) == process else { return false }
        let signal = code & 0x7F
        status = signal == 0 ? code >> 8 & 0xFF : 128 + signal
        return true
    }

    /// Whether job control has stopped the program.
    public var isStopped: Bool {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return text.split(separator: ")").last?.hasPrefix(" T") ?? false
    }

    /// The terminal's modes, as a shell would find them.
    public var modes: TerminalModes {
        var modes = termios()
        tcgetattr(ends.slave, &modes)
        return TerminalModes(modes)
    }

    /// Sets the modes as shells have them.
    public func cook() {
        var modes = termios()
        tcgetattr(ends.slave, &modes)
        modes.c_lflag |= tcflag_t(ICANON | ECHO)
        tcsetattr(ends.slave, TCSANOW, &modes)
    }

    /// Puts a text on the terminal, as another program that has it would.
    public func show(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Foundation.write(ends.slave, bytes, bytes.count)
    }

    /// Closes the terminal, as a window that is closed does.
    public func hangUp() {
        for end in [ends.slave, ends.master] where end >= 0 { close(end) }
        ends = (-1, -1)
    }
}

/// The flags of a terminal's line discipline.
public struct TerminalModes: Equatable, Sendable {
    public let input: UInt32
    public let output: UInt32
    public let control: UInt32
    public let local: UInt32

    init(_ modes: termios) {
        (input, output) = (modes.c_iflag, modes.c_oflag)
        (control, local) = (modes.c_cflag, modes.c_lflag)
    }

    /// Whether what is typed is shown and read by lines, as shells have it.
    public var isCooked: Bool { local & UInt32(ICANON | ECHO) == UInt32(ICANON | ECHO) }
}
