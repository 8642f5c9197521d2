import Requests

/// The tokens of an image between two steps.
public struct TokenState: Hashable, Sendable {
    /// Steps done.
    public let step: Int
    /// Token ids, the mask id where unknown.
    public internal(set) var ids: [Int]
    /// For each token the step that fixed it: 1 for the first, 0 for tokens known from the start,
    /// nil for masked ones.
    public internal(set) var fixedAt: [Int?]
    /// For each token the probability it had when it was fixed; 1 for tokens known from the start,
    /// 0 for masked ones.
    public internal(set) var confidence: [Float]

    /// The state of a run that a file keeps; `fixedAt` is nil for masked tokens.
    public init(step: Int, ids: [Int], fixedAt: [Int?], confidence: [Float]) {
        precondition(ids.count == fixedAt.count && ids.count == confidence.count)
        self.step = step
        self.ids = ids
        self.fixedAt = fixedAt
        self.confidence = confidence
    }

    /// Tokens fixed by the last step.
    public var newlyFixed: [Int] {
        step == 0 ? [] : fixedAt.indices.filter { fixedAt[$0] == step }
    }

    /// Tokens not known yet.
    public var maskedCount: Int { fixedAt.count { $0 == nil } }
}

/// The unmasking of one image as a value: it can be stepped, wound back, copied, forked and changed
/// between steps. The same seed gives the same tokens however it was reached.
public struct MaskedRun: Sendable {
    public let gridWidth: Int
    public let gridHeight: Int
    public let maskID: Int
    /// What the transformer sees; nil for the whole grid. No token outside is ever masked.
    public let window: TokenWindow?
    public private(set) var settings: SamplingSettings
    public private(set) var text: GuidedText
    public private(set) var noise: any NoiseSource
    /// The states from the start to now; never empty.
    public private(set) var states: [TokenState]
    /// What the transformer last computed; nil before the first step and after winding back.
    public private(set) var hidden: MaskedSampler.HiddenStates?
    private let unknownAtStart: Int
    /// Steps that were asked for.
    private let wantedSteps: Int

    /// - Parameters:
    ///   - ids: token ids, `maskID` where the run is to fill in; all masked when nil.
    ///   - window: holds all masked tokens; nil for the whole grid.
    public init(
        gridWidth: Int, gridHeight: Int, maskID: Int, ids: [Int]? = nil,
        window: TokenWindow? = nil, settings: SamplingSettings, text: GuidedText,
        noise: any NoiseSource
    ) {
        let ids = ids ?? Array(repeating: maskID, count: gridWidth * gridHeight)
        precondition(ids.count == gridWidth * gridHeight)
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        self.maskID = maskID
        self.window = window
        self.settings = settings
        self.text = text
        self.noise = noise
        let isKnown = ids.map { $0 != maskID }
        unknownAtStart = isKnown.count { !$0 }
        wantedSteps = settings.steps
        states = [
            TokenState(
                step: 0, ids: ids, fixedAt: isKnown.map { $0 ? 0 : nil },
                confidence: isKnown.map { $0 ? 1 : 0 })
        ]
        limitSteps()
    }

    /// No more steps than there are tokens to fix, except under the official rule: a step that fixed
    /// nothing would only repeat itself. A run that came further under that rule keeps its steps.
    private mutating func limitSteps() {
        let fewer = max(1, min(wantedSteps, unknownAtStart))
        let isFurther = state.step >= fewer && state.maskedCount > 0
        settings.steps = settings.schedule == .official || isFurther ? wantedSteps : fewer
    }

    /// A run that was stopped after some steps, as a file keeps it; it goes on as if it had not
    /// been stopped.
    ///
    /// - Parameters:
    ///   - state: its tokens; those fixed at step 0 were known from the start.
    ///   - setAtStart: tokens that a person had set before the first step.
    public init(
        gridWidth: Int, gridHeight: Int, maskID: Int, resuming state: TokenState,
        setAtStart: Set<Int> = [], window: TokenWindow? = nil, settings: SamplingSettings,
        text: GuidedText, noise: any NoiseSource
    ) {
        let start = zip(state.ids, state.fixedAt).map { $1 == 0 ? $0 : maskID }
        self.init(
            gridWidth: gridWidth, gridHeight: gridHeight, maskID: maskID, ids: start,
            window: window, settings: settings, text: text, noise: noise)
        // A token stays once it is fixed, so the steps that fixed them give back every state.
        states =
            (0..<state.step).map { step in
                let isThere = state.fixedAt.indices.map { place in
                    setAtStart.contains(place) || state.fixedAt[place].map { $0 <= step } ?? false
                }
                return TokenState(
                    step: step, ids: zip(state.ids, isThere).map { $1 ? $0 : maskID },
                    fixedAt: zip(state.fixedAt, isThere).map { $1 ? $0 : nil },
                    confidence: zip(state.confidence, isThere).map { $1 ? $0 : 0 })
            } + [state]
        limitSteps()
    }

    /// The present state.
    public var state: TokenState { states[states.count - 1] }

    /// True when there is nothing left to unmask. A run that starts with every token known is
    /// finished at once, except under the official rule, which would mask all of them again.
    public var isFinished: Bool {
        state.step >= settings.steps || (settings.schedule != .official && state.maskedCount == 0)
    }

