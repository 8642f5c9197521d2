import Checkpoints
import Kernels
import Layers
import Tensors

/// DC-HT: images to hybrid tokens, and discrete or hybrid tokens to images.
///
/// Encoder, codebook and decoder are built from one checkpoint and prepared apart, so that making
/// a picture never pays for the encoder.
public struct HybridTokenizer: Sendable {
    public let configuration: HybridTokenizerConfiguration
    public let codebook: Codebook
    private let encoder: AutoencoderEncoder
    private let decoder: AutoencoderDecoder
    private let encoderScope: LayerScope
    private let decoderScope: LayerScope
    private let compute: Compute

    /// - Parameter cache: keeps the packed weights of both; nil for none.
    /// - Throws: `CheckpointError` when the checkpoint does not fit, `KernelError`.
    public init(
        _ reader: CheckpointReader, _ configuration: HybridTokenizerConfiguration, compute: Compute,
        cache: CheckpointCache? = nil
    ) throws {
        self.configuration = configuration
        self.compute = compute
        encoderScope = LayerScope(reader, compute: compute, part: "encoder", cache: cache)
        decoderScope = LayerScope(reader, compute: compute, part: "decoder", cache: cache)
        encoder = try AutoencoderEncoder(encoderScope["encoder"], configuration)
        decoder = try AutoencoderDecoder(decoderScope["decoder"], configuration)
        codebook = try Codebook(decoderScope["quantize"], configuration)
        try reader.checkAllRead(ignoringSuffixes: ["num_batches_tracked"])
    }

    public func prepareEncoder() throws {
        try encoderScope.prepare()
    }

    public func prepareDecoder() throws {
        try decoderScope.prepare()
    }

    /// Lets the system take back the file pages of the weights, if they are many.
    public func releasePages() {
        encoderScope.releasePages()
        decoderScope.releasePages()
    }

    /// What the encoder makes of an image before it is cut into a code and a residual.
    public struct Encoding: Sendable {
        /// The encoder's output [tokens, latentChannels].
        public let raw: Tensor
        /// The same with rows of unit length: the continuous latents.
        public let features: Tensor
        public let grid: HybridTokenGrid
    }

    /// - Parameter image: [height, width, 3] in -1 ... 1; both sides multiples of
    ///   `configuration.tokenSide`.
    /// - Throws: `KernelError`, `Stopped`.
    public func encode(_ image: Tensor, observe: (Int, Tensor) -> Void = { _, _ in }) throws
        -> Encoding
    {
        try prepareEncoder()
        let latents = try encoder(image, observe: observe)
        let (gridHeight, gridWidth) = (latents.shape[0], latents.shape[1])
        let channels = configuration.latentChannels
        let raw = latents.reshaped([gridHeight * gridWidth, channels])
        let features = unitRows(raw)
        let ids = codebook.nearest(to: features)
        // A stopped search leaves numbers that mean nothing.
        try compute.checkStop()
        let entries = codebook.entries.rows(ids).floats()
        let residual = zip(features.floats(), entries).map { $0 - $1 }
        return Encoding(
            raw: raw, features: features,
            grid: HybridTokenGrid(
                gridWidth: gridWidth, gridHeight: gridHeight, ids: ids,
                residual: Tensor([ids.count, channels], residual)))
    }

    /// Codebook entry plus `strength` times the residual, not normalised again:
    /// [gridHeight, gridWidth, latentChannels].
    ///
    /// - Parameter strength: 1 for the official result, 0 for the discrete tokens alone.
    public func latents(of grid: HybridTokenGrid, strength: Float = 1) -> Tensor {
        let entries = codebook.entries.rows(grid.ids)
        let shape: Shape = [grid.gridHeight, grid.gridWidth, configuration.latentChannels]
        guard strength != 0 else { return entries.reshaped(shape) }
        let sum = zip(entries.floats(), grid.residual.floats()).map { $0 + strength * $1 }
        return Tensor(shape, sum)
    }

    /// - Parameter latents: [gridHeight, gridWidth, latentChannels].
    /// - Returns: [height, width, 3] in about -1 ... 1, not clamped.
    /// - Throws: `KernelError`, `Stopped`.
    public func decode(_ latents: Tensor, observe: (Int, Tensor) -> Void = { _, _ in }) throws
        -> Tensor
    {
        try prepareDecoder()
        return try decoder(latents, observe: observe)
    }
}
