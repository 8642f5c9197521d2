import Requests

extension SamplingSettings {
    /// These settings with what a person configured in their place.
    package func adopting(_ settings: ResolvedSettings) -> SamplingSettings {
        var adopted = self
        if let steps = settings.whole(.steps) { adopted.steps = steps }
        if let guidance = settings.number(.guidance) { adopted.guidanceScale = Float(guidance) }
        if let decay = settings.text(.guidanceDecay).flatMap(GuidanceDecay.init) {
            adopted.guidanceDecay = decay
        }
        if let temperature = settings.number(.temperature) {
            adopted.temperature = Float(temperature)
        }
        if let schedule = settings.text(.schedule).flatMap(MaskSchedule.init) {
            adopted.schedule = schedule
        }
        return adopted
    }
}
