import Foundation

/// Finds the folder that was meant where another one was named: the one around it, or one further in,
/// as Hugging Face's cache has them.
enum NearbyModel {
    private static let depth = 4
    private static let mostFolders = 200

    /// - Returns: a folder near by that holds all parts of a model; nil when there is none.
    static func path(from folder: String) -> String? {
        let around = URL(fileURLWithPath: folder).standardizedFileURL.deletingLastPathComponent()
        var places = [around.path]
        var level = [folder]
        for _ in 1..<depth where places.count < mostFolders {
            level = level.flatMap(ModelParts.folders)
            places += level
        }
        return places.prefix(mostFolders).first {
            (try? ModelParts(in: $0))?.isModel ?? false
        }
    }
}
