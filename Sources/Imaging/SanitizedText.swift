/// Text from outside (metadata, file names, prompts from files, tensor names, the environment),
/// made safe to show: no character in it can steer a terminal, reorder a line or hide.
///
/// Bytes that are not UTF-8 become U+FFFD. Control characters, format and other invisible
/// characters, private and unassigned ones become a mark such as `<U+009B>`. Combining marks beyond
/// four in a row are counted, not drawn. This is the one way for such text to the screen.
public struct SanitizedText: Hashable, Sendable, CustomStringConvertible {
    /// The harmless text.
    public let text: String

    /// `text`.
    public var description: String { text }

    /// - Parameters:
    ///   - limit: characters (Unicode scalars) read at most; an ellipsis stands for the rest.
    ///   - keepingLineBreaks: leaves line feeds as they are, for a view of several lines.
    public init(_ text: String, limit: Int = 4096, keepingLineBreaks: Bool = false) {
        var safe = String.UnicodeScalarView()
        var marksInARow = 0
        var isStart = true
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < limit else {
                safe.append("\u{2026}")
                break
            }
            if scalar.isCombiningMark, !scalar.isInvisible {
                marksInARow += 1
                // A mark with nothing before it would join what the caller shows in front.
                if isStart { safe.append("\u{25CC}") }
                if marksInARow <= Self.marksPerCharacter { safe.append(scalar) }
            } else {
                safe.append(contentsOf: Self.note(onMarks: marksInARow))
                marksInARow = 0
                if scalar == "\n", keepingLineBreaks {
                    safe.append(scalar)
                } else if scalar.isInvisible {
                    safe.append(contentsOf: scalar.name.unicodeScalars)
                } else {
                    safe.append(scalar)
                }
            }
            isStart = scalar == "\n"
        }
        safe.append(contentsOf: Self.note(onMarks: marksInARow))
        self.text = String(safe)
    }

    /// JSON on one line with every character that does not show written as an escape: the same value,
    /// safe to show, and nothing of it lost.
    public static func json(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard scalar.isInvisible else {
                safe.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                let escape = "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                safe.append(contentsOf: escape.unicodeScalars)
            }
        }
        return String(safe)
    }

    /// The same for bytes, read strictly as UTF-8.
    public init(
        bytes: some Collection<UInt8>, limit: Int = 4096, keepingLineBreaks: Bool = false
    ) {
        // A scalar has at most four bytes, so what lies beyond cannot be shown.
        let read = bytes.prefix(4 * min(limit, 1 << 24) + 4)
        self.init(
            String(decoding: read, as: UTF8.self), limit: limit,
            keepingLineBreaks: keepingLineBreaks)
    }

    private static let marksPerCharacter = 4

    private static func note(onMarks count: Int) -> String.UnicodeScalarView {
        let hidden = count - marksPerCharacter
        return hidden > 0 ? "<+\(hidden) marks>".unicodeScalars : "".unicodeScalars
    }
}

extension Unicode.Scalar {
    fileprivate var isCombiningMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .spacingMark: true
        default: false
        }
    }

    /// Whether the character does something other than show a glyph or a plain space.
    fileprivate var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .surrogate,
            .privateUse:
            true
        default: properties.isDefaultIgnorableCodePoint
        }
    }

    fileprivate var name: String {
        let digits = String(value, radix: 16, uppercase: true)
        return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
    }
}
