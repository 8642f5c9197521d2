import Checkpoints
import Kernels
import Tensors

/// A 3x3 convolution with zero padding 1 over images [height, width, channels], float32. Keys:
/// `weight` [outputs, inputs, 3, 3] and, unless it has none, `bias` [outputs].
public struct Convolution: Sendable {
    private let weights: ConvolutionWeights

    /// - Throws: `CheckpointError`.
    public init(_ scope: LayerScope, from inputs: Int, to outputs: Int, hasBias: Bool = true)
        throws(CheckpointError)
    {
        self.init(
            try scope.weight("weight", [outputs, inputs, 3, 3]),
            bias: hasBias ? try scope.smallWeight("bias", [outputs]) : nil, scope)
    }

    /// A convolution with weights [outputs, inputs, 3, 3], each output's times a factor of `scale`.
    public init(_ weight: Tensor, bias: Tensor?, scale: [Float]? = nil, _ scope: LayerScope) {
        let weights = ConvolutionWeights(weight, bias: bias, scale: scale, compute: scope.compute)
        self.weights = weights
        scope.whenPrepared(packing: weights.packable) { weights.prepare() }
    }

    /// See `ConvolutionWeights.callAsFunction`.
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding addend: Tensor? = nil
    ) throws(KernelError) -> Tensor {
        try weights(x, activation: activation, adding: addend)
    }
}
