import Imaging
import TerminalGraphics

/// One thing that can be configured. Parsing, `dcar config`, the studio's Settings view and the
/// documentation all come from its declaration.
package struct Setting: Hashable, Sendable {
    /// What values it takes.
    package enum Kind: Hashable, Sendable {
        case whole(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
        case choice([String])
        case text
        /// An `OutputPattern` without a folder.
        case fileName
        /// Pixels of a cell, such as `10x20`.
        case cellSize
    }

    /// Section and key, such as `generate.steps`.
    package let name: String
    package let kind: Kind
    /// Nil where something else decides, which `standardWords` names.
    package let standard: SettingValue?
    package let standardWords: String
    /// One sentence for a person.
    package let meaning: String
    /// The environment variable that sets it too.
    package let variable: String?
    /// Whether a running studio keeps the old value until it is started again.
    package let waitsForStart: Bool

    init(
        _ name: String, _ kind: Kind, _ standard: SettingValue, _ meaning: String,
        variable: String? = nil, waitsForStart: Bool = false
    ) {
        (self.name, self.kind, self.standard, self.meaning) = (name, kind, standard, meaning)
        (self.variable, self.waitsForStart) = (variable, waitsForStart)
        standardWords = standard.description
    }

    init(
        _ name: String, _ kind: Kind, otherwise words: String, _ meaning: String,
        variable: String? = nil, waitsForStart: Bool = false
    ) {
        (self.name, self.kind, self.meaning, standardWords) = (name, kind, meaning, words)
        (self.variable, self.waitsForStart) = (variable, waitsForStart)
        standard = nil
    }

    package var section: String { String(name.prefix { $0 != "." }) }

    /// What a value must be, to follow "must be".
    package var allowed: String {
        switch kind {
        case .whole(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            "a number from \(SettingValue.number(range.lowerBound)) to "
                + "\(SettingValue.number(range.upperBound))"
        case .flag: "true or false"
        case .choice(let names): "one of \(names.joined(separator: ", "))"
        case .text: "a text that is not empty"
        case .cellSize: "two whole numbers from 2 to 400, such as 10x20"
        case .fileName: "a file name with {n} that ends in .png, such as fox-{n}.png"
        }
    }

    /// The value as this setting keeps it; nil where it does not fit.
    package func fitting(_ value: SettingValue) -> SettingValue? {
        switch (kind, value) {
        case (.whole(let range), .whole(let number)): range ~= number ? value : nil
        case (.number(let range), .whole(let number)):
            range ~= Double(number) ? .number(Double(number)) : nil
        // Pictures' files keep no negative zero.
        case (.number(let range), .number(let number)): range ~= number ? .number(number + 0) : nil
        case (.flag, .flag): value
        case (.choice(let names), .text(let name)): names.contains(name) ? value : nil
        case (.text, .text(let text)): text.isEmpty ? nil : value
        case (.fileName, .text(let text)): Self.isFileName(text) ? value : nil
        case (.cellSize, .text(let text)): CellSize(setting: text) == nil ? nil : value
        default: nil
        }
    }

    /// A value as typed or as a variable holds it.
    package func value(typed text: String) -> SettingValue? {
        switch kind {
        case .whole: Int(text).flatMap { fitting(.whole($0)) }
        case .number: Double(text).flatMap { $0.isFinite ? fitting(.number($0)) : nil }
        case .flag:
            switch text.lowercased() {
            case "true", "yes", "on", "1": .flag(true)
            case "false", "no", "off", "0": .flag(false)
            default: nil
            }
        case .choice, .text, .fileName, .cellSize: fitting(.text(text))
        }
    }

    private static func isFileName(_ text: String) -> Bool {
        guard !text.contains("/"), text.lowercased().hasSuffix(".png") else { return false }
        return (try? OutputPattern(text))?.isNumbered == true
    }
}

/// What a setting is set to.
package enum SettingValue: Hashable, Sendable, CustomStringConvertible {
    case whole(Int)
    case number(Double)
    case flag(Bool)
    case text(String)

    /// As a person writes it on a command line.
    package var description: String {
        switch self {
        case .whole(let number): String(number)
        case .number(let number):
            number == number.rounded() && abs(number) < 1e15
                ? String(Int(number)) : String(number)
        case .flag(let isOn): String(isOn)
        case .text(let text): text
        }
    }

    /// As a TOML file writes it.
    package var toml: String {
        switch self {
        case .whole, .flag: description
        case .number(let number): String(number)
        case .text(let text): text.tomlQuoted
        }
    }
}

extension String {
    /// As a basic string of TOML.
    package var tomlQuoted: String {
        var quoted = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
