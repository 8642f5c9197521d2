import Foundation
import TestSupport
import Testing

/// The variables that the studio gets in tests: a home of its own, nothing of whoever runs them.
func studioEnvironment(
    in folder: TemporaryFolder, _ more: [String: String] = [:]
) -> [String: String] {
    let own = [
        "HOME": folder.path, "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
        "TERM": "xterm-256color", "DCAR_OUTPUT_DIR": folder.file("pictures")
    ]
    return own.merging(more) { $1 }
}

/// The studio in an emulated terminal.
func studio(
    _ arguments: [String] = [], in folder: TemporaryFolder, columns: Int = 120, rows: Int = 40,
    answers: TerminalAnswers = .xterm, environment: [String: String] = [:]
) throws -> TerminalSession {
    try TerminalSession(
        Program.path, arguments, in: folder.path,
        environment: studioEnvironment(in: folder, environment), columns: columns, rows: rows,
        answers: answers)
}

enum Keys {
    static let escape = "\u{1B}"
    static let enter = "\r"
    static let tab = "\t"
    static let up = "\u{1B}[A"
    static let down = "\u{1B}[B"
    static let right = "\u{1B}[C"
    static let left = "\u{1B}[D"
    static func control(_ letter: Unicode.Scalar) -> String {
        String(Unicode.Scalar(UInt8(letter.value & 0x1F)))
    }
}

/// Expects that a program has left its terminal as it found it, and sent nothing strange to it.
func expectAsFound(_ session: TerminalSession, _ before: TerminalModes) {
    let terminal = session.terminal
    #expect(terminal.modes == [7, 25])
    #expect(terminal.cursor.row >= 2, "The shell goes on below what it had written.")
    #expect(!terminal.isKeypadApplication && !terminal.isInserting)
    #expect(terminal.style == EmulatedTerminal.Style())
    #expect(terminal.region == 0...terminal.rows - 1)
    #expect(terminal.pictures.kittyImages.isEmpty)
    #expect(session.program.modes == before && before.isCooked)
    expectNothingStrange(session)
}

func expectNothingStrange(_ session: TerminalSession) {
    #expect(session.terminal.unknown == [])
    #expect(session.terminal.strayControls == [])
    #expect(session.terminal.pictures.faults == [])
}
