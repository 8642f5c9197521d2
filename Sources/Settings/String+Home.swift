import Foundation

extension String {
    /// A path with `~` at its start replaced as shells do it: by `HOME`, where that is set.
    package var withHome: String {
        guard self == "~" || hasPrefix("~/"),
            let home = ProcessInfo.processInfo.environment["HOME"], home.hasPrefix("/")
        else { return (self as NSString).expandingTildeInPath }
        return home + String(dropFirst())
    }

    /// The same path with `~` for the home folder, for a person to read.
    package var withTilde: String {
        let home = "~".withHome
        return hasPrefix(home + "/") ? "~" + dropFirst(home.count) : self
    }
}
