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
