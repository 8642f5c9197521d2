/// A rectangle of a token grid that is all the transformer sees of it.
public struct TokenWindow: Hashable, Sendable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    /// - Precondition: at least one token wide and high.
    public init(x: Int, y: Int, width: Int, height: Int) {
        precondition(x >= 0 && y >= 0 && width > 0 && height > 0)
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The window around `isMasked` tokens with so many on each side, cut off at the grid's border;
    /// nil where none is masked.
    public init?(around isMasked: [Bool], gridWidth: Int, padding: Int) {
        let masked = isMasked.indices.filter { isMasked[$0] }
        guard gridWidth > 0, let first = masked.first, let last = masked.last,
            let left = masked.map({ $0 % gridWidth }).min(),
            let right = masked.map({ $0 % gridWidth }).max()
        else { return nil }
        let (x, y) = (max(0, left - padding), max(0, first / gridWidth - padding))
        let bottom = min(isMasked.count / gridWidth - 1, last / gridWidth + padding)
        self.init(
            x: x, y: y, width: min(gridWidth - 1, right + padding) - x + 1, height: bottom - y + 1)
    }

    /// The places of the window's tokens in the grid, row by row.
    func places(gridWidth: Int) -> [Int] {
        (0..<width * height).map { (y + $0 / width) * gridWidth + x + $0 % width }
    }

    /// The place in the window of a place in the grid; nil outside.
    public func place(of position: Int, gridWidth: Int) -> Int? {
        let (column, row) = (position % gridWidth - x, position / gridWidth - y)
        guard 0..<width ~= column, 0..<height ~= row else { return nil }
        return row * width + column
    }
}
