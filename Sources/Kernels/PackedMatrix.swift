import CKernels
import Tensors

/// Weights [outputs, inputs] in bfloat16 or as 8-bit integers, in the order in which our kernels
/// read them; after integers come the scale of each output and the sum of its integers.
struct PackedMatrix: ArrangedMatrix {
    private let storage: Storage
    /// Where in the storage the matrix begins; a multiple of 64, as its size is.
    private let start: Int
    private let outputs: Int
    private let inputs: Int
    private let rowBytes: Int
    private let isInteger: Bool

    /// - Parameter storage: holds what `pack` wrote, from `start` on.
    init(_ storage: Storage, at start: Int = 0, shape: Shape, precision: Precision) {
        (self.storage, self.start) = (storage, start)
        (outputs, inputs) = (shape[0], shape[1])
        isInteger = precision == .int8
        rowBytes = shape[1] * (isInteger ? 1 : 2)
    }

    static func byteCount(_ shape: Shape, _ precision: Precision) -> Int {
        let isInteger = precision == .int8
        let numbers = dcar_packed_bytes(shape[0], shape[1] * (isInteger ? 1 : 2))
        return wholeLines(numbers) + (isInteger ? 2 * wholeLines(4 * shape[0]) : 0)
    }

    /// Writes the packed weights, `byteCount` bytes.
    static func pack(
        _ weights: Tensor, _ precision: Precision, into base: UnsafeMutableRawPointer
    ) {
        let outputs = weights.shape[0]
        let quantized = precision == .int8 ? QuantizedWeights(weights) : nil
        let rows = quantized?.integers ?? weights.converted(to: .bfloat16)
        rows.withBytes { dcar_pack($0.baseAddress, outputs, rows.byteCount / outputs, base) }
        guard let quantized else { return }
        let scales = base + wholeLines(dcar_packed_bytes(outputs, rows.byteCount / outputs))
        quantized.scale.withBytes { bytes in
            bytes.baseAddress.map { scales.copyMemory(from: $0, byteCount: bytes.count) }
        }
        (scales + wholeLines(4 * outputs)).copyMemory(
            from: quantized.sum.base, byteCount: 4 * outputs)
    }

    private static func wholeLines(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

    var scales: OutputScales? {
        guard isInteger else { return nil }
        let scale = storage.base + start + Self.wholeLines(dcar_packed_bytes(outputs, rowBytes))
        let sum = scale + Self.wholeLines(4 * outputs)
        return OutputScales(
            scale: UnsafePointer(scale.assumingMemoryBound(to: Float.self)),
            sum: UnsafePointer(sum.assumingMemoryBound(to: Int32.self)))
    }

    func rowMajor(on compute: Compute) -> Tensor {
        let scale = scales?.scale
        return Tensor([outputs, inputs]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            compute.forEachRun(of: outputs, grain: 64) { run in
                dcar_unpack(
                    storage.base + start + run.lowerBound * ((rowBytes + 3) / 4 * 4), run.count,
                    inputs, scale.map { $0 + run.lowerBound }, to + run.lowerBound * inputs)
            }
        }
    }

    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>, epilogue: Epilogue, firstRow: Int,
        into out: dcar_out, stride: Int
    ) {
        #if arch(x86_64)
            // Every run but the last is of whole blocks, which lie one behind the other.
            let weights = storage.base + start + outputs.lowerBound * ((rowBytes + 3) / 4 * 4)
            let epilogue = epilogue.at(row: firstRow, output: outputs.lowerBound)
            if isInteger {
                dcar_product_int8(
                    Processor.integerWay, a, rows, rowBytes, weights, outputs.count, epilogue, out,
                    stride)
            } else {
                dcar_product_bfloat16(
                    Processor.bfloat16Way, a, rows, rowBytes, weights, outputs.count, epilogue, out,
                    stride)
            }
        #else
            preconditionFailure("Only x86-64 processors are asked for bfloat16 or integers.")
        #endif
    }
}

/// What turns the integer sums of a product into numbers, for each output.
struct OutputScales {
    let scale: UnsafePointer<Float>
    /// The sum of its integers.
    let sum: UnsafePointer<Int32>
}
