// Port of ResBlock, mit-han-lab/efficientvit, efficientvit/models/nn/ops.py.

import Checkpoints
import Kernels
import Layers
import Tensors

/// x + norm(conv2(activation(conv1(x)))), with nothing after the sum. Keys: `main.conv1.conv.weight`
/// and `.bias`, `main.conv2.conv.weight`, `main.conv2.norm.*`.
struct ResidualBlock: Sendable {
    private let first: Convolution
    private let activation: Activation
    private let second: Convolution
    private let norm: FoldedNorm

    init(
        _ scope: LayerScope, width: Int, norm kind: HybridTokenizerConfiguration.Norm,
        activation: HybridTokenizerConfiguration.BlockActivation
    ) throws {
        self.activation = activation == .relu ? .relu : .silu
        first = try Convolution(scope["main"]["conv1"]["conv"], from: width, to: width)
        let conv2 = scope["main"]["conv2"]
        norm = try FoldedNorm(conv2["norm"], kind: kind, width: width)
        let weight = try conv2["conv"].weight("weight", [width, width, 3, 3])
        second = Convolution(weight, bias: norm.bias, scale: norm.scale, conv2)
    }

    func callAsFunction(_ x: Tensor) throws(KernelError) -> Tensor {
        let hidden = try first(x, activation: activation)
        guard case .layer(let norm) = norm else { return try second(hidden, adding: x) }
        return norm(try second(hidden), adding: x)
    }
}
