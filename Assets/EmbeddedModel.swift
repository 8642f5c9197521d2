import Foundation

/// The Storybook model that comes with the program.
public enum EmbeddedModel {
    /// The folder that holds its parts; nil when the program was moved away from its resources.
    public static var folder: String? {
        Bundle.module.url(forResource: "model", withExtension: nil)?.path
    }
}
