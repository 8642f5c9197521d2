import CKernels
import Tensors

/// Part of a matrix whose columns hold the heads of queries, keys or values side by side.
public struct HeadColumns: Sendable {
    let tensor: Tensor
    let firstColumn: Int
    /// The item that counts as number 0.
    let firstItem: Int
    let items: Int

    /// All items of float32 [items, rows, columns]; the first head begins at `firstColumn`.
    public init(_ tensor: Tensor, firstColumn: Int = 0) {
        self.init(tensor, firstColumn: firstColumn, items: 0..<tensor.shape[0])
    }

    private init(_ tensor: Tensor, firstColumn: Int, items: Range<Int>) {
        precondition(tensor.shape.rank == 3 && tensor.elementType == .float32)
        self.tensor = tensor
        self.firstColumn = firstColumn
        firstItem = items.lowerBound
        self.items = items.count
    }

    /// Each item by itself, as `attention` wants keys and values.
    public var separated: [HeadColumns] {
        (firstItem..<firstItem + items).map {
            HeadColumns(tensor, firstColumn: firstColumn, items: $0..<$0 + 1)
        }
    }

    var rows: Int { tensor.shape[1] }
    var stride: Int { tensor.shape[2] }

    /// Rows of one head of an item, at most `count` of them.
    func rows(_ item: Int, first: Int, count: Int, _ head: Int, _ headWidth: Int) -> dcar_rows {
        dcar_rows(
            start: tensor.pointer + ((firstItem + item) * rows + first) * stride + firstColumn
                + head * headWidth,
            stride: stride, count: min(count, rows - first))
    }
}

extension Compute {
    private static let queriesPerTask = 64
    /// In bfloat16 a task arranges its keys and values, which pays for more queries.
    private static let queriesPerArrangedTask = 256

    /// softmax(scale q k^T + bias) v for every head of every item.
    ///
    /// - Parameters:
    ///   - keys: one for each item, of any number of rows, or one that all items share; each holds
    ///     one item. The same for `values`.
    ///   - headWidth: columns of one head.
    ///   - bias: [heads, queries, keys], or nil.
    /// - Returns: [items, queries, heads * headWidth] of the engine's operand type.
    public func attention(
        queries: HeadColumns, keys: [HeadColumns], values: [HeadColumns], heads: Int,
        headWidth: Int, scale: Float, bias: Tensor? = nil
    ) -> Tensor {
        let (items, queryRows) = (queries.items, queries.rows)
        let width = heads * headWidth
        let output = operand
        // Without instructions for it, float32 is as fast, and exact.
        let isNarrowed = output == .bfloat16 && Processor.hasBFloat16
        let grain = isNarrowed ? Self.queriesPerArrangedTask : Self.queriesPerTask
        let runs = (queryRows + grain - 1) / grain
        defer { withExtendedLifetime((queries, keys, values, bias)) {} }
        return Tensor([items, queryRows, width], output) { base in
            forEach(items * heads * runs) { [product] task in
                let (item, head) = (task / (heads * runs), task / runs % heads)
                let first = task % runs * grain
                let (key, value) = (
                    keys[min(item, keys.count - 1)], values[min(item, values.count - 1)]
                )
                let part = AttentionPart(
                    queries: queries.rows(item, first: first, count: grain, head, headWidth),
                    keys: key.rows(0, first: 0, count: key.rows, head, headWidth),
                    values: value.rows(0, first: 0, count: value.rows, head, headWidth),
                    headWidth: headWidth, scale: scale,
                    bias: bias.map { $0.pointer + (head * queryRows + first) * key.rows })
                let place = (item * queryRows + first) * width + head * headWidth
                let to = out(base + place * output.byteWidth, output)
                if isNarrowed {
                    part.runInBFloat16(into: to, stride: width)
                } else {
                    part.run(product, into: to, stride: width)
                }
            }
        }
    }

    /// ReLU linear attention over all pixels (EfficientViT's LiteMLA with heads of 32 channels).
    ///
    /// - Parameter x: float32 [pixels, heads * 96]: query, key and value of each head in turn.
    /// - Returns: [pixels, heads * 32] of the engine's operand type.
    public func linearAttention(_ x: Tensor) -> Tensor {
        let (pixels, columns) = x.rowsAndColumns
        let heads = columns / 96
        let output = operand
        let grain = 512
        let runs = (pixels + grain - 1) / grain
        defer { withExtendedLifetime(x) {} }
        let partial = Tensor([heads, runs, 33, 32]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            forEach(heads * runs) { task in
                let first = task % runs * grain
                dcar_linear_attention_state(
                    x.pointer + first * columns + task / runs * 96, columns,
                    min(grain, pixels - first), to + task * 33 * 32)
            }
        }
        let states = Tensor([heads, 33, 32]) { base in
            let to = base.assumingMemoryBound(to: Float.self)
            for head in 0..<heads {
                for i in 0..<33 * 32 {
                    var sum: Float = 0
                    for run in 0..<runs {
                        sum += partial.pointer[(head * runs + run) * 33 * 32 + i]
                    }
                    to[head * 33 * 32 + i] = sum
                }
            }
        }
        defer { withExtendedLifetime((partial, states)) {} }
        return Tensor([pixels, heads * 32], output) { base in
            forEach(heads * runs) { task in
                let (head, first) = (task / runs, task % runs * grain)
                let place = base + (first * heads * 32 + head * 32) * output.byteWidth
                dcar_linear_attention_apply(
                    x.pointer + first * columns + head * 96, columns, min(grain, pixels - first),
                    states.pointer + head * 33 * 32, out(place, output), heads * 32)
            }
        }
    }
}
