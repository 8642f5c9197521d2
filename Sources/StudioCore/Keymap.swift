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

    /// No keys at all: commands are named instead.
    package static let none: Keymap = {
        var keymap = Keymap()
        for entry in Command.entries { keymap.bind(entry.command, to: []) }
        return keymap
    }()

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
        guard let entry = command.entry else { return }
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
        var wishes: [(command: Command, keys: [Key], binding: ResolvedSettings.KeyBinding)] = []
        func warn(_ text: String, _ binding: ResolvedSettings.KeyBinding) {
            warnings.append(SettingWarning(file: binding.file, line: binding.line, text: text))
        }
        for binding in settings.keys {
            guard let command = Command(rawValue: binding.command) else {
                warn(
                    "\(binding.command) is no command; the list of commands (F2) names them.",
                    binding)
                continue
            }
            var keys: [Key] = []
            for name in binding.keys {
                switch key(named: name, for: command) {
                case .failure(let problem): warn(problem.text, binding)
                case .success(let key): keys.append(key)
                }
            }
            if keys.isEmpty, !binding.keys.isEmpty { continue }
            wishes.append((command, keys, binding))
        }
        // All of them give up their keys before any takes one, so that two can swap.
        for wish in wishes { keymap.bind(wish.command, to: []) }
        for wish in wishes {
            var keys: [Key] = []
            for key in wish.keys {
                guard let rival = keymap.holder(of: key, besides: wish.command) else {
                    keys.append(key)
                    continue
                }
                let isAsked = wishes.contains { $0.command == rival }
                warn(
                    isAsked
                        ? "\(key) cannot be both \(rival.rawValue) and \(wish.command.rawValue); "
                            + "it stays \(rival.rawValue)."
                        : keymap.loss(of: key, by: rival, to: wish.command), wish.binding)
                if !isAsked { keys.append(key) }
            }
            keymap.bind(wish.command, to: keys)
        }
        return (keymap, warnings)
    }

    private func loss(of key: Key, by rival: Command, to command: Command) -> String {
        let left = keys(of: rival).filter { $0 != key }.map(\.description)
        return "\(key) is \(command.rawValue) now and no longer \(rival.rawValue), which has "
            + (left.isEmpty ? "no key left." : "\(left.joined(separator: " ")).")
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

extension StudioState {
    /// The key to name for a command, or what to type into the list of commands.
    package func key(_ command: Command) -> String {
        if isPlain { return ":\(PlainOrder.shortName(of: command))" }
        return keymap.key(for: command)?.description ?? ":\(command.rawValue)"
    }
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
