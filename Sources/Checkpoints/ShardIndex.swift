import JSON

/// A `*.safetensors.index.json`: which file beside it holds each tensor.
struct ShardIndex {
    /// File names by tensor name.
    private(set) var shards: [String: String] = [:]
    private(set) var metadata: [String: String] = [:]

    /// Levels of values that are passed over.
    private static let depthLimit = 8

    init(_ bytes: UnsafeRawBufferPointer) throws(FormatProblem) {
        guard bytes.count <= CheckpointLimits.headerBytes else {
            throw FormatProblem(
                "it has \(bytes.count) bytes; at most \(CheckpointLimits.headerBytes) are allowed")
        }
        var shards: [String: String] = [:]
        var metadata: [String: String] = [:]
        var reader = JSONReader<FormatProblem>(bytes)
        try reader.openObject()
        while let field = try reader.nextName() {
            switch field {
            case "weight_map": shards = try Self.readWeightMap(&reader)
            case "metadata": metadata = try Self.readMetadata(&reader)
            default: _ = try reader.value(depth: Self.depthLimit)
            }
        }
        try reader.end()
        guard !shards.isEmpty else { throw FormatProblem("it has no weight_map") }
        guard Set(shards.values).count <= CheckpointLimits.shards else {
            throw FormatProblem("it names more than \(CheckpointLimits.shards) files")
        }
        self.shards = shards
        self.metadata = metadata
    }

    private static func readWeightMap(
        _ reader: inout JSONReader<FormatProblem>
    ) throws(FormatProblem) -> [String: String] {
        var shards: [String: String] = [:]
        try reader.openObject()
        while let name = try reader.nextName() {
            try CheckpointLimits.check(name: name)
            guard shards.count < CheckpointLimits.tensors else {
                throw FormatProblem("it has more than \(CheckpointLimits.tensors) tensors")
            }
            shards[name] = try checked(shard: try reader.string())
        }
        return shards
    }

    /// A name that stays in the index's own folder.
    private static func checked(shard: String) throws(FormatProblem) -> String {
        guard !shard.isEmpty, shard.utf8.count <= CheckpointLimits.nameBytes,
            !shard.hasPrefix("."), !shard.contains("/"), !shard.contains("\0")
        else {
            throw FormatProblem("\(quoted(shard)) is no plain file name")
        }
        return shard
    }

    private static func readMetadata(
        _ reader: inout JSONReader<FormatProblem>
    ) throws(FormatProblem) -> [String: String] {
        var metadata: [String: String] = [:]
        try reader.openObject()
        while let name = try reader.nextName() {
            guard metadata.count < CheckpointLimits.metadataEntries else {
                throw FormatProblem(
                    "it has more than \(CheckpointLimits.metadataEntries) metadata entries")
            }
            switch reader.next() {
            case UInt8(ascii: "\""): metadata[name] = try reader.string()
            // Such as total_size.
            default:
                if case .integer(let number) = try reader.value(depth: Self.depthLimit) {
                    metadata[name] = "\(number)"
                }
            }
        }
        return metadata
    }
}
