import Requests

extension MaskedRun {
    /// What the transformer computed in the pass that `step` sampled from (1 is the first); computed
    /// again where it is not at hand.
    ///
    /// - Parameter isGuided: whether both rows are wanted although tokens have no guidance.
    /// - Returns: nil where the run does not know the state before that step.
    /// - Throws: `KernelError`, `Stopped`.
    public func hiddenStates(
        of step: Int, with sampler: MaskedSampler, isGuided: Bool = false
    ) throws -> MaskedSampler.HiddenStates? {
        if step == state.step, let hidden, hidden.unconditional != nil || !isGuided {
            return hidden
        }
        guard let before = states.first(where: { $0.step == step - 1 }) else { return nil }
        let item = MaskedSampler.Item(
            ids: seen(before.ids), text: text, noise: noise, unknownAtStart: before.maskedCount)
        return try sampler.hiddenStates(
            [item], step: step - 1, settings: settings, gridWidth: seenWidth, isGuided: isGuided
        ).first
    }

    /// The likeliest entries at a place, by the pass that `step` sampled from; none at a place that
    /// the transformer does not see.
    ///
    /// - Parameter states: what `hiddenStates(of:with:)` gave for the step.
    /// - Throws: `KernelError`, `Stopped`.
    public func candidates(
        _ states: MaskedSampler.HiddenStates, of step: Int, at position: Int, count: Int,
        with sampler: MaskedSampler
    ) throws -> [TokenCandidate] {
        guard let place = seenPlace(of: position) else { return [] }
        return try sampler.candidates(
            states, at: place, step: step - 1, settings: settings, count: count)
    }
}
