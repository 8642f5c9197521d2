import Imaging
import Requests
import Settings
import TerminalGraphics

/// The studio as a value: what the screen shows and what may happen next.
package struct StudioState: Hashable, Sendable {
    package var model = ModelStatus.opening
    package var prompt = PromptState()
    package var parameters = Parameters()
    package var parameter = Parameter.steps {
        didSet { if parameter != oldValue { parameterField = nil } }
    }
    /// A value being typed, of `parameter`; going elsewhere gives it up.
    package var parameterField: TextField?
    package var runs: [RunID: RunRecord] = [:]
    /// Runs in the order they were asked for.
    package var order: [RunID] = []
    /// Runs that were taken off the list, the last one last.
    package internal(set) var closed: [RunID] = []
    /// The run on the canvas.
    package var shownRun: RunID?
    /// Runs being worked on.
    package var job: Job?
    package var proposal: Proposal?
    /// The parameter sheet made last, which can be saved though it is closed.
    var lastSheet: SheetOrder?
    package var history = SnapshotTree(Document())
    /// Where in the history each picture was left.
    var placesLeft: [RunID: Int] = [:]
    package var canvas = CanvasState()
    /// Never `edit`, which is the studio while `canvas.isPainting`.
    package var view = StudioView.studio
    package var focus = Focus.prompt {
        didSet { if focus != oldValue { parameterField = nil } }
    }
    package var popup: Popup?
    package var message: Message?
    package var theme = Theme.dark
    /// What fits the terminal's background, for a theme that is `auto`.
    package var terminalTheme = Theme.dark
    package var keymap = Keymap()
    package internal(set) var settings = ResolvedSettings()
    /// What is wrong in the settings files.
    package internal(set) var settingWarnings: [SettingWarning] = []
    package var settingsView = SettingsView()
    package var candidates: TokenCandidates?
    var tokenChanges = TokenChanges()
    /// How steps of a run are shown.
    package var preview = PreviewKind.colors
    /// What is done to an opened picture whose sides are no whole tokens.
    package var importFit = ImportFit.crop
    /// The prompts as they were when a file was asked for that has not come yet.
    var textsAtOrder: [RunID: [String]] = [:]
    /// Seconds that a unit of each phase last took.
    package var paces: [RunPhase: Double] = [:]
    package var gallery = GalleryState()
    package var queue = QueueState()
    package var screen = ScreenMetrics()
    /// Whether the last session is still being read. Until it is, no run gets a number, as it may be
    /// that of an earlier one.
    package var isAwaitingLibrary = false
    /// Whether pictures that are not saved come back in the next sitting.
    package internal(set) var isSittingKept = true
    /// Whether the studio only waits for its last files.
    package var isEnding = false
    /// The prompt of a picture that was asked for meanwhile and is begun as soon as it can be.
    var heldPrompt: String?
    /// Pictures as they were shown, the last one last.
    var shownLately: [RunID] = []
    /// Whether the parameters are a sitting's, which the model's own must not replace.
    var hasRestoredParameters = false
    /// What was asked for before.
    var lastCommand: Command?
    /// A job of the queue whose place something else has just taken.
    var replacedJob: JobID?
    /// The residual strength that was last asked for, and of which picture.
    var strengthAsked: StrengthAsked?
    /// Where seeds come from once they are no longer fixed.
    var releasedSeeds = SeedMode.random
    /// Moments in which the model computed, for a mark that moves with them.
    package internal(set) var ticks = 0
    /// The program's version, for `about`.
    package var version = ""
    /// What pictures look like here, for the header.
    package var graphics = ""
    /// Where pictures are saved while the settings do not say, as a person writes it.
    package var picturesFolder = ""
    /// Whether there is no screen: what happens is said in lines, and commands are named.
    package var isPlain = false
    /// The number of the newest run.
    private(set) var lastRun: RunID = 0
    /// SplitMix64; the shell starts it from the system's randomness.
    package var randomness: UInt64

    package init(randomness: UInt64 = 1) {
        self.randomness = randomness
        parameters.seed = randomSeed()
    }

    /// Whether the model is at hand.
    package enum ModelStatus: Hashable, Sendable {
        case opening
        case ready(ModelFacts)
        case failed(String)
    }

    /// Runs that share the engine.
    package struct Job: Hashable, Sendable {
        package var runs: [RunID]
        package var phase = Phase.running

        package enum Phase: Hashable, Sendable {
            case running
            /// Asked to end; what it does just now comes to its end first.
            case cancelling
            case paused
        }

        package var isPaused: Bool { phase == .paused }
        package var isCancelling: Bool { phase == .cancelling }
    }

    /// Pictures to choose from.
    package struct Proposal: Hashable, Sendable, Codable {
        /// What an edit would replace; nil for a batch.
        package var base: RunID?
        package var candidates: [RunID]
        package var selected = 0
        package var sheet: Sheet?
        /// The mask that there was when an edit was asked for.
        var mask: PaintedMask?
    }

    /// What the model would put at a place.
    package struct TokenCandidates: Hashable, Sendable {
        package var run: RunID
        package var step: Int
        package var position: Int
        package var candidates: [TokenCandidate]
    }
}

