import Foundation

/// A path with fields in braces, such as `dcar-{seed}-{n}.png`.
///
/// `{n}` counts up, `{n:4}` with zeros in front to four digits; `{seed}`, `{prompt}`, `{model}`,
/// `{width}` and `{height}` are the picture's. Prompt and model are cut down to letters, digits and
/// hyphens, so no text can lead out of the folder.
public struct OutputPattern: Hashable, Sendable, CustomStringConvertible {
    /// The pattern as written.
    public let description: String
    private let name: String
    private let folder: String?
    private let parts: [Part]

    private enum Part: Hashable {
        case literal(String)
        case number(digits: Int)
        case field(Field)
    }

    private enum Field: String, CaseIterable {
        case seed, prompt, model, width, height
    }

    /// What a picture puts into the fields.
    public struct Fields: Hashable, Sendable {
        /// The run's seed.
        public var seed: UInt64
        /// The prompt as typed.
        public var prompt: String
        /// The model's name.
        public var model: String
        /// Pixels.
        public var width: Int
        /// Pixels.
        public var height: Int

        /// The fields of one picture.
        public init(
            seed: UInt64 = 0, prompt: String = "", model: String = "", width: Int = 0,
            height: Int = 0
        ) {
            self.seed = seed
            self.prompt = prompt
            self.model = model
            self.width = width
            self.height = height
        }
    }

    /// - Parameter folder: what the pattern lies in; braces in it are no fields.
    /// - Throws: `OutputPatternError` for an unknown field, an open brace, a second `{n}`, an `{n}`
    ///   in the folder, or no file name.
    public init(_ pattern: String, in folder: String? = nil) throws(OutputPatternError) {
        var parts: [Part] = []
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { parts.append(.literal(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw .openBrace(pattern: pattern)
            }
            let field = rest[rest.index(after: open)..<close]
            parts.append(try Self.part(field, of: pattern))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }

        let numbers = parts.indices.filter { if case .number = parts[$0] { true } else { false } }
        guard numbers.count < 2 else { throw .secondNumber(pattern: pattern) }
        if let number = numbers.first {
            let isInFolder = parts[number...].contains {
                if case .literal(let text) = $0 { text.contains("/") } else { false }
            }
            guard !isInFolder else { throw .numberInFolder(pattern: pattern) }
        }
        guard !pattern.isEmpty, !pattern.hasSuffix("/") else { throw .noName(pattern: pattern) }
        self.parts = (folder.map { [.literal("\($0)/")] } ?? []) + parts
        (self.folder, name) = (folder, pattern)
        description = folder.map { "\($0)/\(pattern)" } ?? pattern
    }

    /// The pattern with more before its extension, which is png where it has none.
    public func suffixed(_ suffix: String) throws(OutputPatternError) -> OutputPattern {
        guard let ending = Self.ending(of: name) else {
            return try OutputPattern("\(name)\(suffix).png", in: folder)
        }
        return try OutputPattern(
            "\(name.dropLast(ending.count + 1))\(suffix).\(ending)", in: folder)
    }

    /// What a name ends with, if that stands for a kind of file: letters and digits after a dot, as
    /// in fox.png but not in `v1.5` or `No. 5 fox`.
    public static func ending(of name: String) -> String? {
        let ending = (name as NSString).pathExtension
        let isKind = ending.allSatisfy { $0.isLetter || $0.isNumber }
        return isKind && ending.contains(where: \.isLetter) ? ending : nil
    }

    private static func part(
        _ field: Substring, of pattern: String
    ) throws(OutputPatternError) -> Part {
        if field == "n" { return .number(digits: 1) }
        if field.hasPrefix("n:"), let digits = Int(field.dropFirst(2)), (1...9).contains(digits) {
            return .number(digits: digits)
        }
        guard let known = Field(rawValue: String(field)) else {
            throw .unknownField(String(field), pattern: pattern)
        }
        return .field(known)
    }

    /// Whether the pattern has an `{n}`.
    public var isNumbered: Bool {
        parts.contains { if case .number = $0 { true } else { false } }
    }

    /// The path of picture `number`.
    public func path(number: Int, _ fields: Fields) -> String {
        Self.path(parts[...], number: number, fields)
    }

    private static func path(
        _ parts: ArraySlice<Part>, number: Int, _ fields: Fields
    ) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .number(let digits):
                String(repeating: "0", count: max(0, digits - String(number).count))
                    + String(number)
            case .field(let field): text(field, fields)
            }
        }.joined()
    }

    /// One more than the highest number a file of this pattern and these fields has in its folder,
    /// or in the trash there; 1 where there is none. A gap is not filled, so that a name never comes
    /// back.
    ///
    /// - Parameter countsAll: counts files whatever stands behind their number, so that names of
    ///   one folder sort by their age; otherwise only those that the fields would name.
    public func nextNumber(_ fields: Fields, countsAll: Bool = false) -> Int {
        guard let at = parts.firstIndex(where: { if case .number = $0 { true } else { false } })
        else { return 1 }
        let before = Self.path(parts[..<at], number: 0, fields)
        let after = Self.path(parts[(at + 1)...], number: 0, fields)
        let ending = after.lastIndex(of: ".").map { String(after[$0...]) } ?? ""
        let (folder, prefix) = ImageFile.split(before)
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return 1 }
        defer { close(directory) }
        var names = ImageFile.names(in: directory)
        let trash = openat(directory, ImageFile.trashName, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if trash >= 0 {
            names += ImageFile.names(in: trash)
            close(trash)
        }
        let numbers = names.compactMap { name -> Int? in
            guard let rest = name.utf8.rest(after: prefix.utf8) else { return nil }
            func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
            let count = rest.dropLast(after.utf8.count)
            let isOwn =
                rest.reversed().starts(with: after.utf8.reversed()) && count.allSatisfy(isDigit)
            guard isOwn || countsAll && rest.reversed().starts(with: ending.utf8.reversed())
            else { return nil }
            let digits = isOwn ? count : rest.prefix(while: isDigit)
            // Longer numbers are dates or hashes, not counts. Without a digit, `Int` is nil.
            guard digits.count <= (isOwn ? 12 : 7) else { return nil }
            return Int(String(decoding: Array(digits), as: UTF8.self))
        }
        return (numbers.max() ?? 0) + 1
    }

    private static func text(_ field: Field, _ fields: Fields) -> String {
        switch field {
        case .seed: String(fields.seed)
        case .prompt: slug(fields.prompt)
        case .model: slug(fields.model)
        case .width: String(fields.width)
        case .height: String(fields.height)
        }
    }

    /// Letters and digits of any script in lower case, everything between them one hyphen, at most
    /// 64 bytes; "untitled" where there are none.
    public static func slug(_ text: String) -> String {
        var words: [String] = []
        var length = 0
        let letters = text.precomposedStringWithCanonicalMapping.lowercased()
        for word in letters.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            length += word.utf8.count + 1
            guard length <= 65 else {
                // Scripts without spaces have long words.
                let start = word.beginning(ofBytes: 64)
                if words.isEmpty, !start.isEmpty { words = [start] }
                break
            }
            words.append(String(word))
        }
        return words.isEmpty ? "untitled" : words.joined(separator: "-")
    }
}

