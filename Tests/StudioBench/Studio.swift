import Foundation
import TestSupport

/// The built `dcar` in a terminal that reads as fast as it can, with a home of its own.
struct Studio {
    static let program = URL(fileURLWithPath: CommandLine.arguments[0])
        .deletingLastPathComponent().appendingPathComponent("dcar").path

    /// The folder that `DCAR_MODEL` names; nil for the embedded model.
    static let model = ProcessInfo.processInfo.environment["DCAR_MODEL"]

    let session: TerminalSession

    /// - Parameter settings: lines of a settings file.
    static func open(
        in folder: TemporaryFolder, _ arguments: [String] = [], settings: [String] = [],
        columns: Int = 120, rows: Int = 40
    ) throws -> Studio {
        let configuration = folder.file(".config/dcar")
        try FileManager.default.createDirectory(
            atPath: configuration, withIntermediateDirectories: true)
        try settings.joined(separator: "\n").write(
            toFile: configuration + "/config.toml", atomically: true, encoding: .utf8)
        var environment = [
            "HOME": folder.path, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
            "TERM": "xterm-256color", "DCAR_OUTPUT_DIR": folder.file("pictures")
        ]
        environment["DCAR_MODEL"] = model
        // A large model's weights are arranged once, and not for each of these homes.
        environment["XDG_CACHE_HOME"] = model.map { _ in
            FileManager.default.homeDirectoryForCurrentUser.path + "/.cache"
        }
        return Studio(
            session: try TerminalSession(
                program, arguments, in: folder.path, environment: environment, columns: columns,
                rows: rows, answers: .sixel, keepsPixels: false))
    }

    /// With the model and what it needs at hand.
    static func openReady(in folder: TemporaryFolder, settings: [String] = []) throws -> Studio {
        let studio = try open(in: folder, ["tui", "--fresh"], settings: settings)
        try studio.session.wait(forText: "px  ·")
        studio.session.type("a fox in the snow\u{7}")
        try studio.session.wait(forText: "Done in", seconds: 400)
        studio.session.run(seconds: 0.5)
        return studio
    }

    /// Has the prompt take the keys, whatever did before.
    func focusPrompt() {
        session.type("\u{1B}")
        session.run(seconds: 0.1)
        session.type("p")
        session.run(seconds: 0.05)
    }

    /// The phase that a run is in, as the steps panel has it; nil where none is on.
    var phase: String? {
        for line in session.terminal.lines {
            if let match = line.firstMatch(of: /(prompt|steps|residual|decoding)(…| \d+\/\d+)/) {
                return String(match.1)
            }
        }
        return nil
    }

    /// The number of the picture that is shown.
    var picture: String? {
        session.terminal.lines[1].firstMatch(of: /Picture (\d+)/).map { String($0.1) }
    }

    /// Presses a key that must print a character that is nowhere else, and waits for its bytes.
    func echo() throws {
        let start = session.terminal.transcript.count
        session.type("§")
        let mark = Array("§".utf8)
        var seen = start
        try session.wait(for: "the key", seconds: 10) { terminal in
            let new = terminal.transcript[max(start, seen - 1)...]
            seen = terminal.transcript.count
            return new.firstRange(of: mark) != nil
        }
    }

    /// Waits until the studio has sent nothing for so long.
    /// - Returns: when the last byte came.
    func settle(_ quiet: Double = 0.15) -> ContinuousClock.Instant {
        var count = -1
        var last = ContinuousClock.now
        repeat {
            count = session.terminal.transcript.count
            try? session.wait(for: "more", seconds: quiet) { $0.transcript.count > count }
            if session.terminal.transcript.count > count { last = .now }
        } while session.terminal.transcript.count > count
        return last
    }

    func quit() throws {
        session.program.signal(SIGTERM)
        _ = try session.waitForEnd()
    }
}
