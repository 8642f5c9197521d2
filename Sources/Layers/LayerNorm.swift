import Checkpoints
import Kernels
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * weight + bias over the last axis. Keys: `weight` and
/// `bias` [width].
public struct LayerNorm: Sendable {
    public let weight: Tensor
    public let bias: Tensor
    private let epsilon: Float
    private let compute: Compute

    public init(_ scope: LayerScope, width: Int, epsilon: Float) throws(CheckpointError) {
        weight = try scope.smallWeight("weight", [width])
        bias = try scope.smallWeight("bias", [width])
        self.epsilon = epsilon
        compute = scope.compute
    }

    /// - Parameters:
    ///   - columns: the part of each row to normalise; nil for all.
    ///   - addend: added to the result; of its shape.
    public func callAsFunction(
        _ x: Tensor, columns: Range<Int>? = nil, adding addend: Tensor? = nil,
        output: ElementType = .float32
    ) -> Tensor {
        compute.layerNorm(
            x, columns: columns, weight: weight, bias: bias, epsilon: epsilon, adding: addend,
            output: output)
    }
}
