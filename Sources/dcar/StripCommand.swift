import ArgumentParser
import Foundation
import Imaging

/// A picture without its texts.
struct StripCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strip", abstract: "Copy a PNG without prompt, settings and tokens.")

    @Argument(help: "The picture, a PNG.")
    var picture: String

    @Option(name: .shortAndLong, help: "Where the copy goes; NAME-stripped.png when not given.")
    var output: String?

    func run() throws {
        let file = try ImageFile.read(picture)
        let bytes: [UInt8]
        do {
            bytes = try PNG.rewrite(file, text: [])
        } catch {
            throw ImageReadError.invalid(path: picture, error)
        }
        let path = output ?? (picture as NSString).deletingPathExtension + "-stripped.png"
        try ImageFile.save(bytes, to: path)
        try Output.line(SanitizedText(path).description)
    }
}
