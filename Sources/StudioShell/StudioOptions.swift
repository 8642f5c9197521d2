import Foundation
import Kernels
import Layers
import Pipeline
import Settings
import StudioCore

/// What the studio is started with.
package struct StudioOptions: Sendable {
    /// Where settings are read from, and written to.
    package let sources: SettingsSources
    /// What they say now.
    package var settings: ResolvedSettings
    /// The folder of the model.
    package var modelFolder: String
    /// Where pictures are saved when the settings do not say; made when the first one is.
    package var picturesFolder: String
    /// Lines of plain text instead of a screen, for screen readers and scripts.
    package var isPlain = false
    /// The version that pictures name.
    package var appVersion = "0.1.0"
    /// A PNG to open at the start.
    package var picture: String?
    /// A prompt to start with.
    package var prompt = ""
    /// What is done once the model and the last session are there.
    package var replay = Replay()
    /// What begins a studio of plain lines, such as `gallery.search fox`.
    package var commands: [String] = []
    /// Where prompts, queue, session and the gallery's index are kept; nil keeps none.
    package var stateFolder: String?
    /// Where thumbnails are kept; nil keeps none.
    package var cacheFolder: String?
    /// Whether to begin without what the last sitting left.
    package var isFresh = false

    /// The usual studio.
    package init(_ sources: SettingsSources, modelFolder: String, picturesFolder: String) {
        self.sources = sources
        settings = sources.load()
        self.modelFolder = modelFolder
        self.picturesFolder = picturesFolder
    }

    var outputFolder: String {
        settings.text(.outputFolder)?.withHome ?? picturesFolder
    }

    var outputPattern: String {
        settings.text(.outputPattern) ?? "dcar-{n:4}-{prompt}.png"
    }

    /// Whether pictures carry how they were made.
    var writesMetadata: Bool { settings.isOn(.metadata) }

    /// zlib's level.
    var compression: Int { settings.compression }

    /// Nil for one a physical core.
    var threads: Int? { settings.whole(.threads) }

    /// Nil for none.
    var weightCache: WeightCache? { settings.isOn(.weightCache) ? .ofUser : nil }

    /// Nil for the fastest that the processor has.
    var precision: Precision? { settings.text(.precision).flatMap(Precision.init) }
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
