import Checkpoints
import Kernels
import Tensors

/// y = activation(x W^T + b) + addend. Keys: `weight` [outputs, inputs] and, unless it has none,
/// `bias` [outputs].
public struct Linear: Sendable {
    private let weights: LinearWeights

    /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
    public init(_ scope: LayerScope, from inputs: Int, to outputs: Int, hasBias: Bool = true)
        throws(CheckpointError)
    {
        self.init(
            try scope.weight("weight", [outputs, inputs]),
            bias: hasBias ? try scope.vector("bias", [outputs]) : nil, scope)
    }

    /// A linear map with weights [outputs, inputs] made from those in the file.
    public init(_ weight: Tensor, bias: Tensor?, _ scope: LayerScope) {
        let weights = LinearWeights(weight, bias: bias, compute: scope.compute)
        self.weights = weights
        scope.whenPrepared { try weights.prepare() }
    }

    /// See `LinearWeights.callAsFunction`.
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding addend: Tensor? = nil,
        output: ElementType = .float32
    ) throws(KernelError) -> Tensor {
        try weights(x, activation: activation, adding: addend, output: output)
    }
}
