import Imaging
import TerminalGraphics

/// What is done to a studio without hands: commands by name, keys and typed text.
///
/// Of a file each line is one of `:NAME`, a command; `"TEXT`, typed as it stands behind the mark;
/// or keys with spaces between, such as `Esc m Ctrl-G`. Empty lines and those that start with `# `
/// count for nothing.
package struct Replay: Hashable, Sendable {
    package private(set) var actions: [StudioAction] = []

    /// Nothing.
    package init() {}

    /// - Parameter names: of commands.
    package init(running names: [String]) throws(ReplayError) {
        for name in names { actions.append(try Self.command(name, line: nil)) }
    }

    /// - Parameter text: that of a file.
    package init(_ text: String) throws(ReplayError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.hasPrefix("# ") {
            switch line.first {
            case "\"":
                actions += line.dropFirst().unicodeScalars.map { .key(Key(.character($0))) }
            case ":" where line.count > 1:
                actions.append(try Self.command(String(line.dropFirst()), line: index + 1))
            default:
                for name in line.split(separator: " ") {
                    guard let key = Key(name: String(name)) else {
                        throw .noKey(String(name), line: index + 1)
                    }
                    actions.append(.key(key))
                }
            }
        }
    }

    private static func command(_ name: String, line: Int?) throws(ReplayError) -> StudioAction {
        guard let command = Command(rawValue: name) else { throw .noCommand(name, line: line) }
        return .command(command)
    }

    /// This, and then another.
    package static func + (one: Replay, other: Replay) -> Replay {
        var sum = one
        sum.actions += other.actions
        return sum
    }

    /// The next action, which is taken out; nil at the end.
    package mutating func next() -> StudioAction? {
        actions.isEmpty ? nil : actions.removeFirst()
    }
}

/// What of a replay is no action.
package enum ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
    case noCommand(String, line: Int?)
    case noKey(String, line: Int)

    package var description: String {
        switch self {
        case .noCommand(let name, let line):
            "\(line.map { "Line \($0): " } ?? "")\(SanitizedText(name)) is no command of the studio; its "
                + "list of commands (F2) names them."
        case .noKey(let name, let line):
            "Line \(line): \(SanitizedText(name)) is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or "
                + "Space."
        }
    }
}
