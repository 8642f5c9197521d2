import Requests

extension MaskedRun {
    /// What the transformer computed in the pass that `step` sampled from (1 is the first); computed
    /// again where it is not at hand. A run that was finished by hand before its first step has only
    /// step 0, whose pass sees what was known from the start.
    ///
    /// - Parameter isGuided: whether both rows are wanted although tokens have no guidance.
    /// - Returns: nil where the run does not know the state before that step.
    /// - Throws: `Stopped`.
    public func hiddenStates(
        of step: Int, with sampler: MaskedSampler, isGuided: Bool = false
    ) throws -> MaskedSampler.HiddenStates? {
        if step == state.step, let hidden, hidden.unconditional != nil || !isGuided {
            return hidden
        }
        var before = states.first { $0.step == step - 1 }?.ids
        if step == 0, isFinished {
            before = zip(states[0].ids, states[0].fixedAt).map { $1 == 0 ? $0 : maskID }
        }
        guard let before else { return nil }
        let item = MaskedSampler.Item(
            ids: seen(before), text: text, noise: noise,
            unknownAtStart: before.count { $0 == maskID })
        return try sampler.hiddenStates(
            [item], step: max(0, step - 1), settings: settings, gridWidth: seenWidth,
            isGuided: isGuided
        ).first
    }

    /// The likeliest entries at a place, by the pass that `step` sampled from; none at a place that
    /// the transformer does not see.
    ///
    /// - Parameter states: what `hiddenStates(of:with:)` gave for the step.
    /// - Throws: `Stopped`.
    public func candidates(
        _ states: MaskedSampler.HiddenStates, of step: Int, at position: Int, count: Int,
        with sampler: MaskedSampler
    ) throws -> [TokenCandidate] {
        guard let place = seenPlace(of: position) else { return [] }
        return try sampler.candidates(
            states, at: place, step: step - 1, settings: settings, count: count)
    }
}
