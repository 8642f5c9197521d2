import Synchronization
import Tensors

/// The weights [outputs, inputs] and bias of a linear map, arranged for a compute engine.
public final class LinearWeights: Sendable {
    public let inputs: Int
    public let outputs: Int
    private let compute: Compute
    private let precision: Precision
    /// float32 [outputs], or nil.
    let bias: Tensor?
    private let state: Mutex<State>
    /// The weights as they came, where keeping them costs no memory.
    private let source: Tensor?

    private enum State {
        case stored(Tensor)
        /// With the bytes that were packed for it, if any.
        case arranged(any ArrangedMatrix, Storage?)
    }

    /// - Parameters:
    ///   - weights: [outputs, inputs], float32, float16 or bfloat16.
    ///   - bias: [outputs], or nil.
    ///   - precision: nil for the engine's own.
    public init(
        _ weights: Tensor, bias: Tensor?, compute: Compute, precision: Precision? = nil
    ) {
        self.precision = precision ?? compute.precision
        inputs = weights.shape[1]
        outputs = weights.shape[0]
        self.bias = bias?.converted(to: .float32)
        self.compute = compute
        state = Mutex(.stored(weights))
        source = weights.storage.isMapped ? weights : nil
    }

    /// Arranges the weights if that has not happened yet; the first use does it otherwise.
    public func prepare() {
        _ = arranged()
    }

    /// Forgets the arranged weights where they can be made again from the file.
    ///
    /// - Returns: true when there is something to arrange now.
    public func release() -> Bool {
        guard let source else { return false }
        return state.withLock { state in
            guard case .arranged = state else { return false }
            state = .stored(source)
            return true
        }
    }

    /// The weights as they can be kept in a file; nil where they are used as they came.
    public var packable: PackableWeights? {
        guard precision != .float32 else { return nil }
        let shape: Shape = [outputs, inputs]
        return PackableWeights(
            byteCount: PackedMatrix.byteCount(shape, precision),
            packed: { self.arranged().packed },
            adopt: { storage in
                let matrix = PackedMatrix(storage, shape: shape, precision: self.precision)
                self.state.withLock { $0 = .arranged(matrix, storage) }
            })
    }

    /// The weights as products read them, rounding included: float32 [outputs, inputs].
    func rowMajor() -> Tensor {
        arranged().matrix.rowMajor(on: compute)
    }

    private func arranged() -> (matrix: any ArrangedMatrix, packed: Storage?) {
        state.withLock { state in
            switch state {
            case .arranged(let matrix, let packed): return (matrix, packed)
            case .stored(let weights):
                let made = arrange(weights)
                state = .arranged(made.matrix, made.packed)
                if !made.matrix.uses(weights) { weights.storage.releasePages() }
                return made
            }
        }
    }

    private func arrange(_ weights: Tensor) -> (matrix: any ArrangedMatrix, packed: Storage?) {
        guard precision != .float32 else {
            return (compute.product.arrangeMatrix(weights), nil)
        }
        let packed = Storage(byteCount: PackedMatrix.byteCount(weights.shape, precision))
        PackedMatrix.pack(weights, precision, into: packed.base)
        return (PackedMatrix(packed, shape: weights.shape, precision: precision), packed)
    }

    /// activation(x W^T + bias) + addend.
    ///
    /// - Parameters:
    ///   - x: [items, rows, inputs] or [rows, inputs], in any float type. No tile of work spans two
    ///     items, so an item's result does not depend on what else is in the batch.
    ///   - addend: float32 of the result's shape.
    ///   - output: the result's element type, float32 or bfloat16.
    public func callAsFunction(
        _ x: Tensor, activation: Activation = .none, adding addend: Tensor? = nil,
        output: ElementType = .float32
    ) -> Tensor {
        let matrix = arranged().matrix
        let quantized = precision == .int8 ? compute.quantized(x) : nil
        let x = quantized?.integers ?? x.converted(to: precision == .float32 ? .float32 : .bfloat16)
        let items = x.shape.rank == 3 ? x.shape[0] : 1
        let rows = x.shape[x.shape.rank - 2]
        precondition(x.shape[x.shape.rank - 1] == inputs)
        let tilesPerItem = (rows + Tiling.rows - 1) / Tiling.rows
        let runs = Tiling.outputs(outputs)
        var epilogue = Epilogue(activation: activation)
        epilogue.rowScale = quantized?.scale.pointer
        epilogue.rowZero = quantized.map {
            UnsafePointer($0.zero.base.assumingMemoryBound(to: Int32.self))
        }
        epilogue.scales = matrix.scales
        epilogue.bias = bias?.pointer
        epilogue.addend = addend?.pointer
        epilogue.addendStride = outputs
        defer { withExtendedLifetime((x, quantized, bias, addend)) {} }
        return Tensor(Shape(x.shape.dimensions.dropLast() + [outputs]), output) { base in
            compute.forEach(items * tilesPerItem * runs.count) {
                [epilogue, inputs, outputs] task in
                // Tiles of one run of outputs follow each other: its weights stay in cache.
                let run = runs[task / (items * tilesPerItem)]
                let tile = task % (items * tilesPerItem)
                let first = tile / tilesPerItem * rows + tile % tilesPerItem * Tiling.rows
                let place = base + (first * outputs + run.lowerBound) * output.byteWidth
                matrix.multiply(
                    UnsafeRawPointer(x.storage.base) + first * inputs * x.elementType.byteWidth,
                    rows: min(Tiling.rows, rows - tile % tilesPerItem * Tiling.rows), outputs: run,
                    epilogue: epilogue, firstRow: first, into: out(place, output), stride: outputs)
            }
        }
    }
}

extension Tensor {
    /// The first number of a float32 tensor; valid while the tensor lives.
    var pointer: UnsafePointer<Float> {
        precondition(elementType == .float32)
        return UnsafePointer(storage.base.assumingMemoryBound(to: Float.self))
    }
}
