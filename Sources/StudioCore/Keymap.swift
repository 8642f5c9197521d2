import Settings
import TerminalGraphics

/// Which key means which command.
package struct Keymap: Hashable, Sendable {
    private var commands: [KeyContext: [Key: Command]] = [:]
    private var keys: [Command: [Key]] = [:]

    /// The keys that the studio comes with.
    package init() {
        for entry in Command.entries {
            for key in entry.keys { add(key, for: entry) }
        }
    }

    private mutating func add(_ key: Key, for entry: Command.Entry) {
        commands[entry.context, default: [:]][key] = entry.command
        // Keys that type nothing mean the same while typing.
        if entry.context == .navigation, key.isHeardWhileTyping {
            commands[.anywhere, default: [:]][key] = entry.command
        }
        keys[entry.command, default: []].append(key)
    }

    private mutating func remove(_ key: Key, from command: Command) {
        for context in KeyContext.allCases where commands[context]?[key] == command {
            commands[context]?[key] = nil
        }
        keys[command]?.removeAll { $0 == key }
    }

    /// The command of a key in the first of the contexts that knows it.
    package func command(for key: Key, in contexts: [KeyContext]) -> Command? {
        for context in contexts {
            if let command = commands[context]?[key] { return command }
        }
        return nil
    }

    /// The key to show for a command.
    package func key(for command: Command) -> Key? { keys[command]?.first }

    package func keys(of command: Command) -> [Key] { keys[command] ?? [] }

    /// The command that a key for `command` would be taken from.
    package func holder(of key: Key, besides command: Command) -> Command? {
        guard let context = command.context else { return nil }
        let rivals = KeyContext.allCases.filter {
            $0 == context || $0.isEverywhere || context.isEverywhere
        }
        return rivals.lazy.compactMap { commands[$0]?[key] }.first { $0 != command }
    }

    /// Gives a command these keys instead of its own; other commands lose them.
    package mutating func bind(_ command: Command, to keys: [Key]) {
        guard let entry = Command.entries.first(where: { $0.command == command }) else { return }
        for key in self.keys(of: command) { remove(key, from: command) }
        for key in keys {
            if let loser = holder(of: key, besides: command) { remove(key, from: loser) }
            add(key, for: entry)
        }
    }
}

// MARK: Configuration

extension Keymap {
    /// The studio's keys as a person changed them, and a sentence for each that cannot be.
    package static func configured(by settings: ResolvedSettings)
        -> (keymap: Keymap, warnings: [SettingWarning])
    {
        var keymap = Keymap()
        var warnings: [SettingWarning] = []
        var configured: Set<Command> = []
        for binding in settings.keys {
            func warn(_ text: String) {
                warnings.append(
                    SettingWarning(file: binding.file, line: binding.line, text: text))
            }
            guard let command = Command(rawValue: binding.command) else {
                warn("\(binding.command) is no command; the list of commands (F2) names them.")
                continue
            }
            var keys: [Key] = []
            for name in binding.keys {
                switch Self.key(named: name, for: command) {
                case .failure(let problem): warn(problem.text)
                case .success(let key):
                    if let rival = keymap.holder(of: key, besides: command) {
                        guard !configured.contains(rival) else {
                            warn(
                                "\(key) cannot be both \(rival.rawValue) and \(command.rawValue); "
                                    + "it stays \(rival.rawValue).")
                            continue
                        }
                        let left = keymap.keys(of: rival).filter { $0 != key }
                        warn(
                            "\(key) is \(command.rawValue) now and no longer \(rival.rawValue), "
                                + (left.isEmpty
                                    ? "which has no key left."
                                    : "which has \(left.map(\.description).joined(separator: " ")).")
                        )
                    }
                    keys.append(key)
                }
            }
            guard !keys.isEmpty || binding.keys.isEmpty else { continue }
            keymap.bind(command, to: keys)
            configured.insert(command)
        }
        return (keymap, warnings)
    }

    /// Why a key cannot be used.
    package struct KeyProblem: Error, Hashable, Sendable {
        package let text: String
    }

    /// The key of this name, if the command can have it.
    package static func key(named name: String, for command: Command) -> Result<Key, KeyProblem> {
        guard let key = Key(name: name) else {
            return .failure(
                KeyProblem(
                    text: "\"\(name)\" is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or "
                        + "Space."))
        }
        return problem(with: key, for: command).map { .failure($0) } ?? .success(key)
    }

    /// Keys that terminals cannot tell from others, and those that move cursors, stay what they are.
    package static func problem(with key: Key, for command: Command) -> KeyProblem? {
        if case .character(let scalar) = key.code, key.modifiers.contains(.control),
            let same = Self.lookalikes[scalar]
        {
            return KeyProblem(
                text: "\(key) cannot be \(command.rawValue): terminals send it for \(same).")
        }
        let isArrow = [.up, .down, .left, .right].contains(key.code)
        if isArrow, key.modifiers.isDisjoint(with: [.alt, .control]) {
            return KeyProblem(
                text: "\(key) cannot be \(command.rawValue): it moves the cursor.")
        }
        return nil
    }

    private static let lookalikes: [Unicode.Scalar: String] = [
        "m": "Enter", "j": "Enter", "i": "Tab", "h": "Backspace", "[": "Esc"
    ]
}

extension Command {
    /// Where its keys count.
    package var context: KeyContext? { Self.entries.first { $0.command == self }?.context }
}

extension KeyContext {
    /// Whether its keys count beside those of every other context.
    fileprivate var isEverywhere: Bool { self == .navigation || self == .anywhere }
}

extension Key {
    /// Function keys, and digits with Alt: no text field takes them.
    fileprivate var isHeardWhileTyping: Bool {
        switch code {
        case .function: true
        case .character(let scalar): modifiers == .alt && ("0"..."9").contains(scalar)
        default: false
        }
    }
}
