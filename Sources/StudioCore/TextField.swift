import TerminalGraphics

/// A text with a cursor, edited with the keys of a shell.
package struct TextField: Hashable, Sendable {
    package private(set) var characters: [Character]
    /// The character that the cursor stands before.
    package private(set) var cursor: Int
    /// Whether what is typed or pasted takes the text's place; keys that move or delete keep it.
    package private(set) var isSuggestion = false

    /// What it was before it was edited, the last edit last, and after edits that were undone.
    private var past: [Moment] = []
    private var future: [Moment] = []
    /// Whether the last edit was one character that was typed, which the next one joins.
    private var isTyping = false

    private struct Moment: Sendable {
        let characters: [Character]
        let cursor: Int
    }

    /// Edits that can be undone.
    private static let memory = 100

    /// Whether the last text that came was cut off, as there was no room for all of it.
    private(set) var isFull = false

    /// Two that look alike are alike, whatever they were before.
    package static func == (one: TextField, other: TextField) -> Bool {
        one.characters == other.characters && one.cursor == other.cursor
            && one.isSuggestion == other.isSuggestion
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(characters)
        hasher.combine(cursor)
    }

    package init(_ text: String = "") {
        characters = Array(text)
        cursor = characters.count
    }

    /// A text that the first thing typed replaces.
    package init(suggesting text: String) {
        self.init(text)
        isSuggestion = !text.isEmpty
    }

    /// What is typed next takes its place.
    mutating func suggest() { (isSuggestion, cursor) = (!isEmpty, characters.count) }

    package var text: String { String(characters) }
    package var isEmpty: Bool { characters.isEmpty }

    /// Characters beyond this are not taken; no encoder reads as many.
    package static let limit = 8_000

    package mutating func insert(_ addition: String) {
        let isOne = addition.count == 1 && addition != " " && addition != "\n"
        remembering(isTyped: isOne) { $0.add(addition) }
    }

    /// Puts another text in its place, which undo takes back.
    package mutating func replace(with text: String) {
        guard text != self.text else { return }
        remembering { field in
            field.characters = Array(text)
            field.cursor = field.characters.count
        }
        isSuggestion = false
    }

    private mutating func add(_ addition: String) {
        if isSuggestion { (characters, cursor, isSuggestion) = ([], 0, false) }
        let scalars = addition.unicodeScalars.map { $0 == "\t" ? " " : $0 }.filter(\.isText)
        let text = String(String.UnicodeScalarView(scalars))
        let room = max(0, Self.limit - characters.count)
        isFull = text.count > room
        let addition = text.prefix(room)
        let before = String(characters[..<cursor]) + addition
        let after = characters[cursor...]
        // A combining mark joins the character before it, so both are counted anew.
        characters = Array(before)
        cursor = characters.count
        characters += after
    }

    /// Takes a key that edits or moves; false for all others.
    package mutating func edit(_ key: Key) -> Bool {
        switch (key.code, key.modifiers) {
        case (.character(let scalar), []): insert(String(Character(scalar)))
        case (.enter, .alt): insert("\n")
        case (.character("z"), .control): return travel(isUndo: true)
        case (.character("y"), .control): return travel(isUndo: false)
        default:
            var isTaken = false
            remembering { isTaken = $0.moveOrDelete(key) }
            return isTaken
        }
        isSuggestion = false
        return true
    }

    private mutating func moveOrDelete(_ key: Key) -> Bool {
        switch (key.code, key.modifiers) {
        case (.backspace, []), (.character("h"), .control): deleteBackward()
        case (.delete, []), (.character("d"), .control): deleteForward()
        case (.character("w"), .control), (.backspace, .alt): deleteWord()
        case (.character("u"), .control): remove(lineStart..<cursor)
        case (.character("k"), .control): remove(cursor..<lineEnd)
        case (.left, []), (.character("b"), .control): cursor = max(0, cursor - 1)
        case (.right, []), (.character("f"), .control):
            cursor = min(characters.count, cursor + 1)
        case (.home, []), (.character("a"), .control): cursor = lineStart
        case (.end, []), (.character("e"), .control): cursor = lineEnd
        case (.left, .control), (.character("b"), .alt): cursor = wordStart
        case (.right, .control), (.character("f"), .alt): cursor = wordEnd
        default: return false
        }
        isSuggestion = false
        return true
    }

    // MARK: Undo

    /// Keeps what was there before an edit; the characters of a word that is typed are one.
    private mutating func remembering(isTyped: Bool = false, _ edit: (inout Self) -> Void) {
        let before = Moment(characters: characters, cursor: cursor)
        let goesOn = isTyped && isTyping
        edit(&self)
        isTyping = isTyped
        guard characters != before.characters else { return }
        future = []
        guard !goesOn else { return }
        past.append(before)
        if past.count > Self.memory { past.removeFirst() }
    }

    /// - Returns: false where nothing was edited, or undone.
    private mutating func travel(isUndo: Bool) -> Bool {
        guard let moment = isUndo ? past.popLast() : future.popLast() else { return false }
        let now = Moment(characters: characters, cursor: cursor)
        if isUndo { future.append(now) } else { past.append(now) }
        (characters, cursor) = (moment.characters, moment.cursor)
        (isTyping, isSuggestion) = (false, false)
        return true
    }

    /// Moves the cursor a line up or down, as far from the line's start as it was.
    /// - Returns: false where there is no such line.
    mutating func moveLine(_ direction: Int) -> Bool {
        let column = cursor - lineStart
        let (start, end) = (lineStart, lineEnd)
        if direction < 0 {
            guard start > 0 else { return false }
            cursor = start - 1
            cursor = min(lineStart + column, start - 1)
        } else {
            guard end < characters.count else { return false }
            cursor = end + 1
            cursor = min(end + 1 + column, lineEnd)
        }
        (isSuggestion, isTyping) = (false, false)
        return true
    }

    private mutating func remove(_ range: Range<Int>) {
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    private mutating func deleteBackward() {
        guard cursor > 0 else { return }
        remove(cursor - 1..<cursor)
    }

    private mutating func deleteForward() {
        guard cursor < characters.count else { return }
        remove(cursor..<cursor + 1)
    }

    private mutating func deleteWord() {
        remove(wordStart..<cursor)
    }

    /// Where the cursor's line begins.
    private var lineStart: Int {
        characters[..<cursor].lastIndex { $0.isNewline }.map { $0 + 1 } ?? 0
    }

    /// Before the end of the cursor's line.
    private var lineEnd: Int {
        characters[cursor...].firstIndex { $0.isNewline } ?? characters.count
    }

    private var wordStart: Int {
        var at = cursor
        while at > 0, characters[at - 1].isWhitespace { at -= 1 }
        while at > 0, !characters[at - 1].isWhitespace { at -= 1 }
        return at
    }

    private var wordEnd: Int {
        var at = cursor
        while at < characters.count, characters[at].isWhitespace { at += 1 }
        while at < characters.count, !characters[at].isWhitespace { at += 1 }
        return at
    }
}

extension String {
    /// A space in place of line ends, none at its own ends.
    package var onOneLine: String {
        split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

extension Unicode.Scalar {
    /// Whether a person can mean this character and a screen show it; controls, marks of direction and
    /// what only changes how another character looks are left out.
    fileprivate var isText: Bool {
        switch properties.generalCategory {
        case .control: self == "\n"
        case .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate, .privateUse:
            false
        default: !properties.isDefaultIgnorableCodePoint
        }
    }
}
