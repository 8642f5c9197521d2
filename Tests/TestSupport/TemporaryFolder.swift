import Foundation

/// A folder of its own for one test, removed when the object goes away.
public final class TemporaryFolder {
    public let path = NSTemporaryDirectory() + "dcar-tests-\(UUID().uuidString)"

    public init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    public func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Writes a file and returns its path. Not by Foundation, which waits for the disk.
    public func write(_ bytes: [UInt8], as name: String = "file") throws -> String {
        unlink(file(name))
        guard let stream = fopen(file(name), "w") else { throw CocoaError(.fileWriteUnknown) }
        defer { fclose(stream) }
        guard fwrite(bytes, 1, bytes.count, stream) == bytes.count else {
            throw CocoaError(.fileWriteUnknown)
        }
        return file(name)
    }

    public func write(_ text: String, as name: String = "file") throws -> String {
        try write(Array(text.utf8), as: name)
    }
}
