import Settings

/// Lines of the user's settings file that were changed together.
struct SettingsChange: Hashable, Sendable {
    let lines: [Line]
    let subject: Subject

    /// Nil values are lines that are not there.
    struct Line: Hashable, Sendable {
        let path: [String]
        let before: String?
        let after: String?
    }

    enum Subject: Hashable, Sendable {
        case setting(Setting)
        case keys(Command)
    }
}

extension StudioState {
    /// Writes a setting, or takes it out of the user's file.
    mutating func write(_ setting: Setting, _ toml: String?) -> [StudioEffect] {
        settingsView.written = .setting(setting)
        let before = settings.own(setting)?.toml
        return write([.init(path: setting.path, before: before, after: toml)], .setting(setting))
    }

    /// Writes keys of commands; nil for those that they came with. The first is what it is about.
    mutating func write(_ keys: [(command: Command, toml: String?)]) -> [StudioEffect] {
        let lines = keys.map { command, toml in
            let own = settings.ownKeys(of: command.rawValue)
            return SettingsChange.Line(
                path: ["keys", command.rawValue],
                before: own.map { "[\($0.map(\.tomlQuoted).joined(separator: ", "))]" },
                after: toml)
        }
        return write(lines, .keys(keys[0].command))
    }

    private mutating func write(
        _ lines: [SettingsChange.Line], _ subject: SettingsChange.Subject
    ) -> [StudioEffect] {
        if lines.contains(where: { $0.before != $0.after }) {
            settingsView.changes.append(SettingsChange(lines: lines, subject: subject))
            settingsView.undone = []
        }
        return lines.map { .writeSetting($0.path, $0.after) }
    }

    /// Undo and redo in the settings, which know of what was written there and of keys.
    mutating func travelInSettings(isUndo: Bool) -> [StudioEffect] {
        guard let change = isUndo ? settingsView.changes.popLast() : settingsView.undone.popLast()
        else {
            message = Message(
                isUndo
                    ? "There is nothing to undo here; \(key(.resetSetting)) sets a setting back."
                    : "There is nothing to redo here.")
            return []
        }
        if isUndo {
            settingsView.undone.append(change)
        } else {
            settingsView.changes.append(change)
        }
        switch change.subject {
        case .setting(let setting): settingsView.written = .setting(setting)
        case .keys(let command): settingsView.written = .keysAgain(command)
        }
        return change.lines.map { .writeSetting($0.path, isUndo ? $0.before : $0.after) }
    }
}