extension Substring {
    /// As many whole characters as fit.
    fileprivate func beginning(ofBytes limit: Int) -> String {
        var kept = ""
        for character in self {
            guard kept.utf8.count + character.utf8.count <= limit else { break }
            kept.append(character)
        }
        return kept
    }
}

extension String.UTF8View {
    /// What stands behind a beginning; nil where it begins otherwise.
    fileprivate func rest(after beginning: String.UTF8View) -> Substring.UTF8View? {
        starts(with: beginning) ? dropFirst(beginning.count) : nil
    }
}

/// What is wrong with an output pattern.
public enum OutputPatternError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Braces around something that is no field.
    case unknownField(String, pattern: String)
    /// A brace that is not closed.
    case openBrace(pattern: String)
    /// More than one `{n}`.
    case secondNumber(pattern: String)
    /// An `{n}` before the last slash.
    case numberInFolder(pattern: String)
    /// Empty, or a folder only.
    case noName(pattern: String)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unknownField(let field, let pattern):
            "{\(SanitizedText(field))} in the output name \(SanitizedText(pattern)) is unknown; "
                + "use {n}, {n:4}, {seed}, {prompt}, {model}, {width} or {height}."
        case .openBrace(let pattern):
            "The output name \(SanitizedText(pattern)) has a { without its }."
        case .secondNumber(let pattern):
            "The output name \(SanitizedText(pattern)) has more than one {n}."
        case .numberInFolder(let pattern):
            "The output name \(SanitizedText(pattern)) has its {n} in a folder; it belongs in the "
                + "file name."
        case .noName(let pattern):
            pattern.isEmpty
                ? "The output name is empty; give one such as out-{n}.png."
                : "There is no folder \(SanitizedText(pattern)); make it first, or end the name with that "
                    + "of a file, such as out-{n}.png."
        }
    }
}
