import Synchronization
import Tensors

/// The weights [outputs, inputs, 3, 3] and bias of a 3x3 convolution with zero padding 1.
public final class ConvolutionWeights: Sendable {
    public let inputs: Int
    public let outputs: Int
    private let compute: Compute
    private let bias: Tensor?
    private let arranged: any ArrangedConvolution

    /// - Parameters:
    ///   - weights: [outputs, inputs, 3, 3], any float type.
    ///   - bias: [outputs], or nil.
    ///   - scale: one factor for each output's weights, as a batch norm leaves; nil for 1.
    public init(_ weights: Tensor, bias: Tensor?, scale: [Float]? = nil, compute: Compute) {
        outputs = weights.shape[0]
        inputs = weights.shape[1]
        self.bias = bias?.converted(to: .float32)
        self.compute = compute
        arranged = compute.product.arrangeConvolution(
            weights, scale: scale, precision: compute.precision)
    }

    /// Arranges the weights as far as that is possible without an image.
    public func prepare() {
        arranged.prepare()
    }

    /// The weights as they can be kept in a file; nil where they are not arranged beforehand.
    public var packable: PackableWeights? { arranged.packable }

    /// activation(conv(x) + bias) + addend; x is float32 [height, width, inputs], and addend, if
    /// any, and the result are float32 [height, width, outputs].
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding addend: Tensor? = nil
    ) throws(KernelError) -> Tensor {
        let (height, width) = (x.shape[0], x.shape[1])
        precondition(x.shape == [height, width, inputs])
        let failure = Mutex<KernelError?>(nil)
        let result = Tensor([height, width, outputs]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            let epilogue = Epilogue(
                bias: bias?.pointer, activation: activation, addend: addend?.pointer,
                addendStride: outputs)
            compute.forEach(arranged.tasks(width: width, height: height)) { [arranged] task in
                do throws(KernelError) {
                    try arranged.run(
                        task, input: x.pointer, width: width, height: height, epilogue: epilogue,
                        output: to)
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        withExtendedLifetime((x, bias, addend)) {}
        if let failure = failure.withLock({ $0 }) { throw failure }
        return result
    }
}
