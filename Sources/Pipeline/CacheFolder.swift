import Foundation
import Layers

/// The program's own part of the user's cache folder.
enum CacheFolder {
    /// Nil where neither `XDG_CACHE_HOME` nor `HOME` says where it is.
    static var path: String? {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
            return "\(folder)/dcar"
        }
        return environment["HOME"].map { "\($0)/.cache/dcar" }
    }
}

extension WeightCache {
    /// The user's own; nil where there is no cache folder.
    public static var ofUser: WeightCache? {
        CacheFolder.path.map { WeightCache(folder: "\($0)/weights") }
    }
}
