import Foundation

/// A program in tmux, which itself runs in an emulated terminal.
///
/// The server ends with its only client, so none is left behind, however a test ends.
public final class TmuxSession {
    /// Where tmux is, if it is.
    public static let path = ["/usr/bin/tmux", "/usr/local/bin/tmux", "/opt/homebrew/bin/tmux"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// What tmux draws, and the keys' way in.
    public let outer: TerminalSession
    private let socket: String
    private let tmux: String
    private let environment: [String: String]

    /// - Parameter settings: lines of tmux.conf.
    public init(
        _ tmux: String, running program: String, _ arguments: [String], in folder: String,
        environment: [String: String], columns: Int = 120, rows: Int = 40,
        answers: TerminalAnswers = .xterm, settings: [String] = []
    ) throws {
        self.tmux = tmux
        self.environment = environment
        socket = "\(folder)/tmux"
        let lines =
            ["set -g destroy-unattached on", "set -sg escape-time 20", "set -g status off"]
            + settings
        let configuration = "\(folder)/tmux.conf"
        try lines.joined(separator: "\n").write(
            toFile: configuration, atomically: false, encoding: .utf8)
        let command = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
        outer = try TerminalSession(
            tmux,
            [
                "-S", socket, "-f", configuration, "new-session", "-x", "\(columns)", "-y",
                "\(rows)", command
            ],
            in: folder, environment: environment, columns: columns, rows: rows, answers: answers)
    }

    /// The pane's text as tmux itself has it.
    public func capture() throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tmux)
        process.arguments = ["-S", socket, "capture-pane", "-p"]
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
