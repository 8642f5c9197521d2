import ArgumentParser
import Foundation
import Imaging

/// The picture that a command is given: a file, or standard input for `-`.
struct InputPicture {
    /// What messages call it.
    let title: String
    let bytes: [UInt8]

    static func isStandardInput(_ argument: String) -> Bool { argument == "-" }

    /// - Throws: `ImageReadError`; `CommandError.inputImage` for what comes in too long, or by hand.
    init(_ argument: String) throws {
        guard Self.isStandardInput(argument) else {
            (title, bytes) = (argument, try ImageFile.read(argument))
            return
        }
        title = "standard input"
        guard isatty(STDIN_FILENO) == 0 else {
            throw CommandError.inputImage(
                "Standard input is a terminal; send a PNG into it, or name a file.")
        }
        bytes = try Self.standardInput()
    }

    private static func standardInput() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(STDIN_FILENO, &part, part.count)
            if count > 0 {
                bytes += part[..<count]
                guard bytes.count <= PNGLimits.fileBytes else {
                    throw ImageReadError.tooLarge(path: "standard input", bytes: bytes.count)
                }
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw ImageReadError.cannotRead(
                    path: "standard input", reason: String(cString: strerror(errno)))
            }
        }
    }

    /// - Throws: `ImageReadError.invalid`.
    func decoded() throws(ImageReadError) -> DecodedPNG {
        try ImageFile.decode(bytes, of: title)
    }

    /// Its header and texts.
    /// - Throws: `ImageReadError.invalid`.
    func contents() throws(ImageReadError) -> PNGContents {
        do throws(PNGError) {
            return try PNGContents(bytes)
        } catch {
            throw .invalid(path: title, error)
        }
    }

    /// - Throws: `ValidationError` where a name for what is written would come from the picture's.
    static func checkName(_ argument: String, _ output: String?) throws {
        guard isStandardInput(argument), output.map(OutputOptions.isFolder) ?? true else { return }
        throw ValidationError("A picture from standard input has no name; give one with -o.")
    }
}
