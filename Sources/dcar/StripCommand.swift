import ArgumentParser
import Foundation
import Imaging
import Kernels

/// A picture without its texts.
struct StripCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strip", abstract: "Copy a PNG without prompt, settings and tokens.")

    @Argument(help: "The picture, a PNG; - for standard input.")
    var picture: String

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "Where the copy goes, - for standard output; NAME-stripped.png when not given.")
    var output: String?

    func validate() throws {
        try InputPicture.checkName(picture, output)
        if output == "-", Output.isTerminal {
            throw ValidationError(
                "-o - would write PNG bytes to a terminal; send standard output to a file or pipe.")
        }
    }

    func run() throws {
        let input = try InputPicture(picture)
        // The first signal lets the copy be saved whole or not at all.
        let stop = StopSignal()
        Interrupts.watch(stop)
        let file = input.bytes
        let bytes: [UInt8]
        do {
            let decoded =
                try PNGContents(file).header.colourType.hasAlpha ? try PNG.decode(file) : nil
            // What is hidden in the pixels stays with them unless they are written anew.
            if let decoded, decoded.hidesText {
                bytes = try PNG.encode(decoded.image)
            } else {
                bytes = try PNG.rewrite(file, text: [])
            }
        } catch {
            throw ImageReadError.invalid(path: input.title, error)
        }
        try stop.check()
        if output == "-" {
            try Output.write(bytes)
            return
        }
        let usual = (picture as NSString).deletingPathExtension + "-stripped.png"
        var path = output ?? usual
        if OutputOptions.isFolder(path) {
            path = (path as NSString).appendingPathComponent((usual as NSString).lastPathComponent)
        } else if let output, let remark = OutputOptions.remark(on: output) {
            Messages.plain(remark)
        }
        try ImageFile.save(bytes, to: path)
        try Output.path(path)
    }
}
