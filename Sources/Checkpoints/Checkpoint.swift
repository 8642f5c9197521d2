import Crypto
import Foundation
import Tensors

/// The tensors of a checkpoint file, or of a file split into shards, read as data and never run.
///
/// The format is decided by content, not by name. Opening maps the files and checks their
/// headers; the numbers are paged in when they are used.
public final class Checkpoint: Sendable {
    /// How the tensors are stored.
    public enum Format: String, Sendable {
        case safetensors = "safetensors file"
        case torch = "PyTorch zip file"
        case shards = "index of shards"
    }

    /// The file that was opened.
    public let path: String
    /// What it was found to be.
    public let format: Format
    /// The strings of a safetensors header's `__metadata__`; of shards, those of the index that
    /// are strings. Empty for a PyTorch file.
    public let metadata: [String: String]
    /// The names of all tensors, sorted.
    public let keys: [String]
    private let locations: [String: TensorLocation]
    private let mappedFiles: [MappedFile]

    /// Opens the safetensors file, PyTorch zip file or safetensors index at `path`.
    public init(path: String) throws(CheckpointError) {
        let contents = try Contents(path: path)
        self.path = path
        format = contents.format
        metadata = contents.metadata
        locations = contents.locations
        mappedFiles = contents.files
        keys = contents.locations.keys.sorted()
    }

    /// The paths of the files that hold tensors: the shards, sorted by name, or the file itself.
    public var files: [String] { mappedFiles.map(\.path) }

    /// What tells the files as they were opened from others of the same paths, in the order of
    /// `files`: their sizes, inodes and times of change.
    public var identities: [String] { mappedFiles.map(\.identity) }

    /// The size of `files` together.
    public var byteCount: Int { mappedFiles.reduce(0) { $0 + $1.byteCount } }

    /// The shape and type of a tensor; nil when there is no such key.
    public func entry(_ key: String) -> TensorEntry? {
        locations[key]?.entry
    }

    /// A tensor as the file has it: a view of the mapped file where its elements lie in row-major
    /// order and are aligned, else a copy.
    public func tensor(_ key: String) throws(CheckpointError) -> Tensor {
        guard let location = locations[key] else {
            throw .missing(path: path, key: key, nearest: nearest(to: key))
        }
        return location.read()
    }

    /// The SHA-256 of the file in lower-case hexadecimal. Of shards: that of the shards' hashes in
    /// the order of `files`, each followed by a newline.
    public func sha256() -> String {
        let hashes = mappedFiles.map(Self.sha256)
        guard format == .shards else { return hashes.joined() }
        var hash = SHA256()
        for shard in hashes { hash.update(data: Array("\(shard)\n".utf8)) }
        return hash.finalize().hexadecimal
    }

    private static func sha256(_ file: MappedFile) -> String {
        var hash = SHA256()
        var start = 0
        while start < file.byteCount {
            let part = Storage(file, range: start..<min(start + 16 << 20, file.byteCount))
            hash.update(bufferPointer: UnsafeRawBufferPointer(part.bytes))
            part.releasePages()
            start += part.byteCount
        }
        return hash.finalize().hexadecimal
    }

    /// The same key behind a prefix, such as `module.`, or the one with the fewest edits from it, when
    /// there are few.
    private func nearest(to key: String) -> String? {
        if let prefixed = keys.first(where: { $0.hasSuffix(".\(key)") }) { return prefixed }
        var best: (distance: Int, key: String)?
        for candidate in keys {
            let limit = best.map { $0.distance - 1 } ?? min(16, key.utf8.count / 2)
            if let distance = editDistance(key, candidate, limit: limit) {
                best = (distance, candidate)
            }
        }
        return best?.key
    }
}

extension Storage {
    fileprivate var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base, count: byteCount)
    }
}

/// How many bytes must be inserted, removed or changed to turn one text into the other; nil when
/// more than `limit`.
private func editDistance(_ first: String, _ second: String, limit: Int) -> Int? {
    let first = Array(first.utf8)
    let second = Array(second.utf8)
    guard limit >= 0, abs(first.count - second.count) <= limit else { return nil }
    var row = Array(0...second.count)
    for (index, byte) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let above = row[column + 1]
            row[column + 1] = min(
                diagonal + (byte == second[column] ? 0 : 1), above + 1, row[column] + 1)
            diagonal = above
        }
        guard row.contains(where: { $0 <= limit }) else { return nil }
    }
    return row[second.count] <= limit ? row[second.count] : nil
}

extension SHA256.Digest {
    /// In lower case.
    package var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
