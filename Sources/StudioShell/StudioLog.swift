import Foundation
import Settings
import StudioCore

/// What the studio told a person, in a file, for one who wonders about it later.
final class StudioLog: Sendable {
    private let path: String?
    private let desk = DispatchQueue(label: "log", qos: .utility)
    /// Bytes; a log that has grown past them loses its older half.
    private static let limit = 1 << 20
    /// Lines that are shown.
    private static let shownLines = 200

    /// - Parameter folder: nil keeps no log.
    init(folder: String?, days: Int) {
        path = folder.map { "\($0)/log" }
        desk.async { [self] in forget(days: days) }
    }

    /// Adds a message where the settings want it.
    func record(_ message: Message, _ settings: ResolvedSettings) {
        switch (settings.text(.logLevel), message.kind) {
        // What became of a picture is looked for as problems are.
        case ("all", _), ("problems", .problem), ("problems", .saved): break
        default: return
        }
        let kind = message.kind == .problem ? "problem" : "note"
        let line = "\(Self.stamp(Date())) \(kind): \(message.text)\n"
        desk.async { [self] in append(line) }
    }

    /// The newest lines, the newest first, for whoever asked.
    func read(_ take: @escaping @Sendable ([String]) -> Void) {
        desk.async { [self] in take(lines.suffix(Self.shownLines).reversed().map(String.init)) }
    }

    private var lines: [Substring] {
        guard let data = path.flatMap({ FileManager.default.contents(atPath: $0) }) else {
            return []
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private func append(_ line: String) {
        guard let path else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        // One write each, so that two studios do not mix their lines.
        _ = Array(line.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    }

    /// Drops lines older than so many days. Stamps sort as texts do.
    private func forget(days: Int) {
        guard let path else { return }
        let oldest = Self.stamp(Date(timeIntervalSinceNow: -86_400 * Double(days)))
        let all = lines
        var kept = all.drop { $0 < oldest }
        let bytes = kept.reduce(0) { $0 + $1.utf8.count + 1 }
        if bytes > Self.limit { kept = kept.suffix(kept.count / 2) }
        guard kept.count < all.count else { return }
        let text = kept.map { $0 + "\n" }.joined()
        guard (try? Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)) != nil
        else { return }
        chmod(path, 0o600)
    }

    /// UTC, such as `2026-11-24T18:57:42Z`.
    private static func stamp(_ date: Date) -> String {
        date.formatted(.iso8601)
    }
}
