import Requests

/// How long a run will still take.
package struct RemainingTime: Hashable, Sendable {
    package let seconds: Double
    /// Whether later phases were never measured, so that the number counts the steps alone.
    package let isStepsOnly: Bool

    package init(seconds: Double, isStepsOnly: Bool) {
        self.seconds = seconds
        self.isStepsOnly = isStepsOnly
    }
}

extension StudioState {
    /// From the pace of the phase that runs, once two of its units are measured, and from what later
    /// phases last took.
    package func remainingTime(of run: RunRecord) -> RemainingTime? {
        guard run.status == .running else { return nil }
        let decoding = paces[.decoding].map { 2 * $0 }
        let residual = paces[.residual].map {
            $0 * Double(run.request.residual.steps ?? parameters.modelResidualSteps)
        }
        switch run.phase {
        case .steps:
            guard run.stepSeconds.count > 1 else { return nil }
            // The first step of a run also prepares kernels.
            let measured = run.stepSeconds.dropFirst()
            let pace = measured.reduce(0, +) / Double(measured.count)
            let steps = pace * Double(max(0, run.steps - run.step))
            guard let residual, let decoding else {
                return RemainingTime(seconds: steps, isStepsOnly: true)
            }
            return RemainingTime(seconds: steps + residual + decoding, isStepsOnly: false)
        case .residual:
            guard let time = run.timings[.residual], time.units > 1, let decoding else {
                return nil
            }
            let pace = time.seconds / Double(time.units)
            return RemainingTime(
                seconds: pace * Double(max(0, run.of - time.units)) + decoding, isStepsOnly: false)
        case .decoding:
            return decoding.map { RemainingTime(seconds: $0, isStepsOnly: false) }
        case .loading, .encoding: return nil
        }
    }
}
