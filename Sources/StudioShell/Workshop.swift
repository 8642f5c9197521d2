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
    private let current = Mutex<Current?>(nil)
    private let skipped = Mutex<Set<RunID>>([])
    private let isPauseWanted = Atomic<Bool>(false)
    private let isBusy = Atomic<Bool>(false)
    private let model = Mutex<Model?>(nil)
    /// Waits for the model, so that a prompt typed early is looked at too.
    private let inspections = DispatchQueue(label: "prompt", attributes: .initiallyInactive)
    private let keep: @Sendable (KeptRun) -> Void
    private let earlier = Mutex<[KeptRun]>([])

    /// What is being done.
    private struct Current {
        let stop: StopSignal
        /// Whether it is only a look at something, which any real work may interrupt.
        let isLook: Bool
    }

    /// - Parameters:
    ///   - post: called from any thread.
    ///   - keep: takes runs that a later sitting may want.
    init(
        _ options: StudioOptions, post: @escaping @Sendable (StudioNews) -> Void,
        keep: @escaping @Sendable (KeptRun) -> Void
    ) {
        self.options = options
        self.post = post
        self.keep = keep
    }

    /// Runs of an earlier sitting, which can be asked for from now on.
    func take(_ runs: [KeptRun]) {
        earlier.withLock { $0 = runs }
    }

    func start() {
        let thread = Thread { [self] in
            var bench = Bench(
                options, post: post,
                wishes: Bench.Wishes(
                    takePause: { [self] in takePause() },
                    isSkipped: { [self] run in skipped.withLock { $0.contains(run) } }),
                keep: keep)
            let opened = bench.open()
            model.withLock { $0 = opened }
            inspections.activate()
            guard opened != nil else { return }
            bench.warmUp()
            while true {
                // Looks that nobody asked for leave the cores to whoever types in between.
                let pause: DispatchTime = bench.isSampling ? .now() + .seconds(1) : .distantFuture
                guard waiting.wait(timeout: pause) == .success else {
                    let signal = StopSignal()
                    current.withLock { $0 = Current(stop: signal, isLook: true) }
                    // What came in meanwhile would not know whom to stop.
                    if orders.withLock({ $0.isEmpty }) { bench.sample(stop: signal) }
                    current.withLock { $0 = nil }
                    continue
                }
                guard let effect = takeOrder() else { continue }
                for run in earlier.withLock({ $0 }) where bench.earlier[run.id] == nil {
                    bench.earlier[run.id] = run
                }
                let signal = StopSignal()
                current.withLock { $0 = Current(stop: signal, isLook: effect.isLook) }
                bench.perform(effect, stop: signal)
                isBusy.store(false, ordering: .releasing)
                current.withLock { $0 = nil }
            }
        }
        // Deep layers recurse little, but the default of 512 KiB is less than any main thread has.
        thread.stackSize = 16 << 20
        thread.start()
    }

    private func takeOrder() -> StudioEffect? {
        orders.withLock { orders in
            guard !orders.isEmpty else { return nil }
            isBusy.store(true, ordering: .releasing)
            return orders.removeFirst()
        }
    }

    /// Whether nothing is being done and nothing waits to be.
    var isIdle: Bool {
        orders.withLock { $0.isEmpty && !isBusy.load(ordering: .acquiring) }
    }

    private func takePause() -> Bool {
        isPauseWanted.exchange(false, ordering: .acquiringAndReleasing)
    }

    func perform(_ effect: StudioEffect) {
        switch effect {
        case .pause: isPauseWanted.store(true, ordering: .releasing)
        case .cancel: cancel()
        case .inspect(let prompt): inspect(prompt)
        case .skip(let run): _ = skipped.withLock { $0.insert(run) }
        default:
            if case .generate = effect { isPauseWanted.store(false, ordering: .releasing) }
            if case .advance = effect { isPauseWanted.store(false, ordering: .releasing) }
            orders.withLock { orders in
                // Only the newest wish counts for what is merely looked at.
                orders.removeAll { $0.isReplaced(by: effect) }
                orders.append(effect)
            }
            waiting.signal()
            if !effect.isLook {
                current.withLock { if $0?.isLook == true { $0?.stop.raise() } }
            }
        }
    }

    /// Stops what runs; runs that only wait are given up too.
    private func cancel() {
        let dropped = orders.withLock { orders in
            defer { orders.removeAll { !$0.runs.isEmpty } }
            return orders.flatMap(\.runs)
        }
        for run in dropped { post(.cancelled(run)) }
        current.withLock { $0 }?.stop.raise()
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
            // What the model reads of `{a|b}` is one part at a time.
            let prompts = (try? PromptExpansion(prompt).prompts) ?? [prompt]
            let isSeveral = prompts.count > 1
            let longest = prompts.max { $0.utf8.count < $1.utf8.count } ?? prompt
            let text = model.textTokenizer.encode(longest, limit: limit)
            let words =
                isSeveral ? prompt.split { "{|}".contains($0) }.joined(separator: " ") : prompt
            let end = text.truncationPoint.map { prompt.characterCount(beforeByte: $0) }
            post(
                .inspected(
                    PromptFacts(
                        prompt: prompt, tokens: text.untruncatedCount, limit: limit,
                        unknownWords: model.unknownWords(in: words), end: isSeveral ? nil : end)))
        }
    }
}

extension String {
    /// The characters before an offset into the UTF-8.
    fileprivate func characterCount(beforeByte offset: Int) -> Int {
        let end = utf8.index(utf8.startIndex, offsetBy: min(max(offset, 0), utf8.count))
        return self[..<end].count
    }
}

extension StudioEffect {
    /// The runs that this makes or goes on with.
    var runs: [RunID] {
        switch self {
        case .generate(let orders), .prepare(let orders): orders.map(\.run)
        case .advance(let runs, _): runs
        default: []
        }
    }

    /// Whether this shows something and makes nothing.
    fileprivate var isLook: Bool {
        switch self {
        case .decode, .candidates: true
        default: false
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
