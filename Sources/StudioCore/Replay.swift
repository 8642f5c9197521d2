import Imaging
import TerminalGraphics

/// What is done to a studio without hands: commands by name, keys and typed text.
///
/// Of a file each line is one of `:NAME` or `:NAME TEXT`, a command and what it asks for; `"TEXT`,
/// typed as it stands behind the mark; or keys with spaces between, such as `Esc m Ctrl-G`. Empty lines and those that start with `# `
/// count for nothing.
package struct Replay: Hashable, Sendable {
    package private(set) var actions: [StudioAction] = []

    /// Nothing.
    package init() {}

    /// - Parameter names: of commands, such as `gallery.search fox`.
    package init(running names: [String]) throws(ReplayError) {
        for name in names { actions += try Self.command(name, line: nil) }
    }

    /// - Parameter text: that of a file.
    package init(_ text: String) throws(ReplayError) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.hasPrefix("# ") {
            switch line.first {
            case "\"":
                actions += Self.typing(line.dropFirst())
            case ":" where line.count > 1:
                actions += try Self.command(String(line.dropFirst()), line: index + 1)
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

    private static func typing(_ text: some StringProtocol) -> [StudioAction] {
        text.unicodeScalars.map { .key(Key(.character($0))) }
    }

    static func command(_ text: String, line: Int? = nil) throws(ReplayError) -> [StudioAction] {
        let words = text.split(separator: " ", maxSplits: 1)
        let name = words.first.map(String.init) ?? text
        guard let command = Command(rawValue: name) else { throw .noCommand(name, line: line) }
        guard words.count > 1 else { return [.command(command)] }
        guard command.asksForText else { throw .noText(name, line: line) }
        // What it suggests gives way.
        return [.command(command), .key(Key(.end)), .key(Key(.character("u"), .control))]
            + typing(words[1]) + [.key(Key(.enter))]
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
    case noText(String, line: Int?)

    package var description: String {
        switch self {
        case .noCommand(let name, let line):
            "\(line.map { "Line \($0): " } ?? "")\(SanitizedText(name)) is no command of the studio; its "
                + "list of commands (F2) names them."
        case .noText(let name, let line):
            "\(line.map { "Line \($0): " } ?? "")\(name) asks for no text; write it with nothing behind it."
        case .noKey(let name, let line):
            "Line \(line): \(SanitizedText(name)) is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or "
                + "Space."
        }
    }
}
