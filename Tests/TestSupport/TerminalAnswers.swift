/// What an emulated terminal answers, and how it sends it.
public struct TerminalAnswers: Sendable, CustomStringConvertible {
    public var version: String?
    public var deviceAttributes: String?
    public var hasKitty = false
    public var cellSize: (width: Int, height: Int)?
    /// Whether it says how large its cells are; otherwise only the window's pixels tell.
    public var tellsCellSize = true
    public var sixelColors: Int?
    public var sixelLimit: (width: Int, height: Int)?
    public var hasSynchronizedOutput = false
    /// As in `rgb:0000/0000/0000`.
    public var background: String?
    /// Whether the fence after each picture is answered.
    public var isReady = true
    /// Seconds from each question to its answer.
    public var delay = 0.0
    /// Whether each byte of an answer comes alone, a little after the one before it.
    public var isSplit = false
    /// Seconds between two such bytes.
    public var pause = 0.002

    public init() {}

    /// A terminal that answers nothing at all.
    public static let silent: TerminalAnswers = {
        var answers = TerminalAnswers()
        answers.isReady = false
        return answers
    }()

    /// xterm without pictures.
    public static let xterm: TerminalAnswers = {
        var answers = TerminalAnswers()
        answers.version = "XTerm(379)"
        answers.deviceAttributes = "?64;1;2;6;9;15;18;21;22c"
        answers.cellSize = (10, 20)
        answers.background = "rgb:0000/0000/0000"
        return answers
    }()

    /// xterm as a VT340.
    public static let sixel: TerminalAnswers = {
        var answers = xterm
        answers.deviceAttributes = "?63;1;2;4;6;9;15;22c"
        answers.sixelColors = 1024
        return answers
    }()

    public static let kitty: TerminalAnswers = {
        var answers = TerminalAnswers()
        answers.version = "kitty(0.32.2)"
        answers.deviceAttributes = "?62;c"
        answers.cellSize = (10, 20)
        answers.background = "rgb:0000/0000/0000"
        answers.hasKitty = true
        answers.hasSynchronizedOutput = true
        return answers
    }()

    public var description: String {
        version.map { "\($0)\(sixelColors == nil ? "" : " with sixel")" } ?? "a silent terminal"
    }

    func answer(to question: TerminalQuestion, columns: Int, rows: Int) -> String? {
        switch question {
        case .version: version.map { "\u{1B}P>|\($0)\u{1B}\\" }
        case .kitty(let id): hasKitty ? "\u{1B}_Gi=\(id);OK\u{1B}\\" : nil
        case .cellSize where !tellsCellSize, .textArea where !tellsCellSize: nil
        case .cellSize: cellSize.map { "\u{1B}[6;\($0.height);\($0.width)t" }
        case .textArea:
            cellSize.map { "\u{1B}[4;\($0.height * rows);\($0.width * columns)t" }
        case .sixelColors: sixelColors.map { "\u{1B}[?1;0;\($0)S" }
        case .sixelLimit: sixelLimit.map { "\u{1B}[?2;0;\($0.width);\($0.height)S" }
        case .mode(let mode):
            version == nil ? nil : "\u{1B}[?\(mode);\(hasSynchronizedOutput ? 2 : 0)$y"
        case .background: background.map { "\u{1B}]11;\($0)\u{1B}\\" }
        case .deviceAttributes: deviceAttributes.map { "\u{1B}[\($0)" }
        case .ready: isReady ? "\u{1B}[0n" : nil
        }
    }
}
