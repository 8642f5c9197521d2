import Foundation
import Kernels
import Synchronization
import Tensors

/// A cache of packed weights, and the checkpoint that they are made from.
public struct CheckpointCache: Sendable {
    let cache: WeightCache
    /// SHA-256 of the checkpoint; computed when it is first asked for.
    let sha256: @Sendable () -> String

    public init(_ cache: WeightCache, sha256: @escaping @Sendable () -> String) {
        self.cache = cache
        self.sha256 = sha256
    }
}

/// The packed weights of one part of a model, in a file.
final class CachedPart: Sendable {
    private let cache: CheckpointCache
    private let name: String
    private let precision: Precision
    private let state = Mutex<State>(.untried)

    private enum State {
        case untried
        /// There is nothing in the cache and nothing goes there.
        case without
        case adopted([Storage])
    }

    init(_ name: String, of cache: CheckpointCache, _ precision: Precision) {
        (self.name, self.cache, self.precision) = (name, cache, precision)
    }

    private var key: PackedFile.Key {
        PackedFile.Key(
            checkpoint: cache.sha256(), part: name, precision: precision.rawValue)
    }

    /// Takes the weights from the file.
    ///
    /// - Returns: true when they are there, now or since before.
    /// - Throws: `Stopped` when asked to stop.
    func adopt(
        _ packings: [(name: String, packing: PackableWeights)], on compute: Compute
    ) throws(Stopped) -> Bool {
        switch state.withLock({ $0 }) {
        case .adopted: return true
        case .without: return false
        case .untried: break
        }
        let sizes = packings.map { (name: $0.name, byteCount: $0.packing.byteCount) }
        guard sizes.reduce(0, { $0 + $1.byteCount }) >= cache.cache.smallestPart else {
            state.withLock { $0 = .without }
            return false
        }
        guard let file = cache.cache.read(key, sizes: sizes) else { return false }
        let damaged = Mutex(false)
        compute.forEach(file.weights.count) { index in
            if !file.isSound(index) { damaged.withLock { $0 = true } }
        }
        try compute.checkStop()
        guard !damaged.withLock({ $0 }) else { return false }
        take(file.weights, packings)
        return true
    }

    /// Writes the weights to the file, and takes them from there from now on: pages of a file are
    /// cheaper than memory of our own. When asked to stop, that is left for the next time.
    func keep(_ packings: [(name: String, packing: PackableWeights)], on compute: Compute) {
        guard case .untried = state.withLock({ $0 }), !compute.isStopping else { return }
        state.withLock { $0 = .without }
        let parts = packings.compactMap { part in
            part.packing.packed().map { (name: part.name, bytes: $0) }
        }
        guard parts.count == packings.count else { return }
        guard cache.cache.write(key, parts, unless: { compute.isStopping }) else {
            if compute.isStopping { state.withLock { $0 = .untried } }
            return
        }
        let sizes = parts.map { (name: $0.name, byteCount: $0.bytes.byteCount) }
        guard let file = cache.cache.read(key, sizes: sizes) else { return }
        take(file.weights, packings)
        // What they were packed into would otherwise stay this program's.
        Storage.returnFreeMemory()
    }

    private func take(
        _ weights: [Storage], _ packings: [(name: String, packing: PackableWeights)]
    ) {
        for (weight, part) in zip(weights, packings) { part.packing.adopt(weight) }
        state.withLock { $0 = .adopted(weights) }
    }

    /// Lets the system take back the pages, if they are at least so many bytes.
    ///
    /// - Returns: false when the weights are in no file.
    func releasePages(from limit: Int) -> Bool {
        guard case .adopted(let weights) = state.withLock({ $0 }) else { return false }
        if weights.reduce(0, { $0 + $1.byteCount }) >= limit {
            for weight in weights { weight.releasePages() }
        }
        return true
    }
}
