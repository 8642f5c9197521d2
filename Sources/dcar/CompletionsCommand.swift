import ArgumentParser

/// Shell completions.
struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Print the completion script of a shell.")

    @Argument(help: "bash, zsh or fish.")
    var shell: String

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell) else {
            throw CommandError.usage("The shell is \(shell); it must be bash, zsh or fish.")
        }
        try Output.line(DCARCommand.completionScript(for: shell))
    }
}
