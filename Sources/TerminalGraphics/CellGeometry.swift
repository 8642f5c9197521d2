/// The size of one terminal cell in pixels.
public struct CellSize: Hashable, Sendable {
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int

    /// Sizes below 1 become 1.
    public init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
    }

    /// What to assume of a terminal that does not say: 10x20, a common size with the usual 1:2.
    public static let assumed = CellSize(width: 10, height: 20)
}

/// A size in terminal cells.
public struct GridSize: Hashable, Sendable {
    /// Cells.
    public var columns: Int
    /// Cells.
    public var rows: Int

    /// Sizes below 1 become 1.
    public init(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
    }
}

extension CellSize {
    /// The largest grid inside `limit` that shows a picture of `width` by `height` pixels at its
    /// own proportions, to the nearest cell.
    public func grid(showing width: Int, _ height: Int, within limit: GridSize) -> GridSize {
        let picture = Double(max(1, width)) / Double(max(1, height))
        let cell = Double(self.width) / Double(self.height)
        let columns = (Double(limit.rows) * picture / cell).rounded()
        if columns <= Double(limit.columns) {
            return GridSize(columns: Int(columns), rows: limit.rows)
        }
        let rows = (Double(limit.columns) * cell / picture).rounded()
        return GridSize(columns: limit.columns, rows: Int(min(rows, Double(limit.rows))))
    }

    /// The pixels that a sixel picture may fill in `grid`: its height is rounded down to whole
    /// bands of six, so that the last band never reaches into the row below.
    public func sixelPixels(in grid: GridSize) -> (width: Int, height: Int) {
        let height = grid.rows * self.height
        return (grid.columns * width, max(height - height % 6, min(height, 6)))
    }
}
