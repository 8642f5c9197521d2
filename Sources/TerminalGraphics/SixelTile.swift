import Imaging

/// A part of a sixel picture that is sent alone, as terminals cut off what passes their limit.
public struct SixelTile: Hashable, Sendable {
    /// The cell it begins at, counted from the picture's.
    public let column: Int
    /// The cell it begins at, counted from the picture's.
    public let row: Int
    /// What of the picture's pixels it has.
    public let area: PixelRectangle
}

extension TerminalCapabilities {
    /// What a picture that fills `grid` to its last pixel is sent as: one tile where the terminal
    /// has no limit or a larger one.
    ///
    /// A band of six rows that passes a tile's end has nothing there, so that what lies below stays
    /// as it is; and only the lowest tiles have such a band.
    public func sixelTiles(in grid: GridSize) -> [SixelTile] {
        let most = sixelLimit.map(sixelCells) ?? grid
        let wholeBands = [1, 2, 3, 6].first { $0 * cellSize.height % 6 == 0 } ?? 6
        var rows = most.rows
        if rows < grid.rows, rows > wholeBands { rows -= rows % wholeBands }
        return stride(from: 0, to: grid.rows, by: rows).flatMap { row in
            stride(from: 0, to: grid.columns, by: most.columns).map { column in
                SixelTile(
                    column: column, row: row,
                    area: PixelRectangle(
                        x: column * cellSize.width, y: row * cellSize.height,
                        width: min(most.columns, grid.columns - column) * cellSize.width,
                        height: min(rows, grid.rows - row) * cellSize.height))
            }
        }
    }

    /// `limit`, or as much of it as one sixel sequence can fill.
    public func sixelGrid(within limit: GridSize) -> GridSize {
        guard let most = sixelLimit.map(sixelCells) else { return limit }
        return GridSize(
            columns: min(limit.columns, most.columns), rows: min(limit.rows, most.rows))
    }

    /// Whole cells inside a limit, whose last band may be cut off.
    private func sixelCells(in limit: PixelSize) -> GridSize {
        GridSize(
            columns: limit.width / cellSize.width,
            rows: (limit.height - limit.height % 6) / cellSize.height)
    }
}
