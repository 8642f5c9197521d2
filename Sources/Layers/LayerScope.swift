import Checkpoints
import Kernels
import Synchronization
import Tensors

/// Where a layer finds its weights, and what it computes with.
public struct LayerScope: Sendable {
    public let weights: WeightScope
    public let compute: Compute
    fileprivate let preparations: Preparations

    /// - Parameters:
    ///   - part: the name of the part of a model that this scope's layers make up.
    ///   - cache: keeps its packed weights; nil for none.
    public init(
        _ reader: CheckpointReader, compute: Compute, part: String = "",
        cache: CheckpointCache? = nil
    ) {
        weights = reader.root
        self.compute = compute
        preparations = Preparations(cache.map { CachedPart(part, of: $0, compute.precision) })
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

    /// A vector of variances, none of them below zero.
    public func variances(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let tensor = try vector(name, shape)
        try weights.checkNotNegative(name, tensor)
        return tensor
    }

    /// Adds work that `prepare` will do, unless it finds packed weights that were made before.
    ///
    /// - Parameter undo: says whether it undid the work, so that it must be done again.
    func whenPrepared(
        packing: PackableWeights?, _ work: @escaping @Sendable () throws -> Void,
        untilReleased undo: @escaping @Sendable () -> Bool = { false }
    ) {
        preparations.add(to: weights.prefix, work)
        preparations.keep(Repeatable(name: weights.prefix, work: work, undo: undo))
        if let packing { preparations.keep(packing, named: weights.prefix) }
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

    /// Lets the system take back the file pages of these weights, if they are many, until they are
    /// read again.
    public func releasePages() {
        preparations.releasePages()
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
    private let packings = Mutex<[(name: String, packing: PackableWeights)]>([])
    private let cached: CachedPart?

    /// Weights of fewer bytes than this stay as they are: making them again, or reading their pages
    /// again, would take longer than it is worth.
    private static let releasedFrom = 128 << 20

    init(_ cached: CachedPart?) {
        self.cached = cached
    }

    func keep(_ tensor: Tensor) {
        tensors.withLock { $0.append(tensor) }
    }

    func keep(_ repeatable: Repeatable) {
        repeatables.withLock { $0.append(repeatable) }
    }

    func keep(_ packing: PackableWeights, named name: String) {
        packings.withLock { $0.append((name, packing)) }
    }

    func release() {
        let tensors = tensors.withLock { $0 }
        for tensor in tensors { tensor.storage.releasePages() }
        if let cached, cached.releasePages(from: 0) { return }
        guard tensors.reduce(0, { $0 + $1.byteCount }) >= Self.releasedFrom else { return }
        for part in repeatables.withLock({ $0 }) where part.undo() {
            add(to: part.name, part.work)
        }
    }

    func releasePages() {
        _ = cached?.releasePages(from: Self.releasedFrom)
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

    /// Takes packed weights that were kept, or does the work and keeps what it packed.
    func run(on compute: Compute) throws {
        guard let cached else { return try work(on: compute) }
        let packings = packings.withLock { $0 }
        if try cached.adopt(packings, on: compute) {
            groups.withLock { $0 = [] }
            return
        }
        try work(on: compute)
        cached.keep(packings)
    }

    /// Shares the groups out over the threads. What fails or is stopped stays to be done.
    private func work(on compute: Compute) throws {
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
