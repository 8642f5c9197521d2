import Foundation
import Imaging

extension SettingsFile {
    /// The text with an entry set, all other lines and comments as they are.
    ///
    /// - Parameters:
    ///   - path: section and key.
    ///   - toml: the value as TOML writes it.
    /// - Throws: `SettingsError.notEditable` where the section is a table in braces.
    package func setting(_ path: [String], to toml: String) throws(SettingsError) -> String {
        let lines = SettingsLines(text)
        let (section, key) = (Array(path.dropLast()), path.last ?? "")
        try check(path, in: lines)
        if let entry = lines.entries.last(where: { $0.isNamed(path) }) {
            return lines.replacing(entry.value, with: toml)
        }
        let head = section.map(\.tomlKey).joined(separator: ".")
        let line = "\(key.tomlKey) = \(toml)\n"
        if let header = lines.headers.last(where: { $0.path == section }) {
            let next = lines.headers.first { $0.line > header.line }?.line ?? .max
            let last = lines.entries.last { $0.line > header.line && $0.line < next }
            return lines.inserting(line, at: last?.lines.upperBound ?? header.end)
        }
        // Without its header, a section is made of keys with dots above all headers.
        let first = lines.headers.first?.line ?? .max
        if let last = lines.entries.last(where: { $0.line < first && $0.path.starts(with: section) }
        ) {
            return lines.inserting("\(head).\(line)", at: last.lines.upperBound)
        }
        return lines.inserting(
            (text.isEmpty ? "" : "\n") + "[\(head)]\n\(line)", at: lines.bytes.count)
    }

    private func check(_ path: [String], in lines: SettingsLines) throws(SettingsError) {
        guard !lines.entries.contains(where: { $0.path == Array(path.dropLast()) }) else {
            throw .notEditable(name: path.joined(separator: "."), file: self.path)
        }
    }

    /// The text without an entry.
    /// - Throws: `SettingsError.notEditable` where the section is a table in braces.
    package func removing(_ path: [String]) throws(SettingsError) -> String {
        let lines = SettingsLines(text)
        try check(path, in: lines)
        var bytes = lines.bytes
        for entry in lines.entries.reversed() where entry.isNamed(path) {
            bytes.removeSubrange(entry.lines)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes the file whole, readable by its owner alone. A link stays a link.
    package static func write(_ text: String, to path: String) throws(SettingsError) {
        let target = ImageFile.linkTarget(of: path)
        var existing = stat()
        guard lstat(target, &existing) != 0 || existing.st_mode & S_IFMT == S_IFREG else {
            throw .notWritten("\(target) is no regular file, and is left as it is.")
        }
        let folder = (target as NSString).deletingLastPathComponent
        if !folder.isEmpty {
            try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        }
        // A new file gets its permissions before its text; one that is there keeps none but these.
        let new = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if new >= 0 { close(new) } else { chmod(target, 0o600) }
        do {
            try ImageFile.save(Array(text.utf8), to: target, overwrite: true)
        } catch {
            if new >= 0 { unlink(target) }
            throw .notWritten("\(error)")
        }
    }
}

extension SettingsLines.Entry {
    /// Names count by their words: `step.pause` is `"step.pause"`, as for whom they are read.
    fileprivate func isNamed(_ path: [String]) -> Bool {
        self.path.joined(separator: ".") == path.joined(separator: ".")
    }
}

extension SettingsLines {
    fileprivate func replacing(_ range: Range<Int>, with new: String) -> String {
        String(
            decoding: bytes[..<range.lowerBound] + new.utf8 + bytes[range.upperBound...],
            as: UTF8.self)
    }

    /// At the start of a line, which is begun where the last one is still open.
    fileprivate func inserting(_ line: String, at offset: Int) -> String {
        let isOpen = offset > 0 && bytes[offset - 1] != UInt8(ascii: "\n")
        return replacing(offset..<offset, with: (isOpen ? "\n" : "") + line)
    }
}

extension String {
    /// As a key of TOML: bare where it can be.
    package var tomlKey: String {
        !isEmpty && utf8.allSatisfy(\.isBareKey) ? self : tomlQuoted
    }
}

/// Why a setting cannot be read or changed.
package enum SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknown(name: String)
    case badValue(name: String, value: String, allowed: String)
    case notEditable(name: String, file: String)
    case notWritten(String)
    case noPlace

    package var description: String {
        switch self {
        case .unknown(let name):
            "\(name) is no setting; "
                + (Setting.nearest(to: name).map { "\($0.name) is. " } ?? "")
                + "`dcar config list` names them all."
        case .badValue(let name, let value, let allowed):
            "\(name) cannot be \"\(value)\"; it must be \(allowed)."
        case .notEditable(let name, let file):
            "\(name) stands in a table of \(file) that only an editor can change."
        case .notWritten(let reason): reason
        case .noPlace:
            "There is no home folder for a configuration file; name one with DCAR_CONFIG."
        }
    }
}
