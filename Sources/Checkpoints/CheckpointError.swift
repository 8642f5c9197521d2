import Tensors

/// Why a checkpoint cannot be read, or does not fit the model that reads it.
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be opened.
    case unreadable(MappedFileError)
    /// The file is in none of the formats that can be read; `content` says what it is, where that can
    /// be told, and ends a sentence.
    case unrecognised(path: String, content: String?)
    /// The file breaks the rules of its format; `problem` ends the sentence.
    case malformed(path: String, format: String, problem: String)
    /// The checkpoint lacks a tensor; `nearest` is the most similar key that it has.
    case missing(path: String, key: String, nearest: String?)
    case wrongShape(path: String, key: String, expected: Shape, found: Shape)
    /// `expected` names the types that would do, such as "a floating-point type".
    case wrongType(path: String, key: String, expected: String, found: ElementType)
    /// The model read everything it has, and these tensors are left: `keys` are the first of `count`.
    case unexpected(path: String, keys: [String], count: Int)
    /// A weight is NaN or infinite; `index` counts elements in row-major order.
    case notFinite(path: String, key: String, index: Int)
    case negative(path: String, key: String, index: Int)
    case unwritable(path: String, reason: String)

    /// One sentence for a person: what is wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .unrecognised(let path, let content?):
            "\(path) is no checkpoint that can be read: it is \(content)."
        case .unrecognised(let path, nil):
            "\(path) is no checkpoint that can be read: it is neither a safetensors file, nor an "
                + "index of safetensors shards, nor a PyTorch zip file."
        case .malformed(let path, let format, let problem):
            "\(path) is no valid \(format): \(problem)."
        case .missing(let path, let key, let nearest):
            "\(path) has no tensor \(key)" + (nearest.map { "; the nearest is \($0)." } ?? ".")
        case .wrongShape(let path, let key, let expected, let found):
            "\(key) in \(path) has shape \(found); this model needs \(expected)."
        case .wrongType(let path, let key, let expected, let found):
            "\(key) in \(path) has element type \(found.rawValue); this model needs \(expected)."
        case .unexpected(let path, let keys, let count):
            "\(path) has \(count) \(count == 1 ? "tensor" : "tensors") that this model does not "
                + "use: \(keys.joined(separator: ", "))\(count > keys.count ? ", ..." : "")."
        case .notFinite(let path, let key, let index):
            "\(key) in \(path) is NaN or infinite at element \(index); weights must be finite."
        case .negative(let path, let key, let index):
            "\(key) in \(path) is negative at element \(index); a variance must not be."
        case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
        }
    }
}
