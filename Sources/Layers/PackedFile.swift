import Foundation
import Kernels
import Tensors

/// A mapped file of packed weights: eight bytes of name and version, the length of a header, the
/// header as JSON, and from the next page on the weights, each at a multiple of 64.
package struct PackedFile: Sendable {
    /// What the weights were made from.
    package struct Key: Codable, Hashable {
        /// SHA-256 of the checkpoint.
        let checkpoint: String
        let part: String
        let precision: String

        package init(checkpoint: String, part: String, precision: String) {
            (self.checkpoint, self.part, self.precision) = (checkpoint, part, precision)
        }
    }

    private struct Header: Codable {
        let key: Key
        let entries: [Entry]
    }

    private struct Entry: Codable {
        let name: String
        let start: Int
        let byteCount: Int
        let checksum: UInt64
    }

    /// In the order of the header.
    let weights: [Storage]
    private let checksums: [UInt64]

    private static let mark = Array("DCARPK".utf8) + [0, UInt8(WeightCache.version)]
    private static let page = 4_096
    /// Bytes after which it is asked again whether to go on.
    private static let largestWrite = 8 << 20

    /// Nil unless the file is complete and holds just these weights; whether their bytes are sound
    /// says `isSound`.
    init?(path: String, key: Key, sizes: [(name: String, byteCount: Int)]) {
        guard let file = try? MappedFile(path: path), file.byteCount >= 16,
            file.bytes.prefix(8).elementsEqual(Self.mark)
        else { return nil }
        let length = Int(file.bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard length <= file.byteCount - 16,
            let header = try? JSONDecoder().decode(
                Header.self, from: Data(file.bytes[16..<16 + length])),
            header.key == key, header.entries.map(\.name) == sizes.map(\.name),
            header.entries.map(\.byteCount) == sizes.map(\.byteCount)
        else { return nil }
        var weights: [Storage] = []
        for entry in header.entries {
            // Written so that no sum can overflow.
            guard entry.start >= 16 + length, entry.start % 64 == 0,
                entry.start <= file.byteCount, entry.byteCount <= file.byteCount - entry.start
            else { return nil }
            weights.append(Storage(file, range: entry.start..<entry.start + entry.byteCount))
        }
        self.weights = weights
        checksums = header.entries.map(\.checksum)
    }

    /// Whether the bytes of a weight are those that were written; reads them all.
    func isSound(_ index: Int) -> Bool {
        weights[index].checksum == checksums[index]
    }

    /// Writes a file of weights; false when the disk does not take it, or when asked to stop.
    static func write(
        _ key: Key, _ parts: [(name: String, bytes: Storage)], to path: String,
        unless isStopping: () -> Bool
    ) -> Bool {
        func whole(_ count: Int, _ unit: Int) -> Int { (count + unit - 1) / unit * unit }
        let checksums = parts.map { isStopping() ? 0 : $0.bytes.checksum }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func header(from first: Int) -> Data? {
            var start = first
            let entries = zip(parts, checksums).map { part, checksum in
                defer { start += whole(part.bytes.byteCount, 64) }
                return Entry(
                    name: part.name, start: start, byteCount: part.bytes.byteCount,
                    checksum: checksum)
            }
            return try? encoder.encode(Header(key: key, entries: entries))
        }
        // Room for longer numbers than in this draft of it.
        guard let draft = header(from: 0) else { return false }
        let first = whole(16 + draft.count + 16 * parts.count, page)
        guard let header = header(from: first), header.count <= first - 16 else { return false }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        var isWritten = true
        func put(_ bytes: UnsafeRawBufferPointer) {
            var left = bytes
            while isWritten, !left.isEmpty, !isStopping() {
                let count = Foundation.write(
                    descriptor, left.baseAddress, min(left.count, largestWrite))
                if count > 0 {
                    left = UnsafeRawBufferPointer(rebasing: left.dropFirst(count))
                } else if count < 0, errno != EINTR {
                    isWritten = false
                }
            }
        }
        var start = Array(mark)
        withUnsafeBytes(of: UInt32(header.count)) { start += $0 }
        start += [0, 0, 0, 0]
        start += header
        start += [UInt8](repeating: 0, count: first - start.count)
        start.withUnsafeBytes(put)
        for part in parts {
            let count = part.bytes.byteCount
            put(UnsafeRawBufferPointer(start: part.bytes.base, count: count))
            [UInt8](repeating: 0, count: whole(count, 64) - count).withUnsafeBytes(put)
        }
        withExtendedLifetime(parts) {}
        return close(descriptor) == 0 && isWritten && !isStopping()
    }
}
