import Tensors

/// What any checkpoint may hold; far above every real model and far below what could do harm.
enum CheckpointLimits {
    /// Bytes of a safetensors header, and of an index of shards.
    static let headerBytes = 4 << 20
    static let tensors = 10_000
    static let rank = 8
    static let nameBytes = 256
    /// Entries of `__metadata__`.
    static let metadataEntries = 1_000
    static let shards = 1_000

    /// Refuses a tensor name that is empty, too long, or not printable ASCII.
    static func check(name: String) throws(FormatProblem) {
        guard !name.isEmpty else { throw FormatProblem("a tensor has an empty name") }
        guard name.utf8.count <= nameBytes else {
            throw FormatProblem(
                "the tensor name \(quoted(name)) has \(name.utf8.count) bytes; "
                    + "at most \(nameBytes) are allowed")
        }
        guard name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw FormatProblem(
                "the tensor name \(quoted(name)) has characters other than printable ASCII")
        }
    }

    /// The number of bytes of a tensor, refusing a rank or a size that cannot be.
    static func byteCount(
        of name: String, _ shape: Shape, _ elementType: ElementType
    ) throws(FormatProblem) -> Int {
        guard shape.rank <= rank else {
            throw FormatProblem(
                "\(name) has \(shape.rank) dimensions; at most \(rank) are allowed")
        }
        guard let count = shape.checkedCount,
            case let (bytes, overflow) = count.multipliedReportingOverflow(
                by: elementType.byteWidth), !overflow
        else {
            throw FormatProblem("\(name) has the impossible shape \(shape)")
        }
        return bytes
    }
}
