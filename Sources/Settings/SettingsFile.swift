import Foundation

/// A configuration file as read: its entries, and a warning for each line that is no TOML.
package struct SettingsFile: Sendable {
    package let path: String
    /// Empty where there is no such file.
    package let text: String
    /// Whether all of the file is in `text`: it is missing, or was read.
    package let isWhole: Bool
    package private(set) var entries: [Entry] = []
    package private(set) var warnings: [SettingWarning] = []

    /// One line of the file.
    package struct Entry: Sendable {
        /// Section and key, or just a key.
        package let path: [String]
        package let value: Value
        package let line: Int
    }

    package enum Value: Hashable, Sendable {
        case one(SettingValue)
        case list([SettingValue])
    }

    /// Larger files are not read: nobody configures that much.
    private static let limit = 256 << 10
    /// More wrong lines than these are only counted.
    private static let warningLimit = 32

    /// Reads a file; one that is missing has no entries.
    package init(path: String) {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else {
            text = ""
            isWhole = !FileManager.default.fileExists(atPath: path)
            if !isWhole {
                warn(nil, "the file cannot be read; check its permissions.")
            }
            return
        }
        guard data.count <= Self.limit, let text = String(data: data, encoding: .utf8) else {
            (text, isWhole) = ("", false)
            warn(nil, "this is no UTF-8 text of at most 256 KiB; it is passed over.")
            return
        }
        (self.text, isWhole) = (text, true)
        read()
    }

    package init(path: String, text: String) {
        self.path = path
        (self.text, isWhole) = (text, true)
        read()
    }

    private mutating func warn(_ line: Int?, _ text: String) {
        warnings.append(SettingWarning(file: path, line: line, text: text))
    }

    /// Reads what is right; a line that is not costs only itself.
    private mutating func read() {
        let lines = SettingsLines(text)
        for line in lines.strangeLines {
            warn(line, "this is neither [section] nor key = value; the line does not count.")
        }
        var seen: Set<String> = []
        for entry in lines.entries {
            let name = entry.path.joined(separator: ".")
            guard let value = SettingsValueReader.value(lines.bytes[entry.value]) else {
                warn(
                    entry.line,
                    "\(name) has no value that can be read; write a text in quotation marks, a "
                        + "number, true, false or a list in brackets.")
                continue
            }
            if !seen.insert(name).inserted {
                warn(entry.line, "\(name) is set a second time; this line counts.")
            }
            entries.append(Entry(path: entry.path, value: value, line: entry.line))
        }
        warnings.sort { ($0.line ?? 0) < ($1.line ?? 0) }
        if warnings.count > Self.warningLimit {
            let more = warnings.count - Self.warningLimit
            warnings.removeLast(more)
            warn(nil, "\(more) more lines do not count.")
        }
    }
}

extension SettingsFile.Value {
    package var one: SettingValue? { if case .one(let value) = self { value } else { nil } }

    /// A text, or several.
    package var texts: [String]? {
        let values: [SettingValue]
        switch self {
        case .one(let value): values = [value]
        case .list(let list): values = list
        }
        let texts = values.compactMap { if case .text(let text) = $0 { text } else { nil } }
        return texts.count == values.count ? texts : nil
    }
}

/// What is wrong with a setting, and where.
package struct SettingWarning: Hashable, Sendable, CustomStringConvertible {
    /// Nil for the environment.
    package let file: String?
    package let line: Int?
    package let text: String

    package init(file: String? = nil, line: Int? = nil, text: String) {
        (self.file, self.line, self.text) = (file, line, text)
    }

    package var description: String {
        guard let file else { return text }
        return line.map { "\(file), line \($0): \(text)" } ?? "\(file): \(text)"
    }

    /// The same with the file's name alone, or without where it is the one that is meant anyway.
    package func shown(where meant: String? = nil) -> String {
        guard let file else { return text }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let place = [file == meant ? nil : name, line.map { "line \($0)" }].compactMap { $0 }
        return place.isEmpty ? text : "\(place.joined(separator: ", ")): \(text)"
    }
}
