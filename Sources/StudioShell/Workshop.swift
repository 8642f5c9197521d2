import Foundation
import Generation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Requests
import StudioCore
import Synchronization

/// Does what the studio asks of the model, on a thread of its own, one thing after the other.
final class Workshop: Sendable {
    private let options: StudioOptions
    private let post: @Sendable (StudioNews) -> Void
    private let orders = Mutex<[StudioEffect]>([])
    private let waiting = DispatchSemaphore(value: 0)
    private let stop = Mutex<StopSignal?>(nil)
    private let isPauseWanted = Atomic<Bool>(false)
    private let isBusy = Atomic<Bool>(false)
    private let model = Mutex<Model?>(nil)
    private let inspections = DispatchQueue(label: "prompt")

    /// - Parameter post: called from any thread.
    init(_ options: StudioOptions, post: @escaping @Sendable (StudioNews) -> Void) {
        self.options = options
        self.post = post
    }

    func start() {
        let thread = Thread { [self] in
            var bench = Bench(options, post: post, pause: { [self] in takePause() })
            guard let opened = bench.open() else { return }
            model.withLock { $0 = opened }
            bench.warmUp()
            while true {
                waiting.wait()
                guard let effect = orders.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                    continue
                }
                let signal = StopSignal()
                stop.withLock { $0 = signal }
                isBusy.store(true, ordering: .releasing)
                bench.perform(effect, stop: signal)
                isBusy.store(false, ordering: .releasing)
                stop.withLock { $0 = nil }
            }
        }
        // Deep layers recurse little, but the default of 512 KiB is less than any main thread has.
        thread.stackSize = 16 << 20
        thread.start()
    }

    private func takePause() -> Bool {
        isPauseWanted.exchange(false, ordering: .acquiringAndReleasing)
    }

    func perform(_ effect: StudioEffect) {
        switch effect {
        case .pause: isPauseWanted.store(true, ordering: .releasing)
        case .cancel: cancel()
        case .inspect(let prompt): inspect(prompt)
        default:
            if case .generate = effect { isPauseWanted.store(false, ordering: .releasing) }
            if case .advance = effect { isPauseWanted.store(false, ordering: .releasing) }
            orders.withLock { orders in
                // Only the newest wish counts for what is merely looked at.
                orders.removeAll { $0.isReplaced(by: effect) }
                orders.append(effect)
            }
            waiting.signal()
        }
    }

    /// Stops what runs; runs that only wait are given up too.
    private func cancel() {
        let dropped = orders.withLock { orders in
            defer { orders.removeAll { !$0.runs.isEmpty } }
            return orders.flatMap(\.runs)
        }
        for run in dropped { post(.cancelled(run)) }
        stop.withLock { $0 }?.raise()
    }

    /// Stops what runs and waits a little for it.
    func close() {
        orders.withLock { $0.removeAll() }
        cancel()
        for _ in 0..<30 where isBusy.load(ordering: .acquiring) {
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    private func inspect(_ prompt: String) {
        inspections.async { [self] in
            guard let model = model.withLock({ $0 }) else { return }
            let limit = model.configuration.textLength
            let text = model.textTokenizer.encode(prompt, limit: limit)
            post(
                .inspected(
                    PromptFacts(
                        prompt: prompt, tokens: text.untruncatedCount, limit: limit,
                        unknownWords: model.textTokenizer.unknownWords(in: prompt))))
        }
    }
}

extension StudioEffect {
    /// The runs that this makes or goes on with.
    var runs: [RunID] {
        switch self {
        case .generate(let orders): orders.map(\.run)
        case .advance(let runs, _): runs
        default: []
        }
    }

    fileprivate func isReplaced(by newer: StudioEffect) -> Bool {
        switch (self, newer) {
        case (.decode, .decode), (.candidates, .candidates), (.changeStrength, .changeStrength):
            true
        default: false
        }
    }
}
