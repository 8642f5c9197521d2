import Checkpoints
import Foundation

/// Hashes of checkpoint files that were computed before, kept in the user's cache folder: hashing
/// a full-size model takes seconds. A file counts as the same while its path, size, place on disk
/// and times are.
enum HashCache {
    private static let limit = 200

    private static var path: String? {
        CacheFolder.path.map { "\($0)/hashes.json" }
    }

    /// The SHA-256 of a checkpoint, as `Checkpoint.sha256` gives it.
    static func sha256(of checkpoint: Checkpoint) -> String {
        guard let path else { return checkpoint.sha256() }
        let key = key(of: checkpoint)
        var known = read(path)
        if let hash = known[key], hash.count == 64 { return hash }
        let hash = checkpoint.sha256()
        // A cache that grew past its limit begins anew; one that cannot be written is done without.
        if known.count >= limit { known = [:] }
        known[key] = hash
        write(known, to: path)
        return hash
    }

    /// Of the files as they were opened: what lies at their paths now may be another model.
    private static func key(of checkpoint: Checkpoint) -> String {
        zip(checkpoint.files, checkpoint.identities).map { file, identity in
            "\(URL(fileURLWithPath: file).standardizedFileURL.path) \(identity)"
        }.joined(separator: "\n")
    }

    private static func read(_ path: String) -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20 else {
            return [:]
        }
        return (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
    }

    private static func write(_ hashes: [String: String], to path: String) {
        let url = URL(fileURLWithPath: path)
        try? FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try? JSONEncoder().encode(hashes).write(to: url, options: .atomic)
    }
}
