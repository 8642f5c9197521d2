// Port of EfficientViTBlock with LiteMLA and GLUMBConv, mit-han-lab/efficientvit,
// efficientvit/models/nn/ops.py.

import Checkpoints
import Kernels
import Layers
import Tensors

/// Linear attention over all pixels, then a gated inverted bottleneck, each added to its input.
/// Keys: `context_module.main.{qkv.conv, proj.conv, proj.norm}` and
/// `local_module.main.{inverted_conv.conv, depth_conv.conv, point_conv.conv, point_conv.norm}`.
struct EfficientViTBlock: Sendable {
    private let width: Int
    private let queriesKeysValues: Linear
    private let projection: NormedProjection
    private let expand: Linear
    /// [9, 8 * width]: the position in the neighbourhood before the channel.
    private let depthWeights: Tensor
    private let depthBias: Tensor
    private let contract: NormedProjection
    private let compute: Compute

    init(
        _ scope: LayerScope, width: Int, norm: HybridTokenizerConfiguration.Norm
    ) throws(CheckpointError) {
        self.width = width
        compute = scope.compute
        let context = scope["context_module"]["main"]
        let qkv = context["qkv"]["conv"]
        queriesKeysValues = Linear(
            try qkv.weight("weight", [3 * width, width, 1, 1]).reshaped([3 * width, width]),
            bias: nil, qkv)
        projection = try NormedProjection(context["proj"], from: width, to: width, norm: norm)
        let local = scope["local_module"]["main"]
        let inverted = local["inverted_conv"]["conv"]
        let hidden = 8 * width
        expand = Linear(
            try inverted.weight("weight", [hidden, width, 1, 1]).reshaped([hidden, width]),
            bias: try inverted.smallWeight("bias", [hidden]), inverted)
        let depth = local["depth_conv"]["conv"]
        let weights = try depth.smallWeight("weight", [hidden, 1, 3, 3]).floats()
        depthWeights = Tensor(
            [9, hidden], (0..<9).flatMap { k in (0..<hidden).map { weights[$0 * 9 + k] } })
        depthBias = try depth.smallWeight("bias", [hidden])
        contract = try NormedProjection(
            local["point_conv"], from: 4 * width, to: width, norm: norm)
    }

    /// x float32 [height, width, channels].
    func callAsFunction(_ image: Tensor) -> Tensor {
        let (height, columns) = (image.shape[0], image.shape[1])
        let pixels = height * columns
        let x = image.reshaped([pixels, width])
        let attended = compute.linearAttention(queriesKeysValues(x))
        let y = projection(attended, addedTo: x)
        let expanded = expand(y, activation: .silu)
        let gated = compute.depthwiseGLU(
            expanded.reshaped([height, columns, 8 * width]), weights: depthWeights, bias: depthBias)
        return contract(gated.reshaped([pixels, 4 * width]), addedTo: y)
            .reshaped([height, columns, width])
    }
}
