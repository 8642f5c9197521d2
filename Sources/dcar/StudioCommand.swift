import ArgumentParser
import Foundation
import Kernels
import StudioShell
import TerminalGraphics

/// The interactive studio: what `dcar` alone opens.
struct StudioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tui", abstract: "The interactive studio; the default.")

    @OptionGroup var model: ModelOptions

    @Option(help: "auto, sixel, kitty, halfblock, ascii or none.")
    var graphics = "auto"

    @Option(help: "dark, light, contrast or mono; follows the terminal when not given.")
    var theme: String?

    @Flag(help: "Lines of text instead of a screen, for screen readers and scripts.")
    var plain = false

    @Flag(name: .customLong("no-mouse"), help: "Leave the mouse to the terminal.")
    var noMouse = false

    @Option(help: "Folder for saved pictures; DCAR_OUTPUT_DIR, or dcar in the pictures folder.")
    var outputFolder: String?

    @Option(help: "A PNG to open.")
    var open: String?

    func validate() throws {
        guard GraphicsChoice(graphics) != nil else {
            throw ValidationError(
                "--graphics is \(graphics); it must be one of "
                    + "\(GraphicsChoice.names.joined(separator: ", ")).")
        }
        if let theme, !StudioOptions.themes.contains(theme) {
            throw ValidationError(
                "--theme is \(theme); it must be one of "
                    + "\(StudioOptions.themes.joined(separator: ", ")).")
        }
    }

    func run() throws {
        guard plain || (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) else {
            return try printOverview()
        }
        let environment = ProcessInfo.processInfo.environment
        var options = StudioOptions(
            modelFolder: try model.folder(), outputFolder: folder(environment))
        let named = environment["DCAR_GRAPHICS"].flatMap(GraphicsChoice.init)
        options.graphics = graphics == "auto" ? named : GraphicsChoice(graphics)
        options.theme = theme
        options.isPlain = plain
        options.hasMouse = !noMouse
        options.threads = model.threads ?? environment["DCAR_THREADS"].flatMap(Int.init)
        options.precision = Precision(rawValue: model.precision)
        options.appVersion = ProgramVersion.current
        options.picture = open
        options.historyFile = stateFolder(environment).map { "\($0)/dcar/prompts.jsonl" }
        let status = try Studio.run(options)
        if status != 0 { throw ExitCode(status) }
    }

    private func folder(_ environment: [String: String]) -> String {
        if let outputFolder { return outputFolder }
        if let named = environment["DCAR_OUTPUT_DIR"], !named.isEmpty { return named }
        if let pictures = environment["XDG_PICTURES_DIR"], !pictures.isEmpty {
            return "\(pictures)/dcar"
        }
        return "\(NSHomeDirectory())/Pictures/dcar"
    }

    private func stateFolder(_ environment: [String: String]) -> String? {
        if let named = environment["XDG_STATE_HOME"], !named.isEmpty { return named }
        return "\(NSHomeDirectory())/.local/state"
    }

    private func printOverview() throws {
        try Output.line(
            """
            DC-AR Studio \(ProgramVersion.current): pictures from prompts, in the terminal.

              dcar                                         the studio, in a terminal
              dcar generate "a red fox in the snow"        a picture from a prompt
              dcar show PICTURE.png                        look at it here
              dcar edit -i PICTURE.png --mask rect:0,0,96,96 -p "a balloon"
              dcar info PICTURE.png                        how it was made
              dcar doctor                                  what this machine can do

            dcar help COMMAND explains a command.
            """)
    }
}
