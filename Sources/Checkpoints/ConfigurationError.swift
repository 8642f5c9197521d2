import Tensors

/// Why a configuration file cannot be read, or does not say what a model needs.
public enum ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be opened.
    case unreadable(MappedFileError)
    /// The file breaks the rules of its format; `problem` ends the sentence.
    case malformed(path: String, format: String, problem: String)
    /// `key` is dotted, such as "model.generator.hidden_size".
    case missing(path: String, key: String)
    /// `expected` says what would do, such as "a whole number".
    case wrongValue(path: String, key: String, found: String, expected: String)

    /// One sentence for a person: what is wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .malformed(let path, let format, let problem):
            "\(path) is no valid \(format): \(problem)."
        case .missing(let path, let key): "\(path) has no \(key)."
        case .wrongValue(let path, let key, let found, let expected):
            "\(key) in \(path) is \(found); it must be \(expected)."
        }
    }
}
