/// How much of each pixel an edit repaints: 0 keeps it, 255 repaints it, row by row from the top.
public struct Mask: Hashable, Sendable {
    /// Pixels.
    public let width: Int
    /// Pixels.
    public let height: Int
    /// `width * height` bytes.
    public var coverage: [UInt8]

    /// - Precondition: `coverage` holds exactly `width * height` bytes.
    public init(width: Int, height: Int, coverage: [UInt8]) {
        precondition(width > 0 && height > 0 && coverage.count == width * height)
        self.width = width
        self.height = height
        self.coverage = coverage
    }

    /// A mask of one coverage everywhere.
    public init(width: Int, height: Int, coverage: UInt8 = 0) {
        self.init(
            width: width, height: height,
            coverage: [UInt8](repeating: coverage, count: width * height))
    }
}
