import Foundation
import Layers

/// The program's own part of the user's cache folder.
public enum CacheFolder {
    /// Nil where neither `XDG_CACHE_HOME` nor `HOME` is an absolute path and the system knows no
    /// folder of the user.
    public static var path: String? {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
            return "\(folder)/dcar"
        }
        return home.map { "\($0)/.cache/dcar" }
    }

    /// What `HOME` names; where it names no folder, what the system knows of the user.
    public static let home: String? = {
        let named = ProcessInfo.processInfo.environment["HOME"] ?? ""
        if named.hasPrefix("/") { return named }
        return getpwuid(getuid()).map { String(cString: $0.pointee.pw_dir) }
    }()
}

extension WeightCache {
    /// The user's own; nil where there is no cache folder.
    public static var ofUser: WeightCache? {
        CacheFolder.path.map { WeightCache(folder: "\($0)/weights") }
    }
}
