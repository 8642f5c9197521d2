import Foundation
import Imaging

/// A file that is replaced while pictures are made.
struct PreviewFile {
    /// Behind all links, so that a link stays one.
    let path: String
    private let shown: SanitizedText
    private let folder: Folder?

    private struct Folder: Equatable {
        let device: dev_t
        let number: ino_t

        init?(of path: String) {
            var status = stat()
            guard stat(ImageFile.folder(of: path), &status) == 0 else { return nil }
            (device, number) = (status.st_dev, status.st_ino)
        }
    }

    /// - Throws: `CommandError.usage` for what is no file, `SaveError` where none can be.
    init(_ path: String) throws {
        guard path != "-" else {
            throw CommandError.usage("--preview-path is -, but previews need a file; name one.")
        }
        shown = SanitizedText(path)
        self.path = ImageFile.linkTarget(of: path)
        var (followed, own) = (stat(), stat())
        let isOther =
            stat(path, &followed) == 0 && followed.st_mode & S_IFMT != S_IFREG
            || lstat(self.path, &own) == 0 && own.st_mode & S_IFMT != S_IFREG
        guard !isOther else {
            throw CommandError.usage(
                "--preview-path is \(shown), which is no regular file; name one that may be replaced."
            )
        }
        guard Self.mayBeReplaced(self.path) else {
            throw CommandError.usage(
                "--preview-path is \(shown), a file that is no PNG; name one that may be replaced.")
        }
        do {
            try ImageFile.checkPlace(of: self.path)
        } catch {
            guard case .exists = error else { throw error }
        }
        folder = Folder(of: self.path)
    }

    /// Whether there is nothing, an empty file or a PNG: anything else is no preview of an earlier run.
    private static func mayBeReplaced(_ path: String) -> Bool {
        guard access(path, F_OK) == 0 else { return true }
        guard let file = FileHandle(forReadingAtPath: path),
            let start = try? file.read(upToCount: 8) ?? Data()
        else { return false }
        return start.isEmpty
            || start.elementsEqual([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }

    var name: String { (path as NSString).lastPathComponent }

    /// - Throws: `CommandError.usage` where a picture's path is that of this file.
    func check(isNot picture: String) throws {
        guard (picture as NSString).lastPathComponent == name, Folder(of: picture) == folder
        else { return }
        throw CommandError.usage(
            "--preview-path is \(shown), the name of one of the pictures; give it its own.")
    }
}
