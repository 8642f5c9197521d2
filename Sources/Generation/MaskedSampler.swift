// Port of `generate`, dc-ai-projects/DC-AR, modeling/generator/dc_ar.py.

import CKernels
import Foundation
import Kernels
import Requests
import Synchronization
import Tensors

/// The texts of an image's two rows.
public struct GuidedText: Sendable {
    public let conditional: MaskedTransformer.Text
    public let unconditional: MaskedTransformer.Text

    public init(conditional: MaskedTransformer.Text, unconditional: MaskedTransformer.Text) {
        self.conditional = conditional
        self.unconditional = unconditional
    }

    /// Lets go of what only steps need and a further step can make again.
    public func release() {
        conditional.release()
        unconditional.release()
    }
}

/// One MaskGIT round: sampling every masked token, and masking the least sure ones again.
public struct MaskedSampler: Sendable {
    private let transformer: MaskedTransformer
    private let compute: Compute

    public init(_ transformer: MaskedTransformer, compute: Compute) {
        self.transformer = transformer
        self.compute = compute
    }

    /// What a round needs to know of one image of a batch.
    public struct Item: Sendable {
        /// Token ids, `maskID` where unknown.
        public let ids: [Int]
        public let text: GuidedText
        public let noise: any NoiseSource
        /// Tokens that were masked before the first step.
        public let unknownAtStart: Int

        public init(ids: [Int], text: GuidedText, noise: any NoiseSource, unknownAtStart: Int) {
            self.ids = ids
            self.text = text
            self.noise = noise
            self.unknownAtStart = unknownAtStart
        }
    }

    /// What a round made of one image.
    public struct Outcome: Sendable {
        /// Every token's id if the run ended here.
        public let sampled: [Int]
        /// The scaled logits of sampled tokens with noise, by which tokens are masked again; infinite
        /// where known.
        public let noisyScores: [Float]
        /// The probability of each sampled token under the guided, scaled logits; 1 where known.
        public let probabilities: [Float]
        /// How many tokens the schedule masks again.
        package let maskedAgain: Int
        /// Token ids after masking again.
        public let ids: [Int]
        public let hidden: HiddenStates
        /// The tokens that were sampled.
        package let positions: [Int]
    }

    /// Hidden states [tokens, width] of both rows, for the residual head.
    public struct HiddenStates: Sendable {
        public let conditional: Tensor
        /// Nil when guidance was 0 and only the conditional row ran.
        public let unconditional: Tensor?
    }

    /// - Parameters:
    ///   - items: images of one grid size.
    ///   - step: 0 is the first.
    /// - Throws: `KernelError.notFinite`, `Stopped`.
    public func step(
        _ items: [Item], step: Int, settings: SamplingSettings, gridWidth: Int
    ) throws -> [Outcome] {
        let states = try hiddenStates(items, step: step, settings: settings, gridWidth: gridWidth)
        // The official code takes the count of masked tokens from the first image of the batch.
        let firstMasked = items.first.map { masked($0.ids).count } ?? 0
        return try zip(items, states).map { item, states in
            try outcome(
                item, states, step: step, settings: settings,
                guidance: settings.guidance(at: step),
                maskedCount: settings.schedule == .official ? firstMasked : nil)
        }
    }

    /// What a round computes before it samples.
    ///
    /// - Parameter isGuided: whether both rows are wanted although the round has no guidance.
    func hiddenStates(
        _ items: [Item], step: Int, settings: SamplingSettings, gridWidth: Int,
        isGuided: Bool = false
    ) throws -> [HiddenStates] {
        let isGuided = isGuided || settings.guidance(at: step) != 0
        let rows = items.flatMap { item in
            let conditional = MaskedTransformer.Row(ids: item.ids, text: item.text.conditional)
            guard isGuided else { return [conditional] }
            return [
                conditional, MaskedTransformer.Row(ids: item.ids, text: item.text.unconditional)
            ]
        }
        // Before the first step, pictures of one prompt differ by their noise alone.
        let distinct = Distinct(rows)
        let hidden = distinct.spread(
            step == 0
                ? try transformer.firstHiddenStates(distinct.values, gridWidth: gridWidth)
                : try transformer.hiddenStates(distinct.values, gridWidth: gridWidth))
        return items.indices.map { index in
            HiddenStates(
                conditional: hidden.item(isGuided ? 2 * index : index),
                unconditional: isGuided ? hidden.item(2 * index + 1) : nil)
        }
    }

    /// The likeliest entries at a place by the guided, scaled logits of a round, which are those
    /// that confidences are read from; equal ones in the codebook's order.
    func candidates(
        _ states: HiddenStates, at position: Int, step: Int, settings: SamplingSettings, count: Int
    ) throws -> [TokenCandidate] {
        let logits = try logits(states, at: [position], step: step, settings: settings)
        let total = logits.withUnsafeBufferPointer {
            $0.baseAddress.map { dcar_log_sum_exp($0, logits.count) } ?? 0
        }
        return logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(count).map {
            TokenCandidate(id: $0, probability: exp(logits[$0] - total))
        }
    }

