import Imaging

/// A small xterm: the screen that a program's bytes make, the modes it has set, the questions it
/// asked. It knows what ncurses and the studio send, and notes whatever else it meets.
public struct EmulatedTerminal: Sendable {
    public struct Style: Equatable, Sendable {
        /// SGR parameters, such as `38;5;208`; nothing for the terminal's own colour.
        public var foreground = ""
        public var background = ""
        public var attributes: Set<Int> = []

        public init(foreground: String = "", background: String = "") {
            self.foreground = foreground
            self.background = background
        }
    }

    public struct Cell: Equatable, Sendable {
        /// A character with its marks; nothing in the right half of a wide one.
        public var text = " "
        public var style = Style()
    }

    public private(set) var columns: Int
    public private(set) var rows: Int
    public internal(set) var cells: [Cell]
    public internal(set) var cursor = (column: 0, row: 0)
    /// Private modes (DECSET) that are on.
    public internal(set) var modes: Set<Int> = [7, 25]
    public internal(set) var isKeypadApplication = false
    public internal(set) var isInserting = false
    public internal(set) var style = Style()
    public internal(set) var pictures = PictureBoard()
    /// Whether sixel pixels are kept; where only time matters they are just counted.
    public var keepsPixels = true
    /// Sequences that it does not know, without their ESC.
    public internal(set) var unknown: [String] = []
    /// Control bytes that no terminal expects in a screen's text.
    public internal(set) var strayControls: [UInt8] = []
    /// What the program put into the clipboard (OSC 52) and titles.
    public internal(set) var commands: [String] = []
    /// Every byte so far.
    public internal(set) var transcript: [UInt8] = []
    /// Frames drawn between the marks of mode 2026.
    public internal(set) var synchronizedUpdates = 0

    var parser = Parser()
    var isWrapPending = false
    /// The rows that scroll.
    public internal(set) var region: ClosedRange<Int>
    var saved = (column: 0, row: 0, style: Style())
    /// Modes as XTSAVE found them.
    var savedModes: [Int: Bool] = [:]
    private var mainScreen: (cells: [Cell], column: Int, row: Int)?
    public internal(set) var cellSize: (width: Int, height: Int)
    /// The most pixels of one sixel sequence.
    public var sixelLimit: (width: Int, height: Int)?
    /// Whether strings that it does not know, and what it takes for letters, go to the screen, as in
    /// terminals older than them.
    public var printsUnknown = false

    /// - Parameter cellSize: pixels.
    public init(columns: Int, rows: Int, cellSize: (width: Int, height: Int) = (10, 20)) {
        self.columns = columns
        self.rows = rows
        self.cellSize = cellSize
        cells = Array(repeating: Cell(), count: columns * rows)
        region = 0...max(0, rows - 1)
    }

    // MARK: Looking

    public subscript(column: Int, row: Int) -> Cell { cells[row * columns + column] }

    public var lines: [String] {
        (0..<rows).map { row in
            var line = cells[row * columns..<(row + 1) * columns].map(\.text).joined()
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    public var text: String { lines.joined(separator: "\n") }

    public var isOnAlternateScreen: Bool { modes.contains(1049) }

    // MARK: Changing

    public mutating func resize(columns: Int, rows: Int) {
        var resized = Array(repeating: Cell(), count: columns * rows)
        for row in 0..<min(rows, self.rows) {
            for column in 0..<min(columns, self.columns) {
                resized[row * columns + column] = self[column, row]
            }
        }
        cells = resized
        (self.columns, self.rows) = (columns, rows)
        region = 0...max(0, rows - 1)
        cursor = (min(cursor.column, columns - 1), min(cursor.row, rows - 1))
        isWrapPending = false
        pictures.sixels = [:]
    }

    /// Another font: pixels of a cell.
    mutating func setCellSize(_ size: (width: Int, height: Int)) { cellSize = size }

    mutating func put(_ scalar: Unicode.Scalar) {
        let width = Self.width(of: scalar)
        if width == 0 {
            let column = isWrapPending ? cursor.column : max(0, cursor.column - 1)
            cells[cursor.row * columns + column].text.unicodeScalars.append(scalar)
            return
        }
        if isWrapPending {
            isWrapPending = false
            cursor.column = 0
            lineFeed()
        }
        if isInserting { insertCells(width) }
        for offset in 0..<width where cursor.column + offset < columns {
            set(
                Cell(text: offset == 0 ? String(scalar) : "", style: style),
                cursor.column + offset, cursor.row)
        }
        if cursor.column + width < columns {
            cursor.column += width
        } else {
            isWrapPending = true
            cursor.column = columns - 1
        }
    }

    /// Text takes away the sixel pixels that were in its cell.
    mutating func set(_ cell: Cell, _ column: Int, _ row: Int) {
        guard 0..<columns ~= column, 0..<rows ~= row else { return }
        cells[row * columns + column] = cell
        pictures.sixels[CellPlace(column: column, row: row)] = nil
    }

    /// Erased cells keep the background, as xterm's do.
    mutating func erase(_ columnRange: Range<Int>, _ row: Int) {
        for column in columnRange {
            set(Cell(style: Style(background: style.background)), column, row)
        }
    }

    mutating func lineFeed() {
        if cursor.row == region.upperBound {
            scroll(up: 1, in: region)
        } else if cursor.row < rows - 1 {
            cursor.row += 1
        }
    }

    mutating func scroll(up count: Int, in region: ClosedRange<Int>) {
        let rows = Array(region)
        for (index, row) in (count > 0 ? rows : rows.reversed()).enumerated() {
            let source = row + count
            for column in 0..<columns {
                let cell = region ~= source ? self[column, source] : Cell()
                let pixels =
                    region ~= source
                    ? pictures.sixels[CellPlace(column: column, row: source)] : nil
                set(cell, column, row)
                pictures.sixels[CellPlace(column: column, row: row)] = pixels
            }
            _ = index
        }
    }

    mutating func insertCells(_ count: Int) {
        let row = cursor.row
        for column in (cursor.column..<columns).reversed() {
            let source = column - count
            set(source >= cursor.column ? self[source, row] : Cell(), column, row)
        }
    }

    mutating func deleteCells(_ count: Int) {
        let row = cursor.row
        for column in cursor.column..<columns {
            set(column + count < columns ? self[column + count, row] : Cell(), column, row)
        }
    }

    mutating func enterAlternateScreen() {
        guard mainScreen == nil else { return }
        mainScreen = (cells, cursor.column, cursor.row)
        cells = Array(repeating: Cell(), count: columns * rows)
        pictures.sixels = [:]
    }

    mutating func leaveAlternateScreen() {
        guard let main = mainScreen else { return }
        mainScreen = nil
        cells = Array(repeating: Cell(), count: columns * rows)
        if main.cells.count == cells.count { cells = main.cells }
        cursor = (min(main.column, columns - 1), min(main.row, rows - 1))
        isWrapPending = false
        pictures.sixels = [:]
    }

    /// Columns of a character: no table of the whole of Unicode, just what the tests show.
    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        let wide: [ClosedRange<UInt32>] = [
            0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD
        ]
        return wide.contains { $0 ~= scalar.value } ? 2 : 1
    }
}

/// A cell of the screen, counted from 0.
public struct CellPlace: Hashable, Sendable {
    public let column: Int
    public let row: Int

    public init(column: Int, row: Int) {
        self.column = column
        self.row = row
    }
}
