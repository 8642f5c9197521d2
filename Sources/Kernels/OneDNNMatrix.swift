import COneDNN
import Synchronization
import Tensors

/// Linear weights in bfloat16 or as 8-bit integers, cut into runs of outputs and laid out as
/// oneDNN's kernels read them.
final class OneDNNMatrix: ArrangedMatrix {
    let scales: OutputScales?
    private let inputs: Int
    /// By the first output of the run.
    private let runs: [Int: Storage]
    private let primitives = Mutex<[PrimitiveKey: OneDNNPrimitive]>([:])

    private struct PrimitiveKey: Hashable {
        let rows: Int
        let outputs: Int
    }

    /// Weights in bfloat16.
    convenience init(_ weights: Tensor) throws(KernelError) {
        try self.init(weights, scales: nil)
    }

    /// Weights as integers.
    convenience init(_ weights: QuantizedWeights) throws(KernelError) {
        try self.init(weights.integers, scales: weights.scales)
    }

    private init(_ weights: Tensor, scales: OutputScales?) throws(KernelError) {
        self.scales = scales
        inputs = weights.shape[1]
        var runs: [Int: Storage] = [:]
        for run in Tiling.outputs(weights.shape[0]) {
            runs[run.lowerBound] = try Self.arrange(weights, run)
        }
        self.runs = runs
    }

    private static func arrange(_ weights: Tensor, _ run: Range<Int>) throws(KernelError)
        -> Storage
    {
        let inputs = weights.shape[1]
        let type: dnnl_data_type_t
        let source: Tensor
        switch weights.elementType {
        case .bfloat16: (type, source) = (dnnl_bf16, weights)
        case .float32: (type, source) = (dnnl_f32, weights)
        case .int8: (type, source) = (dnnl_s8, weights)
        default: (type, source) = (dnnl_f32, weights.converted(to: .float32))
        }
        // The numbers of one run in the file's order, seen as [inputs, outputs].
        let from = try layout([inputs, run.count], type, dnnl_ba)
        let primitive = try product(
            rows: Tiling.rows, outputs: run.count, inputs: inputs,
            isInteger: weights.elementType == .int8)
        guard let to = primitive.layout(DNNL_ARG_WEIGHTS) else {
            throw .oneDNN(call: "dnnl_primitive_desc_query_md", status: 0)
        }
        let offset = run.lowerBound * inputs * source.elementType.byteWidth
        return try source.withBytes { (bytes) throws(KernelError) in
            guard let start = bytes.baseAddress else { return Storage(byteCount: 0) }
            return try OneDNNPrimitive.reordered(start + offset, from: from, to: to)
        }
    }

    private static func product(rows: Int, outputs: Int, inputs: Int, isInteger: Bool)
        throws(KernelError) -> OneDNNPrimitive
    {
        var a = try layout([rows, inputs], isInteger ? dnnl_u8 : dnnl_bf16, dnnl_ab)
        // Weight layouts must not depend on the number of rows, so the order is named.
        var b =
            isInteger
            ? try layout([inputs, outputs], dnnl_s8, integerOrder(outputs))
            : try layout([inputs, outputs], dnnl_bf16, bfloat16Order(outputs))
        var c = try layout([rows, outputs], isInteger ? dnnl_s32 : dnnl_f32, dnnl_ab)
        var product = dnnl_matmul_desc_t()
        try check(dnnl_matmul_desc_init(&product, &a, &b, nil, &c), "dnnl_matmul_desc_init")
        return try OneDNNPrimitive(arguments: [
            (DNNL_ARG_SRC, dnnl_query_src_md), (DNNL_ARG_WEIGHTS, dnnl_query_weights_md),
            (DNNL_ARG_DST, dnnl_query_dst_md)
        ]) { engine, attributes in
            var description: dnnl_primitive_desc_t?
            let status = dnnl_primitive_desc_create(
                &description, &product, attributes, engine, nil)
            return (status, description)
        }
    }

    /// The blocked orders that oneDNN's kernels read without a copy: 64, 48, 32 or 16 outputs in a
    /// block, and of each two inputs together in bfloat16, four as integers.
    private static func bfloat16Order(_ outputs: Int) -> dnnl_format_tag_t {
        switch outputs {
        case 49...: dnnl_BA16a64b2a
        case 33...48: dnnl_BA16a48b2a
        case 17...32: dnnl_BA16a32b2a
        default: dnnl_BA16a16b2a
        }
    }

    private static func integerOrder(_ outputs: Int) -> dnnl_format_tag_t {
        switch outputs {
        case 49...: dnnl_BA16a64b4a
        case 33...48: dnnl_BA16a48b4a
        case 17...32: dnnl_BA16a32b4a
        default: dnnl_BA16a16b4a
        }
    }

    func multiply(
        _ a: UnsafeRawPointer, rows: Int, outputs: Range<Int>,
        into c: UnsafeMutablePointer<Float>
    ) throws(KernelError) {
        guard let weights = runs[outputs.lowerBound] else { return }
        let primitive = try primitive(rows: rows, outputs: outputs.count)
        try primitive.run([
            (DNNL_ARG_SRC, a), (DNNL_ARG_WEIGHTS, UnsafeRawPointer(weights.base)),
            (DNNL_ARG_DST, UnsafeRawPointer(c))
        ])
    }

    private func primitive(rows: Int, outputs: Int) throws(KernelError) -> OneDNNPrimitive {
        let key = PrimitiveKey(rows: rows, outputs: outputs)
        if let found = primitives.withLock({ $0[key] }) { return found }
        let made = try Self.product(
            rows: rows, outputs: outputs, inputs: inputs, isInteger: scales != nil)
        primitives.withLock { $0[key] = made }
        return made
    }
}
