import Checkpoints
import Layers
import Tensors

/// The norm after a map without bias: a batch norm disappears into the map, a layer norm stays.
enum FoldedNorm: Sendable {
    /// The map's outputs are scaled by `scale` and shifted by `shift`, both [outputs].
    case batch(scale: [Float], shift: Tensor)
    case layer(LayerNorm)

    /// - Parameter scope: holds `weight` and `bias`, and `running_mean`, `running_var` and
    ///   `num_batches_tracked` of a batch norm.
    init(
        _ scope: LayerScope, kind: HybridTokenizerConfiguration.Norm, width: Int
    ) throws(CheckpointError) {
        switch kind {
        case .layer: self = .layer(try LayerNorm(scope, width: width, epsilon: 1e-5))
        case .batch:
            let weight = try scope.smallWeight("weight", [width]).floats()
            let bias = try scope.smallWeight("bias", [width]).floats()
            let mean = try scope.smallWeight("running_mean", [width]).floats()
            let variance = try scope.variances("running_var", [width]).floats()
            let scale = zip(weight, variance).map { $0 / ($1 + 1e-5).squareRoot() }
            let shift = zip(zip(bias, mean), scale).map { $0.0 - $0.1 * $1 }
            self = .batch(scale: scale, shift: Tensor([width], shift))
        }
    }

    /// `weight` [outputs, ...] with a batch norm's scale in it.
    func folded(into weight: Tensor) -> Tensor {
        guard case .batch(let scale, _) = self else { return weight }
        let numbers = weight.floats()
        let columns = weight.count / scale.count
        return Tensor(weight.shape) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for index in numbers.indices { to[index] = numbers[index] * scale[index / columns] }
        }
    }

    /// The factors of a batch norm, one for each output.
    var scale: [Float]? {
        guard case .batch(let scale, _) = self else { return nil }
        return scale
    }

    /// The bias that takes a batch norm's place.
    var bias: Tensor? {
        guard case .batch(_, let shift) = self else { return nil }
        return shift
    }
}

/// x + norm(W y): a 1x1 convolution without bias, its norm, and the sum with the block's input.
/// Keys: `conv.weight` [width, inputs, 1, 1] and `norm.*`.
struct NormedProjection: Sendable {
    private let linear: Linear
    private let norm: FoldedNorm

    init(
        _ scope: LayerScope, from inputs: Int, to width: Int,
        norm kind: HybridTokenizerConfiguration.Norm
    ) throws(CheckpointError) {
        norm = try FoldedNorm(scope["norm"], kind: kind, width: width)
        let weight = try scope["conv"].weight("weight", [width, inputs, 1, 1])
        linear = Linear(
            norm.folded(into: weight.reshaped([width, inputs])), bias: norm.bias, scope)
    }

    func callAsFunction(_ y: Tensor, addedTo x: Tensor) -> Tensor {
        guard case .layer(let norm) = norm else { return linear(y, adding: x) }
        return norm(linear(y), adding: x)
    }
}
