import Dispatch
import Foundation
import StudioViews
import Synchronization

/// Paints canvases and encodes pictures on a thread of its own, so that no key waits for pixels.
/// Only the newest wish of each kind counts.
final class RenderWorker: Sendable {
    /// The share of all cores, in percent, that the pictures of a run may cost while it goes on.
    private let budget: Atomic<Int>
    private let wishes = Mutex(Wishes())
    private let results = Mutex(Results())
    private let arrivals = DispatchSemaphore(value: 0)
    private let wake: @Sendable () -> Void

    private struct Wishes {
        var canvas: CanvasOrder?
        var pixels: PixelOrder?
        /// The last of each kind, which need not be asked for again.
        var lastCanvas: CanvasOrder?
        var lastPixels: PixelOrder?
    }

    /// What was made since it was last asked for.
    struct Results {
        var canvas: PaintedCanvas?
        var pixels: [EncodedPicture]?
    }

    /// - Parameters:
    ///   - budget: see `setBudget`.
    ///   - wake: called when there is a result.
    init(budget: Int, wake: @escaping @Sendable () -> Void) {
        self.budget = Atomic(budget)
        self.wake = wake
    }

    /// - Parameter percent: of all cores, for the pictures of a run that goes on.
    func setBudget(_ percent: Int) { budget.store(percent, ordering: .relaxed) }

    func start() {
        let thread = Thread { [self] in work() }
        thread.stackSize = 4 << 20
        thread.start()
    }

    func paint(_ order: CanvasOrder) {
        wishes.withLock { wishes in
            guard wishes.lastCanvas != order else { return }
            (wishes.canvas, wishes.lastCanvas) = (order, order)
            arrivals.signal()
        }
    }

    func encode(_ order: PixelOrder) {
        wishes.withLock { wishes in
            guard wishes.lastPixels != order else { return }
            (wishes.pixels, wishes.lastPixels) = (order, order)
            arrivals.signal()
        }
    }

    func take() -> Results {
        results.withLock { results in
            defer { results = Results() }
            return results
        }
    }

    // MARK: Work

    private func work() {
        var restEnd = DispatchTime.now()
        var isHolding = false
        while true {
            _ = arrivals.wait(timeout: isHolding ? restEnd : .distantFuture)
            let isRested = DispatchTime.now() >= restEnd
            let (canvas, pixels) = wishes.withLock { wishes in
                let isHeld = wishes.canvas?.scene.isPassing == true && !isRested
                isHolding = isHeld
                let canvas = isHeld ? nil : wishes.canvas
                let pixels = wishes.pixels
                if !isHeld { wishes.canvas = nil }
                wishes.pixels = nil
                return (canvas, pixels)
            }
            if let pixels {
                let (pictures, cost) = timed { pixels.encoded() }
                if pixels.isPassing { restEnd = max(restEnd, .now()) + cost }
                results.withLock { $0.pixels = pictures }
                wake()
            }
            if let canvas {
                let (painted, cost) = timed { canvas.painted() }
                if canvas.scene.isPassing { restEnd = .now() + cost }
                results.withLock { $0.canvas = painted ?? $0.canvas }
                wake()
            }
        }
    }

    /// - Returns: the seconds to rest after that, beside the result.
    private func timed<Result>(_ body: () -> Result) -> (Result, Double) {
        let start = Self.processorTime
        let result = body()
        let cores = Double(ProcessInfo.processInfo.activeProcessorCount)
        let share = Double(budget.load(ordering: .relaxed)) / 100
        return (result, (Self.processorTime - start) / (share * cores))
    }

    /// Seconds that this thread has computed.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
