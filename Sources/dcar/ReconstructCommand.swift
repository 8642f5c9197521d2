import ArgumentParser
import Foundation
import HybridTokens
import Imaging
import Kernels
import Pipeline
import Tensors

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

    @Argument(help: "The picture, a PNG.")
    var picture: String

    @Option(name: .shortAndLong, help: "Path and name without ending; NAME is the picture's.")
    var output: String?

    @Flag(help: "Scale and crop a picture whose sides are not multiples of the token size.")
    var fit = false

    @OptionGroup var model: ModelOptions

    func validate() throws {
        if output == "-" {
            throw ValidationError(
                "reconstruct writes three pictures; give a path and name with -o.")
        }
    }

    func run() throws {
        let stop = StopSignal()
        Interrupts.watch(stop)
        let source = try ImageFile.open(picture).image
        let pipeline = try model.open()
        let unit = pipeline.model.pixelsPerToken
        var image = source
        if fit {
            func nearest(_ side: Int) -> Int { max(unit, (side + unit / 2) / unit * unit) }
            image = source.filling(width: nearest(source.width), height: nearest(source.height))
        } else if image.width % unit != 0 || image.height % unit != 0 {
            throw CommandError.inputImage(
                "\(picture) is \(image.width)x\(image.height); both sides must be multiples of "
                    + "\(unit), so crop it or add --fit.")
        }
        let (discrete, continuous) = try pipeline.model.compute.stoppable(by: stop) {
            let grid = try pipeline.encode(image).grid
            return (
                try pipeline.decode(grid, strength: 0), try pipeline.decode(grid, strength: 1)
            )
        }
        let name = output ?? (picture as NSString).deletingPathExtension
        let pictures = [
            ("discrete", discrete), ("continuous", continuous),
            ("difference", continuous.difference(to: image))
        ]
        for (kind, result) in pictures {
            let path = "\(name)-\(kind).png"
            try ImageFile.save(PNG.encode(result), to: path)
            try Output.line(SanitizedText(path).description)
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
