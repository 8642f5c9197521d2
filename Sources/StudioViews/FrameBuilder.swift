import Imaging
import StudioCore
import TerminalGraphics

/// Draws text and pictures into a frame. All text passes `SanitizedText` here.
struct FrameBuilder {
    var frame: Frame
    let palette: Palette
    let abilities: ScreenAbilities
    let timing: CanvasTiming

    init(
        columns: Int, rows: Int, palette: Palette, abilities: ScreenAbilities,
        timing: CanvasTiming
    ) {
        self.timing = timing
        frame = Frame(columns: columns, rows: rows)
        self.palette = palette
        self.abilities = abilities
        fill(CellArea(column: 0, row: 0, columns: columns, rows: rows), palette.ground)
    }

    /// Draws text on one line, cut at the area's end.
    /// - Returns: the column after it.
    @discardableResult
    mutating func put(
        _ text: String, column: Int, row: Int, _ style: TextStyle, width: Int = .max
    ) -> Int {
        var column = column
        let end = min(frame.columns, width == .max ? frame.columns : column + width)
        guard 0..<frame.rows ~= row, column < end else { return column }
        let safe = SanitizedText(text).text.fitted(to: end - column)
        for character in abilities.hasUnicode ? safe : safe.inASCII {
            let cells = character.cellWidth
            guard column + cells <= end else { break }
            set(FrameCell(glyph: character, style: style), column: column, row: row)
            if cells == 2 {
                set(
                    FrameCell(glyph: " ", style: style, isContinuation: true),
                    column: column + 1, row: row)
            }
            column += cells
        }
        return column
    }

    /// Draws a field on one line with its cursor; where there is no room for all before that, the
    /// first characters are left out.
    mutating func line(
        _ field: TextField, column: Int, row: Int, _ style: TextStyle, width: Int
    ) {
        let characters = field.characters.map { $0.isNewline ? " " : $0 }
        var before = characters[..<field.cursor]
        var cells = before.reduce(0) { $0 + $1.cellWidth }
        while cells >= width, let first = before.popFirst() { cells -= first.cellWidth }
        put(
            String(characters[before.startIndex...]), column: column, row: row, style,
            width: width)
        cursor(column: column + cells, row: row)
    }

    private mutating func set(_ cell: FrameCell, column: Int, row: Int) {
        guard 0..<frame.columns ~= column, 0..<frame.rows ~= row else { return }
        frame.cells[row * frame.columns + column] = cell
    }

    mutating func fill(_ area: CellArea, _ style: TextStyle) {
        for row in area.row..<max(area.row, area.endRow) {
            for column in area.column..<max(area.column, area.column + area.columns) {
                set(FrameCell(glyph: " ", style: style), column: column, row: row)
            }
        }
    }

    /// A heading with a rule to its right, and a remark at the end.
    mutating func heading(
        _ title: String, in area: CellArea, isFocused: Bool, remark: String = ""
    ) {
        let style = isFocused ? palette.focus : palette.title
        var rule = isFocused ? palette.focus : palette.rule
        rule.attributes.remove(.underline)
        let mark = isFocused ? "▸" : "─"
        put(mark, column: area.column, row: area.row, rule)
        let at = put(
            " \(title) ", column: area.column + 1, row: area.row, style, width: area.columns - 1)
        let space = area.columns - (at - area.column)
        let remark = remark.isEmpty || remark.cellWidth + 3 > space ? "" : " \(remark) "
        let length = max(0, space - remark.cellWidth)
        let next = put(
            String(repeating: "─", count: length), column: at, row: area.row, rule, width: length)
        put(remark, column: next, row: area.row, palette.faint)
    }

