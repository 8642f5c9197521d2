import Foundation

/// Picture files on disk: whole and durable, or not there at all.
public enum ImageFile {
    /// Saves bytes under a new name.
    ///
    /// They are written to a temporary file in the same folder, forced to disk, and only then given
    /// their name, so that no other process, crash or power cut ever shows half a file. Temporary
    /// files that killed processes left in the folder more than a day ago are removed on the way.
    ///
    /// - Parameter overwrite: replaces a regular file of this name; without it that file is never
    ///   touched, not even when it appears while this call runs.
    /// - Throws: `SaveError`; then nothing of the new file is left.
    public static func save(
        _ bytes: [UInt8], to path: String, overwrite: Bool = false
    ) throws(SaveError) {
        try save(bytes, to: path, overwrite: overwrite, calls: FileCalls())
    }

    /// `save` through replaceable system calls.
    package static func save(
        _ bytes: [UInt8], to path: String, overwrite: Bool, calls: FileCalls
    ) throws(SaveError) {
        let (folder, name) = split(path)
        guard !name.isEmpty, name != ".", name != ".." else { throw .isFolder(path: path) }
        let directory = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SaveError(errno, path: path, folder: folder) }
        defer { close(directory) }

        var mode = 0o666 & ~creationMask
        var existing = stat()
        if fstatat(directory, name, &existing, AT_SYMLINK_NOFOLLOW) == 0 {
            guard existing.st_mode & S_IFMT != S_IFDIR else { throw .isFolder(path: path) }
            // A device, a pipe or a link is nothing that a picture may take the place of.
            guard overwrite, existing.st_mode & S_IFMT == S_IFREG else {
                throw .exists(path: path)
            }
            mode = existing.st_mode & 0o777
        } else if errno != ENOENT {
            throw SaveError(errno, path: path, folder: folder)
        }
        removeStaleTemporaries(in: directory)

        let temporary = newTemporaryName()
        let file = calls.create(directory, temporary)
        guard file >= 0 else { throw SaveError(errno, path: path, folder: folder) }
        do throws(Errno) {
            try write(bytes, to: file, mode: mode, calls: calls)
            try publish(temporary, as: name, in: directory, overwrite: overwrite, calls: calls)
        } catch {
            unlinkat(directory, temporary, 0)
            throw SaveError(error.code, path: path, folder: folder)
        }
        // The file is whole and has its name; a folder that cannot be synchronised cannot undo it.
        _ = calls.synchronize(directory)
    }

    /// Throws what `save` without `overwrite` would throw for the path alone, and writes nothing: for
    /// a program that wants to know before it computes what is to be saved.
    ///
    /// - Throws: `SaveError`.
    public static func checkPlace(of path: String) throws(SaveError) {
        let (folder, name) = split(path)
        guard !name.isEmpty, name != ".", name != ".." else { throw .isFolder(path: path) }
        let directory = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SaveError(errno, path: path, folder: folder) }
        defer { close(directory) }
        var existing = stat()
        if fstatat(directory, name, &existing, AT_SYMLINK_NOFOLLOW) == 0 {
            throw existing.st_mode & S_IFMT == S_IFDIR
                ? .isFolder(path: path) : .exists(path: path)
        }
        guard errno == ENOENT, faccessat(directory, ".", W_OK | X_OK, 0) == 0 else {
            throw SaveError(errno, path: path, folder: folder)
        }
    }

    /// Saves under the first free name of a numbered pattern, one above the highest number there.
    ///
    /// - Parameters:
    ///   - countsAll: see `OutputPattern.nextNumber`.
    ///   - first: no lower number is used.
    /// - Returns: the path it was saved under.
    public static func save(
        _ bytes: [UInt8], as pattern: OutputPattern, fields: OutputPattern.Fields,
        countsAll: Bool = false, from first: Int = 1
    ) throws(SaveError) -> String {
        var number = max(first, pattern.nextNumber(fields, countsAll: countsAll))
        // Another process may take the number first; then the next one is tried.
        for _ in 0..<1000 {
            let path = pattern.path(number: number, fields)
            do throws(SaveError) {
                try save(bytes, to: path)
                return path
            } catch {
                guard case .exists = error, pattern.isNumbered else { throw error }
                number += 1
            }
        }
        throw .exists(path: pattern.path(number: number, fields))
    }

    /// The folder, beside the pictures, that deleted ones are moved to.
    package static let trashName = ".trash"

    /// The folder that a file's path is in: `.` where the path names none.
    public static func folder(of path: String) -> String { split(path).folder }

    /// The folder and the name of a path; "." where it names no folder.
    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }

    /// The permissions this process withholds from new files.
    private static let creationMask: mode_t = {
        // There is no call that only reads it; 0o077 is the safe value to show meanwhile.
        let mask = umask(0o077)
        umask(mask)
        return mask
    }()

    private static func write(
        _ bytes: [UInt8], to file: Int32, mode: mode_t, calls: FileCalls
    ) throws(Errno) {
        var failure: Int32?
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count, failure == nil {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
                let count = calls.write(file, rest.baseAddress, rest.count)
                if count >= 0 {
                    done += count
                } else if errno != EINTR {
                    failure = errno
                }
            }
        }
        if failure == nil, fchmod(file, mode) != 0 { failure = errno }
        // Some file systems cannot synchronise; that is no reason to refuse them.
        if failure == nil, calls.synchronize(file) != 0, errno != EINVAL, errno != ENOSYS {
            failure = errno
        }
        // A full network disk may only say so on closing.
        if close(file) != 0, failure == nil, errno != EINTR { failure = errno }
        if let failure { throw Errno(code: failure) }
    }

    private static func publish(
        _ temporary: String, as name: String, in directory: Int32, overwrite: Bool,
        calls: FileCalls
    ) throws(Errno) {
        if overwrite {
            guard calls.rename(directory, temporary, name) == 0 else { throw Errno(code: errno) }
            return
        }
        if calls.link(directory, temporary, name) == 0 {
            unlinkat(directory, temporary, 0)
            return
        }
        // FAT and some network disks know no hard links: there an empty file reserves the name.
        guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw Errno(code: errno) }
        let reserved = calls.create(directory, name)
        guard reserved >= 0 else { throw Errno(code: errno) }
        close(reserved)
        guard calls.rename(directory, temporary, name) == 0 else {
            let code = errno
            unlinkat(directory, name, 0)
            throw Errno(code: code)
        }
    }

    private struct Errno: Error {
        let code: Int32
    }
}

