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
        preparations.add { try weights.checkFinite(name, tensor) }
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
        preparations.add(work)
    }

    /// Checks and arranges every weight that the layers of this scope read: the slow part of
    /// loading, done once, when the model is first used.
    ///
    /// - Throws: `CheckpointError.notFinite`, `KernelError`, or `Stopped` when asked to stop.
    public func prepare() throws {
        try preparations.run(on: compute)
    }

    /// Lets the system take back the file pages of these weights until they are read again.
    public func releasePages() {
        preparations.releasePages()
    }
}

/// Work left over from building layers.
private final class Preparations: Sendable {
    private let works = Mutex<[@Sendable () throws -> Void]>([])
    private let tensors = Mutex<[Tensor]>([])

    func keep(_ tensor: Tensor) {
        tensors.withLock { $0.append(tensor) }
    }

    func releasePages() {
        for tensor in tensors.withLock({ $0 }) { tensor.storage.releasePages() }
    }

    func add(_ work: @escaping @Sendable () throws -> Void) {
        works.withLock { $0.append(work) }
    }

    /// In the order they were added: a weight is checked just before it is arranged, while its
    /// pages are in memory.
    func run(on compute: Compute) throws {
        let pending = works.withLock { works in
            defer { works = [] }
            return works
        }
        for (index, work) in pending.enumerated() {
            do {
                try compute.checkStop()
                try work()
            } catch {
                works.withLock { $0 = Array(pending[index...]) + $0 }
                throw error
            }
        }
    }
}
