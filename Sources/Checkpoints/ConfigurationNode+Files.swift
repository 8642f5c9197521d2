import JSON
import Tensors
import Yams

extension ConfigurationNode {
    private static let byteLimit = 1 << 20
    private static let depthLimit = 64

    /// Reads a JSON file, such as Hugging Face's config.json, or a YAML file, such as the official
    /// generator's; JSON is what starts with a brace.
    public init(path: String) throws(ConfigurationError) {
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw .unreadable(error)
        }
        // Some editors begin a text with a mark of its encoding.
        let mark = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes.dropFirst(mark))
        let first = bytes.first { !$0.isJSONSpace }
        let isJSON = first == UInt8(ascii: "{") || path.hasSuffix(".json")
        let value: ConfigurationValue
        do throws(FormatProblem) {
            guard file.byteCount <= Self.byteLimit else {
                throw FormatProblem(
                    "it has \(file.byteCount) bytes; at most \(Self.byteLimit) are allowed")
            }
            if isJSON {
                guard first == UInt8(ascii: "{") else {
                    let content = ForeignContent.description(of: bytes)
                    throw FormatProblem(content.map { "it is \($0)" } ?? "it does not begin with {")
                }
                var reader = JSONReader<FormatProblem>(bytes)
                value = try Self.json(&reader, depth: 0)
                try reader.end()
            } else {
                value = try Self.yaml(bytes)
            }
        } catch {
            throw .malformed(
                path: path, format: isJSON ? "JSON file" : "YAML file", problem: error.text)
        }
        self.init(path: path, key: "", value: value)
    }

    private static func json(
        _ reader: inout JSONReader<FormatProblem>, depth: Int
    ) throws(FormatProblem) -> ConfigurationValue {
        guard depth < depthLimit else { throw reader.problem(.tooDeep) }
        switch reader.next() {
        case UInt8(ascii: "{"):
            var members: [String: ConfigurationValue] = [:]
            try reader.openObject()
            while let name = try reader.nextName() {
                members[name] = try json(&reader, depth: depth + 1)
            }
            return .mapping(members)
        case UInt8(ascii: "["):
            var elements: [ConfigurationValue] = []
            try reader.openArray()
            while try reader.nextElement() {
                elements.append(try json(&reader, depth: depth + 1))
            }
            return .list(elements)
        case UInt8(ascii: "\""): return .text(try reader.string())
        case UInt8(ascii: "t"):
            try reader.literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try reader.literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try reader.literal("null")
            return .null
        default: return .number(try reader.number())
        }
    }

    private static func yaml(
        _ bytes: UnsafeRawBufferPointer
    ) throws(FormatProblem) -> ConfigurationValue {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FormatProblem("it is not UTF-8 text")
        }
        // An alias can stand for a tree of any size, and those who ask a configuration need none.
        guard !hasWord(after: "&", in: bytes) || !hasWord(after: "*", in: bytes) else {
            throw FormatProblem("anchors and aliases (&name, *name) are not allowed")
        }
        let root: Node?
        do {
            // The basic resolver takes every scalar for text; what it means is settled below.
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw problem(error)
        } catch {
            throw FormatProblem("it cannot be read")
        }
        guard let root, case .mapping = root else {
            throw FormatProblem("it does not hold names with values")
        }
        return try value(root, depth: 0)
    }

    /// Whether a mark begins a word as it must to name something, be it in a comment: it does not
    /// follow a letter, a digit or a closing sign.
    private static func hasWord(after mark: Unicode.Scalar, in bytes: UnsafeRawBufferPointer)
        -> Bool
    {
        func isPartOfWord(_ byte: UInt8) -> Bool {
            let character = Character(Unicode.Scalar(byte))
            return byte < 0x80
                && (character.isLetter || character.isNumber || "_-".contains(character))
        }
        return bytes.indices.contains { at in
            guard bytes[at] == UInt8(ascii: mark), at + 1 < bytes.count,
                bytes[at + 1] >= 0x80 || isPartOfWord(bytes[at + 1])
            else { return false }
            // What is no ASCII can be a line's end.
            return at == 0 || " \t\r\n[{,:?-".utf8.contains(bytes[at - 1])
                || bytes[at - 1] >= 0x80
        }
    }

    private static func value(
        _ node: Node, depth: Int
    ) throws(FormatProblem) -> ConfigurationValue {
        guard depth < depthLimit else { throw FormatProblem("it is nested too deeply") }
        switch node {
        case .scalar(let scalar):
            return scalar.style == .plain ? plain(scalar.string) : .text(scalar.string)
        case .sequence(let sequence):
            var elements: [ConfigurationValue] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return .list(elements)
        case .mapping(let mapping):
            var members: [String: ConfigurationValue] = [:]
            for (key, member) in mapping {
                guard case .scalar(let name) = key else {
                    throw FormatProblem("a name in it is no text")
                }
                members[name.string] = try value(member, depth: depth + 1)
            }
            return .mapping(members)
        case .alias: throw FormatProblem("anchors and aliases (&name, *name) are not allowed")
        }
    }

    /// What an unquoted scalar means.
    private static func plain(_ text: String) -> ConfigurationValue {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default:
            let number = ConfigurationValue.number(text)
            return number.double(in: -.infinity ... .infinity) == nil ? .text(text) : number
        }
    }

    private static func problem(_ error: YamlError) -> FormatProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            FormatProblem("\(problem) (line \(mark.line))")
        case .duplicatedKeysInMapping(let names, _):
            FormatProblem("the name \(quoted(names.first ?? "")) occurs twice")
        case .reader(let problem, _, _, _): FormatProblem(problem)
        default: FormatProblem("it cannot be read")
        }
    }
}
