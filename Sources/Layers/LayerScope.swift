import Checkpoints
import Kernels
import Synchronization
import Tensors

/// Where a layer finds its weights, and what it computes with.
public struct LayerScope: Sendable {
    public let weights: WeightScope
    public let compute: Compute
    fileprivate let preparations: Preparations

    public init(_ reader: CheckpointReader, compute: Compute) {
        weights = reader.root
        self.compute = compute
        preparations = Preparations()
    }

    private init(_ weights: WeightScope, _ outer: LayerScope) {
        self.weights = weights
        compute = outer.compute
        preparations = outer.preparations
    }

    public subscript(_ name: String) -> LayerScope { LayerScope(weights[name], self) }
    public subscript(_ index: Int) -> LayerScope { LayerScope(weights[index], self) }

    /// A large weight as it lies in the file; it is checked for NaN when the model is prepared.
    public func weight(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let tensor = try weights.tensor(name, shape)
        preparations.add(to: weights.prefix) { try weights.checkFinite(name, tensor) }
        preparations.keep(tensor)
        return tensor
    }

    /// A small weight as float32, checked for NaN at once.
    public func vector(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let tensor = try weights.tensor(name, shape)
        try weights.checkFinite(name, tensor)
        return tensor.converted(to: .float32)
    }

    /// Adds work that `prepare` will do.
    func whenPrepared(_ work: @escaping @Sendable () throws -> Void) {
        preparations.add(to: weights.prefix, work)
    }

    /// Adds work that `prepare` will do, and do again whenever `undo` says that it was undone.
    func whenPrepared(
        _ work: @escaping @Sendable () throws -> Void,
        untilReleased undo: @escaping @Sendable () -> Bool
    ) {
        preparations.add(to: weights.prefix, work)
        preparations.keep(Repeatable(name: weights.prefix, work: work, undo: undo))
    }

    /// Checks and arranges every weight that the layers of this scope read: the slow part of
    /// loading, done once, when the model is first used.
    ///
    /// - Throws: `CheckpointError.notFinite`, `KernelError`, or `Stopped` when asked to stop.
    public func prepare() throws {
        try preparations.run(on: compute)
    }

    /// Lets the system take back the file pages of these weights until they are read again, and
    /// forgets what was made from them if that is much; `prepare` makes it again.
    public func release() {
        preparations.release()
    }
}

/// Work that can be undone and done again.
private struct Repeatable: Sendable {
    let name: String
    let work: @Sendable () throws -> Void
    /// Returns true when there was something to undo.
    let undo: @Sendable () -> Bool
}

/// Work left over from building layers, in groups: the parts of a group follow each other, so that
/// a weight is checked just before it is arranged, while its pages are in memory.
private final class Preparations: Sendable {
    private typealias Work = @Sendable () throws -> Void
    private let groups = Mutex<[(name: String, works: [Work])]>([])
    private let tensors = Mutex<[Tensor]>([])
    private let repeatables = Mutex<[Repeatable]>([])

    /// Weights of fewer bytes than this stay arranged: making them again would take longer than it
    /// is worth.
    private static let releasedFrom = 128 << 20

    func keep(_ tensor: Tensor) {
        tensors.withLock { $0.append(tensor) }
    }

    func keep(_ repeatable: Repeatable) {
        repeatables.withLock { $0.append(repeatable) }
    }

    func release() {
        let tensors = tensors.withLock { $0 }
        for tensor in tensors { tensor.storage.releasePages() }
        guard tensors.reduce(0, { $0 + $1.byteCount }) >= Self.releasedFrom else { return }
        for part in repeatables.withLock({ $0 }) where part.undo() {
            add(to: part.name, part.work)
        }
    }

    func add(to group: String, _ work: @escaping @Sendable () throws -> Void) {
        groups.withLock { groups in
            if let last = groups.indices.last, groups[last].name == group {
                groups[last].works.append(work)
            } else {
                groups.append((group, [work]))
            }
        }
    }

    /// Shares the groups out over the threads. What fails or is stopped stays to be done.
    func run(on compute: Compute) throws {
        let pending = groups.withLock { groups in
            defer { groups = [] }
            return groups
        }
        let isDone = Mutex(Array(repeating: false, count: pending.count))
        let failure = Mutex<(any Error)?>(nil)
        compute.forEach(pending.count) { index in
            do {
                for work in pending[index].works { try work() }
                isDone.withLock { $0[index] = true }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        let left = isDone.withLock { done in pending.indices.filter { !done[$0] } }
        groups.withLock { $0 = left.map { pending[$0] } + $0 }
        if let failure = failure.withLock({ $0 }) { throw failure }
        try compute.checkStop()
    }
}