/// The prompt fields and what was typed before.
package struct PromptState: Hashable, Sendable {
    package var positive = TextField()
    package var negative = TextField()
    /// The newest last.
    package var history: [String] = []
    /// The place in the history while Ctrl-P and Ctrl-N move through it.
    package var historyIndex: Int?
    package var draft = ""
    package var facts: PromptFacts?
    /// Whether a person has written the prompt, or a part of it.
    var isTyped = false
    /// Ctrl-X was pressed, which Ctrl-E may follow.
    package var isChordBegun = false
}

/// The screen as far as moving about on it needs to know.
package struct ScreenMetrics: Hashable, Sendable {
    package var columns = 80
    package var rows = 24
    /// Pixels.
    package var cellWidth = 10
    /// Pixels.
    package var cellHeight = 20

    package init() {}
}

/// What takes the keys.
package enum Focus: Int, CaseIterable, Hashable, Sendable, Codable {
    case prompt
    case negative
    case parameters
    case canvas
}

/// How the picture is shown.
package struct CanvasState: Hashable, Sendable {
    /// Nil for the newest step, or the finished picture.
    package var step: Int?
    package var display = Display.refined
    package var overlay = Overlay.tokens
    /// A pixel of the picture.
    package var cursor = PixelPoint(x: 16, y: 16)
    /// Where the split is, 0 ... 1.
    package var divider = 0.5
    package var isPainting = false
    package var tool = Tool.brush
    package var brushRadius = 20
    /// What a drag or a first corner has begun.
    package var stroke: Stroke?
    /// How many times the picture is enlarged.
    package var zoom = 1
    /// The pixel in the view's top left corner.
    package var origin = PixelPoint(x: 0, y: 0)
    /// Token cells that wait to be painted beyond the picture's sides.
    package var margins = EditOrder.Margins()
    /// The picture to compare with; nil for the picture's own discrete half.
    package var partner: RunID?
    package var comparison: Comparison?
    /// Whether the two sides of a comparison have changed places.
    package var isSwapped = false

    /// How far two pictures differ, in decibels.
    package struct Comparison: Hashable, Sendable {
        package let run: RunID
        package let partner: RunID
        package let psnr: Double
    }

    package enum Display: String, CaseIterable, Hashable, Sendable, Codable {
        case refined
        case discrete
        case split
        case difference
        case residual
    }

    package enum Overlay: String, CaseIterable, Hashable, Sendable, Codable {
        case off
        /// The borders of all tokens, and what `tokens` shows.
        case grid
        /// Those that a step has fixed, and those that a person has.
        case tokens
        case confidence
        case order
        case mask
    }

    package enum Tool: String, CaseIterable, Hashable, Sendable, Codable {
        case brush
        case eraser
        case rectangle
        case ellipse
        case lasso
        case flood
    }

    package struct Stroke: Hashable, Sendable {
        package var points: [PixelPoint]
        /// The mask before the stroke.
        package var before: PaintedMask
        package var isErasing: Bool
        /// Whether a button of the mouse holds it, so that letting go ends it.
        var isHeld = false
    }
}

/// How a step of an unfinished picture is shown.
package enum PreviewKind: String, CaseIterable, Hashable, Sendable {
    case off
    /// Painted from the tokens' own colours.
    case colors
    /// Decoded from the tokens, without residual.
    case decoded
    /// Decoded with the residual of the tokens known so far. The head was trained on passes where no
    /// token is masked, so that this only promises what the finished picture will be.
    case full

    package var shown: String {
        switch self {
        case .off: "masks only"
        case .colors: "token colours"
        case .decoded: "decoded pictures"
        case .full: "decoded pictures with their residual so far"
        }
    }
}

/// What is done to an opened picture whose sides are no multiples of the token size.
package enum ImportFit: String, CaseIterable, Hashable, Sendable, Codable {
    /// What is too much at the sides is left out.
    case crop
    /// The outermost pixels are repeated.
    case pad
    /// Made a little larger or smaller, and cropped where the shape demands it.
    case fit
}

/// The line above the footer.
package struct Message: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case note
        case success
        /// A file was written.
        case saved
        case problem
    }

    package let text: String
    package let kind: Kind

    package init(_ text: String, _ kind: Kind = .note) {
        self.text = SanitizedText(text, limit: 400).text
        self.kind = kind
    }
}

