import JSON
import Tensors

/// The header of a safetensors file, with every rule of the format checked: each tensor's bytes
/// match its shape and type, and the tensors cover the data with neither hole nor overlap.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let entry: TensorEntry
        /// In the whole file.
        let bytes: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// - Parameter file: the whole file.
    init(_ file: UnsafeRawBufferPointer) throws(FormatProblem) {
        guard let length = file.number(UInt64.self, at: 0) else {
            throw FormatProblem("it has fewer than 8 bytes")
        }
        guard length <= CheckpointLimits.headerBytes else {
            throw FormatProblem(
                "its header claims \(length) bytes; "
                    + "at most \(CheckpointLimits.headerBytes) are allowed")
        }
        let dataStart = 8 + Int(length)
        guard dataStart <= file.count else {
            throw FormatProblem(
                "its header claims \(length) bytes and the file has \(file.count - 8) after the "
                    + "length")
        }
        guard length > 0, file[8] == UInt8(ascii: "{") else {
            throw FormatProblem("its header does not start with {")
        }
        var reader = JSONReader<FormatProblem>(file[8..<dataStart])
        try readMembers(&reader, dataStart: dataStart)
        try reader.end()
        let end = entries.map(\.bytes.upperBound).max() ?? dataStart
        guard end <= file.count else {
            throw FormatProblem(
                "it ends after \(file.count) of \(end) bytes; get the rest or get it anew")
        }
        try checkCoverage(dataStart..<file.count)
    }

    private mutating func readMembers(
        _ reader: inout JSONReader<FormatProblem>, dataStart: Int
    ) throws(FormatProblem) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        try reader.openObject()
        while let name = try reader.nextName() {
            if name == "__metadata__" {
                metadata = try Self.readMetadata(&reader)
                continue
            }
            try CheckpointLimits.check(name: name)
            guard entries.count < CheckpointLimits.tensors else {
                throw FormatProblem("it has more than \(CheckpointLimits.tensors) tensors")
            }
            entries.append(try Self.readEntry(&reader, name, dataStart: dataStart))
        }
        self.entries = entries
        self.metadata = metadata
    }

    private static func readMetadata(
        _ reader: inout JSONReader<FormatProblem>
    ) throws(FormatProblem) -> [String: String] {
        var metadata: [String: String] = [:]
        try reader.openObject()
        while let name = try reader.nextName() {
            guard metadata.count < CheckpointLimits.metadataEntries else {
                throw FormatProblem(
                    "it has more than \(CheckpointLimits.metadataEntries) metadata entries")
            }
            metadata[name] = try reader.string()
        }
        return metadata
    }

    private static func readEntry(
        _ reader: inout JSONReader<FormatProblem>, _ name: String, dataStart: Int
    ) throws(FormatProblem) -> Entry {
        var elementType: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try reader.openObject()
        while let field = try reader.nextName() {
            switch field {
            case "dtype":
                let text = try reader.string()
                elementType = ElementType(rawValue: text)
                guard elementType != nil else {
                    throw FormatProblem("\(name) has the unknown element type \(quoted(text))")
                }
            case "shape": shape = try naturals(&reader, atMost: CheckpointLimits.rank, of: name)
            case "data_offsets": offsets = try naturals(&reader, atMost: 2, of: name)
            default: throw FormatProblem("\(name) has the unknown field \(quoted(field))")
            }
        }
        guard let elementType, let shape, let offsets, offsets.count == 2 else {
            throw FormatProblem("\(name) lacks its dtype, shape or two data_offsets")
        }
        let entry = TensorEntry(shape: Shape(shape), elementType: elementType)
        let byteCount = try CheckpointLimits.byteCount(of: name, entry.shape, elementType)
        let (end, overflow) = offsets[1].addingReportingOverflow(dataStart)
        guard offsets[0] <= offsets[1], !overflow else {
            throw FormatProblem("\(name) lies at bytes \(offsets[0]) to \(offsets[1])")
        }
        guard offsets[1] - offsets[0] == byteCount else {
            throw FormatProblem(
                "\(name) has \(offsets[1] - offsets[0]) bytes; "
                    + "\(elementType.rawValue) \(entry.shape) needs \(byteCount)")
        }
        return Entry(
            name: name, entry: entry,
            bytes: dataStart + offsets[0]..<end)
    }

    private static func naturals(
        _ reader: inout JSONReader<FormatProblem>, atMost limit: Int, of name: String
    ) throws(FormatProblem) -> [Int] {
        var numbers: [Int] = []
        try reader.openArray()
        while try reader.nextElement() {
            guard numbers.count < limit else {
                throw FormatProblem("\(name) has a list of more than \(limit) numbers")
            }
            numbers.append(try reader.natural())
        }
        return numbers
    }

    /// Puts the entries in the order of their bytes, and checks that they lie end to end.
    private mutating func checkCoverage(_ data: Range<Int>) throws(FormatProblem) {
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        var end = data.lowerBound
        for entry in entries {
            guard entry.bytes.lowerBound == end else {
                throw FormatProblem(
                    entry.bytes.lowerBound < end
                        ? "\(entry.name) shares bytes with another tensor"
                        : "there is a hole before \(entry.name)")
            }
            end = entry.bytes.upperBound
        }
        guard end == data.upperBound else {
            throw FormatProblem("\(data.upperBound - end) bytes at its end belong to no tensor")
        }
    }
}
