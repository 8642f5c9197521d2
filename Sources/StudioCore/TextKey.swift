/// Keys that edit a text, which are always the same.
package struct TextKey: Hashable, Sendable {
    package let keys: String
    package let title: String

    private init(_ keys: String, _ title: String) {
        (self.keys, self.title) = (keys, title)
    }

    static let all = [
        TextKey("Alt-Enter", "begin a new line"),
        TextKey("Home End", "to the start or the end of the line"),
        TextKey("Ctrl-Left Ctrl-Right", "a word back, a word on"),
        TextKey("Ctrl-W", "delete the word before the cursor"),
        TextKey("Ctrl-U Ctrl-K", "delete to the start or the end of the line"),
        TextKey("Ctrl-Z Ctrl-Y", "undo, redo"),
        TextKey("Ctrl-P Ctrl-N", "an earlier prompt, a later one"),
        TextKey("Ctrl-X Ctrl-E", "edit the prompt in $EDITOR"),
        TextKey("Tab Shift-Tab", "the next panel, the one before"),
        TextKey("Esc", "to the picture, where letters are commands")
    ]

    func matches(_ text: String) -> Bool {
        let pattern = text.lowercased()
        return pattern.isEmpty || "\(title) \(keys)".lowercased().contains(pattern)
    }
}
