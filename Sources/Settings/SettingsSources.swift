import Foundation

/// Where settings come from, the strongest first: flags, environment, a project's file, the user's
/// file, then each setting's own default.
package struct SettingsSources: Sendable {
    package var flags: [Setting: Flag] = [:]
    package var environment: [String: String]
    /// `.dcar.toml` in the current folder.
    package var projectFile: String?
    /// `config.toml` in the user's configuration folder, or what `DCAR_CONFIG` names.
    package var userFile: String?

    /// What a command line says.
    package struct Flag: Sendable {
        package let name: String
        package let value: SettingValue

        package init(_ name: String, _ value: SettingValue) {
            (self.name, self.value) = (name, value)
        }
    }

    /// The usual places.
    package init(environment: [String: String], folder: String, home: String) {
        self.environment = environment.filter { !$0.value.isEmpty }
        projectFile = "\(folder)/.dcar.toml"
        if let named = self.environment["DCAR_CONFIG"] {
            userFile = named
        } else if let base = self.environment["XDG_CONFIG_HOME"], base.hasPrefix("/") {
            userFile = "\(base)/dcar/config.toml"
        } else if home.hasPrefix("/") {
            userFile = "\(home)/.config/dcar/config.toml"
        }
    }

    package func load() -> ResolvedSettings { ResolvedSettings(self) }

    /// Writes one entry of the user's file; nil takes it out.
    /// - Throws: `SettingsError`, also for a file that cannot be read: it would be lost.
    package func write(_ path: [String], _ toml: String?) throws(SettingsError) {
        guard let userFile else { throw .noPlace }
        let lock = FolderLock(
            (userFile as NSString).deletingLastPathComponent, isMade: toml != nil)
        defer { lock.release() }
        let file = SettingsFile(path: userFile)
        guard file.isWhole else {
            throw .notWritten(
                "\(userFile) is not changed, since it cannot be read as UTF-8 text of at most 256 "
                    + "KiB; mend it or move it away.")
        }
        if let toml {
            try SettingsFile.write(try file.setting(path, to: toml), to: userFile)
        } else if !file.text.isEmpty {
            try SettingsFile.write(try file.removing(path), to: userFile)
        }
    }
}

/// Keeps programs apart that change files of a folder at the same time, so that each reads what the
/// one before has written.
private struct FolderLock {
    private let folder: Int32

    /// Waits at most two seconds: a program that was stopped must not stop all others.
    /// - Parameter isMade: whether a folder that is missing is made.
    init(_ path: String, isMade: Bool) {
        if isMade {
            try? FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        folder = open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        var tries = 0
        while folder >= 0, tries < 100, flock(folder, LOCK_EX | LOCK_NB) != 0,
            errno == EWOULDBLOCK || errno == EINTR
        {
            tries += 1
            usleep(20_000)
        }
    }

    func release() { if folder >= 0 { close(folder) } }
}
