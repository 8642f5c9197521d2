/// Numbers for one program's pictures. A terminal knows the pictures of all programs by number
/// alone, so that each program begins somewhere else.
public struct KittyIDs: Hashable, Sendable {
    private let start: UInt32

    /// - Parameter start: any number; programs that run at once should differ in it.
    public init(startingAt start: UInt32 = .random(in: 0...0xFF_FFFF)) { self.start = start }

    /// - Parameters:
    ///   - hasExactColors: whether placeholders can name more numbers than a palette has entries.
    ///   - isTaken: whether one of this program's pictures has a number.
    public func first(hasExactColors: Bool, besides isTaken: (UInt32) -> Bool) -> UInt32 {
        // The first entries of palettes have short forms, into which they may be changed.
        let range: ClosedRange<UInt32> = hasExactColors ? 256...0xFF_FFFF : 16...255
        let count = UInt32(range.count)
        let ids = (0..<count).lazy.map { [start] step in
            range.lowerBound + (start % count + step) % count
        }
        return ids.first { !isTaken($0) } ?? range.lowerBound
    }
}
