import ArgumentParser
import Foundation
import Imaging
import Settings
import StudioShell
import TerminalGraphics

/// A picture in the terminal.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a picture in the terminal.")

    @Argument(help: "The picture, a PNG; - for standard input.")
    var picture: String

    @Option(help: "auto, sixel, kitty, halfblock, quadrant, sextant, ascii or none.")
    var graphics = "auto"

    @Option(
        name: [.customShort("c"), .long], parsing: .unconditional,
        help: "Columns at most; the window's when not given.")
    var columns: Int?

    func validate() throws {
        guard GraphicsChoice(graphics) != nil else {
            throw ValidationError(
                "--graphics is \(graphics); it must be one of "
                    + "\(GraphicsChoice.names.joined(separator: ", ")).")
        }
        try check("--columns", columns, in: 1...1_000)
    }

    func run() throws {
        let image = try InputPicture(picture).decoded().image
        let terminal = TerminalProbe.report()
        let window = terminal.environment.window
        var capabilities = TerminalCapabilities.decide(
            terminal.environment, terminal.replies, flag: GraphicsChoice(graphics),
            configuration: Preferences.current.text(.graphics).flatMap(GraphicsChoice.init))
        capabilities.adopt(Preferences.current)
        // A file has no window, so that only what was asked for bounds the picture.
        let limit = GridSize(
            columns: min(columns ?? .max, window?.columns ?? columns ?? 80),
            rows: max(1, (window?.rows ?? (columns == nil ? 24 : 2_000)) - 1))
        let size = capabilities.cellSize.grid(showing: image.width, image.height, within: limit)
        switch capabilities.graphics {
        case .none where graphics == "none": break
        case .none:
            let reason = capabilities.reasons.last { $0.hasPrefix("Pictures: ") } ?? ""
            // Nobody would see a picture, or be told why not.
            guard !Output.isClosed else { throw OutputError.closed }
            Messages.plain("\(reason) --graphics chooses how to draw it all the same.")
        case .sixel:
            let pixels = capabilities.sixelPixels(in: size)
            try Output.write(
                SixelEncoder.encode(
                    image.resized(width: pixels.width, height: pixels.height),
                    options: capabilities.pictureOptions))
            try Output.line("")
        case .kitty:
            let bytes = try PNG.encode(image, compression: 1)
            try Output.write(
                KittyGraphics.transmit(.png(bytes), id: 1, isInTmux: capabilities.isInTmux))
            try Output.write(KittyGraphics.place(id: 1, size: size))
            try Output.line("")
        case .halfBlock, .quadrant, .sextant, .ascii:
            try Output.write(
                CellPicture(image, size: size, style: capabilities.cellStyle())
                    .ansi(maximumColumns: limit.columns))
        }
    }
}
