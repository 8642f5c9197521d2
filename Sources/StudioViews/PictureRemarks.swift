import Requests
import StudioCore

/// What tells pictures in a list apart.
extension StudioState {
    /// For each picture what others of the same name have otherwise, and what became of it; nothing
    /// for one that its name alone tells.
    func remarks(on ids: [RunID]) -> [RunID: String] {
        let records = ids.compactMap { runs[$0] }
        let discarded = discarded
        var remarks: [RunID: String] = [:]
        for namesakes in Dictionary(grouping: records, by: \.shortTitle).values {
            let differences = Self.differences(of: namesakes)
            for run in namesakes {
                let fate =
                    discarded.contains(run.id)
                    ? "not accepted" : run.savedPath == nil ? nil : "saved"
                let words = (differences[run.id] ?? []) + [fate].compactMap { $0 }
                if !words.isEmpty { remarks[run.id] = words.joined(separator: "  ") }
            }
        }
        return remarks
    }

    /// As many facts as tell them apart, the seed first.
    private static func differences(of runs: [RunRecord]) -> [RunID: [String]] {
        let facts: [(RunRecord) -> String] = [
            { run in run.knownSeed.map { "seed \($0)" } ?? "seed unknown" },
            { "guidance \(Parameters.decimal($0.request.sampling.guidanceScale))" },
            { "\($0.request.sampling.steps) steps" },
            { "temperature \(Parameters.decimal($0.request.sampling.temperature))" },
            { "\($0.gridWidth)×\($0.gridHeight) tokens" }
        ]
        var words: [RunID: [String]] = [:]
        for fact in facts where Set(runs.map { words[$0.id] ?? [] }).count < runs.count {
            let values = runs.map(fact)
            guard Set(values).count > 1 else { continue }
            for (run, value) in zip(runs, values) { words[run.id, default: []].append(value) }
        }
        return words
    }
}