/// The colours of the screen.
package enum Theme: String, CaseIterable, Hashable, Sendable {
    case dark
    case light
    case contrast
    case mono
}

extension StudioState {
    package var shown: RunRecord? { shownRun.flatMap { runs[$0] } }

    /// What to know of the size that is set; nil where there is nothing.
    package var sizeRemark: String? {
        guard let side = facts?.trainedSide, max(parameters.width, parameters.height) > side else {
            return nil
        }
        return "The model learned pictures of \(side)×\(side); larger ones may fall apart. "
            + "Draw one of that size and continue it: \(key(.outpaint))."
    }

    package var facts: ModelFacts? {
        if case .ready(let facts) = model { facts } else { nil }
    }

    /// Where a bare name is saved.
    package var outputFolder: String { settings.text(.outputFolder) ?? picturesFolder }

    /// Whether the pixels of the finished picture on the canvas are still to be made, from what an
    /// earlier sitting kept.
    package var isLoading: Bool { shown?.status == .finished && shown?.picture == nil }

    /// Finished pictures that have no file and that nobody turned down.
    package var unsavedCount: Int {
        let discarded = discarded
        return order.count {
            runs[$0]?.status == .finished && runs[$0]?.savedPath == nil && !discarded.contains($0)
        }
    }

    /// Whether letters go into one of the prompts.
    package var isTextTyped: Bool { view == .studio && (focus == .prompt || focus == .negative) }

    /// What comes before keys in a message where they would be typed: the key that leaves the text.
    var leavingText: String {
        (isTextTyped || isTyping) && !isPlain ? "Esc, then " : ""
    }

    /// The same from every view, before keys that mean something of the picture.
    var goingToPicture: String {
        view == .studio || isPlain ? leavingText : "\(leavingText)\(key(.viewStudio)), then "
    }

    /// Whether the picture's colours are a scale of their own, which a tint would falsify.
    var isScaleShown: Bool {
        isPictureShown && (canvas.display == .difference || canvas.display == .residual)
    }

    /// The overlay as it is drawn.
    package var overlaySeen: CanvasState.Overlay {
        let isTint = canvas.overlay == .confidence || canvas.overlay == .order
        return isTint && isScaleShown ? .off : canvas.overlay
    }

    /// The step on the canvas; nil where the finished picture is.
    package var shownSnapshot: StepSnapshot? { shown?.snapshot(canvas.step) }

    /// Whether the canvas shows the pixels of a finished picture.
    package var isPictureShown: Bool { shown?.picture != nil && canvas.step == nil }

    /// The mask; in a batch that of the picture that it was painted on.
    package var mask: PaintedMask? {
        let isBatch = proposal != nil && proposal?.base == nil
        return isBatch ? mask(on: shownRun) : history.value.mask
    }

    /// The mask, where it was painted on this picture.
    func mask(on run: RunID?) -> PaintedMask? {
        history.value.picture == run ? history.value.mask : nil
    }

    /// Whether Enter in the prompt paints the mask anew, as there is one and its picture is shown.
    package var isPromptOfMask: Bool {
        shown?.status == .finished && mask.map { !$0.isEmpty } ?? false
    }

    /// Whether a mask is left on the picture shown though it is not being painted any more.
    package var isMaskLeft: Bool {
        isPromptOfMask && isPictureShown && proposal == nil && !canvas.isPainting
    }

    /// What a mask makes of Enter, which draws a new picture otherwise.
    package var maskWords: String {
        "A mask is painted: Enter paints it anew, \(key(.generate)) makes a new picture."
    }

    /// The token under the cursor.
    package var cursorToken: Int? {
        guard let run = shown else { return nil }
        let side = parameters.tokenSide
        let (column, row) = (canvas.cursor.x / side, canvas.cursor.y / side)
        guard 0..<run.gridWidth ~= column, 0..<run.gridHeight ~= row else { return nil }
        return row * run.gridWidth + column
    }

    /// Pixels of the picture on the canvas.
    package var pictureSize: PixelPoint {
        guard let run = shown, !run.snapshots.isEmpty else {
            return PixelPoint(x: parameters.width, y: parameters.height)
        }
        return PixelPoint(
            x: run.gridWidth * parameters.tokenSide, y: run.gridHeight * parameters.tokenSide)
    }

    /// A number that no run has had.
    package mutating func newRunID() -> RunID {
        lastRun += 1
        return lastRun
    }

    /// Later runs get higher numbers.
    mutating func startRunNumbers(after number: RunID) {
        lastRun = max(lastRun, number)
    }

    package mutating func randomSeed() -> UInt64 {
        randomness &+= 0x9E37_79B9_7F4A_7C15
        var mixed = randomness
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        // Short enough to read aloud, as other tools' seeds are.
        return (mixed ^ (mixed >> 31)) & 0xFFFF_FFFF
    }
}
