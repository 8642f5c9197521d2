import Synchronization
import Tensors

/// Reads a checkpoint for a model and remembers what was read, so that what was not can be refused.
public final class CheckpointReader: Sendable {
    /// What is read.
    public let checkpoint: Checkpoint
    private let keysRead = Mutex<Set<String>>([])

    /// A reader that has read nothing yet.
    public init(_ checkpoint: Checkpoint) {
        self.checkpoint = checkpoint
    }

    /// The scope of all keys.
    public var root: WeightScope { WeightScope(reader: self, prefix: "") }

    /// Refuses a checkpoint with tensors that nobody asked for, except those whose key starts with
    /// one of `prefixes` or ends with one of `suffixes`.
    public func checkAllRead(
        ignoring prefixes: [String] = [], ignoringSuffixes suffixes: [String] = []
    ) throws(CheckpointError) {
        let keysRead = keysRead.withLock { $0 }
        let left = checkpoint.keys.filter { key in
            !keysRead.contains(key) && !prefixes.contains { key.hasPrefix($0) }
                && !suffixes.contains { key.hasSuffix($0) }
        }
        guard left.isEmpty else {
            throw .unexpected(path: checkpoint.path, keys: Array(left.prefix(3)), count: left.count)
        }
    }

    fileprivate func read(_ key: String) throws(CheckpointError) -> Tensor {
        let tensor = try checkpoint.tensor(key)
        keysRead.withLock { _ = $0.insert(key) }
        return tensor
    }
}

/// A checkpoint seen from one key prefix: `root["mlp"]["0"]` reads keys that start `mlp.0.`.
public struct WeightScope: Sendable {
    /// Remembers what this scope reads.
    public let reader: CheckpointReader
    /// Without the dot that follows it; empty at the root.
    public let prefix: String

    /// The scope of the keys that go on with `name`.
    public subscript(_ name: String) -> WeightScope {
        WeightScope(reader: reader, prefix: prefix.isEmpty ? name : "\(prefix).\(name)")
    }

    /// The scope of one layer of a numbered list.
    public subscript(_ index: Int) -> WeightScope { self[String(index)] }

    /// The shape and type of a tensor, which does not count as read; nil when there is none.
    public func entry(_ name: String) -> TensorEntry? {
        reader.checkpoint.entry(self[name].prefix)
    }

    /// True when the checkpoint has the tensor `name`.
    public func has(_ name: String) -> Bool {
        entry(name) != nil
    }

    /// The tensor `name`, which must have exactly this shape and a floating-point type.
    public func tensor(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let key = self[name].prefix
        let path = reader.checkpoint.path
        if let entry = entry(name) {
            guard entry.shape == shape else {
                throw .wrongShape(path: path, key: key, expected: shape, found: entry.shape)
            }
            guard entry.elementType.isFloatingPoint else {
                throw .wrongType(
                    path: path, key: key, expected: "a floating-point type",
                    found: entry.elementType)
            }
        }
        return try reader.read(key)
    }

    /// Refuses a tensor read as `name` when a number in it is NaN or infinite.
    public func checkFinite(_ name: String, _ tensor: Tensor) throws(CheckpointError) {
        guard let index = firstNonFinite(in: tensor) else { return }
        throw .notFinite(path: reader.checkpoint.path, key: self[name].prefix, index: index)
    }

    /// Refuses a float32 tensor read as `name` when a number in it is below zero.
    public func checkNotNegative(_ name: String, _ tensor: Tensor) throws(CheckpointError) {
        guard let index = tensor.withFloats({ $0.firstIndex { $0 < 0 } }) else { return }
        throw .negative(path: reader.checkpoint.path, key: self[name].prefix, index: index)
    }
}
