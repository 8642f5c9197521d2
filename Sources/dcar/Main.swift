import ArgumentParser

@main
struct DCAR: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dcar")
}