// MARK: Temporary files

extension ImageFile {
    private static let temporaryPrefix = ".dcar-"
    private static let temporarySuffix = ".tmp"
    /// Seconds after which a temporary file's process is taken for dead.
    private static let staleAge = 24 * 60 * 60

    private static func newTemporaryName() -> String {
        let number = UInt64.random(in: .min ... .max)
        return temporaryPrefix + String(number, radix: 16) + temporarySuffix
    }

    private static func removeStaleTemporaries(in directory: Int32) {
        let oldest = time(nil) - staleAge
        for name in names(in: directory)
        where name.hasPrefix(temporaryPrefix) && name.hasSuffix(temporarySuffix) {
            var status = stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                status.st_mode & S_IFMT == S_IFREG, status.st_mtim.tv_sec < oldest
            else { continue }
            unlinkat(directory, name, 0)
        }
    }

    /// The names in a folder, in no order; none when it cannot be read.
    static func names(in directory: Int32) -> [String] {
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { return [] }
        guard let stream = fdopendir(copy) else {
            close(copy)
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }
}

/// The system calls of a save that a disk can refuse, so that tests can make each of them fail.
package struct FileCalls {
    /// Creates a file that must not exist yet, readable by its owner only.
    package var create: (_ directory: Int32, _ name: String) -> Int32 = {
        openat($0, $1, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    }
    package var write: (_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int = {
        Foundation.write($0, $1, $2)
    }
    package var synchronize: (_ file: Int32) -> Int32 = { fsync($0) }
    package var link: (_ directory: Int32, _ name: String, _ newName: String) -> Int32 = {
        linkat($0, $1, $0, $2, 0)
    }
    package var rename: (_ directory: Int32, _ name: String, _ newName: String) -> Int32 = {
        renameat($0, $1, $0, $2)
    }

    package init() {}
}

/// Why a file could not be saved. Nothing of it is left on disk.
public enum SaveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file of this name is there and may not be replaced.
    case exists(path: String)
    /// The path names a folder.
    case isFolder(path: String)
    /// The folder does not exist.
    case missingFolder(path: String, folder: String)
    /// Something in the folder's path is a file.
    case notAFolder(path: String, folder: String)
    /// The folder's permissions forbid it.
    case noPermission(path: String, folder: String)
    /// The file system is mounted read-only.
    case readOnly(path: String, folder: String)
    /// No space, or no quota, is left.
    case diskFull(path: String)
    /// The file is larger than the file system or a limit of this process allows.
    case tooLarge(path: String)
    /// The name has more bytes than the file system allows.
    case nameTooLong(path: String)
    /// Anything else, in the system's words.
    case failed(path: String, reason: String)

    init(_ code: Int32, path: String, folder: String) {
        self =
            switch code {
            case EEXIST: .exists(path: path)
            case EISDIR: .isFolder(path: path)
            case ENOENT: .missingFolder(path: path, folder: folder)
            case ENOTDIR: .notAFolder(path: path, folder: folder)
            case EACCES, EPERM: .noPermission(path: path, folder: folder)
            case EROFS: .readOnly(path: path, folder: folder)
            case ENOSPC, EDQUOT: .diskFull(path: path)
            case EFBIG: .tooLarge(path: path)
            case ENAMETOOLONG: .nameTooLong(path: path)
            default: .failed(path: path, reason: String(cString: strerror(code)))
            }
    }

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .exists(let path): "\(shown(path)) already exists and was left as it is."
        case .isFolder(""): "The name of the file to save is empty; give one."
        case .isFolder(let path): "\"\(shown(path))\" is a folder; a file name is needed."
        case .missingFolder(let path, let folder):
            "\(shown(path)) was not saved: the folder \(shown(folder)) does not exist."
        case .notAFolder(let path, let folder):
            "\(shown(path)) was not saved: \(shown(folder)) is not a folder."
        case .noPermission(let path, let folder):
            "\(shown(path)) was not saved: you may not write in the folder \(shown(folder))."
        case .readOnly(let path, let folder):
            "\(shown(path)) was not saved: the disk of \(shown(folder)) is read-only."
        case .diskFull(let path): "\(shown(path)) was not saved: the disk is full."
        case .tooLarge(let path):
            "\(shown(path)) was not saved: it is larger than a file may be there."
        case .nameTooLong(let path):
            "\(shown(path)) was not saved: the name is too long, 255 bytes are the most."
        case .failed(let path, let reason): "\(shown(path)) was not saved: \(reason)."
        }
    }

    private func shown(_ path: String) -> SanitizedText { SanitizedText(path) }
}
