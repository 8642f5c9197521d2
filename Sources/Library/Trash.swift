import Foundation
import Imaging
import StudioCore

/// Deleted pictures lie in a folder beside where they were, so that moving them never copies and
/// they come back whole.
package enum Trash {
    /// - Parameter note: takes down where the file will lie, before it goes there; what it throws
    ///   leaves the file where it is.
    /// - Returns: where the file lies now.
    /// - Throws: `TrashError`, and what `note` throws.
    package static func take(
        _ entry: PictureEntry, calls: FileCalls = FileCalls(),
        noting note: (String) throws -> Void = { _ in }
    ) throws -> String {
        let path = entry.path as NSString
        let folder = path.deletingLastPathComponent + "/" + ImageFile.trashName
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw TrashError.cannotMove(
                path: entry.path, reason: String(cString: strerror(errno)))
        }
        let base = (path.lastPathComponent as NSString).deletingPathExtension
        for number in 0..<10_000 {
            let place = "\(folder)/\(number == 0 ? base : "\(base)-\(number)").png"
            var status = stat()
            guard lstat(place, &status) != 0 else { continue }
            try note(place)
            if try move(entry.path, to: place, calls, leading: { "../" + $0 }) { return place }
        }
        throw TrashError.full(folder: folder)
    }

    /// Puts the file back under its own name.
    package static func putBack(
        _ entry: PictureEntry, calls: FileCalls = FileCalls()
    ) throws(TrashError) {
        guard let place = entry.trashPath else { return }
        let isBack = try move(place, to: entry.path, calls) { target in
            target.hasPrefix("../") ? String(target.dropFirst(3)) : target
        }
        guard isBack else { throw .taken(path: entry.path) }
    }

    /// A rename that never replaces a file; false where the name is taken.
    ///
    /// - Parameter target: what a symbolic link, unless it is absolute, leads to from the new place.
    private static func move(
        _ path: String, to place: String, _ calls: FileCalls, leading target: (String) -> String
    ) throws(TrashError) -> Bool {
        func failure() -> TrashError {
            .cannotMove(path: path, reason: String(cString: strerror(errno)))
        }
        let old = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        let link = old.flatMap { $0.hasPrefix("/") ? nil : target($0) }
        let isMade =
            link.map { symlink($0, place) == 0 } ?? (calls.link(AT_FDCWD, path, place) == 0)
        if isMade {
            guard unlink(path) == 0 else {
                let failure = failure()
                unlink(place)
                throw failure
            }
            return true
        }
        if errno == EEXIST { return false }
        // FAT and some network disks know no hard links: there an empty file reserves the name.
        guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(errno) else { throw failure() }
        let reserved = calls.create(AT_FDCWD, place)
        guard reserved >= 0 else {
            if errno == EEXIST { return false }
            throw failure()
        }
        close(reserved)
        guard calls.rename(AT_FDCWD, path, place) == 0 else {
            let failure = failure()
            unlink(place)
            throw failure
        }
        return true
    }
}

/// Why a picture cannot be deleted or brought back.
package enum TrashError: Error, Equatable, CustomStringConvertible {
    case cannotMove(path: String, reason: String)
    case taken(path: String)
    case full(folder: String)

    package var description: String {
        switch self {
        case .cannotMove(let path, let reason):
            "\(SanitizedText(path)) cannot be moved: \(reason)."
        case .taken(let path):
            "\(SanitizedText(path)) exists again; rename that file to bring the picture back."
        case .full(let folder): "\(SanitizedText(folder)) holds 10000 files of this name; empty it."
        }
    }
}
