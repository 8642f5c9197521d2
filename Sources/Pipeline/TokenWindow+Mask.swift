import Generation
import Imaging

extension TokenWindow {
    /// The window around the masked tokens with so many on each side, cut off at the grid's border;
    /// nil where none is masked.
    package init?(around mask: TokenMask, padding: Int) {
        guard let bounds = mask.bounds else { return nil }
        let (left, top) = (max(0, bounds.x - padding), max(0, bounds.y - padding))
        let right = min(mask.gridWidth, bounds.x + bounds.width + padding)
        let bottom = min(mask.gridHeight, bounds.y + bounds.height + padding)
        self.init(x: left, y: top, width: right - left, height: bottom - top)
    }

    /// The window of at most `side` tokens along each axis that has the masked tokens nearest to its
    /// middle; nil where the grid is no larger, none is masked, or a window cannot hold them.
    package init?(holding mask: TokenMask, side: Int) {
        guard let bounds = mask.bounds, max(mask.gridWidth, mask.gridHeight) > side,
            bounds.width <= side, bounds.height <= side
        else { return nil }
        func start(_ low: Int, _ length: Int, in whole: Int) -> Int {
            min(max(0, (2 * low + length - side) / 2), max(0, whole - side))
        }
        self.init(
            x: start(bounds.x, bounds.width, in: mask.gridWidth),
            y: start(bounds.y, bounds.height, in: mask.gridHeight),
            width: min(side, mask.gridWidth), height: min(side, mask.gridHeight))
    }
}
