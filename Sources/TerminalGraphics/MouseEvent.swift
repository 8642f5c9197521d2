/// One report of the mouse, in cells.
public struct MouseEvent: Hashable, Sendable {
    /// A button of the mouse.
    public enum Button: Hashable, Sendable {
        case left, middle, right
        /// Buttons 8-11, by number.
        case other(Int)
    }

    /// A turn of the wheel.
    public enum Direction: Hashable, Sendable {
        case up, down, left, right
    }

    /// What the mouse did.
    public enum Action: Hashable, Sendable {
        case press(Button)
        case release(Button)
        /// Moved to another cell with a button held.
        case drag(Button)
        /// Moved to another cell with no button held.
        case move
        case scroll(Direction)
    }

    /// What the mouse did.
    public var action: Action
    /// From the left, 0 first.
    public var column: Int
    /// From the top, 0 first.
    public var row: Int
    /// Keys held down.
    public var modifiers: Key.Modifiers

    /// A report of `action` at a cell.
    public init(_ action: Action, column: Int, row: Int, modifiers: Key.Modifiers = []) {
        self.action = action
        self.column = column
        self.row = row
        self.modifiers = modifiers
    }
}

extension MouseEvent {
    /// The report `CSI < code ; x ; y M` or `m` of mode 1006, or its older form.
    ///
    /// - Parameter held: the button that an older release, which names none, lets go.
    init?(code: Int, x: Int, y: Int, isRelease: Bool, held: Button = .left) {
        guard code >= 0 && code < 256 && x >= 0 && y >= 0 else { return nil }
        column = max(0, min(x, 65_536) - 1)
        row = max(0, min(y, 65_536) - 1)
        modifiers = []
        if code & 4 != 0 { modifiers.insert(.shift) }
        if code & 8 != 0 { modifiers.insert(.alt) }
        if code & 16 != 0 { modifiers.insert(.control) }
        let button: Button? =
            switch (code & 128 != 0, code & 3) {
            case (true, let number): .other(8 + number)
            case (false, 0): .left
            case (false, 1): .middle
            case (false, 2): .right
            default: nil
            }
        if code & 64 != 0 {
            let directions: [Direction] = [.up, .down, .left, .right]
            action = .scroll(directions[code & 3])
        } else if code & 32 != 0 {
            action = button.map { .drag($0) } ?? .move
        } else if isRelease || button == nil {
            action = .release(button ?? held)
        } else {
            action = .press(button ?? held)
        }
    }
}
