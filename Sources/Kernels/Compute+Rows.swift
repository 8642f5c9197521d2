import CKernels
import Tensors

/// Operations on the rows of a tensor [..., columns]; the result has the input's shape. `output` is
/// the result's element type, float32 or bfloat16.
extension Compute {
    private static let grain = 16

    /// (x - mean) / sqrt(variance + epsilon), times `weight`, plus `bias`, plus `addend`, where
    /// given.
    ///
    /// - Parameter columns: the part of each row to normalise; nil for all.
    public func layerNorm(
        _ x: Tensor, columns part: Range<Int>? = nil, weight: Tensor? = nil, bias: Tensor? = nil,
        epsilon: Float, adding addend: Tensor? = nil, output: ElementType = .float32
    ) -> Tensor {
        let (rows, stride) = x.rowsAndColumns
        let part = part ?? 0..<stride
        let shape = Shape(x.shape.dimensions.dropLast() + [part.count])
        defer { withExtendedLifetime((x, weight, bias, addend)) {} }
        return Tensor(shape, output) { base in
            forEachRun(of: rows, grain: Self.grain) { run in
                let at = run.lowerBound * part.count
                dcar_layer_norm(
                    x.pointer + run.lowerBound * stride + part.lowerBound, stride, run.count,
                    part.count, weight?.pointer, bias?.pointer, epsilon,
                    addend.map { $0.pointer + at }, out(base + at * output.byteWidth, output))
            }
        }
    }

    /// x / sqrt(mean of squares + epsilon) * weight.
    public func rmsNorm(
        _ x: Tensor, weight: Tensor, epsilon: Float, output: ElementType = .float32
    ) -> Tensor {
        let (rows, columns) = x.rowsAndColumns
        defer { withExtendedLifetime((x, weight)) {} }
        return Tensor(x.shape, output) { base in
            forEachRun(of: rows, grain: Self.grain) { run in
                dcar_rms_norm(
                    x.pointer + run.lowerBound * columns, run.count, columns, weight.pointer,
                    epsilon, out(base + run.lowerBound * columns * output.byteWidth, output))
            }
        }
    }

    /// norm(x) * (1 + scale) + shift, where the rows of `modulation` [rows, 2 or more * columns]
    /// begin with shift, then scale; `weight` and `bias` belong to the layer norm.
    public func modulatedNorm(
        _ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Float,
        modulation: Tensor, output: ElementType = .float32
    ) -> Tensor {
        let (rows, columns) = x.rowsAndColumns
        let stride = modulation.rowsAndColumns.columns
        defer { withExtendedLifetime((x, weight, bias, modulation)) {} }
        return Tensor(x.shape, output) { base in
            forEachRun(of: rows, grain: Self.grain) { run in
                let shift = modulation.pointer + run.lowerBound * stride
                dcar_modulated_norm(
                    x.pointer + run.lowerBound * columns, run.count, columns, weight?.pointer,
                    bias?.pointer, epsilon, shift, shift + columns, stride,
                    out(base + run.lowerBound * columns * output.byteWidth, output))
            }
        }
    }

    /// max(x, 0).
    public func relu(_ x: Tensor) -> Tensor {
        let (rows, columns) = x.rowsAndColumns
        defer { withExtendedLifetime(x) {} }
        return Tensor(x.shape) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            forEachRun(of: rows, grain: 256) { run in
                let epilogue = Epilogue(activation: .relu).at(row: 0, output: 0)
                dcar_finish_tile(
                    x.pointer + run.lowerBound * columns, columns, run.count, columns, epilogue,
                    out(to + run.lowerBound * columns, .float32), columns)
            }
        }
    }

    /// x + gate * y; the gates of a row are the `columns` numbers from `offset` on of the row of
    /// `modulation`.
    public func gatedSum(_ x: Tensor, _ y: Tensor, modulation: Tensor, offset: Int) -> Tensor {
        let (rows, columns) = x.rowsAndColumns
        let stride = modulation.rowsAndColumns.columns
        defer { withExtendedLifetime((x, y, modulation)) {} }
        return Tensor(x.shape) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            forEachRun(of: rows, grain: Self.grain) { run in
                let at = run.lowerBound * columns
                dcar_gated_sum(
                    x.pointer + at, y.pointer + at,
                    modulation.pointer + run.lowerBound * stride + offset, stride, run.count,
                    columns, to + at)
            }
        }
    }

    /// silu(x + row), where `row` is one row [columns] added to all.
    public func siluOfSum(_ x: Tensor, row: Tensor, output: ElementType = .float32) -> Tensor {
        let (rows, columns) = x.rowsAndColumns
        defer { withExtendedLifetime((x, row)) {} }
        return Tensor(x.shape, output) { base in
            forEachRun(of: rows, grain: Self.grain) { run in
                dcar_silu_sum(
                    x.pointer + run.lowerBound * columns, row.pointer, 0, run.count, columns,
                    out(base + run.lowerBound * columns * output.byteWidth, output))
            }
        }
    }
}

extension Tensor {
    /// All axes but the last as one.
    var rowsAndColumns: (rows: Int, columns: Int) {
        let columns = shape[shape.rank - 1]
        return (columns == 0 ? 0 : count / columns, columns)
    }
}
