import ArgumentParser
import Foundation
import Imaging
import Settings
import StudioCore

/// Reads and changes the configuration.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Read and change settings.",
        discussion: """
            A flag counts more than an environment variable, that more than .dcar.toml in the current \
            folder, that more than the user's file, that more than the default. The user's file is \
            config.toml in the configuration folder, or what DCAR_CONFIG names; dcar config path \
            prints it. In the files, a setting stands under its section:

              [generate]
              steps = 8

              [keys]
              "token.pin" = "t"
              "step.next" = [".", "F6"]

              [styles]
              watercolour = "as a watercolour, soft edges"

            Settings:

            \(Setting.all.map(\.explanation).joined(separator: "\n"))

            Keys are written as the studio's help shows them: one character, Space, Enter, Tab, Esc, \
            Backspace, Delete, Insert, Up, Down, Left, Right, Home, End, PageUp, PageDown, F1 to \
            F12, with Ctrl-, Alt- or Shift- in front. Commands are named in the studio's list of \
            commands.
            """,
        subcommands: [Get.self, Set.self, Unset.self, List.self, Path.self])

    /// The value of one setting.
    struct Get: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a setting's value.")

        @Argument(help: "Such as generate.steps.")
        var name: String

        @Flag(help: "Also say where the value comes from.")
        var showOrigin = false

        func run() throws {
            let settings = Preferences.current
            Preferences.warn(unless: false)
            switch try SettingName(name) {
            case .setting(let setting):
                let value = settings.value(setting)?.description
                try line(value ?? "", settings.origin(setting))
                if value == nil {
                    Messages.plain("dcar: \(setting.name) is not set: \(setting.standardWords).")
                }
            case .key(let command):
                let keys = Keymap.configured(by: settings).keymap.keys(of: command)
                let binding = settings.keys.first { $0.command == command.rawValue }
                try line(
                    keys.map(\.description).joined(separator: " "),
                    binding.map { Origin.file($0.file, line: $0.line) } ?? .standard)
            case .style(let name):
                guard let style = settings.styles.first(where: { $0.name == name }) else {
                    throw CommandError.usage(
                        "There is no style \(name); `dcar config list` names them all.")
                }
                try line(style.text, .file(style.file, line: style.line))
            }
        }

        private typealias Origin = ResolvedSettings.Origin

        private func line(_ text: String, _ origin: Origin) throws {
            let shown = showOrigin ? "\(text)    # \(origin)" : text
            try Output.line(SanitizedText(shown, limit: 1 << 16).description)
        }
    }

    /// A line of the user's file.
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a setting in the user's file, whose other lines stay as they are.")

        @Argument(help: "Such as generate.steps, keys.token.pin or styles.NAME.")
        var name: String

        @Argument(parsing: .allUnrecognized, help: "The value; several for keys.")
        var values: [String]

        func run() throws {
            let name = try SettingName(name)
            try Preferences.sources.write(name.path, try name.toml(values))
        }
    }

    /// Out of the user's file.
    struct Unset: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a setting out of the user's file.")

        @Argument(help: "Such as generate.steps.")
        var name: String

        func run() throws {
            try Preferences.sources.write(try SettingName(name).path, nil)
        }
    }

    /// Everything.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all settings.")

        @Flag(help: "Also say where each value comes from.")
        var showOrigin = false

        func run() throws {
            let settings = Preferences.current
            Preferences.warn(unless: false)
            for warning in Keymap.configured(by: settings).warnings {
                Messages.plain("dcar: warning: \(warning)")
            }
            for setting in Setting.all {
                let value = settings.value(setting)?.toml ?? "(\(setting.standardWords))"
                try line("\(setting.name) = \(value)", "\(settings.origin(setting))")
            }
            for binding in settings.keys {
                let keys = binding.keys.map(\.tomlQuoted).joined(separator: ", ")
                try line(
                    "keys.\(binding.command) = [\(keys)]",
                    "\(ResolvedSettings.Origin.file(binding.file, line: binding.line))")
            }
            for style in settings.styles {
                try line(
                    "styles.\(style.name) = \(style.text.tomlQuoted)",
                    "\(ResolvedSettings.Origin.file(style.file, line: style.line))")
            }
        }

        private func line(_ text: String, _ origin: String) throws {
            let shown = showOrigin ? "\(text)    # \(origin)" : text
            try Output.line(SanitizedText(shown).description)
        }
    }

    /// Where the user's file is, or would be.
    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the path of the user's file.")

        func run() throws {
            guard let path = Preferences.sources.userFile else { throw SettingsError.noPlace }
            try Output.line(SanitizedText(path).description)
        }
    }
}

/// What a name on the command line stands for.
private enum SettingName {
    case setting(Setting)
    case key(Command)
    case style(String)

    init(_ name: String) throws {
        if let setting = Setting.named(name) {
            self = .setting(setting)
        } else if name.hasPrefix("keys.") {
            let rest = String(name.dropFirst(5))
            guard let command = Command(rawValue: rest) else {
                throw CommandError.usage(
                    "\(rest) is no command; the studio's list of commands (F2) names them.")
            }
            self = .key(command)
        } else if name.hasPrefix("styles."), name.count > 7 {
            self = .style(String(name.dropFirst(7)))
        } else {
            throw SettingsError.unknown(name: name)
        }
    }

    var path: [String] {
        switch self {
        case .setting(let setting): setting.path
        case .key(let command): ["keys", command.rawValue]
        case .style(let name): ["styles", name]
        }
    }

    func toml(_ values: [String]) throws -> String {
        let text = values.joined(separator: " ")
        switch self {
        case .setting(let setting):
            guard let value = setting.value(typed: text) else {
                throw SettingsError.badValue(
                    name: setting.name, value: text, allowed: setting.allowed)
            }
            return value.toml
        case .key(let command):
            for value in values {
                if case .failure(let problem) = Keymap.key(named: value, for: command) {
                    throw CommandError.usage(problem.text)
                }
            }
            let names = values.map(\.tomlQuoted)
            return names.count == 1 ? names[0] : "[\(names.joined(separator: ", "))]"
        case .style(let name):
            guard !text.isEmpty else {
                throw SettingsError.badValue(
                    name: "styles.\(name)", value: text, allowed: "a text that is not empty")
            }
            return text.tomlQuoted
        }
    }
}

extension Setting {
    /// For the help.
    fileprivate var explanation: String {
        let by = variable.map { "; \($0) sets it too" } ?? ""
        return "\(name): \(meaning) It is \(allowed); default: \(standardWords)\(by).\n"
    }
}
