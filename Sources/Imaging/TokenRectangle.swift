/// A rectangle of a token grid.
public struct TokenRectangle: Hashable, Sendable {
    /// The left column of tokens.
    public let x: Int
    /// The top row of tokens.
    public let y: Int
    /// Tokens.
    public let width: Int
    /// Tokens.
    public let height: Int

    /// A rectangle from its top left token and its size.
    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
}
