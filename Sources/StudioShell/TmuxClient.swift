import Foundation

/// What tmux knows of the terminal around it. Its own questions for that terminal pass through only
/// where a person allows it; this needs no leave.
enum TmuxClient {
    /// What it has found out of features; nothing outside tmux, or where it does not say in time.
    static var features: String { answer?.first ?? "" }

    /// Its setting of that name, which older ones do not have; nil where it does not say.
    static var passthrough: String? { answer?.last }

    /// Both, asked once.
    private static let answer: [String]? = {
        guard ProcessInfo.processInfo.environment["TMUX"]?.isEmpty == false else { return nil }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "tmux", "display-message", "-p", "#{client_termfeatures} #{allow-passthrough}"
        ]
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let descriptor = output.fileHandleForReading.fileDescriptor
        let end = Terminal.now + .milliseconds(500)
        var bytes: [UInt8] = []
        while Terminal.now < end {
            let rest = Int32(max(1, (end - Terminal.now) / .milliseconds(1)))
            guard Terminal.wait([descriptor], milliseconds: rest).contains(descriptor) else {
                continue
            }
            let more = Terminal.read(descriptor)
            guard !more.isEmpty else {
                let words = String(decoding: bytes, as: UTF8.self).split(
                    separator: " ", omittingEmptySubsequences: false
                ).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                return words.count == 2 ? words : nil
            }
            bytes += more
        }
        process.terminate()
        return nil
    }()
}
