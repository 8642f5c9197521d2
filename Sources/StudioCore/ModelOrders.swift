/// What is asked of the model and not begun, in its order.
package struct ModelOrders: Hashable, Sendable {
    package private(set) var waiting: [StudioEffect] = []
    /// Whether only what lasts is done any more.
    private var isClosing = false

    package init() {}

    package var isEmpty: Bool { waiting.isEmpty }

    /// Whether anything is still to be done that a later sitting would miss.
    package var hasLasting: Bool { waiting.contains(where: \.isLasting) }

    /// Adds an order. Of looks at something only the newest wish counts; of a picture's strengths
    /// that are asked for one after the other, the last.
    package mutating func add(_ order: StudioEffect) {
        guard !isClosing || order.isLasting || order.isMove else { return }
        waiting.removeAll { $0.isLook && $0.isReplaced(by: order) }
        if let last = waiting.lastIndex(where: { !$0.isLook }),
            waiting[last].isReplaced(by: order)
        {
            waiting.remove(at: last)
        }
        waiting.append(order)
    }

    package mutating func takeFirst() -> StudioEffect? {
        waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Whether an order will be done that makes this one needless.
    package func hasNewer(than order: StudioEffect) -> Bool {
        waiting.contains { order.isReplaced(by: $0) }
    }

    /// Gives up runs that wait. What is loaded, opened or saved goes on.
    /// - Returns: those runs.
    package mutating func giveUpRuns() -> [RunID] {
        defer { waiting.removeAll { !$0.runs.isEmpty } }
        return waiting.flatMap(\.runs)
    }

    /// The studio ends: what a later sitting would not miss is not done any more.
    package mutating func close() {
        isClosing = true
        waiting.removeAll { !$0.isLasting && !$0.isMove }
    }
}

extension StudioEffect {
    /// The runs that this makes or goes on with.
    package var runs: [RunID] {
        switch self {
        case .generate(let orders), .prepare(let orders): orders.map(\.run)
        case .advance(let runs, _): runs
        default: []
        }
    }

    /// Finished or stopped runs that this needs at hand.
    package var sources: [RunID] {
        switch self {
        case .generate(let orders), .prepare(let orders): orders.compactMap(\.origin.parent)
        case .advance(let runs, _): runs
        case .changeStrength(let run, _), .pin(let run, _, _), .putBack(let run, _),
            .suggestName(let run), .decode(let run, _), .candidates(let run, _, _):
            [run]
        case .save(let order): [order.run]
        default: []
        }
    }

    /// Whether this shows something and makes nothing.
    package var isLook: Bool {
        switch self {
        case .decode, .candidates: true
        default: false
        }
    }

    /// Whether a person would miss it in a later sitting: a file, or a change of a picture.
    package var isLasting: Bool {
        switch self {
        case .save, .saveSheet, .saveMask, .changeStrength, .prepare, .pin, .putBack: true
        default: false
        }
    }

    /// Whether this only says where a file is, which is soon done.
    package var isMove: Bool {
        if case .fileMoved = self { true } else { false }
    }

    fileprivate func isReplaced(by newer: StudioEffect) -> Bool {
        switch (self, newer) {
        case (.decode, .decode), (.candidates, .candidates): true
        case (.changeStrength(let run, _), .changeStrength(let newer, _)): run == newer
        default: false
        }
    }
}
