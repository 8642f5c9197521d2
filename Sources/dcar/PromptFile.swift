import Foundation
import Imaging

/// Prompts, one a line.
enum PromptFile {
    /// Bytes.
    private static let limit = 16 << 20

    /// The lines without the spaces around them; lines without a prompt are empty.
    ///
    /// - Parameter path: a file, or - for standard input.
    /// - Throws: `CommandError.usage` for a file that cannot be read, is too long or not UTF-8.
    static func lines(_ path: String) throws -> [String] {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        defer { if path != "-", file >= 0 { close(file) } }
        guard file >= 0, let bytes = bytes(of: file) else {
            let reason = String(cString: strerror(errno))
            throw CommandError.usage(
                "\(title(path)) cannot be read: \(reason); name a text file with a prompt a line.")
        }
        guard bytes.count <= limit else {
            throw CommandError.usage(
                "\(title(path)) has more than \(limit) bytes, the most there may be.")
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        return try text.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated().map { index, line in
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw CommandError.usage(
                        "Line \(index + 1) of \(title(path)) is not valid UTF-8; save it as UTF-8.")
                }
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
    }

    /// What messages call it.
    static func title(_ path: String) -> String {
        path == "-" ? "Standard input" : SanitizedText(path).description
    }

    /// Everything up to one byte above the limit; nil, with `errno` set, when it cannot be read.
    private static func bytes(of file: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = read(file, &piece, piece.count)
            if count > 0 {
                bytes += piece[..<count]
            } else if count == 0 {
                break
            } else if errno != EINTR {
                return nil
            }
        }
        return bytes
    }
}
