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
final class ModelWorker: Sendable {
    private let options: StudioOptions
    private let post: @Sendable (StudioNews) -> Void
    private let desk = Mutex(Desk())
    private let waiting = DispatchSemaphore(value: 0)
    private let skipped = Mutex<Set<RunID>>([])
    private let isPauseWanted = Atomic<Bool>(false)
    /// How steps are shown, from the next one on.
    private let preview = Mutex(PreviewKind.colors)
    private let model = Mutex<Model?>(nil)
    /// Waits for the model, so that a prompt typed early is looked at too.
    private let inspections = DispatchQueue(label: "prompt", attributes: .initiallyInactive)
    private let keep: @Sendable (KeptRun) -> Void
    private let earlier = Mutex<[KeptRun]>([])

    /// What is to be done and what is being done, under one lock: whoever wants to stop an order
    /// finds it in one of the two.
    private struct Desk {
        var orders = ModelOrders()
        var current: Current?
        /// Whether nothing is done any more, as there is no model.
        var isDeserted = false

        /// - Returns: what to do next, and who may stop it.
        mutating func takeOrder() -> (StudioEffect, StopSignal)? {
            guard let order = orders.takeFirst() else { return nil }
            let signal = StopSignal()
            current = Current(order: order, stop: signal)
            return (order, signal)
        }

        /// A picture that nobody asked for, unless something else is to be done.
        mutating func takeSample() -> StopSignal? {
            guard orders.isEmpty else { return nil }
            let signal = StopSignal()
            current = Current(order: nil, stop: signal)
            return signal
        }

        /// What real work has interrupted is looked at after that, unless another look is wanted.
        /// - Returns: whether it is.
        mutating func end(isDone: Bool) -> Bool {
            defer { current = nil }
            guard !isDone, let order = current?.order, order.isLook, !orders.isEmpty,
                !orders.hasNewer(than: order)
            else { return false }
            orders.add(order)
            return true
        }

        /// Whether something is being done, or is still to be, that a later sitting would miss.
        var isKeeping: Bool {
            !isDeserted && (orders.hasLasting || current?.order?.isLasting == true)
        }
    }

    private struct Current {
        /// Nil for a picture that nobody asked for.
        let order: StudioEffect?
        let stop: StopSignal

        /// Whether it is only a look at something, which any real work may interrupt.
        var isLook: Bool { order?.isLook ?? true }
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
            var engine = RunEngine(
                options, post: post,
                wishes: RunEngine.Wishes(
                    takePause: { [self] in takePause() },
                    isSkipped: { [self] run in skipped.withLock { $0.contains(run) } },
                    preview: { [self] in preview.withLock { $0 } }),
                keep: keep)
            let opened = engine.open()
            model.withLock { $0 = opened }
            inspections.activate()
            guard opened != nil else { return desk.withLock { $0.isDeserted = true } }
            engine.warmUp()
            while true {
                // Looks that nobody asked for leave the cores to whoever types in between.
                let pause: DispatchTime = engine.isSampling ? .now() + .seconds(1) : .distantFuture
                guard waiting.wait(timeout: pause) == .success else {
                    guard let signal = desk.withLock({ $0.takeSample() }) else { continue }
                    engine.sample(stop: signal)
                    _ = desk.withLock { $0.end(isDone: true) }
                    continue
                }
                guard let (effect, signal) = desk.withLock({ $0.takeOrder() }) else { continue }
                for run in earlier.withLock({ $0 }) where engine.earlier[run.id] == nil {
                    engine.earlier[run.id] = run
                }
                let isDone = engine.perform(effect, stop: signal)
                if desk.withLock({ $0.end(isDone: isDone) }) { waiting.signal() }
            }
        }
        // Deep layers recurse little, but the default of 512 KiB is less than any main thread has.
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Whether nothing that was asked for is being done or waits to be.
    var isIdle: Bool {
        desk.withLock { $0.orders.isEmpty && $0.current?.order == nil }
    }

    /// Whether a file that was asked for, or a change of a picture, is not there yet.
    var isKeeping: Bool { desk.withLock(\.isKeeping) }

    private func takePause() -> Bool {
        isPauseWanted.exchange(false, ordering: .acquiringAndReleasing)
    }

    func perform(_ effect: StudioEffect) {
        switch effect {
        case .pause: isPauseWanted.store(true, ordering: .releasing)
        case .cancel: cancel()
        case .inspect(let prompt): inspect(prompt)
        case .preview(let kind): preview.withLock { $0 = kind }
        case .skip(let run): _ = skipped.withLock { $0.insert(run) }
        default:
            if case .generate = effect { isPauseWanted.store(false, ordering: .releasing) }
            if case .advance = effect { isPauseWanted.store(false, ordering: .releasing) }
            desk.withLock { desk in
                desk.orders.add(effect)
                if !effect.isLook, desk.current?.isLook == true { desk.current?.stop.raise() }
            }
            waiting.signal()
        }
    }

    /// Stops the runs that are on, and gives up those that only wait. What is loaded, opened or
    /// saved meanwhile goes on: nobody would ask for it again.
    private func cancel() {
        let dropped = desk.withLock { desk in
            if desk.current?.order?.runs.isEmpty == false { desk.current?.stop.raise() }
            return desk.orders.giveUpRuns()
        }
        for run in dropped { post(.cancelled(run)) }
    }

    /// Stops what is done and gives up what waits, but for files and changes that were asked for.
    func beginClosing() {
        desk.withLock { desk in
            desk.orders.close()
            if desk.current?.order?.isLasting != true { desk.current?.stop.raise() }
        }
    }

    /// Waits for what is kept, and a little for what is stopped.
    /// - Parameter patience: how long what is kept may take; nil for as long as it does.
    func close(within patience: Duration? = nil) {
        beginClosing()
        let end = patience.map { ContinuousClock.now + $0 }
        while isKeeping, end.map({ ContinuousClock.now < $0 }) ?? true {
            Thread.sleep(forTimeInterval: 0.01)
        }
        for _ in 0..<30 where !isIdle { Thread.sleep(forTimeInterval: 0.01) }
    }

    private func inspect(_ prompt: String) {
        inspections.async { [self] in
            guard let model = model.withLock({ $0 }) else { return }
            let limit = model.configuration.textLength
            // What the model reads of `{a|b}` is one part at a time.
            let prompts = (try? PromptExpansion(prompt).prompts) ?? [prompt]
            let isSeveral = prompts.count > 1
            let texts = prompts.map { model.textTokenizer.encode($0, limit: limit) }
            guard let text = texts.max(by: { $0.untruncatedCount < $1.untruncatedCount }) else {
                return
            }
            let end = text.truncationPoint.map { prompt.characterCount(beforeByte: $0) }
            post(
                .inspected(
                    PromptFacts(
                        prompt: prompt, tokens: text.untruncatedCount, limit: limit,
                        unknownWords: model.unknownWords(in: prompts.joined(separator: " ")),
                        end: isSeveral ? nil : end)))
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
