/// What an edit does to a picture. Files and sessions keep the names.
public enum EditOperation: String, Sendable, Codable {
    /// Makes the tokens under a mask anew.
    case inpaint
    /// Makes some of all tokens anew, chosen by chance.
    case variation
    /// Makes the least sure tokens anew.
    case reroll
    /// Continues the picture beyond its borders.
    case outpaint
}
