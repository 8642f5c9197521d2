import Foundation

/// Which sittings are alive: each holds one byte of a file locked, and the system lets go of it
/// when the process ends, however it ends.
final class SittingLocks: Sendable {
    private let file: Int32
    // `F_OFD_SETLK` and `F_OFD_GETLK` of <fcntl.h>: locks of this open file, not of the process.
    private static let setLock: Int32 = 37
    private static let getLock: Int32 = 36

    init(_ path: String) throws {
        file = Foundation.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw CocoaError(.fileWriteNoPermission) }
    }

    deinit { close(file) }

    /// Takes the lock of a sitting; false where another studio has it.
    func take(_ sitting: Int64) -> Bool {
        var lock = Self.lock(sitting)
        return fcntl(file, Self.setLock, &lock) == 0
    }

    /// Takes the lock of whoever opens the database, and waits for a while where another studio has
    /// it.
    /// - Returns: false where that one does not get done. Where files cannot be locked nobody waits.
    func takeOpening(within patience: Duration = .seconds(10)) -> Bool {
        let end = ContinuousClock.now + patience
        while !take(Self.opening), errno == EAGAIN || errno == EACCES {
            guard ContinuousClock.now < end else { return false }
            usleep(20_000)
        }
        return true
    }

    func leaveOpening() {
        var lock = Self.lock(Self.opening)
        lock.l_type = Int16(F_UNLCK)
        _ = fcntl(file, Self.setLock, &lock)
    }

    /// Whether another studio has any sitting open.
    var isAnyTaken: Bool {
        var lock = Self.lock(1)
        // To the end of the file, wherever that is.
        lock.l_len = 0
        return fcntl(file, Self.getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    /// Whether another studio has this sitting open.
    func isTaken(_ sitting: Int64) -> Bool {
        var lock = Self.lock(sitting)
        return fcntl(file, Self.getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    /// No sitting has this number.
    private static let opening: Int64 = 0

    private static func lock(_ sitting: Int64) -> flock {
        flock(
            l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(sitting), l_len: 1,
            l_pid: 0)
    }
}
