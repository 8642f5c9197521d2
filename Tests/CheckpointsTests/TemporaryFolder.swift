import Foundation

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

    /// Writes a file and returns its path.
    func write(_ bytes: [UInt8], as name: String = "file") throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    func write(_ text: String, as name: String = "file") throws -> String {
        try write(Array(text.utf8), as: name)
    }
}