    /// Takes one step for each of several runs of one grid size, or one size of window, and equal
    /// settings; runs that are finished stay as they are.
    /// - Throws: `KernelError.notFinite`, `Stopped`; all runs are then as they were.
    public static func advance(_ runs: inout [MaskedRun], with sampler: MaskedSampler) throws {
        let active = runs.indices.filter { !runs[$0].isFinished }
        guard let first = active.first else { return }
        let step = runs[first].state.step
        precondition(active.allSatisfy { runs[$0].state.step == step })
        let outcomes = try sampler.step(
            active.map { index in
                let run = runs[index]
                return MaskedSampler.Item(
                    ids: run.seen(run.state.ids), text: run.text, noise: run.noise,
                    unknownAtStart: run.unknownAtStart)
            }, step: step, settings: runs[first].settings, gridWidth: runs[first].seenWidth)
        for (index, outcome) in zip(active, outcomes) { runs[index].record(outcome) }
    }

    private mutating func record(_ outcome: MaskedSampler.Outcome) {
        let before = state
        var ids = before.ids
        var fixedAt = before.fixedAt
        var confidence = before.confidence
        let places = window?.places(gridWidth: gridWidth) ?? Array(ids.indices)
        for (seen, position) in places.enumerated() {
            ids[position] = outcome.ids[seen]
            if ids[position] == maskID {
                (fixedAt[position], confidence[position]) = (nil, 0)
            } else if before.ids[position] == maskID {
                (fixedAt[position], confidence[position]) =
                    (before.step + 1, outcome.probabilities[seen])
            }
        }
        states.append(
            TokenState(
                step: before.step + 1, ids: ids, fixedAt: fixedAt, confidence: confidence))
        hidden = outcome.hidden
    }

    // MARK: Window

    /// What the transformer sees of one value for each token.
    func seen(_ values: [Int]) -> [Int] {
        window.map { $0.places(gridWidth: gridWidth).map { values[$0] } } ?? values
    }

    /// Tokens in a row of what the transformer sees.
    var seenWidth: Int { window?.width ?? gridWidth }

    /// Lets go of the last pass's hidden states; `hiddenStates(of:with:)` makes them again.
    public mutating func forgetHiddenStates() { hidden = nil }

    /// The row of a token's hidden states; nil for one that the transformer does not see.
    public func seenPlace(of position: Int) -> Int? {
        window.map { $0.place(of: position, gridWidth: gridWidth) } ?? position
    }

    // MARK: Going elsewhere

    /// The run as it was after `step`.
    public func woundBack(to step: Int) -> MaskedRun {
        guard step < state.step else { return self }
        var run = self
        run.states.removeAll { $0.step > max(step, states[0].step) }
        run.hidden = nil
        return run
    }

    /// The run from here on with another text, noise or other settings; the number of steps that
    /// were asked for stays.
    public func forked(
        text: GuidedText? = nil, noise: (any NoiseSource)? = nil, settings: SamplingSettings? = nil
    ) -> MaskedRun {
        var run = self
        run.text = text ?? self.text
        run.noise = noise ?? self.noise
        if let settings {
            run.settings = settings
            run.limitSteps()
        }
        // What the last pass saw of another text is not this run's.
        if text != nil || run.settings != self.settings { run.hidden = nil }
        return run
    }

    /// Masks tokens again, to be sampled anew by the steps that are left; those outside the window
    /// stay.
    public mutating func unpin(_ positions: some Sequence<Int>) {
        for position in positions where seenPlace(of: position) != nil {
            states[states.count - 1].ids[position] = maskID
            states[states.count - 1].fixedAt[position] = nil
            states[states.count - 1].confidence[position] = 0
        }
        hidden = nil
    }

    /// The present state, and after the last step the one whose pass the residual comes from.
    private var seenStates: Range<Int> {
        max(0, states.count - (isFinished ? 2 : 1))..<states.count
    }

    /// Gives a token what it had before it was changed; nil for the id and the step of a masked one.
    public mutating func putBack(_ position: Int, id: Int?, fixedAt: Int?, confidence: Float) {
        precondition(id.map { 0..<maskID ~= $0 } ?? true && (id == nil) == (fixedAt == nil))
        for at in seenStates {
            let isThere = fixedAt.map { $0 <= states[at].step } ?? false
            states[at].ids[position] = isThere ? id ?? maskID : maskID
            states[at].fixedAt[position] = isThere ? fixedAt : nil
            states[at].confidence[position] = isThere ? confidence : 0
        }
        hidden = nil
    }

    /// Fixes a token to a codebook entry; no later step changes it. Before the first step that
    /// counts as done by it: 0 is for tokens that were known when the run was made. After the last
    /// step the pass that the residual comes from sees it masked, as for whoever reads the run from a
    /// file.
    public mutating func pin(_ position: Int, to id: Int) {
        precondition(id >= 0 && id < maskID)
        for at in seenStates {
            states[at].ids[position] = maskID
            states[at].fixedAt[position] = nil
            states[at].confidence[position] = 0
        }
        states[states.count - 1].ids[position] = id
        states[states.count - 1].fixedAt[position] = max(1, state.step)
        states[states.count - 1].confidence[position] = 1
        hidden = nil
    }
}
