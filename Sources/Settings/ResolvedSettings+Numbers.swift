/// Numbers that always have a value: what they are when nobody sets them stands in their declaration.
extension ResolvedSettings {
    /// Pictures of each prompt.
    package var count: Int { whole(declared: .count) }
    /// How much residual tokens count; 1 is the official result.
    package var residualStrength: Double { number(declared: .residualStrength) }
    /// Pixels over which an edit fades into the picture.
    package var feather: Int { whole(declared: .feather) }
    /// Steps from one picture of a run to the next.
    package var previewInterval: Int { whole(declared: .previewInterval) }
    /// Per cent of all cores that drawing a run's steps may take.
    package var previewBudget: Int { whole(declared: .previewBudget) }
    /// zlib's level.
    package var compression: Int { whole(declared: .compression) }
    /// How many days the log goes back.
    package var logDays: Int { whole(declared: .logDays) }

    private func whole(declared setting: Setting) -> Int {
        guard let number = whole(setting) else { preconditionFailure(setting.name) }
        return number
    }

    private func number(declared setting: Setting) -> Double {
        guard let number = number(setting) else { preconditionFailure(setting.name) }
        return number
    }
}
