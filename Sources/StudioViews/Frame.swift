import Imaging
import StudioCore
import TerminalGraphics

/// Everything to show on a screen of one size.
package struct Frame: Hashable, Sendable {
    package let columns: Int
    package let rows: Int
    /// `columns * rows` cells, rows from the top.
    package internal(set) var cells: [FrameCell]
    /// Pictures; their cells hold a twin of characters.
    package internal(set) var pictures: [PictureLayer] = []
    /// Where the text cursor blinks, if it is shown.
    package internal(set) var cursor: CellPosition?
    package internal(set) var hits: [HitRegion] = []
    /// What is to be painted for the canvas, where that was put off.
    package internal(set) var canvasOrder: CanvasOrder?

    package init(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        cells = Array(repeating: FrameCell(), count: self.columns * self.rows)
    }

    /// What a mouse at a cell points at; the region drawn last wins.
    package func target(column: Int, row: Int) -> MouseTarget? {
        for region in hits.reversed() where region.area.contains(column: column, row: row) {
            switch region.target {
            case .fixed(let target): return target
            case .picture(let part):
                let (x, y) = (column - region.area.column, row - region.area.row)
                return .picture(
                    PixelPoint(
                        x: part.x + (2 * x + 1) * part.width / (2 * region.area.columns),
                        y: part.y + (2 * y + 1) * part.height / (2 * region.area.rows)))
            case .nothing: return nil
            }
        }
        return nil
    }

    /// The only picture, or the first.
    package var picture: PictureLayer? { pictures.first }

    /// The characters alone, lines without trailing spaces.
    package var text: String {
        (0..<rows).map { row in
            var line = ""
            for cell in cells[row * columns..<(row + 1) * columns] where !cell.isContinuation {
                line.append(cell.glyph)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }
}

/// One cell of the screen.
package struct FrameCell: Hashable, Sendable {
    package var glyph: Character = " "
    package var style = TextStyle()
    /// The right half of a wide character.
    package var isContinuation = false
}

/// How text looks.
package struct TextStyle: Hashable, Sendable {
    package var foreground = CellColor.standard
    package var background = CellColor.standard
    package var attributes: Attributes = []

    package struct Attributes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let bold = Attributes(rawValue: 1)
        package static let dim = Attributes(rawValue: 2)
        package static let underline = Attributes(rawValue: 4)
        package static let reverse = Attributes(rawValue: 8)
    }

    package init(
        _ foreground: CellColor = .standard, on background: CellColor = .standard,
        _ attributes: Attributes = []
    ) {
        self.foreground = foreground
        self.background = background
        self.attributes = attributes
    }
}

/// A picture and the cells it fills. Layers are compared often: the pixels, which take longest, come
/// last.
package struct PictureLayer: Hashable, Sendable {
    package let area: CellArea
    /// Whether a popup hides part of it, so that only the twin may be shown.
    package var isCovered = false
    /// Whether it is a step's, not a finished picture.
    package let isPreview: Bool
    /// Whether another follows soon, so that it must not take long.
    package var isPassing = false
    package let image: RGBImage
}

/// A rectangle of cells.
package struct CellArea: Hashable, Sendable {
    package var column: Int
    package var row: Int
    package var columns: Int
    package var rows: Int

    package func contains(column: Int, row: Int) -> Bool {
        self.column..<self.column + columns ~= column && self.row..<self.row + rows ~= row
    }

    func intersects(_ other: CellArea) -> Bool {
        column < other.column + other.columns && other.column < column + columns
            && row < other.row + other.rows && other.row < row + rows
    }

    var endRow: Int { row + rows }

    /// Cuts so many rows off the top, or what is left.
    mutating func take(_ wanted: Int) -> CellArea {
        var part = self
        part.rows = min(wanted, rows)
        row += part.rows
        rows -= part.rows
        return part
    }
}

/// A part of the screen that a mouse can point at.
package struct HitRegion: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        case fixed(MouseTarget)
        /// The pixels of a picture that are shown.
        case picture(PixelRectangle)
        case nothing
    }

    package let area: CellArea
    package let target: Target
}

/// What the screen can show, as far as drawing needs to know.
package struct ScreenAbilities: Hashable, Sendable {
    package var cellStyle: CellStyle
    package var cellSize: CellSize
    package var hasUnicode: Bool
    package var colors: ColorDepth
    package var hasPictures: Bool

    package init(
        cellStyle: CellStyle, cellSize: CellSize, hasUnicode: Bool, colors: ColorDepth,
        hasPictures: Bool = true
    ) {
        self.cellStyle = cellStyle
        self.cellSize = cellSize
        self.hasUnicode = hasUnicode
        self.colors = colors
        self.hasPictures = hasPictures
    }

    /// Whether pictures lack the colours or the fineness that overlays are drawn with.
    var isPlain: Bool { colors == .mono || !hasUnicode || cellStyle.glyphs == .ascii }
}
