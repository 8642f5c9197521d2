import Foundation

/// The Storybook model that comes with the program.
public enum EmbeddedModel {
    /// The folder that holds its parts; nil when the program was moved away from its resources.
    public static var folder: String? {
        // The generated accessor `Bundle.module` ends the program when the resources are missing,
        // and falls back on the folder the program was built in.
        let folder = Bundle.main.bundleURL
            .appendingPathComponent("dcar-studio_Assets.resources/storybook").path
        return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }
}
