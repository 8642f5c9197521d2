import Foundation
import Synchronization
import Testing

/// The built program, run as a user would.
enum Program {
    /// What a run left: its status, 128 and the signal's number when a signal ended it, and what it
    /// wrote.
    struct Result {
        let status: Int32
        let output: [UInt8]
        let messages: String

        var text: String { String(decoding: output, as: UTF8.self) }
        var lines: [String] { text.split(separator: "\n").map(String.init) }
    }

    /// Beside the test bundle, where the package manager builds both.
    static let path: String = {
        let bundle =
            CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent()
            .appendingPathComponent("dcar").path
    }()

    /// Seconds after which a run counts as hanging and is killed.
    private static let patience = 120.0

    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:],
        input: String = "", whileRunning: (Running) -> Void = { _ in }
    ) throws -> Result {
        try launch(
            path, arguments, in: folder, environment: environment, input: input, whileRunning)
    }

    /// Runs a line of bash in which `$dcar` is the program.
    static func shell(
        _ script: String, in folder: String, environment: [String: String] = [:]
    ) throws -> Result {
        try launch(
            "/bin/bash", ["-c", script], in: folder,
            environment: environment.merging(["dcar": path]) { $1 }, input: "", { _ in })
    }

    /// A run that has not ended: what it has written so far, and a way to signal it.
    struct Running {
        let identifier: Int32
        fileprivate let output: FileHandle

        /// Waits until the program has written a line that contains `text`.
        func waitForLine(containing text: String) {
            var seen: [UInt8] = []
            while !String(decoding: seen, as: UTF8.self).contains(text) {
                let piece = output.availableData
                if piece.isEmpty { return }
                seen += piece
            }
        }

        func signal(_ number: Int32) {
            kill(identifier, number)
        }
    }

    private static func launch(
        _ program: String, _ arguments: [String], in folder: String,
        environment: [String: String], input: String, _ whileRunning: (Running) -> Void
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DCAR_") }
        // No settings but those of the test.
        let own = ["XDG_CONFIG_HOME": "/nowhere"]
        process.environment = inherited.merging(own) { $1 }.merging(environment) { $1 }
        let (output, messages, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = messages
        process.standardInput = standardInput
        try process.run()
        let identifier = process.processIdentifier
        let guardian = DispatchWorkItem { kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: guardian)
        defer { guardian.cancel() }
        // A pipe holds this much even when the program never reads it.
        precondition(input.utf8.count < 1 << 16)
        standardInput.fileHandleForWriting.write(Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        whileRunning(Running(identifier: identifier, output: output.fileHandleForReading))
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let notes = messages.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
        return Result(
            status: signal + process.terminationStatus, output: [UInt8](text),
            messages: String(decoding: notes, as: UTF8.self))
    }
}
