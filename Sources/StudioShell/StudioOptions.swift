import Kernels
import StudioCore
import TerminalGraphics

/// What the studio is started with.
public struct StudioOptions: Sendable {
    /// The folder of the model.
    public var modelFolder: String
    /// Where pictures are saved; made when the first one is.
    public var outputFolder: String
    /// The names of saved pictures, below the output folder.
    public var outputPattern = "dcar-{n:4}-{prompt}.png"
    /// How pictures are to be drawn, where a person said so.
    public var graphics: GraphicsChoice?
    /// `dark`, `light`, `contrast` or `mono`; nil follows the terminal.
    public var theme: String?
    /// Lines of plain text instead of a screen, for screen readers and scripts.
    public var isPlain = false
    /// Whether the mouse is used.
    public var hasMouse = true
    /// Whether copies go to the terminal's clipboard (OSC 52).
    public var copiesToClipboard = false
    /// Whether pictures carry how they were made.
    public var writesMetadata = true
    /// Threads; nil for one per processor.
    public var threads: Int?
    /// Nil for the fastest that the processor has.
    public var precision: Precision?
    /// The version that pictures name.
    public var appVersion = "0.1.0"
    /// A PNG to open at the start.
    public var picture: String?
    /// A prompt to start with.
    public var prompt = ""
    /// Where earlier prompts are kept; nil keeps none.
    public var historyFile: String?

    /// The usual studio with a model and an output folder.
    public init(modelFolder: String, outputFolder: String) {
        self.modelFolder = modelFolder
        self.outputFolder = outputFolder
    }

    /// The themes' names.
    public static let themes = Theme.allCases.map(\.rawValue)
}

/// Why the studio cannot start.
public enum StudioError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Input or output is no terminal.
    case noTerminal
    /// terminfo has no such type.
    case unknownTerminal(String)
    /// In the system's words.
    case terminalModes(String)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .noTerminal:
            "The studio needs a terminal for input and output; use `dcar generate` in scripts, or "
                + "--plain."
        case .unknownTerminal(let name):
            "The terminal type \"\(name)\" is not in the terminfo database; set TERM to one that "
                + "is, such as xterm-256color."
        case .terminalModes(let reason): "The terminal's modes cannot be set: \(reason)."
        }
    }
}
