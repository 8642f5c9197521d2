/// Another model, and what a person would tell about this one.
extension StudioState {
    mutating func askModel() {
        guard job.map(\.isPaused) ?? true else {
            message = Message("A run is on; \(key(.cancel)) cancels it.", .problem)
            return
        }
        popup = .form(
            Form(.loadModel, [Form.Field("folder", suggesting: settings.text(.modelPath) ?? "")]))
    }

    /// What a person would put into a report.
    var about: [String] {
        var lines = ["program: dcar" + (version.isEmpty ? "" : " \(version)")]
        if let facts {
            lines += [
                "model: \(facts.name), \(facts.trainedSide) pixels, \(facts.codebookSize) codes, "
                    + "\(facts.sampling.steps) steps, \(facts.residualSteps) residual steps",
                "machine: \(facts.threads) threads"
            ]
        }
        guard !isPlain else { return lines + ["plain lines, without a screen"] }
        lines += [
            "pictures: \(graphics)",
            "\(screen.columns)×\(screen.rows) cells of \(screen.cellWidth)×\(screen.cellHeight) pixels",
            "theme \(theme.rawValue)", "", "`dcar doctor` says how that was found out."
        ]
        return lines
    }
}
