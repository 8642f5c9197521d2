import COneDNN
import Foundation
import Synchronization
import Tensors

/// What the models compute with: a matrix library, a precision and a pool of threads.
///
/// Work is divided into tasks whose sizes depend only on the shapes, so that results are the same
/// bits for any number of threads. One computation at a time: calls from several threads wait for
/// each other.
///
/// `Measurements.md` tells what was tried, and what it gave.
public final class Compute: Sendable {
    public let threadCount: Int
    public let precision: Precision
    public let library: MatrixLibrary
    let product: any MatrixProduct
    private let pool: WorkerPool
    private let signal = Mutex<StopSignal?>(nil)

    /// How many threads there may be; settings go by it too.
    public static let threadLimit = 256

    /// - Parameters:
    ///   - threadCount: nil for one thread a physical core.
    ///   - precision: nil for bfloat16 where it is offered, else float32.
    ///   - library: nil for oneDNN, or for what the variable `DCAR_MATRIX_LIBRARY` names.
    ///   - floatKernels: whose kernels multiply float32 where the library is oneDNN; nil for what is
    ///     fastest here. The wide ones must not be asked for where there is no AVX-512.
    /// - Throws: `KernelError` when the library, the processor or the count does not allow it.
    public init(
        threadCount: Int? = nil, precision: Precision? = nil, library: MatrixLibrary? = nil,
        floatKernels: FloatKernels? = nil
    ) throws(KernelError) {
        let named = ProcessInfo.processInfo.environment["DCAR_MATRIX_LIBRARY"] ?? ""
        guard let library = library ?? (named.isEmpty ? .oneDNN : MatrixLibrary(rawValue: named))
        else { throw .unknownLibrary(named) }
        let threads = threadCount ?? Processor.physicalCores
        guard 1...Self.threadLimit ~= threads else {
            throw .threadCount(threads, limit: Self.threadLimit)
        }
        if let precision, precision != .float32 {
            guard library == .oneDNN else {
                throw .precisionNeedsOneDNN(precision, library: library)
            }
            guard Processor.offers(precision) else { throw .precisionNeedsProcessor(precision) }
        }
        self.library = library
        self.precision =
            precision
            ?? (library == .oneDNN && Processor.offers(.bfloat16) ? .bfloat16 : .float32)
        self.threadCount = threads
        product =
            switch library {
            case .oneDNN: OneDNNProduct(kernels: floatKernels ?? Processor.floatKernels)
            case .openBLAS: OpenBLASProduct()
            case .plain: PlainProduct()
            }
        pool = WorkerPool(threadCount: threads)
        product.warmUp()
    }

    /// The element type of the operands of matrix products, before any are made integers.
    public var operand: ElementType {
        precision == .float32 ? .float32 : .bfloat16
    }

    /// The precision for layers that must not be integers.
    public var floatPrecision: Precision {
        precision == .float32 ? .float32 : .bfloat16
    }

    /// Runs `body` with `signal` in force: once it is raised, tasks are skipped, and the next
    /// `checkStop` throws.
    public func stoppable<Result>(by signal: StopSignal, _ body: () throws -> Result) rethrows
        -> Result
    {
        let outer = self.signal.withLock { current in
            defer { current = signal }
            return current
        }
        defer { self.signal.withLock { $0 = outer } }
        return try body()
    }

    /// - Throws: `Stopped` when the signal in force is raised. A model calls it between layers,
    ///   because what a skipped task should have written is not there.
    public func checkStop() throws(Stopped) {
        try signal.withLock { $0 }?.check()
    }

    /// Whether the signal in force is raised.
    public var isStopping: Bool { signal.withLock { $0 }?.isRaised ?? false }

    /// Runs the tasks 0 ..< count, shared out over the threads; once a stop is asked for, the rest
    /// are skipped.
    public func forEach(_ count: Int, _ body: @escaping (Int) -> Void) {
        let signal = signal.withLock { $0 }
        pool.run(count) { task in
            if let signal, signal.isRaised { return }
            body(task)
        }
    }

    /// Rows `0 ..< count` in runs of at most `grain`, shared out over the threads.
    func forEachRun(of count: Int, grain: Int, _ body: @escaping (Range<Int>) -> Void) {
        let grain = max(1, grain)
        forEach((count + grain - 1) / grain) { task in
            body(task * grain..<min(count, (task + 1) * grain))
        }
    }
}

/// To be called on each thread that computes, before its first matrix product.
func prepareThread() {
    dcar_one_thread_per_call()
}
