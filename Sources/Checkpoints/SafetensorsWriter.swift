import Foundation
import Tensors

/// Writes a safetensors file one tensor after another, so that only one must be in memory.
///
/// The file appears under its name, whole and on disk, when `finish` returns, replacing one that
/// was there; until then, and after an error, the bytes are in a file beside it that goes away with
/// the writer. Wider element types come first, so that every tensor is aligned and can be mapped.
public final class SafetensorsWriter {
    private let path: String
    private let partialPath: String
    private var descriptor: Int32
    /// Where each tensor that is still to come belongs.
    private var slots: [String: (entry: TensorEntry, start: Int)] = [:]

    /// Starts the file at `path`, with the names, shapes and types of all its tensors.
    public init(
        path: String, entries: [(name: String, entry: TensorEntry)],
        metadata: [String: String] = [:]
    ) throws(CheckpointError) {
        self.path = path
        partialPath = "\(path).\(UUID().uuidString).partial"
        descriptor = -1
        let header: [UInt8]
        do throws(FormatProblem) {
            header = try layOut(entries, metadata)
        } catch {
            throw .unwritable(path: path, reason: error.text)
        }
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw systemError() }
        try header.withUnsafeBufferPointer { bytes throws(CheckpointError) in
            try put(UnsafeRawBufferPointer(bytes), at: 0)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unlink(partialPath)
    }

    /// Writes a whole file.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:],
        to path: String
    ) throws(CheckpointError) {
        let entries = tensors.map { name, tensor in
            (name, TensorEntry(shape: tensor.shape, elementType: tensor.elementType))
        }
        let writer = try SafetensorsWriter(path: path, entries: entries, metadata: metadata)
        for (name, tensor) in tensors { try writer.write(name, tensor) }
        try writer.finish()
    }

    /// Writes one of the announced tensors; the order does not matter.
    public func write(_ name: String, _ tensor: Tensor) throws(CheckpointError) {
        let entry = TensorEntry(shape: tensor.shape, elementType: tensor.elementType)
        guard let slot = slots[name], slot.entry == entry else {
            throw .unwritable(
                path: path, reason: "\(quoted(name)) was not announced with this shape and type")
        }
        slots[name] = nil
        try tensor.withBytes { bytes throws(CheckpointError) in try put(bytes, at: slot.start) }
    }

    /// Puts the file under its name; every announced tensor must have been written.
    public func finish() throws(CheckpointError) {
        if let name = slots.keys.min() {
            throw .unwritable(path: path, reason: "\(quoted(name)) was announced, but not written")
        }
        guard fsync(descriptor) == 0, rename(partialPath, path) == 0 else { throw systemError() }
        close(descriptor)
        descriptor = -1
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { throw systemError() }
        defer { close(folderDescriptor) }
        guard fsync(folderDescriptor) == 0 else { throw systemError() }
    }

    /// Fills `slots` and returns the file's bytes before the data.
    private func layOut(
        _ entries: [(name: String, entry: TensorEntry)], _ metadata: [String: String]
    ) throws(FormatProblem) -> [UInt8] {
        guard entries.count <= CheckpointLimits.tensors else {
            throw FormatProblem("it would have more than \(CheckpointLimits.tensors) tensors")
        }
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }
                .map { "\(Self.json($0.key)):\(Self.json($0.value))" }
            members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var end = 0
        for width in [8, 4, 2, 1] {
            for (name, entry) in entries where entry.elementType.byteWidth == width {
                try CheckpointLimits.check(name: name)
                let byteCount = try CheckpointLimits.byteCount(
                    of: name, entry.shape, entry.elementType)
                let (next, overflow) = end.addingReportingOverflow(byteCount)
                guard !overflow else { throw FormatProblem("its tensors are too large") }
                guard slots.updateValue((entry, end), forKey: name) == nil, name != "__metadata__"
                else {
                    throw FormatProblem("it would have two entries named \(quoted(name))")
                }
                let shape = entry.shape.dimensions.map(String.init).joined(separator: ",")
                members.append(
                    "\(Self.json(name)):{\"dtype\":\"\(entry.elementType.rawValue)\","
                        + "\"shape\":[\(shape)],\"data_offsets\":[\(end),\(next)]}")
                end = next
            }
        }
        var header = Array("{\(members.joined(separator: ","))}".utf8)
        // The data starts at a multiple of 64, a cache line.
        header += [UInt8](repeating: 0x20, count: 63 - (8 + header.count + 63) % 64)
        guard header.count <= CheckpointLimits.headerBytes else {
            throw FormatProblem("its header would have \(header.count) bytes")
        }
        for name in slots.keys { slots[name]?.start += 8 + header.count }
        return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private func put(_ bytes: UnsafeRawBufferPointer, at start: Int) throws(CheckpointError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            let written = pwrite(
                descriptor, part.baseAddress, part.count, off_t(start + rest.startIndex))
            guard written > 0 || errno == EINTR else { throw systemError() }
            rest = rest.dropFirst(max(written, 0))
        }
    }

    private func systemError() -> CheckpointError {
        .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
}
