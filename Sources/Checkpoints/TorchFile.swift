import Tensors

/// A PyTorch zip file's state dict.
struct TorchFile {
    let locations: [String: TensorLocation]

    init(_ file: MappedFile) throws(FormatProblem) {
        throw FormatProblem("PyTorch files come next")
    }
}
