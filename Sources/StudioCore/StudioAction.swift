import Imaging
import Requests
import Settings
import TerminalGraphics

/// Everything that can happen to the studio.
package enum StudioAction: Hashable, Sendable {
    case key(Key)
    case paste(String)
    case mouse(MouseTarget?, MouseEvent.Action)
    case command(Command)
    case news(StudioNews)
    /// The text of the prompt after it was edited elsewhere.
    case promptEdited(String)
    case negativeEdited(String)
    /// A part of the picture to mask, in pixels.
    case region(x: Int, y: Int, width: Int, height: Int)
    /// Go on from a step of the run shown, with another seed and perhaps another prompt.
    case fork(step: Int, prompt: String)
    /// Set a token of the step shown, or mask it again.
    case token(place: Int, id: Int?)
    case resized(ScreenMetrics)
    /// A moment has passed in which the model computed.
    case tick
}

/// What lies under the mouse.
package enum MouseTarget: Hashable, Sendable {
    /// A pixel of the picture shown.
    case picture(PixelPoint)
    case command(Command)
    case focus(Focus)
    case parameter(Parameter)
    case step(Int)
    case candidate(Int)
    /// A line of the list that is open.
    case listItem(Int)
    case setting(Int)
    /// A picture's place in the gallery.
    case tile(Int)
    /// A line of the queue.
    case queueLine(Int)
    /// The gallery's or the queue's own ground, for scrolling.
    case list
}

/// What the studio asks of the world.
package enum StudioEffect: Hashable, Sendable {
    case generate([RunOrder])
    /// Ready runs without a step.
    case prepare([RunOrder])
    /// Give up one run of those being made.
    case skip(RunID)
    case preview(PreviewKind)
    /// Go on with runs, to the end or for one step.
    case advance([RunID], isSingleStep: Bool)
    case pause
    case cancel
    /// Decode a step's tokens in full.
    case decode(RunID, step: Int)
    /// Decode a finished picture with another residual strength.
    case changeStrength(RunID, Float)
    case pin(RunID, position: Int, id: Int?)
    case putBack(RunID, TokenMark)
    case candidates(RunID, step: Int, position: Int)
    case inspect(prompt: String)
    case save(SaveOrder)
    /// Find the name that a picture would be saved under.
    case suggestName(RunID)
    case saveSheet(SheetOrder)
    /// Read a mask for a picture of this size.
    case loadMask(path: String, run: RunID, width: Int, height: Int)
    case saveMask(path: String, PaintedMask)
    /// Read a PNG as a run of this number.
    case open(path: String, run: RunID, fit: ImportFit = .crop)
    case copy(String)
    /// Show a text by itself, without a frame around its lines, until Enter.
    case present(String)
    case editPrompt(String)
    /// Set an entry of the user's settings file; nil takes it out.
    case writeSetting([String], String?)
    case editSettings
    case reloadSettings
    /// Work by these settings from now on.
    case use(ResolvedSettings)
    /// Compare the model's files with the sums beside them.
    case verifyModel
    /// Begin anew with the model of a folder.
    case reopen(model: String)
    case readLog
    /// Draw pictures in this way until the studio ends.
    case setGraphics(GraphicsChoice)
    /// Ask the terminal again what it can do.
    case probe
    case redraw
    case suspend
    /// Make the pixels of a run that an earlier sitting kept.
    case load(RunID)
    /// A file of pictures lies elsewhere now; nil where it is gone.
    case fileMoved(from: String, to: String?)
    case library(LibraryOrder)
    case quit
}

/// A run to make.
package struct RunOrder: Hashable, Sendable {
    package let run: RunID
    package let request: GenerationRequest
    package let origin: RunOrigin

    package init(run: RunID, request: GenerationRequest, origin: RunOrigin) {
        self.run = run
        self.request = request
        self.origin = origin
    }
}

