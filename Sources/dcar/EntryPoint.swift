import ArgumentParser
import Foundation

/// Parses the arguments, runs the command, and ends with the exit status that its outcome has.
@main
enum EntryPoint {
    static func main() {
        // A closed pipe and a file that grows too large are errors that a write reports, not
        // reasons to die without a word.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        StandardStreams.occupyClosed()
        do {
            try checkArguments()
            var command = try DCARCommand.parseAsRoot()
            try command.run()
            try Output.flush()
        } catch {
            exit(ExitStatus.report(error).rawValue)
        }
    }

    private static func checkArguments() throws {
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = CommandLine.unsafeArgv[index] else { continue }
            guard String(validatingCString: argument) != nil else {
                throw CommandError.usage(
                    "Argument \(index) is not valid UTF-8; give text as UTF-8.")
            }
        }
    }
}

struct DCARCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dcar",
        abstract: "DC-AR Studio: pictures from prompts, in the terminal.",
        version: ProgramVersion.current,
        subcommands: [
            GenerateCommand.self, EditCommand.self, ResumeCommand.self, ReconstructCommand.self,
            InfoCommand.self, ShowCommand.self, StripCommand.self, VerifyCommand.self,
            BenchCommand.self, DoctorCommand.self, CompletionsCommand.self
        ])

    func run() throws {
        try Output.line(
            """
            DC-AR Studio \(ProgramVersion.current): pictures from prompts, in the terminal.

              dcar generate "a red fox in the snow"        a picture from a prompt
              dcar show PICTURE.png                        look at it here
              dcar edit -i PICTURE.png --mask rect:0,0,96,96 -p "a balloon"
              dcar info PICTURE.png                        how it was made
              dcar doctor                                  what this machine can do

            dcar help COMMAND explains a command.
            """)
    }
}

enum ProgramVersion {
    static let current = "0.1.0"
}
