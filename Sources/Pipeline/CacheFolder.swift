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
        let named = environment["HOME"] ?? ""
        let home = named.hasPrefix("/") ? named : NSHomeDirectory()
        return home.hasPrefix("/") ? "\(home)/.cache/dcar" : nil
    }
}

extension WeightCache {
    /// The user's own; nil where there is no cache folder.
    public static var ofUser: WeightCache? {
        CacheFolder.path.map { WeightCache(folder: "\($0)/weights") }
    }
}
