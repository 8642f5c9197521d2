/// Why the files of a tokenizer could not be used.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The folder holds none of the tokenizer files.
    case absent(folder: String)
    /// The operating system refused the file.
    case unreadable(path: String, reason: String)
    /// The file is longer than any tokenizer; both counts in bytes.
    case oversized(path: String, byteCount: Int, limit: Int)
    /// The file breaks its own format (JSON, protobuf) at a byte offset.
    case malformed(file: String, offset: Int, problem: String)
    /// The file is well formed, but this field is not what a T5 tokenizer has there.
    case unfit(file: String, field: String, found: String, needed: String)

    /// One sentence for a person: what is wrong, where, and what would be right.
    public var description: String {
        switch self {
        case .absent(let folder):
            "\(folder) has neither tokenizer.json nor spiece.model; a T5 folder needs one of them."
        case .unreadable(let path, let reason):
            "\(path) cannot be read: \(reason)."
        case .oversized(let path, let byteCount, let limit):
            "\(path) has \(byteCount) bytes; a tokenizer file may have \(limit)."
        case .malformed(let file, let offset, let problem):
            "\(file) is damaged at byte \(offset): \(problem)."
        case .unfit(let file, let field, let found, let needed):
            "\(file): \(field) is \(found); a T5 tokenizer needs \(needed)."
        }
    }
}

/// A text from a file as an error shows it: short, in quotation marks, control characters escaped.
func quoted(_ text: String) -> String {
    let start = String(text.unicodeScalars.prefix(40))
    return start.debugDescription + (start.utf8.count < text.utf8.count ? "..." : "")
}
