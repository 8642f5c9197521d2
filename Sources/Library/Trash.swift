import Foundation
import Imaging
import StudioCore

/// Deleted pictures lie in a folder beside where they were, so that moving them never copies and
/// they come back whole.
package enum Trash {
    /// - Returns: where the file lies now.
    /// - Throws: `TrashError`.
    package static func take(_ entry: PictureEntry) throws(TrashError) -> String {
        let path = entry.path as NSString
        let folder = path.deletingLastPathComponent + "/" + PictureScan.trashName
        mkdir(folder, 0o700)
        let base = (path.lastPathComponent as NSString).deletingPathExtension
        for number in 0..<10_000 {
            let place = "\(folder)/\(number == 0 ? base : "\(base)-\(number)").png"
            if try move(entry.path, to: place) { return place }
        }
        throw .full(folder: folder)
    }

    /// Puts the file back under its own name.
    package static func putBack(_ entry: PictureEntry) throws(TrashError) {
        guard let place = entry.trashPath else { return }
        guard try move(place, to: entry.path) else { throw .taken(path: entry.path) }
    }

    /// A rename that never replaces a file; false where the name is taken.
    private static func move(_ path: String, to place: String) throws(TrashError) -> Bool {
        guard link(path, place) == 0 else {
            if errno == EEXIST { return false }
            throw .cannotMove(path: path, reason: String(cString: strerror(errno)))
        }
        guard unlink(path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(place)
            throw .cannotMove(path: path, reason: reason)
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
