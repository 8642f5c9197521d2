import Checkpoints
import Kernels
import Layers
import Tensors

/// The codebook of DC-HT's L2-normalised vector quantiser. Key: `embedding.weight`
/// [codebookSize, latentChannels], which is not of unit length in the file.
public struct Codebook: Sendable {
    /// [codebookSize, latentChannels], rows of unit length.
    public let entries: Tensor
    private let squaredLengths: [Float]
    private let compute: Compute

    init(_ scope: LayerScope, _ configuration: HybridTokenizerConfiguration)
        throws(CheckpointError)
    {
        entries = unitRows(
            try scope.smallWeight(
                "embedding.weight", [configuration.codebookSize, configuration.latentChannels]))
        squaredLengths = squares(entries)
        compute = scope.compute
    }

    public var size: Int { entries.shape[0] }

    /// The nearest entry of each row, the first where several are equally near.
    ///
    /// - Parameter features: [tokens, latentChannels], rows of unit length.
    public func nearest(to features: Tensor) -> [Int] {
        let products = compute.product(features, transposed: entries)
        let lengths = squares(features)
        let size = size
        return products.withFloats { products in
            lengths.indices.map { row in
                var (best, index) = (Float.infinity, 0)
                for entry in 0..<size {
                    let distance =
                        lengths[row] + squaredLengths[entry] - 2 * products[row * size + entry]
                    if distance < best { (best, index) = (distance, entry) }
                }
                return index
            }
        }
    }
}

/// Rows divided by their length, or by 1e-12 where that is less.
func unitRows(_ x: Tensor) -> Tensor {
    let (numbers, columns) = (x.floats(), x.shape[x.shape.rank - 1])
    return Tensor(x.shape) { base in
        let to = base.assumingMemoryBound(to: Float.self)
        for row in 0..<numbers.count / columns {
            let range = row * columns..<(row + 1) * columns
            let length = numbers[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for index in range { to[index] = numbers[index] / max(length, 1e-12) }
        }
    }
}

private func squares(_ x: Tensor) -> [Float] {
    let (numbers, columns) = (x.floats(), x.shape[x.shape.rank - 1])
    return (0..<numbers.count / columns).map { row in
        numbers[row * columns..<(row + 1) * columns].reduce(0) { $0 + $1 * $1 }
    }
}
