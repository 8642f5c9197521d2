import CKernels
import Tensors

/// Rows of numbers as 8-bit integers, with a scale and an integer for zero of each row, which are
/// made from that row alone: what else is in the batch does not matter. An activation's numbers are
/// mostly positive; integers around zero would leave half of themselves unused.
struct QuantizedRows {
    /// uint8, of the shape of the numbers.
    let integers: Tensor
    let scale: Tensor
    /// int32.
    let zero: Storage
}

/// Weights [outputs, inputs] as 8-bit integers, with a scale for each output.
struct QuantizedWeights {
    /// int8, of the shape of the weights.
    let integers: Tensor
    let scale: Tensor
    /// int32: the sum of each output's integers.
    let sum: Storage

    init(_ weights: Tensor) {
        let (outputs, inputs) = (weights.shape[0], weights.shape[1])
        let source = weights.converted(to: .float32)
        let scale = Storage(byteCount: outputs * 4)
        let sum = Storage(byteCount: outputs * 4)
        integers = Tensor(weights.shape, .int8) { base in
            dcar_quantize_weights(
                source.pointer, outputs, inputs, base.assumingMemoryBound(to: Int8.self),
                scale.base.assumingMemoryBound(to: Float.self),
                sum.base.assumingMemoryBound(to: Int32.self))
        }
        withExtendedLifetime(source) {}
        (self.scale, self.sum) = (Tensor([outputs], .float32, storage: scale), sum)
    }
}

extension Compute {
    /// The rows of a tensor [..., columns] as integers.
    func quantized(_ x: Tensor) -> QuantizedRows {
        let x = x.converted(to: .bfloat16)
        let (rows, columns) = x.rowsAndColumns
        let scale = Storage(byteCount: rows * 4)
        let zero = Storage(byteCount: rows * 4)
        let integers = Tensor(x.shape, .uint8) { base in
            forEachRun(of: rows, grain: 16) { run in
                let at = run.lowerBound * columns
                dcar_quantize_rows(
                    x.storage.base.assumingMemoryBound(to: UInt16.self) + at, run.count, columns,
                    base.assumingMemoryBound(to: UInt8.self) + at,
                    scale.base.assumingMemoryBound(to: Float.self) + run.lowerBound,
                    zero.base.assumingMemoryBound(to: Int32.self) + run.lowerBound)
            }
        }
        withExtendedLifetime(x) {}
        return QuantizedRows(
            integers: integers, scale: Tensor([rows], .float32, storage: scale), zero: zero)
    }
}
