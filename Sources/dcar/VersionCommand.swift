import ArgumentParser

/// The version alone, as other programs print it.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version, as --version does.")

    func run() throws { try Output.line(ProgramVersion.current) }
}
