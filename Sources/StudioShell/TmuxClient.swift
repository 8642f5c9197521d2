import Foundation

/// What tmux knows of the terminal around it. Its own questions for that terminal pass through only
/// where a person allows it; this needs no leave.
enum TmuxClient {
    /// What it has found out of features, asked once; nothing outside tmux, or where it does not say
    /// in time.
    static let features: String = {
        guard ProcessInfo.processInfo.environment["TMUX"]?.isEmpty == false else { return "" }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tmux", "display-message", "-p", "#{client_termfeatures}"]
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let descriptor = output.fileHandleForReading.fileDescriptor
        let end = Terminal.now + .milliseconds(500)
        var bytes: [UInt8] = []
        while Terminal.now < end {
            let rest = Int32(max(1, (end - Terminal.now) / .milliseconds(1)))
            guard Terminal.wait([descriptor], milliseconds: rest).contains(descriptor) else {
                continue
            }
            let more = Terminal.read(descriptor)
            guard !more.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
        process.terminate()
        return ""
    }()
}
