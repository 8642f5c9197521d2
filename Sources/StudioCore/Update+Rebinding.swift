import Settings
import TerminalGraphics

/// Keys given to commands by pressing them, kept in the user's settings file.
extension StudioState {
    mutating func pressInRebind(
        _ key: Key, _ command: Command, _ asked: Key?, _ list: Popup.ListState
    ) -> [StudioEffect] {
        let back = Popup.list(.help, list)
        message = nil
        switch key {
        case Key(.escape):
            popup = back
            return []
        case Key(.backspace), Key(.delete):
            popup = back
            settingsView.written = .key(command, nil)
            return write([(command, nil)])
        default: break
        }
        if let problem = Keymap.problem(with: key, for: command) {
            message = Message(problem.text, .problem)
            return []
        }
        let rival = keymap.holder(of: key, besides: command)
        if let rival, asked != key {
            popup = .rebind(command, asked: key, list)
            message = Message(
                "\(key) is \(rival.rawValue); press it again to take it for \(command.rawValue).",
                .problem)
            return []
        }
        popup = back
        settingsView.written = .key(command, key)
        let own = (command: command, toml: Optional(key.description.tomlQuoted))
        guard let rival else { return write([own]) }
        // Written out too, so that nothing has to be said of it at each start.
        let left = keymap.keys(of: rival).filter { $0 != key }.map(\.description.tomlQuoted)
        return write([own, (rival, "[\(left.joined(separator: ", "))]")])
    }
}
