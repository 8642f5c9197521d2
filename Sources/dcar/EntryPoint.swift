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
        endByQuit()
        StandardStreams.occupyClosed()
        do {
            try checkArguments()
            try checkHelp()
            try checkOpenFiles()
            var command = try DCARCommand.parseAsRoot()
            try command.run()
            try Output.flush()
            leave(.success)
        } catch {
            leave(ExitStatus.report(error))
        }
    }

    /// Ctrl-\ ends the program as it ends others, not as a crash that the language's runtime explains.
    private static func endByQuit() {
        var action = sigaction()
        guard sigaction(SIGQUIT, nil, &action) == 0 else { return }
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
        if handler != unsafeBitCast(SIG_IGN, to: Int.self) { signal(SIGQUIT, SIG_DFL) }
    }

    /// Ends at once: nothing is left to be written, and a library that waits for its own threads on
    /// the way out may wait for ever where memory is short.
    private static func leave(_ status: ExitStatus) -> Never {
        fflush(nil)
        _exit(status.rawValue)
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

extension EntryPoint {
    /// The parser explains the whole program where it knows no command of that name.
    private static func checkHelp() throws {
        let words = CommandLine.arguments.dropFirst()
        let commands = DCARCommand.configuration.subcommands.map { $0.configuration }
        guard words.first == "help", let name = words.dropFirst().first, !name.hasPrefix("-"),
            name != "help",
            !commands.contains(where: { $0.commandName == name || $0.aliases.contains(name) })
        else { return }
        throw CommandError.usage("\(name) is no command; dcar --help lists them.")
    }

    /// Signals, the model's files and pictures need a few beside those that are open already; the
    /// system's own libraries end the program where they get none.
    private static func checkOpenFiles() throws {
        let needed = 17
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < 1024
        else { return }
        let count = Int(limit.rlim_cur)
        let open = (0..<Int32(count)).count { fcntl($0, F_GETFD) >= 0 }
        guard count - open < needed else { return }
        throw CommandError.tooFewFiles(count, needed: open + needed)
    }
}

struct DCARCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dcar",
        abstract: "DC-AR Studio: pictures from prompts, in the terminal.",
        version: ProgramVersion.current,
        subcommands: [
            StudioCommand.self, GenerateCommand.self, EditCommand.self, GridCommand.self,
            ResumeCommand.self, ForkCommand.self, ReconstructCommand.self, InfoCommand.self,
            ShowCommand.self, StripCommand.self, VerifyCommand.self, BenchCommand.self,
            DoctorCommand.self, ConfigCommand.self, CompletionsCommand.self, VersionCommand.self
        ], defaultSubcommand: StudioCommand.self)
}

enum ProgramVersion {
    static let current = "0.1.0"
}
