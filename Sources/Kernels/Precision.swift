/// The number format of the operands of matrix products. Sums, norms, softmax and sampling are
/// float32 in every case.
public enum Precision: String, Sendable, CaseIterable {
    case float32 = "fp32"
    case bfloat16 = "bf16"
    /// 8-bit integers for weights, with a scale for each output, and for activations, with a scale
    /// for each row; bfloat16 where a layer asks for it, and in convolutions and attention.
    case int8
}

/// The library that multiplies matrices.
public enum MatrixLibrary: String, Sendable, CaseIterable {
    case oneDNN = "onednn"
    case openBLAS = "openblas"
    /// Plain Swift: slow, and the yardstick of the other two.
    case plain
}

/// Whose kernels multiply float32 numbers where the library is oneDNN.
public enum FloatKernels: Sendable {
    case library
    /// Ours for vectors of sixteen numbers.
    case wide
    /// Ours for narrower ones.
    case narrow
}

/// Why the compute engine cannot be set up or a kernel call failed.
public enum KernelError: Error, Equatable, CustomStringConvertible {
    case oneDNN(call: String, status: UInt32)
    case precisionNeedsOneDNN(Precision, library: MatrixLibrary)
    case precisionNeedsProcessor(Precision)
    case threadCount(Int, limit: Int)
    /// Numbers that overflowed, as those of damaged or foreign weights do.
    case notFinite(what: String, precision: Precision)
    /// What `DCAR_MATRIX_LIBRARY` says is no library.
    case unknownLibrary(String)

    public var description: String {
        switch self {
        case .oneDNN(let call, let status):
            "oneDNN's \(call) failed with status \(status); try DCAR_MATRIX_LIBRARY=openblas."
        case .precisionNeedsOneDNN(let precision, let library):
            "Precision \(precision.rawValue) needs the library onednn, not \(library.rawValue)."
        case .precisionNeedsProcessor(let precision):
            "This processor has no \(precision.rawValue) matrix instructions; use --precision auto."
        case .threadCount(let count, let limit):
            "The number of threads is \(count); it must be from 1 to \(limit)."
        case .notFinite(let what, let precision):
            "\(what) are not finite numbers in \(precision.rawValue): the model's weights are damaged, or too "
                + "large for it."
        case .unknownLibrary(let name):
            "DCAR_MATRIX_LIBRARY is \(name); it must be "
                + MatrixLibrary.allCases.map(\.rawValue).joined(separator: ", ") + "."
        }
    }
}
