import Checkpoints
import Kernels
import Tensors

/// x / sqrt(mean of squares + epsilon) * weight over the last axis. Key: `weight` [width].
public struct RMSNorm: Sendable {
    private let weight: Tensor
    private let epsilon: Float
    private let compute: Compute

    public init(_ scope: LayerScope, width: Int, epsilon: Float) throws(CheckpointError) {
        weight = try scope.smallWeight("weight", [width])
        self.epsilon = epsilon
        compute = scope.compute
    }

    public func callAsFunction(_ x: Tensor, output: ElementType = .float32) -> Tensor {
        compute.rmsNorm(x, weight: weight, epsilon: epsilon, output: output)
    }
}
