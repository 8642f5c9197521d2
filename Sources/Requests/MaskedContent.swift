/// Which tokens under a mask are made anew, when not all are.
public enum MaskedContent: String, Sendable, CaseIterable, Codable {
    case all
    /// Those that were least sure when they were fixed.
    case leastSure = "least-sure"
    case random
}
