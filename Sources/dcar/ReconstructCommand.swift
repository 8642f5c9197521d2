import ArgumentParser
import Foundation
import Imaging
import Kernels
import Pipeline

/// A picture through the tokenizer and back.
struct ReconstructCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconstruct",
        abstract: "Encode a picture and decode it: what the tokenizer keeps of it.",
        discussion: """
            Writes NAME-discrete.png (codebook entries alone), NAME-continuous.png (entries plus \
            residual) and NAME-difference.png (the continuous one minus the picture, eight times \
            enlarged around grey), and prints PSNR in decibels and SSIM of both.
            """)

    @Argument(help: "The picture, a PNG; - for standard input.")
    var picture: String

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "Path and name without ending, or a folder; NAME is the picture's when not given.")
    var output: String?

    @Flag(
        help:
            "Scale and crop a picture whose sides are not multiples of the token size, or too long."
    )
    var fit = false

    @OptionGroup var model: ModelOptions

    func validate() throws {
        try InputPicture.checkName(picture, output)
        if output == "-" {
            throw ValidationError(
                "reconstruct writes three pictures; give a path and name with -o.")
        }
    }

    func run() throws {
        let input = try InputPicture(picture)
        let stop = StopSignal()
        Interrupts.watch(stop)
        let source = try input.decoded().image
        let usual = (picture as NSString).deletingPathExtension
        var name = output ?? usual
        if OutputOptions.isFolder(name) {
            name = (name as NSString).appendingPathComponent((usual as NSString).lastPathComponent)
        }
        func path(_ kind: String) -> String { "\(name)-\(kind).png" }
        for kind in ["discrete", "continuous", "difference"] {
            try ImageFile.checkPlace(of: path(kind))
        }
        let pipeline = try model.open()
        let image = try source.ofWholeTokens(of: pipeline.model, fit: fit, path: input.title)
        let (discrete, continuous) = try pipeline.model.compute.stoppable(by: stop) {
            let grid = try pipeline.encode(image).grid
            return (
                try pipeline.decode(grid, strength: 0), try pipeline.decode(grid, strength: 1)
            )
        }
        let pictures = [
            ("discrete", discrete), ("continuous", continuous),
            ("difference", image.difference(to: continuous))
        ]
        for (kind, result) in pictures {
            try ImageFile.save(PNG.encode(result), to: path(kind))
            try Output.path(path(kind))
        }
        for (kind, result) in pictures.prefix(2) {
            let name = kind.padding(toLength: 10, withPad: " ", startingAt: 0)
            try Output.line(
                String(
                    format: "%@  PSNR %.2f dB  SSIM %.4f", name, result.psnr(against: image),
                    result.ssim(against: image)))
        }
    }
}
