import CKernels
import Synchronization
import Tensors

/// A 3x3 convolution by Winograd's method, as matrix products over tiles of pixels, one for each
/// position of the transformed domain.
///
/// F(2x2, 3x3) needs 2.25 times fewer operations than direct, and its transforms are sums and
/// differences alone, so that bfloat16 loses little more than it does without them: 0.4 % of the
/// result. F(4x4, 3x3) needs 4 times fewer and loses 1 %; the wide layers of residual blocks can
/// afford that, where it is added to a stream of its own. Float32 can always afford it, but the
/// transformed weights are four times as large as the plain ones.
final class WinogradConvolution: ArrangedConvolution {
    private let inputs: Int
    private let outputs: Int
    private let scale: [Float]?
    /// What products are of: bfloat16 or float32.
    private let operand: ElementType
    /// Whether products of float32 are by vectors of sixteen numbers.
    private let isWide: Bool
    /// Pixels along each side of a tile.
    private let side: Int
    private var positions: Int { (side + 2) * (side + 2) }
    private let state: Mutex<State>

    private enum State {
        case stored(Tensor)
        /// For each run of outputs a packed matrix [run.count, inputs] for each position of the
        /// transformed domain.
        case packed(Storage)
    }

    private static let tilesPerTask = 64
    /// Outputs whose products stay in the second-level cache until they are transformed back.
    private static let outputsPerRun = 64
    /// Small images have few tiles; their outputs are shared out too, until there are this many
    /// tasks.
    private static let fewestTasks = 8

    /// Float32 takes F(4x4) up to this size of the transformed weights.
    private static let floatWeightLimit = 40 << 20

    init(_ weights: Tensor, scale: [Float]?, operand: ElementType, isWide: Bool = false) {
        outputs = weights.shape[0]
        inputs = weights.shape[1]
        self.scale = scale
        self.operand = operand
        self.isWide = isWide
        let isFine =
            operand == .float32
            ? outputs * inputs * 36 * 4 <= Self.floatWeightLimit
            : outputs == inputs && 256...512 ~= inputs
        side = isFine ? 4 : 2
        state = Mutex(.stored(weights))
    }

    func prepare() {
        _ = packed()
    }

    var packable: PackableWeights? {
        guard operand == .bfloat16 else { return nil }
        let byteCount = runs.reduce(0) { $0 + positions * matrixBytes($1) }
        return PackableWeights(
            byteCount: byteCount, packed: { self.packed() },
            adopt: { storage in self.state.withLock { $0 = .packed(storage) } })
    }

    private var runs: [Range<Int>] {
        stride(from: 0, to: outputs, by: Self.outputsPerRun).map {
            $0..<min(outputs, $0 + Self.outputsPerRun)
        }
    }

    private func matrixBytes(_ run: Range<Int>) -> Int {
        let shape: Shape = [run.count, inputs]
        return operand == .float32
            ? PackedFloats.byteCount(shape) : PackedMatrix.byteCount(shape, .bfloat16)
    }

    private func packed() -> Storage {
        state.withLock { state in
            switch state {
            case .packed(let storage): return storage
            case .stored(let weights):
                let made = pack(weights)
                state = .packed(made)
                weights.storage.releasePages()
                return made
            }
        }
    }

    private func pack(_ weights: Tensor) -> Storage {
        let source = weights.reshaped([outputs, inputs * 9])
        let result = Storage(byteCount: runs.reduce(0) { $0 + positions * matrixBytes($1) })
        var place = result.base
        for run in runs {
            let kernels = source.rows(Array(run))
            let scale = scale.map { Array($0[run]) } ?? Array(repeating: 1, count: run.count)
            if operand == .float32 {
                dcar_winograd_pack_floats(
                    Int32(side), kernels.pointer, run.count, inputs, scale,
                    place.assumingMemoryBound(to: Float.self))
            } else {
                packInBFloat16(kernels, scale: scale, into: place)
            }
            withExtendedLifetime(kernels) {}
            place += positions * matrixBytes(run)
        }
        return result
    }

    private func packInBFloat16(
        _ kernels: Tensor, scale: [Float], into place: UnsafeMutableRawPointer
    ) {
        let count = kernels.shape[0]
        let transformed = Tensor([positions, count, inputs], .bfloat16) { base in
            dcar_winograd_weights(
                Int32(side), kernels.pointer, count, inputs, scale,
                base.assumingMemoryBound(to: UInt16.self))
        }
        transformed.withBytes { numbers in
            for position in 0..<positions {
                guard let start = numbers.baseAddress else { return }
                dcar_pack(
                    start + position * count * inputs * 2, count, inputs * 2,
                    place + position * matrixBytes(0..<count))
            }
        }
    }

    private func tiles(width: Int, height: Int) -> Int {
        (width + side - 1) / side * ((height + side - 1) / side)
    }

    /// Into how many groups the runs of outputs are divided.
    private func groups(tileTasks: Int) -> Int {
        min(runs.count, (Self.fewestTasks + tileTasks - 1) / tileTasks)
    }

    func tasks(width: Int, height: Int) -> Int {
        let tileTasks = tileTasks(width: width, height: height)
        return tileTasks * groups(tileTasks: tileTasks)
    }

    private func tileTasks(width: Int, height: Int) -> Int {
        (tiles(width: width, height: height) + Self.tilesPerTask - 1) / Self.tilesPerTask
    }

    func run(
        _ task: Int, input: UnsafePointer<Float>, width: Int, height: Int, epilogue: Epilogue,
        output: UnsafeMutablePointer<Float>
    ) throws(KernelError) {
        let packed = packed()
        let runs = runs
        let groups = groups(tileTasks: tileTasks(width: width, height: height))
        let first = task / groups * Self.tilesPerTask
        let count = min(Self.tilesPerTask, tiles(width: width, height: height) - first)
        // A line more from position to position, because powers of two fall on the same cache sets.
        let stride = count * inputs + 32
        let transformed = Storage(byteCount: positions * stride * operand.byteWidth)
        dcar_winograd_input(
            Int32(side), input, width, height, inputs, first, count,
            out(transformed.base, operand), stride)
        let group = task % groups
        for index in group * runs.count / groups..<(group + 1) * runs.count / groups {
            let run = runs[index]
            // All runs but the last are of one length.
            let start = index * positions * matrixBytes(runs[0])
            let productStride = count * run.count + 16
            let products = Storage(byteCount: positions * productStride * 4)
            let c = products.base.assumingMemoryBound(to: Float.self)
            for position in 0..<positions {
                matrix(packed, at: start + position * matrixBytes(run), outputs: run.count)
                    .multiply(
                        transformed.base + position * stride * operand.byteWidth, rows: count,
                        outputs: 0..<run.count, epilogue: Epilogue(), firstRow: 0,
                        into: out(UnsafeMutableRawPointer(c + position * productStride), .float32),
                        stride: run.count)
            }
            dcar_winograd_output(
                Int32(side), c, productStride, width, height, first, count, run.count,
                epilogue.at(row: 0, output: run.lowerBound), output + run.lowerBound, outputs)
        }
    }
    private func matrix(_ packed: Storage, at start: Int, outputs: Int) -> any ArrangedMatrix {
        let shape: Shape = [outputs, inputs]
        return operand == .float32
            ? PackedFloats(packed, at: start, shape: shape, isWide: isWide)
            : PackedMatrix(packed, at: start, shape: shape, precision: .bfloat16)
    }
}