    /// A heading whose remark matters more than its title. Titles and remarks get shorter from one to
    /// the next, titles first; the remark alone is the last resort.
    mutating func heading(
        titles: [String], remarks: [String], in area: CellArea, isFocused: Bool
    ) {
        let (title, remark) = (titles.last ?? "", remarks.last ?? "")
        let choices: [(title: String, remark: String)] =
            titles.map { (title: $0, remark: remarks.first ?? "") }
            + remarks.dropFirst().map { (title: title, remark: $0) }
        // The title stands between a mark and blanks, the remark after a rule and between blanks.
        let chosen = choices.first {
            $0.title.cellWidth + ($0.remark.isEmpty ? 3 : $0.remark.cellWidth + 6) <= area.columns
        }
        let room = area.columns - remark.cellWidth - 6
        if let chosen {
            heading(chosen.title, in: area, isFocused: isFocused, remark: chosen.remark)
        } else if room >= 8 {
            heading(title.fitted(to: room), in: area, isFocused: isFocused, remark: remark)
        } else {
            heading(remark.isEmpty ? title : remark, in: area, isFocused: isFocused)
        }
    }

    /// A box over everything before it.
    /// - Returns: the area inside.
    mutating func box(_ title: String, _ area: CellArea) -> CellArea {
        fill(area, palette.popup)
        var border = palette.focus
        border.background = palette.popup.background
        border.attributes.remove(.underline)
        let line = String(repeating: "─", count: max(0, area.columns - 2))
        put("┌\(line)┐", column: area.column, row: area.row, border)
        put("└\(line)┘", column: area.column, row: area.endRow - 1, border)
        for row in area.row + 1..<max(area.row + 1, area.endRow - 1) {
            put("│", column: area.column, row: row, border)
            put("│", column: area.column + area.columns - 1, row: row, border)
        }
        put(" \(title) ", column: area.column + 2, row: area.row, border, width: area.columns - 4)
        hit(area, .nothing)
        for index in frame.pictures.indices where frame.pictures[index].area.intersects(area) {
            frame.pictures[index].isCovered = true
        }
        return CellArea(
            column: area.column + 2, row: area.row + 1, columns: max(0, area.columns - 4),
            rows: max(0, area.rows - 2))
    }

    mutating func hit(_ area: CellArea, _ target: HitRegion.Target) {
        frame.hits.append(HitRegion(area: area, target: target))
    }

    mutating func cursor(column: Int, row: Int) {
        guard 0..<frame.columns ~= column, 0..<frame.rows ~= row else { return }
        frame.cursor = CellPosition(column: column, row: row)
    }

    mutating func hideCursor() { frame.cursor = nil }

    /// Draws a picture's twin and notes the picture for those who can draw pixels.
    mutating func picture(_ image: RGBImage, in area: CellArea, isPreview: Bool) -> CellArea {
        let size = abilities.cellSize.grid(
            showing: image.width, image.height,
            within: GridSize(columns: area.columns, rows: area.rows))
        return picture(
            image, CellPicture(image, size: size, style: abilities.cellStyle), in: area,
            isPreview: isPreview)
    }

    /// Draws a picture whose twin is there already.
    mutating func picture(
        _ image: RGBImage, _ twin: CellPicture, in area: CellArea, isPreview: Bool,
        isPassing: Bool = false
    ) -> CellArea {
        let size = twin.size
        let place = CellArea(
            column: area.column + (area.columns - size.columns) / 2,
            row: area.row + (area.rows - size.rows) / 2, columns: size.columns, rows: size.rows)
        for (index, cell) in twin.cells.enumerated() {
            set(
                FrameCell(
                    glyph: Character(cell.glyph),
                    style: TextStyle(cell.foreground, on: cell.background)),
                column: place.column + index % size.columns,
                row: place.row + index / size.columns)
        }
        frame.pictures.append(
            PictureLayer(area: place, isPreview: isPreview, isPassing: isPassing, image: image))
        return place
    }
}

extension String {
    /// For terminals that show no other characters.
    fileprivate var inASCII: String {
        String(map { Self.ascii[$0] ?? ($0.isASCII ? $0 : "?") })
    }

    private static let ascii: [Character: Character] = [
        "─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "▸": ">", "…": "~",
        "●": "*", "○": "o", "◉": "@", "·": ".", "×": "x", "✓": "v", "█": "#", "░": ".", "▮": "#",
        "▯": ".", "←": "<", "→": ">", "↑": "^", "↓": "v", "★": "*", "✗": "x", "–": "-", "▌": "|",
        "▐": "|", "◐": "|", "◓": "/", "◑": "-", "◒": "\\"
    ]
}
