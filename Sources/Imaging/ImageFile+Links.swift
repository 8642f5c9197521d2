import Foundation

extension ImageFile {
    /// The path that a symbolic link leads to in the end, whether something is there or not; the
    /// path itself where it is no link.
    public static func linkTarget(of path: String) -> String {
        var path = path
        // More in a row are not followed by the system either.
        for _ in 0..<40 {
            guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
            else { return path }
            let slash = path.lastIndex(of: "/")
            path = next.hasPrefix("/") ? next : (slash.map { path[...$0] } ?? "") + next
        }
        return path
    }
}
