import Foundation
import Settings

/// The settings that this run goes by.
enum Preferences {
    static let sources = SettingsSources(
        environment: ProcessInfo.processInfo.environment,
        folder: FileManager.default.currentDirectoryPath, home: home)

    /// As shells take it: Foundation reads the user database, whatever HOME says.
    /// What `HOME` names; where it names no folder, what the system knows of the user.
    static let home: String = {
        let named = ProcessInfo.processInfo.environment["HOME"] ?? ""
        if named.hasPrefix("/") { return named }
        guard let user = getpwuid(getuid()), let folder = user.pointee.pw_dir else { return "/" }
        return String(cString: folder)
    }()

    static let current = sources.load()

    /// Says once what is wrong with the files; nothing of it keeps a command from running.
    static func warn(unless isQuiet: Bool) {
        guard !isQuiet else { return }
        for warning in current.warnings { Messages.plain("dcar: warning: \(warning)") }
    }
}
