import Foundation
import Testing

/// A folder of its own for one test, removed when the object goes away.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "checkpoints-\(UUID().uuidString)"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Writes a file and returns its path. Not by Foundation, which waits for the disk.
    func write(_ bytes: [UInt8], as name: String = "file") throws -> String {
        unlink(file(name))
        let stream = try #require(fopen(file(name), "w"))
        defer { fclose(stream) }
        #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
        return file(name)
    }

    func write(_ text: String, as name: String = "file") throws -> String {
        try write(Array(text.utf8), as: name)
    }
}
