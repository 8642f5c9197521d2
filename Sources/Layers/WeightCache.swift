import Foundation
import Kernels
import Tensors

/// A folder of packed weights. A model whose weights lie there opens at once, and its memory is
/// pages of the file, which the system can take back and which programs share.
///
/// What a file holds follows from the checkpoint, the precision and the version of the order below
/// alone, never from the processor: it is our own kernels that read it.
public struct WeightCache: Sendable {
    /// Counts up when the order of packed weights or of the file changes.
    static let version = 3
    /// Files that nobody used for this long are removed when another is written.
    private static let keptFor: TimeInterval = 30 * 86_400
    /// Drafts that nobody wrote to for this long are of programs that have ended.
    private static let draftsKeptFor: TimeInterval = 600

    public let folder: String
    /// Bytes of the smallest part that is kept.
    let smallestPart: Int

    /// - Parameter smallestPart: smaller parts are arranged faster than a file is worth.
    public init(folder: String, smallestPart: Int = 16 << 20) {
        self.folder = folder
        self.smallestPart = smallestPart
    }

    /// The file names of the packed weights, and their bytes together.
    public var contents: (files: [String], byteCount: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = names.filter { $0.hasSuffix(Self.suffix) || $0.contains(Self.unfinished) }
        let sizes = files.map { name -> Int in
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 ? Int(status.st_size) : 0
        }
        return (files.sorted(), sizes.reduce(0, +))
    }

    /// Removes every file; a program that uses one goes on unharmed.
    public func clear() {
        for name in contents.files { unlink("\(folder)/\(name)") }
    }

    private static let suffix = ".packed"
    private static let unfinished = ".packed-"

    // MARK: One part

    /// The weights of one part as they lie in its file; nil where there is none that fits.
    ///
    /// - Parameter sizes: of the weights by name, in the file's order.
    func read(_ key: PackedFile.Key, sizes: [(name: String, byteCount: Int)]) -> PackedFile? {
        let path = path(of: key)
        guard let file = PackedFile(path: path, key: key, sizes: sizes) else { return nil }
        // What is used stays longest; a folder that cannot be written to is used all the same.
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
        return file
    }

    /// Writes the weights of one part under a name of its own and renames it when it is complete,
    /// so that several programs may do so at once.
    ///
    /// - Parameter isStopping: asked now and then; the file is given up where it says so.
    /// - Returns: false where that cannot be done; nothing is left behind then.
    package func write(
        _ key: PackedFile.Key, _ parts: [(name: String, bytes: Storage)],
        unless isStopping: () -> Bool = { false }
    ) -> Bool {
        let needed = parts.reduce(0) { $0 + $1.bytes.byteCount }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            return false
        }
        // A full disk would hurt more than waiting does.
        guard freeBytes > 2 * needed else { return false }
        removeUnused()
        let path = path(of: key)
        let draft = "\(path)-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard PackedFile.write(key, parts, to: draft, unless: isStopping),
            rename(draft, path) == 0
        else {
            unlink(draft)
            return false
        }
        return true
    }

    private func path(of key: PackedFile.Key) -> String {
        "\(folder)/\(key.part)-\(key.precision)-\(key.checkpoint.prefix(16))\(Self.suffix)"
    }

    private var freeBytes: Int {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    private func removeUnused() {
        for name in contents.files {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard stat(path, &status) == 0 else { continue }
            let age = -Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
                .timeIntervalSinceNow
            let isDraft = name.contains(Self.unfinished)
            if age > (isDraft ? Self.draftsKeptFor : Self.keptFor) { unlink(path) }
        }
    }
}