/// A file to write.
package struct SaveOrder: Hashable, Sendable {
    package enum Content: String, Hashable, Sendable {
        case refined
        case discrete
        case both
        /// Without a word of how it was made.
        case stripped
        case steps
        /// A file for every step.
        case eachStep
        /// All steps in one animated PNG.
        case animation
    }

    package let run: RunID
    package let content: Content
    /// Nil for the next free name in the output folder.
    package let path: String?

    package init(run: RunID, content: Content, path: String? = nil) {
        self.run = run
        self.content = content
        self.path = path
    }
}

/// What the studio learns from the world.
package enum StudioNews: Hashable, Sendable {
    case modelOpened(ModelFacts)
    case modelFailed(String)
    case started(RunID, gridWidth: Int, gridHeight: Int, StepSnapshot, isPromptTruncated: Bool)
    case stepped(RunID, StepSnapshot, StepPreview?, seconds: Double)
    case phase(RunID, RunPhase, done: Int, of: Int)
    case paused(RunID)
    case cancelled(RunID)
    case finished(RunID, FinishedPicture, seconds: Double)
    case failed(RunID, String)
    case decoded(RunID, step: Int, StepPreview)
    case strengthChanged(RunID, FinishedPicture)
    case candidates(RunID, step: Int, position: Int, [TokenCandidate])
    /// So many units of a phase took so long.
    case timed(RunID, RunPhase, units: Int, seconds: Double)
    case changed(RunID, StepSnapshot)
    case inspected(PromptFacts)
    case saved(RunID, path: String, content: SaveOrder.Content = .refined)
    case notSaved(RunID, String)
    case opened(RunRecord)
    /// The name that a picture would be saved under, below the output folder.
    case nameSuggested(String)
    case maskLoaded(RunID, PaintedMask)
    case settings(ResolvedSettings)
    case library(LibraryNews)
    /// A run that an earlier sitting kept, with its pixels and steps.
    case loaded(RunRecord)
    /// Lines of the log, the newest first.
    case log([String])
    case problem(String)
    case note(String)
    /// A file that is no picture of a run was written, in a sentence.
    case written(String)
}

/// What is known of the model once it is open.
package struct ModelFacts: Hashable, Sendable {
    package let name: String
    package let trainedSide: Int
    package let pixelsPerToken: Int
    package let codebookSize: Int
    package let residualSteps: Int
    /// Nil for that of the tokens.
    package let residualGuidance: Float?
    package let residualTemperature: Float
    package let sampling: SamplingSettings
    package let threads: Int
    /// What it computes in, as pictures' records name it; empty where that is not known.
    package let precision: String
    /// Prompts that it draws well.
    package let examples: [String]

    package init(
        name: String, trainedSide: Int, pixelsPerToken: Int, codebookSize: Int,
        residualSteps: Int, residualGuidance: Float? = nil, residualTemperature: Float = 1,
        sampling: SamplingSettings, threads: Int, precision: String = "", examples: [String] = []
    ) {
        self.name = name
        self.trainedSide = trainedSide
        self.pixelsPerToken = pixelsPerToken
        self.codebookSize = codebookSize
        self.residualSteps = residualSteps
        self.residualGuidance = residualGuidance
        self.residualTemperature = residualTemperature
        self.sampling = sampling
        self.threads = threads
        self.precision = precision
        self.examples = examples
    }
}

/// How the text encoder reads a prompt.
package struct PromptFacts: Hashable, Sendable {
    package let prompt: String
    package let tokens: Int
    package let limit: Int
    /// Words that the vocabulary does not know.
    package let unknownWords: [String]
    /// The character from which on nothing is read; nil where everything is.
    package let end: Int?

    package init(
        prompt: String, tokens: Int, limit: Int, unknownWords: [String], end: Int? = nil
    ) {
        self.prompt = prompt
        self.tokens = tokens
        self.limit = limit
        self.unknownWords = unknownWords
        self.end = end
    }
}

extension StudioEffect {
    /// Whether this is the queue on its way to the disk.
    var isJournal: Bool {
        if case .library(.journal) = self { true } else { false }
    }
}
