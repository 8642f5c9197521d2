import CKernels
import Tensors

/// Weights [outputs, inputs] in float32, in the order in which our kernel reads them: for
/// processors on which it is faster than the libraries.
struct PackedFloats: ArrangedMatrix {
    private let storage: Storage
    /// Bytes before the matrix.
    private let start: Int
    private let outputs: Int
    private let inputs: Int
    /// Whether the processor multiplies sixteen numbers at a time.
    private let isWide: Bool
    var scales: OutputScales? { nil }

    /// - Parameter storage: holds what `pack` wrote, from `start` on.
    init(_ storage: Storage, at start: Int = 0, shape: Shape, isWide: Bool) {
        (self.storage, self.start, self.isWide) = (storage, start, isWide)
        (outputs, inputs) = (shape[0], shape[1])
    }

    /// - Parameter weights: of any float type.
    init(packing weights: Tensor, isWide: Bool) {
        self.init(
            Storage(byteCount: Self.byteCount(weights.shape)), shape: weights.shape,
            isWide: isWide)
        Self.pack(weights.converted(to: .float32), into: storage.base)
    }

    static func byteCount(_ shape: Shape) -> Int {
        dcar_packed_floats(shape[0], shape[1]) * 4
    }

    /// Packs float32 [outputs, inputs].
    static func pack(_ weights: Tensor, into base: UnsafeMutableRawPointer) {
        let (outputs, inputs) = weights.rowsAndColumns
        weights.withFloats {
            dcar_pack_floats(
                $0.baseAddress, outputs, inputs, base.assumingMemoryBound(to: Float.self))
        }
    }

    private func packed(from output: Int) -> UnsafeMutablePointer<Float> {
        (storage.base + start).assumingMemoryBound(to: Float.self) + output * inputs
    }

    func rowMajor(on compute: Compute) -> Tensor {
        Tensor([outputs, inputs]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            compute.forEachRun(of: outputs, grain: 64) { run in
                dcar_unpack_floats(
                    packed(from: run.lowerBound), run.count, inputs, to + run.lowerBound * inputs)
            }
        }
    }

    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>, epilogue: Epilogue, firstRow: Int,
        into out: dcar_out, stride: Int
    ) {
        dcar_product_float32(
            isWide ? 1 : 0, a.assumingMemoryBound(to: Float.self), rows, inputs,
            packed(from: outputs.lowerBound), outputs.count,
            epilogue.at(row: firstRow, output: outputs.lowerBound), out, stride)
    }
}
