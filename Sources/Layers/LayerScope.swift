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
        preparations.register(weights.prefix) { layer in
            layer.tensors.append(tensor)
            layer.pending.append { try weights.checkFinite(name, tensor) }
        }
        return tensor
    }

    /// A small weight as float32, checked for NaN at once.
    public func smallWeight(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let tensor = try weights.tensor(name, shape)
        try weights.checkFinite(name, tensor)
        return tensor.converted(to: .float32)
    }

    /// A vector of variances, none of them below zero.
    public func variances(_ name: String, _ shape: Shape) throws(CheckpointError) -> Tensor {
        let tensor = try smallWeight(name, shape)
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
        preparations.register(weights.prefix) { layer in
            layer.pending.append(work)
            layer.repeatable = (work, undo)
            layer.packing = packing
        }
    }

    /// Checks and arranges every weight that the layers of this scope read: the slow part of
    /// loading, done once, when the model is first used.
    ///
    /// - Throws: `CheckpointError.notFinite`, or `Stopped` when asked to stop.
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

/// Work left over from building layers. That of a layer is done in one go, so that a weight is checked
/// just before it is arranged, while its pages are in memory.
private final class Preparations: Sendable {
    typealias Work = @Sendable () throws -> Void

    /// A layer, named by the prefix of its keys.
    struct Layer {
        let name: String
        /// Its large weights as they lie in the file.
        var tensors: [Tensor] = []
        /// What is to be done yet, in this order.
        var pending: [Work] = []
        /// Work that can be undone and done again; `undo` returns true when there was something to
        /// undo.
        var repeatable: (work: Work, undo: @Sendable () -> Bool)?
        /// What its arranged weights are in a file; nil where they are in none.
        var packing: PackableWeights?
    }

    private let layers = Mutex<[Layer]>([])
    private let cached: CachedPart?

    /// Weights of fewer bytes than this stay as they are: making them again, or reading their pages
    /// again, would take longer than it is worth.
    private static let releasedFrom = 128 << 20

    init(_ cached: CachedPart?) {
        self.cached = cached
    }

    /// Adds to the layer of this name, which is the last one or a new one.
    func register(_ name: String, _ add: (inout Layer) -> Void) {
        layers.withLock { layers in
            if layers.last?.name != name { layers.append(Layer(name: name)) }
            add(&layers[layers.count - 1])
        }
    }

    func release() {
        let known = layers.withLock { $0 }
        let tensors = known.flatMap(\.tensors)
        for tensor in tensors { tensor.storage.releasePages() }
        if let cached, cached.releasePages(from: 0) { return }
        guard tensors.reduce(0, { $0 + $1.byteCount }) >= Self.releasedFrom else { return }
        for (place, layer) in known.enumerated() {
            guard let (work, undo) = layer.repeatable, undo() else { continue }
            layers.withLock { $0[place].pending.append(work) }
        }
    }

    func releasePages() {
        _ = cached?.releasePages(from: Self.releasedFrom)
    }

    /// Takes packed weights that were kept, or does the work and keeps what it packed.
    func run(on compute: Compute) throws {
        guard let cached else { return try work(on: compute) }
        let packings = layers.withLock { layers in
            layers.compactMap { layer in
                layer.packing.map { (name: layer.name, packing: $0) }
            }
        }
        if try cached.adopt(packings, on: compute) {
            _ = takePending()
            return
        }
        try work(on: compute)
        cached.keep(packings, on: compute)
    }

    private func takePending() -> [(place: Int, works: [Work])] {
        layers.withLock { layers in
            let pending = layers.indices.map { (place: $0, works: layers[$0].pending) }
            for place in layers.indices { layers[place].pending = [] }
            return pending.filter { !$0.works.isEmpty }
        }
    }

    /// Shares the layers out over the threads. What fails or is stopped stays to be done.
    private func work(on compute: Compute) throws {
        let pending = takePending()
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
        layers.withLock { layers in
            for (place, works) in left.map({ pending[$0] }) {
                layers[place].pending = works + layers[place].pending
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
        try compute.checkStop()
    }
}
