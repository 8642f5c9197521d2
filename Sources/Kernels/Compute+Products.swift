import Tensors

extension Compute {
    /// A B^T in float32 whatever the engine's precision: a is [rows, inner], b [columns, inner].
    public func product(_ a: Tensor, transposed b: Tensor) -> Tensor {
        let ((rows, inner), columns) = (a.rowsAndColumns, b.shape[0])
        defer { withExtendedLifetime((a, b)) {} }
        return Tensor([rows, columns]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            forEachRun(of: rows, grain: 32) { [product] run in
                product.multiply(
                    a.pointer + run.lowerBound * inner, stride: inner, b.pointer, stride: inner,
                    isTransposed: true, into: to + run.lowerBound * columns, stride: columns,
                    rows: run.count, columns: columns, inner: inner, alpha: 1)
            }
        }
    }
}

extension Tensor {
    /// The rows `indices` of a tensor [rows, columns], as float32 [indices.count, columns].
    public func rows(_ indices: [Int]) -> Tensor {
        let columns = shape[1]
        return Tensor([indices.count, columns]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for (row, index) in indices.enumerated() {
                precondition(index >= 0 && index < shape[0])
                copyRow(index, columns, to + row * columns)
            }
        }
    }

    private func copyRow(_ row: Int, _ columns: Int, _ to: UnsafeMutablePointer<Float>) {
        switch elementType {
        case .float32: to.update(from: pointer + row * columns, count: columns)
        case .bfloat16:
            withElements(as: UInt16.self) { bits in
                for i in 0..<columns { to[i] = Float(bfloat16Bits: bits[row * columns + i]) }
            }
        case .float16:
            withElements(as: UInt16.self) { bits in
                for i in 0..<columns { to[i] = Float(float16Bits: bits[row * columns + i]) }
            }
        default:
            withElements(as: Double.self) { numbers in
                for i in 0..<columns { to[i] = Float(numbers[row * columns + i]) }
            }
        }
    }
}
