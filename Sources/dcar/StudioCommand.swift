import ArgumentParser
import Foundation
import Imaging
import Pipeline
import Settings
import StudioCore
import StudioShell

/// The interactive studio: what `dcar` alone opens.
struct StudioCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tui", abstract: "The interactive studio; the default.")

    @OptionGroup var model: ModelOptions

    @Option(help: "auto, sixel, kitty, halfblock, quadrant, sextant, ascii or none.")
    var graphics: String?

    @Option(help: "auto, dark, light, contrast or mono; auto follows the terminal.")
    var theme: String?

    @Flag(help: "Lines of text instead of a screen, for screen readers and scripts.")
    var plain = false

    @Flag(name: .customLong("no-mouse"), help: "Leave the mouse to the terminal.")
    var noMouse = false

    @Option(
        parsing: .unconditional,
        help: "Folder for saved pictures; DCAR_OUTPUT_DIR, or dcar in the pictures folder.")
    var outputFolder: String?

    @Flag(help: "Begin without the prompt, pictures and queue of the last session.")
    var fresh = false

    @Option(parsing: .unconditional, help: "A PNG to open; its name alone does too.")
    var open: String?

    @Argument(help: "A PNG to open.")
    var picture: String?

    @Option(
        name: .customLong("run"), parsing: .unconditionalSingleValue,
        help: """
            A command of the studio to begin with, such as "gallery.search fox"; several in their \
            order. Each waits for what the one before it makes.
            """)
    var commands: [String] = []

    @Option(
        help: """
            A file to play to the studio: a line is :COMMAND, :COMMAND TEXT, "TEXT to type, or keys such as \
            Esc m Ctrl-G.
            """)
    var replay: String?

    /// Options that are settings too.
    private var settings: [(flag: String, setting: Setting, value: SettingValue?)] {
        [
            ("--model", .modelPath, model.model.map(SettingValue.text)),
            ("--graphics", .graphics, graphics.map(SettingValue.text)),
            ("--theme", .theme, theme.map(SettingValue.text)),
            ("--no-mouse", .mouse, noMouse ? .flag(false) : nil),
            ("--output-folder", .outputFolder, outputFolder.map(SettingValue.text)),
            ("--threads", .threads, model.threads.map(SettingValue.whole)),
            ("--precision", .precision, model.precision.map(SettingValue.text))
        ]
    }

    func validate() throws {
        if let picture {
            guard open == nil else {
                throw ValidationError("Name one picture to open: alone or with --open.")
            }
            // A command that was mistyped comes here too.
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(
                atPath: picture.withHome, isDirectory: &isFolder)
            guard isThere, !isFolder.boolValue else {
                throw ValidationError(
                    "\(SanitizedText(picture)) is no command and no picture; dcar --help lists the "
                        + "commands, and dcar generate draws a prompt.")
            }
        }
        do { _ = try Replay(running: commands) } catch { throw ValidationError("--run: \(error)") }
        if plain, replay != nil {
            throw ValidationError(
                "--replay plays keys, of which --plain has none; send lines to standard input.")
        }
        for (flag, setting, value) in settings {
            guard let value, setting.fitting(value) == nil else { continue }
            throw ValidationError("\(flag) is \(value); it must be \(setting.allowed).")
        }
    }

    func run() throws {
        guard plain || (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1) else {
            // Who asks for nothing is told what there is to ask for.
            guard CommandLine.argc == 1 else { throw StudioError.noTerminal }
            return try printOverview()
        }
        let environment = ProcessInfo.processInfo.environment
        var sources = Preferences.sources
        for (flag, setting, value) in settings {
            if let value { sources.flags[setting] = SettingsSources.Flag(flag, value) }
        }
        var options = StudioOptions(
            sources, modelFolder: try model.folder(), picturesFolder: picturesFolder(environment))
        options.isPlain = plain
        options.appVersion = ProgramVersion.current
        options.picture = open ?? picture
        options.stateFolder = stateFolder(environment)
        options.cacheFolder = CacheFolder.path
        options.isFresh = fresh
        options.replay = try playback()
        options.commands = commands
        switch try Studio.run(options) {
        case .quit(let status):
            // The model worker may still compute; to end at once spares it libraries that close under it.
            fflush(nil)
            _exit(status)
        case .unwritten(let code): throw OutputError(code)
        case .reopen(let folder): try begin(anewWith: folder)
        }
    }

    /// Becomes a studio with another model: a new program has none of the old one's memory.
    private func begin(anewWith folder: String) throws {
        var words = ["dcar", "tui", "--model", folder]
        for (flag, _, value) in settings where flag != "--model" {
            guard let value else { continue }
            words += value == .flag(false) ? [flag] : [flag, value.description]
        }
        var arguments = words.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        throw CommandError.usage(
            "The studio cannot be started again: \(String(cString: strerror(errno))).")
    }

    private func playback() throws -> Replay {
        let last = try Replay(running: commands)
        guard let replay else { return last }
        guard let text = try? String(contentsOfFile: replay, encoding: .utf8) else {
            throw CommandError.usage("\(SanitizedText(replay)) is no text that can be read.")
        }
        do {
            return try Replay(text) + last
        } catch {
            throw CommandError.usage("\(SanitizedText(replay)): \(error)")
        }
    }

    private func picturesFolder(_ environment: [String: String]) -> String {
        if let pictures = environment["XDG_PICTURES_DIR"], pictures.hasPrefix("/") {
            return "\(pictures)/dcar"
        }
        return "\(Preferences.home)/Pictures/dcar"
    }

    private func stateFolder(_ environment: [String: String]) -> String {
        let named = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (named ?? "\(Preferences.home)/.local/state") + "/dcar"
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
