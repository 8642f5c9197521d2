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
        guard let box = Self.box(of: isMasked, gridWidth: gridWidth) else { return nil }
        let (left, top) = (max(0, box.left - padding), max(0, box.top - padding))
        let right = min(gridWidth - 1, box.right + padding)
        let bottom = min(isMasked.count / gridWidth - 1, box.bottom + padding)
        self.init(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    /// The window of at most `side` tokens along each axis that has the `isMasked` tokens nearest to
    /// its middle; nil where the grid is no larger, none is masked, or a window cannot hold them.
    public init?(holding isMasked: [Bool], gridWidth: Int, side: Int) {
        guard let box = Self.box(of: isMasked, gridWidth: gridWidth) else { return nil }
        let gridHeight = isMasked.count / gridWidth
        guard max(gridWidth, gridHeight) > side, box.right - box.left < side,
            box.bottom - box.top < side
        else { return nil }
        func start(_ low: Int, _ high: Int, of length: Int) -> Int {
            min(max(0, (low + high + 1 - side) / 2), max(0, length - side))
        }
        self.init(
            x: start(box.left, box.right, of: gridWidth),
            y: start(box.top, box.bottom, of: gridHeight), width: min(side, gridWidth),
            height: min(side, gridHeight))
    }

    /// The outermost columns and rows of masked tokens; nil where none is masked.
    private static func box(of isMasked: [Bool], gridWidth: Int) -> (
        left: Int, right: Int, top: Int, bottom: Int
    )? {
        let masked = isMasked.indices.filter { isMasked[$0] }
        guard gridWidth > 0, let first = masked.first, let last = masked.last,
            let left = masked.map({ $0 % gridWidth }).min(),
            let right = masked.map({ $0 % gridWidth }).max()
        else { return nil }
        return (left, right, first / gridWidth, last / gridWidth)
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
