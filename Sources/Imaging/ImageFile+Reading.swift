import Foundation

extension ImageFile {
    /// Reads and decodes a PNG file.
    ///
    /// - Parameter background: what transparent pixels are laid over.
    public static func open(
        _ path: String, background: SIMD3<UInt8> = SIMD3(255, 255, 255)
    ) throws(ImageReadError) -> DecodedPNG {
        try decode(read(path), of: path, background: background)
    }

    /// Decodes the bytes of the file at a path.
    public static func decode(
        _ bytes: [UInt8], of path: String, background: SIMD3<UInt8> = SIMD3(255, 255, 255)
    ) throws(ImageReadError) -> DecodedPNG {
        do throws(PNGError) {
            return try PNG.decode(bytes, background: background)
        } catch {
            throw .invalid(path: path, error)
        }
    }

    /// Reads a PNG file's header and texts without its pixels.
    public static func contents(of path: String) throws(ImageReadError) -> PNGContents {
        let bytes = try read(path)
        do throws(PNGError) {
            return try PNGContents(bytes)
        } catch {
            throw .invalid(path: path, error)
        }
    }

    /// The bytes of a regular file of at most `PNGLimits.fileBytes`.
    public static func read(_ path: String) throws(ImageReadError) -> [UInt8] {
        // Without O_NONBLOCK a pipe of that name would wait for a writer.
        let file = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .cannotRead(path: path, reason: reason(errno)) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else {
            throw .cannotRead(path: path, reason: reason(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
        let size = Int(status.st_size)
        guard size <= PNGLimits.fileBytes else { throw .tooLarge(path: path, bytes: size) }

        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let start = buffer.baseAddress?.advanced(by: count)
                let got = Foundation.read(file, start, size - count)
                if got > 0 {
                    count += got
                } else if got == 0 {
                    break
                } else if errno != EINTR {
                    failure = errno
                    break
                }
            }
        }
        guard failure == 0 else { throw .cannotRead(path: path, reason: reason(failure)) }
        return bytes
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// Why a file is no picture this program can open.
public enum ImageReadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The system does not let it be opened or read, in its words.
    case cannotRead(path: String, reason: String)
    /// A folder, a pipe or a device.
    case notAFile(path: String)
    /// Longer than `PNGLimits.fileBytes`.
    case tooLarge(path: String, bytes: Int)
    /// Not a PNG, damaged, or over a limit.
    case invalid(path: String, PNGError)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .cannotRead("", _): "The name of the picture is empty; give a file."
        case .cannotRead(let path, let reason):
            "\(SanitizedText(path)) cannot be read: \(reason)."
        case .notAFile(let path): "\(SanitizedText(path)) is not a regular file."
        case .tooLarge(let path, let bytes):
            "\(SanitizedText(path)) has \(bytes) bytes; at most \(PNGLimits.fileBytes) are read."
        case .invalid(let path, let error): "\(SanitizedText(path)): \(error)"
        }
    }
}
