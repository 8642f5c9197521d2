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
        defer { terminal.finish() }
        let window = terminal.environment.window
        var capabilities = TerminalCapabilities.decide(
            terminal.environment, terminal.replies, flag: GraphicsChoice(graphics),
            configuration: Preferences.current.text(.graphics).flatMap(GraphicsChoice.init))
        capabilities.adopt(Preferences.current)
        // A file has no window, so that only what was asked for bounds the picture.
        let limit = GridSize(
            columns: min(columns ?? .max, window?.columns ?? columns ?? 80),
            rows: max(1, (window?.rows ?? (columns == nil ? 24 : 2_000)) - 1))
        let size = capabilities.cellSize.grid(
            showing: image.width, image.height,
            within: capabilities.graphics == .sixel
                ? capabilities.sixelGrid(within: limit) : limit)
        switch capabilities.graphics {
        case .none where graphics == "none": break
        case .none:
            let reason = capabilities.reasons.last { $0.hasPrefix("Pictures: ") } ?? ""
            // Nobody would see a picture, or be told why not.
            guard !Output.isClosed else { throw OutputError.closed }
            Messages.plain("\(reason) --graphics chooses how to draw it all the same.")
        case .sixel:
            let pixels = capabilities.cellSize.sixelPixels(in: size)
            let frame = SixelEncoder.frame(
                image.resized(width: pixels.width, height: pixels.height),
                options: capabilities.pictureOptions)
            try Output.write(frame.bytes)
            try Output.line("")
            if frame.isReduced {
                Messages.plain(
                    "The picture is shown at \(frame.width)x\(frame.height) pixels in "
                        + "\(frame.palette.levels.count) colours, to keep to "
                        + "\(capabilities.maximumBytes) bytes; graphics.max_bytes allows more.")
            }
        case .kitty:
            let file = try KittyPayload.png(PNG.encode(image, compression: 1))
            try capabilities.isInTmux
                ? showInTmux(file, size, hasExactColors: capabilities.hasExactColors)
                : Output.write(KittyGraphics.show(file, size: size))
            try Output.line("")
        case .halfBlock, .quadrant, .sextant, .ascii:
            try Output.write(
                CellPicture(image, size: size, style: capabilities.cellStyle())
                    .ansi(maximumColumns: limit.columns))
        }
    }

    /// tmux does not know of the picture, but keeps and scrolls text that stands for it.
    private func showInTmux(_ file: KittyPayload, _ size: GridSize, hasExactColors: Bool) throws {
        let id = KittyIDs().first(hasExactColors: hasExactColors) { _ in false }
        let text = KittyPlaceholder(id: id, size: size)
        try Output.write(KittyGraphics.transmit(file, id: id, isInTmux: true))
        try Output.write(text.placement(isInTmux: true))
        let rows = (0..<text.size.rows).map(text.row)
        try Output.write(Array(rows.joined(separator: [0x0A])))
    }
}
