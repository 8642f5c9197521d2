/// A line of the help.
package enum HelpLine: Hashable, Sendable {
    case heading(String)
    /// A command, by its place in the list of those that match.
    case command(Int)
    /// Keys that are no command's.
    case text(TextKey)
}
