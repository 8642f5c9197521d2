import Checkpoints
import Kernels
import Layers
import Tensors

/// A block of a DC-AE stage.
enum AutoencoderBlock: Sendable {
    case residual(ResidualBlock)
    case efficientViT(EfficientViTBlock)

    init(
        _ scope: LayerScope, kind: HybridTokenizerConfiguration.Block, width: Int,
        norm: HybridTokenizerConfiguration.Norm,
        activation: HybridTokenizerConfiguration.BlockActivation
    ) throws {
        self =
            switch kind {
            case .residual:
                .residual(
                    try ResidualBlock(scope, width: width, norm: norm, activation: activation))
            case .efficientViT:
                .efficientViT(try EfficientViTBlock(scope, width: width, norm: norm))
            }
    }

    func callAsFunction(_ x: Tensor) throws(KernelError) -> Tensor {
        switch self {
        case .residual(let block): try block(x)
        case .efficientViT(let block): block(x)
        }
    }
}

/// Halves an image: a convolution, then space to channels, plus the same of the input, averaged.
/// Key: `conv.conv.weight` and `.bias` below `scope`.
struct Downsampler: Sendable {
    private let convolution: Convolution
    private let hasShortcut: Bool
    private let compute: Compute

    init(_ scope: LayerScope, from inputs: Int, to outputs: Int, hasShortcut: Bool) throws {
        convolution = try Convolution(scope["conv"]["conv"], from: inputs, to: outputs / 4)
        self.hasShortcut = hasShortcut
        compute = scope.compute
    }

    func callAsFunction(_ x: Tensor) throws(KernelError) -> Tensor {
        compute.downsample(try convolution(x), shortcut: hasShortcut ? x : nil)
    }
}

/// Doubles an image: a convolution, then channels to space, plus the same of the input, repeated.
/// Key: `conv.conv.weight` and `.bias` below `scope`.
struct Upsampler: Sendable {
    private let convolution: Convolution
    private let hasShortcut: Bool
    private let compute: Compute

    init(_ scope: LayerScope, from inputs: Int, to outputs: Int, hasShortcut: Bool) throws {
        convolution = try Convolution(scope["conv"]["conv"], from: inputs, to: 4 * outputs)
        self.hasShortcut = hasShortcut
        compute = scope.compute
    }

    func callAsFunction(_ x: Tensor) throws(KernelError) -> Tensor {
        compute.upsample(try convolution(x), shortcut: hasShortcut ? x : nil)
    }
}