    /// Guided logits [positions.count, codebookSize], before they are scaled.
    private func logits(
        _ states: HiddenStates, at positions: [Int], _ guidance: Float, _ settings: SamplingSettings
    ) throws -> Tensor {
        let logits =
            if let unconditional = states.unconditional {
                transformer.logits(
                    conditional: states.conditional, unconditional: unconditional, at: positions,
                    MaskedTransformer.Guidance(
                        scale: guidance,
                        startsFromUnconditional: settings.guidanceDecay == .powerCosine))
            } else {
                transformer.logits(states.conditional, at: positions)
            }
        try compute.checkStop()
        return logits
    }

    /// The guided, scaled logits [positions.count, codebookSize] that a round samples from.
    package func logits(
        _ states: HiddenStates, at positions: [Int], step: Int, settings: SamplingSettings
    ) throws -> [Float] {
        let divisor = settings.logitDivisor(at: step)
        return try logits(states, at: positions, settings.guidance(at: step), settings).floats()
            .map { $0 / divisor }
    }

    private func masked(_ ids: [Int]) -> [Int] {
        ids.indices.filter { ids[$0] == transformer.configuration.maskID }
    }

    private func outcome(
        _ item: Item, _ states: HiddenStates, step: Int, settings: SamplingSettings,
        guidance: Float, maskedCount: Int?
    ) throws -> Outcome {
        let positions = masked(item.ids)
        let picks = try draw(
            item, states, at: positions, step: step, settings: settings, guidance: guidance)
        var sampled = item.ids
        var scores = [Float](repeating: .infinity, count: item.ids.count)
        var probabilities = [Float](repeating: 1, count: item.ids.count)
        for (row, position) in positions.enumerated() {
            sampled[position] = picks[row].id
            scores[position] = picks[row].score
            probabilities[position] = picks[row].probability
        }
        let noisyScores = noisyScores(
            of: scores, step: step, settings: settings, item.noise)
        let isLast = step == settings.steps - 1
        let wanted = settings.schedule.wanted(
            after: step, of: settings.steps, tokens: item.ids.count,
            unknownAtStart: item.unknownAtStart)
        let keep = max(1, min((maskedCount ?? positions.count) - 1, wanted))
        let ids =
            isLast
            ? sampled
            : maskedAgain(
                sampled, noisyScores, keep: keep, positions: positions,
                isOfficial: settings.schedule == .official)
        return Outcome(
            sampled: sampled, noisyScores: noisyScores, probabilities: probabilities,
            maskedAgain: keep, ids: ids, hidden: states, positions: positions)
    }

    private struct Pick {
        var id = 0
        var score: Float = 0
        var probability: Float = 0
    }

    /// Samples the tokens at `positions` from guided logits with Gumbel noise.
    private func draw(
        _ item: Item, _ states: HiddenStates, at positions: [Int], step: Int,
        settings: SamplingSettings, guidance: Float
    ) throws -> [Pick] {
        let codes = transformer.configuration.codebookSize
        guard !positions.isEmpty else { return [] }
        let guided = try logits(states, at: positions, guidance, settings)
        let divisor = settings.logitDivisor(at: step)
        let temperature = settings.noiseTemperature(at: step)
        let picks = Mutex([Pick](repeating: Pick(), count: positions.count))
        guided.withFloats { guided in
            guard let guided = guided.baseAddress else { return }
            compute.forEach(positions.count) { row in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: codes) { scratch in
                    guard let logits = scratch.baseAddress else { return }
                    dcar_divide(guided + row * codes, codes, divisor, logits)
                    let noise = item.noise.tokenNoise(
                        step: step, position: positions[row], count: codes)
                    let id = dcar_gumbel_argmax(logits, noise, codes, temperature)
                    let total = dcar_log_sum_exp(logits, codes)
                    let pick = Pick(
                        id: id, score: logits[id], probability: exp(logits[id] - total))
                    picks.withLock { $0[row] = pick }
                }
            }
        }
        try compute.checkStop()
        let made = picks.withLock { $0 }
        guard made.allSatisfy(\.probability.isFinite) else {
            throw KernelError.notFinite(
                what: "The logits of step \(step + 1)", precision: compute.precision)
        }
        return made
    }

    private func noisyScores(
        of scores: [Float], step: Int, settings: SamplingSettings, _ noise: any NoiseSource
    ) -> [Float] {
        let temperature = settings.noiseTemperature(at: step)
        return scores.indices.map { position in
            let uniform = max(noise.confidenceNoise(step: step, position: position), 1e-20)
            return scores[position] + temperature * -log(max(-log(uniform), 1e-20))
        }
    }

    /// Masks the `keep` least sure tokens again; equal scores go together, so that there may
    /// be more of them. Except under the official rule, at least one token stays.
    private func maskedAgain(
        _ sampled: [Int], _ noisyScores: [Float], keep: Int, positions: [Int], isOfficial: Bool
    ) -> [Int] {
        let cut = noisyScores.sorted()[min(keep, noisyScores.count) - 1]
        var ids = sampled
        for position in ids.indices where noisyScores[position] <= cut {
            ids[position] = transformer.configuration.maskID
        }
        let fixesNone = positions.allSatisfy { noisyScores[$0] <= cut }
        if !isOfficial, fixesNone,
            let surest = positions.max(by: { noisyScores[$0] < noisyScores[$1] })
        {
            ids[surest] = sampled[surest]
        }
        return ids
    }
}
