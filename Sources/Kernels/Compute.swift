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
/// What was tried, on two Zen 4 cores with the full model's shapes, and what it gave. Rates are of
/// one core, whose peak is about 215 GFLOP/s in bfloat16, twice that with 8-bit integers:
///
/// | tried | gave |
/// | --- | --- |
/// | oneDNN's products in bfloat16, 64 to 256 rows, 128 to 512 outputs | 215 to 230, alike |
/// | the same with integers, 32-bit sums | 455; into float32 no faster |
/// | our own products, with what follows them in registers, not oneDNN's | 221 to 230; 423 to 445 |
/// | the same, for the steps and the residual head | from 79 and 71 % of the peak to 87 and 88 |
/// | the same, for the decoder | from 149 % of the peak to 163 |
/// | attention in bfloat16, not float32 | steps: from 70 % of the peak to 80 or 90 |
/// | F(2x2) in bfloat16, not F(4x4) in float32 | decoder: from 81 % of the peak to 132 |
/// | the same, for memory | transformed weights a quarter as large |
/// | F(4x4) in bfloat16 with points 0, 1, -1, 2, -2 | off by 2.6 %, too much |
/// | the same with points 0, 5/8, -5/8, 3/2, -3/2 | off by 1.1 %; F(2x2) by 0.4 %, direct by 0.2 % |
/// | the same, as a direct convolution of 512 or 256 channels | from 420 GFLOP/s to 690 or 660 |
/// | F(2x2) with 8-bit integers | off by 1.6 %; F(4x4) by 4 % |
/// | prefetching in F(2x2) | as a direct convolution: from 380 to 440 GFLOP/s |
/// | a cache line between the positions of F(2x2) | within the noise; kept, it costs nothing |
/// | integers for the logits too | 96 % of ids as in float32; 97.7 % without |
/// | cross-attention folded onto a text of 22 tokens | steps: 7.6 % less time in bfloat16, 9 in integers |
/// | sums of a product unrolled, not cleared in memory | 1 % of a profile less |
/// | each thread kept on a core of its own | within the noise; not done, it could not make way for others |
/// | the matrix registers of AMX, two cores of another machine, 156 GFLOP/s without them | steps from 43.8 s to 9.0; picture from 60 to 12.8 |
/// | there, one core: peak 2700 GFLOP/s, reading from the second-level cache 2000 | our product 1000 to 1340, with GELU 900 |
/// | the same in passes of 9, 12 or 18 steps along the inner axis | 0.9 to 1.0 times as fast |
/// | the same, prefetching the next step into the nearest cache | 0.7 times as fast |
/// | there, weights that stay in the second-level cache; results not written | 1.28 and 1.18 times as fast: memory is what limits |
/// | the same with rows or weights packed by tiles, the next weights or results prefetched, huge pages | 0.95 to 1.05 times as fast |
/// | giving up free blocks of unused sizes | before, 12 % of a profile was new pages |
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
    ///   - precision: nil for bfloat16 where the processor has it, else float32.
    ///   - library: nil for oneDNN, or for what the variable `DCAR_MATRIX_LIBRARY` names.
    /// - Throws: `KernelError` when the library, the processor or the count does not allow it.
    public init(
        threadCount: Int? = nil, precision: Precision? = nil, library: MatrixLibrary? = nil
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
            guard Processor.has(precision) else { throw .precisionNeedsProcessor(precision) }
        }
        self.library = library
        self.precision =
            precision
            ?? (library == .oneDNN && Processor.has(.bfloat16) ? .bfloat16 : .float32)
        self.threadCount = threads
        product =
            switch library {
            case .oneDNN: OneDNNProduct()
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
