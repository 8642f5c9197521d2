import COneDNN
import Dispatch
import Tensors

/// Float32 matrix products and convolutions by oneDNN, or by our own kernels where these were
/// measured to be faster.
struct OneDNNProduct: MatrixProduct {
    let kernels: FloatKernels

    func multiply(
        _ a: UnsafePointer<Float>, stride aStride: Int,
        _ b: UnsafePointer<Float>, stride bStride: Int, isTransposed: Bool,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int,
        rows: Int, columns: Int, inner: Int, alpha: Float
    ) {
        let status = dnnl_sgemm(
            CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: isTransposed ? "T" : "N")),
            dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner), alpha, a,
            dnnl_dim_t(aStride), b, dnnl_dim_t(bStride), 0, c, dnnl_dim_t(cStride))
        // Sizes are consistent here; what is left is that there is no memory for its own copies.
        precondition(status == dnnl_success, "dnnl_sgemm failed with status \(status.rawValue)")
    }

    /// oneDNN compiles its products when the first is asked for, which takes some 30 ms of one thread.
    func warmUp() {
        DispatchQueue.global().async { Self.first }
    }

    private static let first: Void = {
        let side = 16
        let numbers = [Float](repeating: 0, count: side * side)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { out in
            guard let out = out.baseAddress else { return }
            OneDNNProduct(kernels: .library).multiply(
                numbers, stride: side, numbers, stride: side, isTransposed: false, into: out,
                stride: side, rows: side, columns: side, inner: side, alpha: 1)
        }
    }()

    func arrangeMatrix(_ weights: Tensor) -> any ArrangedMatrix {
        kernels == .library
            ? RowMajorMatrix(weights, product: self)
            : PackedFloats(packing: weights, isWide: kernels == .wide)
    }

    func arrangeConvolution(_ weights: Tensor, scale: [Float]?, precision: Precision)
        -> any ArrangedConvolution
    {
        switch precision {
        case .float32:
            kernels == .library
                ? OneDNNConvolution(weights, scale: scale)
                : WinogradConvolution(
                    weights, scale: scale, operand: .float32, isWide: kernels == .wide)
        case .bfloat16, .int8: WinogradConvolution(weights, scale: scale, operand: .bfloat16)
        }
    }
}

/// oneDNN's CPU engine, made once for the process and shared by all threads.
struct OneDNNEngine: @unchecked Sendable {
    let handle: dnnl_engine_t

    private static let shared: Result<OneDNNEngine, KernelError> = {
        var created: dnnl_engine_t?
        let status = dnnl_engine_create(&created, dnnl_cpu, 0)
        guard status == dnnl_success, let created else {
            return .failure(.oneDNN(call: "dnnl_engine_create", status: status.rawValue))
        }
        return .success(OneDNNEngine(handle: created))
    }()

    static func get() throws(KernelError) -> OneDNNEngine {
        try shared.get()
    }
}

/// Throws unless a oneDNN call succeeded.
func check(_ status: dnnl_status_t, _ call: String) throws(KernelError) {
    guard status == dnnl_success else { throw .oneDNN(call: call, status: status.rawValue) }
}
