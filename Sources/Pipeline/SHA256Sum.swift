import Checkpoints
import Crypto
import Foundation

/// SHA-256 sums as lower-case hexadecimal.
public enum SHA256Sum {
    /// The hash of several hashes in order.
    static func combined(_ hashes: [String]) -> String {
        SHA256.hash(data: Data(hashes.joined(separator: "\n").utf8)).hexadecimal
    }

    public static func of(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).hexadecimal
    }

    /// Nil for a file that cannot be read.
    static func of(file path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        var hash = SHA256()
        do {
            while let part = try file.read(upToCount: 4 << 20), !part.isEmpty {
                hash.update(data: part)
            }
        } catch {
            return nil
        }
        return hash.finalize().hexadecimal
    }
}
