import Foundation

/// A file mapped read-only into memory.
public final class MappedFile: @unchecked Sendable {
    public let path: String
    public let byteCount: Int
    /// Size, place and times of the file that was mapped, whatever its path names by now. The time
    /// of change is the system's own, which no program can set back.
    public let identity: String
    let base: UnsafeMutableRawPointer

    /// The whole file's bytes; valid as long as the object lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: byteCount)
    }

    /// - Throws: `MappedFileError` when the file cannot be opened, is no regular file, or is empty.
    public init(path: String) throws(MappedFileError) {
        // A pipe would keep an open that waits.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .notAFile(path: path)
        }
        guard status.st_size > 0 else { throw .empty(path: path) }
        let mapped = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapped, mapped != MAP_FAILED else {
            if errno == ENOMEM { throw .noMemory(path: path, byteCount: Int(status.st_size)) }
            throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        self.path = path
        byteCount = Int(status.st_size)
        identity = [
            "\(status.st_size)", "\(status.st_dev):\(status.st_ino)",
            "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)",
            "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
        ].joined(separator: " ")
        base = mapped
    }

    deinit {
        munmap(base, byteCount)
    }
}

/// Why a file could not be mapped.
public enum MappedFileError: Error, Equatable, CustomStringConvertible {
    case cannotOpen(path: String, reason: String)
    case notAFile(path: String)
    case empty(path: String)
    case noMemory(path: String, byteCount: Int)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "\(path) cannot be read: \(reason)."
        case .notAFile(let path): "\(path) is not a regular file."
        case .empty(let path): "\(path) is empty."
        case .noMemory(let path, let byteCount):
            "\(MemoryShortage.sentence(byteCount)) It is for \(path)."
        }
    }
}
