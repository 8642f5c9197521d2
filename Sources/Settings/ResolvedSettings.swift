/// All settings with their values and where those came from.
package struct ResolvedSettings: Hashable, Sendable {
    /// Where a value came from.
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case standard
        case file(String, line: Int?)
        case variable(String)
        case flag(String)

        package var description: String {
            switch self {
            case .standard: "default"
            case .file(let path, let line): line.map { "\(path), line \($0)" } ?? path
            case .variable(let name): name
            case .flag(let name): name
            }
        }
    }

    /// Keys for a command, as the file names them.
    package struct KeyBinding: Hashable, Sendable {
        package let command: String
        package let keys: [String]
        package let file: String
        package let line: Int?
    }

    /// A named piece of prompt.
    package struct Style: Hashable, Sendable {
        package let name: String
        package let text: String
        package let file: String
        package let line: Int?
    }

    private struct Entry: Hashable, Sendable {
        let value: SettingValue
        let origin: Origin
    }

    private var entries: [Setting: Entry] = [:]
    package private(set) var keys: [KeyBinding] = []
    package private(set) var styles: [Style] = []
    package private(set) var warnings: [SettingWarning] = []
    /// The file that `set` writes.
    package private(set) var userFile: String?

    /// What the user's file says, whether it counts or not.
    private var own: [Setting: SettingValue] = [:]
    private var ownKeys: [String: [String]] = [:]

    /// Every setting at its default.
    package init() {}

    init(_ sources: SettingsSources) {
        userFile = sources.userFile
        for path in [sources.userFile, sources.projectFile].compactMap({ $0 }) {
            let file = SettingsFile(path: path)
            warnings += file.warnings
            for entry in file.entries { take(entry, of: path) }
        }
        for setting in Setting.all {
            guard let variable = setting.variable, let text = sources.environment[variable] else {
                continue
            }
            if let value = setting.value(typed: text) {
                entries[setting] = Entry(value: value, origin: .variable(variable))
            } else {
                warnings.append(
                    SettingWarning(
                        text: "\(variable) is \"\(text)\"; it must be \(setting.allowed)."))
            }
        }
        for (setting, flag) in sources.flags {
            entries[setting] = Entry(value: flag.value, origin: .flag(flag.name))
        }
    }

    private mutating func take(_ entry: SettingsFile.Entry, of file: String) {
        func warn(_ text: String) {
            warnings.append(SettingWarning(file: file, line: entry.line, text: text))
        }
        let rest = entry.path.dropFirst().joined(separator: ".")
        switch entry.path.first {
        case "keys" where !rest.isEmpty:
            guard let names = entry.value.texts else {
                return warn("the keys of \(rest) must be a text, or a list of texts.")
            }
            if file == userFile { ownKeys[rest] = names }
            keys.removeAll { $0.command == rest }
            keys.append(KeyBinding(command: rest, keys: names, file: file, line: entry.line))
        case "styles" where !rest.isEmpty:
            guard case .text(let text)? = entry.value.one, !text.isEmpty else {
                return warn("the style \(rest) must be a text.")
            }
            styles.removeAll { $0.name == rest }
            styles.append(Style(name: rest, text: text, file: file, line: entry.line))
        default:
            let name = entry.path.joined(separator: ".")
            guard let setting = Setting.named(name) else {
                return warn("\(SettingsError.unknown(name: name))")
            }
            guard let value = entry.value.one.flatMap(setting.fitting) else {
                return warn("\(name) must be \(setting.allowed); this line does not count.")
            }
            if file == userFile { own[setting] = value }
            entries[setting] = Entry(value: value, origin: .file(file, line: entry.line))
        }
    }

    // MARK: Reading

    package func value(_ setting: Setting) -> SettingValue? {
        entries[setting]?.value ?? setting.standard
    }

    /// What the user's file says of a setting, whether that counts or not.
    package func own(_ setting: Setting) -> SettingValue? { own[setting] }

    /// The keys that the user's file gives a command, whether that counts or not.
    package func ownKeys(of command: String) -> [String]? { ownKeys[command] }

    package func origin(_ setting: Setting) -> Origin { entries[setting]?.origin ?? .standard }

    /// The value for a person.
    package func shown(_ setting: Setting) -> String {
        value(setting)?.description ?? setting.standardWords
    }

    package func whole(_ setting: Setting) -> Int? {
        if case .whole(let number)? = value(setting) { number } else { nil }
    }

    package func number(_ setting: Setting) -> Double? {
        if case .number(let number)? = value(setting) { number } else { nil }
    }

    package func text(_ setting: Setting) -> String? {
        if case .text(let text)? = value(setting) { text } else { nil }
    }

    /// Whether a step is one of those that are shown as pictures; the last always is.
    package func showsPicture(ofStep step: Int, isLast: Bool) -> Bool {
        isLast || step % previewInterval == 0
    }

    /// Whether a flag is on.
    package func isOn(_ setting: Setting) -> Bool { value(setting) == .flag(true) }
}
