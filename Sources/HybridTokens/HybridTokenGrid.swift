import Tensors

/// An image as DC-HT sees it: a grid of codebook entries and what they leave over.
public struct HybridTokenGrid: Sendable {
    public let gridWidth: Int
    public let gridHeight: Int
    /// Codebook indices, rows from the top.
    public let ids: [Int]
    /// Residual tokens [gridWidth * gridHeight, latentChannels]: the continuous latent minus the
    /// codebook entry.
    public let residual: Tensor

    public init(gridWidth: Int, gridHeight: Int, ids: [Int], residual: Tensor) {
        precondition(ids.count == gridWidth * gridHeight && residual.shape[0] == ids.count)
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        self.ids = ids
        self.residual = residual
    }
}
