import CKernels
import Synchronization
import Tensors

/// A 3x3 convolution as a matrix product over gathered neighbourhoods (im2col): works with every
/// library, and needs scratch memory of nine times a tile's input.
final class GatheredConvolution: ArrangedConvolution {
    private let inputs: Int
    private let outputs: Int
    private let weights: Tensor
    private let scale: [Float]?
    private let product: any MatrixProduct
    private let arranged = Mutex<Tensor?>(nil)
    private static let pixelsPerTask = 128

    init(_ weights: Tensor, scale: [Float]?, product: any MatrixProduct) {
        outputs = weights.shape[0]
        inputs = weights.shape[1]
        self.weights = weights
        self.scale = scale
        self.product = product
    }

    var packable: PackableWeights? { nil }

    func prepare() {
        _ = arrangedWeights()
    }

    /// [outputs, 9 * inputs], the position in the neighbourhood before the channel.
    private func arrangedWeights() -> Tensor {
        arranged.withLock { arranged in
            if let arranged { return arranged }
            let made = arrange()
            weights.storage.releasePages()
            arranged = made
            return made
        }
    }

    private func arrange() -> Tensor {
        let source = weights.converted(to: .float32)
        return Tensor([outputs, 9 * inputs]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            source.withFloats { from in
                for output in 0..<outputs {
                    let factor = scale?[output] ?? 1
                    for input in 0..<inputs {
                        for k in 0..<9 {
                            to[(output * 9 + k) * inputs + input] =
                                factor * from[(output * inputs + input) * 9 + k]
                        }
                    }
                }
            }
        }
    }

    func tasks(width: Int, height: Int) -> Int {
        (width * height + Self.pixelsPerTask - 1) / Self.pixelsPerTask
    }

    func run(
        _ task: Int, input: UnsafePointer<Float>, width: Int, height: Int, epilogue: Epilogue,
        output: UnsafeMutablePointer<Float>
    ) throws(KernelError) {
        let weights = arrangedWeights()
        let first = task * Self.pixelsPerTask
        let pixels = first..<min(width * height, first + Self.pixelsPerTask)
        let gathered = Tensor([pixels.count, 9 * inputs]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for (row, pixel) in pixels.enumerated() {
                gather(
                    input, x: pixel % width, y: pixel / width, width: width, height: height,
                    into: to + row * 9 * inputs)
            }
        }
        let tile = Tensor([pixels.count, outputs]) { base in
            gathered.withFloats { a in
                weights.withFloats { w in
                    guard let a = a.baseAddress, let w = w.baseAddress else { return }
                    product.multiply(
                        a, stride: 9 * inputs, w, stride: 9 * inputs, isTransposed: true,
                        into: base.assumingMemoryBound(to: Float.self), stride: outputs,
                        rows: pixels.count, columns: outputs, inner: 9 * inputs, alpha: 1)
                }
            }
        }
        tile.withFloats { tile in
            dcar_finish_tile(
                tile.baseAddress, outputs, pixels.count, outputs,
                epilogue.at(row: first, output: 0),
                dcar_out(start: output + first * outputs, is_bfloat16: 0), outputs)
        }
    }

    private func gather(
        _ input: UnsafePointer<Float>, x: Int, y: Int, width: Int, height: Int,
        into row: UnsafeMutablePointer<Float>
    ) {
        for k in 0..<9 {
            let (fromX, fromY) = (x + k % 3 - 1, y + k / 3 - 1)
            let place = row + k * inputs
            if fromX >= 0, fromX < width, fromY >= 0, fromY < height {
                place.update(from: input + (fromY * width + fromX) * inputs, count: inputs)
            } else {
                place.update(repeating: 0, count: inputs)
            }
        }
    }
}
