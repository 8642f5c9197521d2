import Synchronization

/// A request to stop, raised by one thread and seen by the computation at its next task.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)

    public init() {}

    public func raise() {
        raised.store(true, ordering: .releasing)
    }

    public var isRaised: Bool {
        raised.load(ordering: .acquiring)
    }

    /// - Throws: `Stopped` once the signal is raised.
    public func check() throws(Stopped) {
        if isRaised { throw Stopped() }
    }
}

/// A computation ended early because it was asked to; nothing it was making is kept.
public struct Stopped: Error, Equatable, CustomStringConvertible {
    public init() {}

    public var description: String { "Stopped." }
}
