/// A cell of the screen, counted from 0.
package struct CellPosition: Hashable, Sendable {
    package var column: Int
    package var row: Int

    package init(column: Int, row: Int) {
        self.column = column
        self.row = row
    }
}

/// Characters broken into lines of at most so many cells, at spaces where there are any.
package struct WrappedText {
    package private(set) var lines: [String] = [""]
    /// The line and cell of the character that was asked for.
    package private(set) var cursor = CellPosition(column: 0, row: 0)

    package init(_ characters: [Character], columns: Int, cursor at: Int = 0) {
        let columns = max(1, columns)
        var starts = [0]
        var width = 0
        var lastSpace: Int?
        for (index, character) in characters.enumerated() {
            if character == "\n" {
                starts.append(index + 1)
                (width, lastSpace) = (0, nil)
                continue
            }
            if width + character.cellWidth > columns {
                let start = lastSpace.map { $0 + 1 } ?? index
                starts.append(start)
                width = characters[start..<index].reduce(0) { $0 + $1.cellWidth }
                lastSpace = nil
            }
            if character == " " { lastSpace = index }
            width += character.cellWidth
        }
        lines = starts.indices.map { line in
            let end = line + 1 < starts.count ? starts[line + 1] : characters.count
            return String(characters[starts[line]..<end].filter { $0 != "\n" })
        }
        let row = starts.lastIndex { $0 <= at } ?? 0
        let before = characters[starts[row]..<min(at, characters.count)]
        cursor = CellPosition(
            column: min(columns, before.reduce(0) { $0 + $1.cellWidth }), row: row)
    }
}
