import Foundation
import JSON
import Tensors

/// What the files of a checkpoint hold, found while it is opened.
struct Contents {
    var format: Checkpoint.Format
    var metadata: [String: String] = [:]
    var locations: [String: TensorLocation] = [:]
    var files: [MappedFile] = []

    /// Opens a file of any format.
    init(path: String) throws(CheckpointError) {
        let file = try Self.map(path)
        if Self.isIndex(file.bytes) {
            try self.init(index: file)
        } else {
            try self.init(file: file)
        }
    }

    /// Opens one file that holds tensors.
    private init(file: MappedFile) throws(CheckpointError) {
        guard let format = Self.format(of: file.bytes) else {
            throw .unrecognised(
                path: file.path, content: ForeignContent.description(of: file.bytes))
        }
        self.format = format
        files = [file]
        do {
            if format == .torch {
                locations = try TorchFile(file).locations
            } else {
                let header = try SafetensorsHeader(file.bytes)
                metadata = header.metadata
                for entry in header.entries {
                    locations[entry.name] = TensorLocation(
                        entry: entry.entry, file: file, start: entry.bytes.lowerBound, strides: nil)
                }
            }
        } catch {
            throw .malformed(path: file.path, format: format.rawValue, problem: error.text)
        }
    }

    /// Opens the shards that an index names. Every tensor of every shard must be in the index, and
    /// every tensor of the index in its shard.
    private init(index: MappedFile) throws(CheckpointError) {
        format = .shards
        let shardIndex: ShardIndex
        do {
            shardIndex = try ShardIndex(index.bytes)
        } catch {
            throw .malformed(path: index.path, format: format.rawValue, problem: error.text)
        }
        metadata = shardIndex.metadata
        let folder = (index.path as NSString).deletingLastPathComponent
        for shard in Set(shardIndex.shards.values).sorted() {
            let contents = try Contents(
                file: Self.map(folder.isEmpty ? shard : "\(folder)/\(shard)"))
            files += contents.files
            for (key, location) in contents.locations {
                guard shardIndex.shards[key] == shard else {
                    throw .malformed(
                        path: index.path, format: format.rawValue,
                        problem: "\(shard) holds \(key), which the index does not place there")
                }
                locations[key] = location
            }
        }
        let absent = shardIndex.shards.keys.filter { locations[$0] == nil }.min()
        if let absent {
            throw .malformed(
                path: index.path, format: format.rawValue,
                problem: "\(shardIndex.shards[absent] ?? "its shard") does not hold \(absent)")
        }
    }

    private static func map(_ path: String) throws(CheckpointError) -> MappedFile {
        do {
            return try MappedFile(path: path)
        } catch {
            throw .unreadable(error)
        }
    }

    /// True for JSON text; a safetensors file that starts with the same byte has a small number in
    /// its first eight.
    private static func isIndex(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.first(where: { !$0.isJSONSpace }) == UInt8(ascii: "{") else { return false }
        return bytes.number(UInt64.self, at: 0).map { $0 >= 1 << 32 } ?? true
    }

    private static func format(of bytes: UnsafeRawBufferPointer) -> Checkpoint.Format? {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .torch }
        return bytes.count > 8 && bytes[8] == UInt8(ascii: "{") ? .safetensors : nil
    }
}
