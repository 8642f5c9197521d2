import Foundation
import Settings

/// The settings that this run goes by.
enum Preferences {
    static let sources = SettingsSources(
        environment: ProcessInfo.processInfo.environment,
        folder: FileManager.default.currentDirectoryPath, home: home)

    static let home = "~".withHome

    static let current = sources.load()

    /// Says once what is wrong with the files; nothing of it keeps a command from running.
    static func warn(unless isQuiet: Bool) {
        guard !isQuiet else { return }
        for warning in current.warnings { Messages.plain("dcar: warning: \(warning)") }
    }
}
