import COneDNN
import Synchronization
import Tensors

/// Linear weights in bfloat16, cut into runs of outputs and laid out as oneDNN's kernels read them.
final class OneDNNMatrix: ArrangedMatrix {
    private let inputs: Int
    /// By the first output of the run.
    private let runs: [Int: Storage]
    private let primitives = Mutex<[PrimitiveKey: OneDNNPrimitive]>([:])

    private struct PrimitiveKey: Hashable {
        let rows: Int
        let outputs: Int
    }

    init(_ weights: Tensor) throws(KernelError) {
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
        default: (type, source) = (dnnl_f32, weights.converted(to: .float32))
        }
        // The numbers of one run in the file's order, seen as [inputs, outputs].
        let from = try layout([inputs, run.count], type, dnnl_ba)
        let primitive = try product(rows: Tiling.rows, outputs: run.count, inputs: inputs)
        guard let to = primitive.layout(DNNL_ARG_WEIGHTS) else {
            throw .oneDNN(call: "dnnl_primitive_desc_query_md", status: 0)
        }
        let offset = run.lowerBound * inputs * source.elementType.byteWidth
        return try source.withBytes { (bytes) throws(KernelError) in
            guard let start = bytes.baseAddress else { return Storage(byteCount: 0) }
            return try OneDNNPrimitive.reordered(start + offset, from: from, to: to)
        }
    }

    private static func product(rows: Int, outputs: Int, inputs: Int) throws(KernelError)
        -> OneDNNPrimitive
    {
        var a = try layout([rows, inputs], dnnl_bf16, dnnl_ab)
        // Weight layouts must not depend on the number of rows, so the order is named.
        var b = try layout([inputs, outputs], dnnl_bf16, weightOrder(outputs))
        var c = try layout([rows, outputs], dnnl_f32, dnnl_ab)
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

    /// The blocked orders that oneDNN's bfloat16 kernels read without a copy: pairs of inputs
    /// together, 64, 48, 32 or 16 outputs in a block.
    private static func weightOrder(_ outputs: Int) -> dnnl_format_tag_t {
        switch outputs {
        case 49...: dnnl_BA16a64b2a
        case 33...48: dnnl_BA16a48b2a
        case 17...32: dnnl_BA16a32b2a
        default: dnnl_BA16a16b2a
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
        let made = try Self.product(rows: rows, outputs: outputs, inputs: inputs)
        primitives.withLock { $0[key] = made }
        return made
    }
}
