import TerminalGraphics

/// What lies over the screen and takes all keys.
package enum Popup: Hashable, Sendable {
    case list(List, ListState)
    /// Which line of it is selected.
    case choice(Choice, Int)
    /// The next key becomes a command's; one that is another's is asked for twice. The list is the
    /// help's, to go back to.
    case rebind(Command, asked: Key?, ListState)
    case copy
    /// The file's name, and what it is for.
    case saveAs(TextField, SaveOrder)
    case open(TextField)
    case form(Form)
    /// Tags of the picture that was selected in the gallery.
    case tags(TextField, path: String)
    /// The tree that a picture belongs to, which is the one chosen.
    case versions(selected: RunID)
    case quit
    /// Lines to read; `first` is the first of those on the screen, counted as they are broken there.
    case text(title: String, lines: [String], first: Int = 0)

    /// What is listed, to be narrowed down by typing.
    package enum List: Hashable, Sendable {
        /// Commands with their keys, those that count here first.
        case help
        case commands
        /// Earlier prompts.
        case history
        /// Prompts that the model draws well.
        case examples
        case styles
        /// Ways to save.
        case exports
    }

    package struct ListState: Hashable, Sendable {
        package var filter = TextField()
        package var selected = 0
        package init() {}
    }

    /// What there are a few of.
    package enum Choice: Hashable, Sendable {
        /// Entries of the codebook that the token under the cursor could be.
        case candidates
        /// Pictures to compare with.
        case comparison
        case themes
    }

    /// What is typed into, where there is such a field. Another filter begins at its first line.
    var field: TextField? {
        get {
            switch self {
            case .saveAs(let field, _), .open(let field), .tags(let field, _): field
            case .form(let form): form.field
            case .list(_, let list): list.filter
            case .choice, .rebind, .copy, .versions, .quit, .text: nil
            }
        }
        set {
            guard let newValue else { return }
            switch self {
            case .saveAs(_, let order): self = .saveAs(newValue, order)
            case .open: self = .open(newValue)
            case .tags(_, let path): self = .tags(newValue, path: path)
            case .form(var form):
                form.field = newValue
                self = .form(form)
            case .list(let kind, var list):
                (list.filter, list.selected) = (newValue, 0)
                self = .list(kind, list)
            case .choice, .rebind, .copy, .versions, .quit, .text: break
            }
        }
    }
}
