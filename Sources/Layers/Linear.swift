import Checkpoints
import Kernels
import Tensors

/// y = activation(x W^T + b) + addend. Keys: `weight` [outputs, inputs] and, unless it has none,
/// `bias` [outputs].
public struct Linear: Sendable {
    /// What the layer multiplies by; its bias is part of them.
    public let weights: LinearWeights

    /// - Throws: `CheckpointError` when a tensor is missing or has another shape.
    ///
    /// - Parameter precision: nil for the engine's own.
    public init(
        _ scope: LayerScope, from inputs: Int, to outputs: Int, hasBias: Bool = true,
        precision: Precision? = nil
    ) throws(CheckpointError) {
        self.init(
            try scope.weight("weight", [outputs, inputs]),
            bias: hasBias ? try scope.smallWeight("bias", [outputs]) : nil, scope,
            precision: precision)
    }

    /// A linear map with weights [outputs, inputs] made from those in the file.
    public init(
        _ weight: Tensor, bias: Tensor?, _ scope: LayerScope, precision: Precision? = nil
    ) {
        let weights = LinearWeights(
            weight, bias: bias, compute: scope.compute, precision: precision)
        self.weights = weights
        scope.whenPrepared(
            packing: weights.packable, { weights.prepare() },
            untilReleased: { weights.release() })
    }

    /// See `LinearWeights.callAsFunction`.
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding addend: Tensor? = nil,
        output: ElementType = .float32
    ) -> Tensor {
        weights(x, activation: activation, adding: addend, output: output)
    }
}
