import Crypto
import Foundation

/// SHA-256 sums as lower-case hexadecimal.
public enum SHA256Sum {
    /// The hash of several hashes in order.
    static func combined(_ hashes: [String]) -> String {
        hexadecimal(SHA256.hash(data: Data(hashes.joined(separator: "\n").utf8)))
    }

    public static func of(_ bytes: [UInt8]) -> String {
        hexadecimal(SHA256.hash(data: bytes))
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
        return hexadecimal(hash.finalize())
    }

    private static func hexadecimal(_ digest: SHA256Digest) -> String {
        digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
