import Foundation
import Imaging
import Requests

/// What the studio asks of the library: the index of pictures, prompts, queue and session.
package enum LibraryOrder: Hashable, Sendable {
    /// Kept before the picture is made.
    case remember(prompt: String, atMost: Int? = nil)
    /// The queue as it is now; the job named is begun once this is on disk.
    case journal([QueuedJob], isPaused: Bool, beginning: JobID?)
    /// Read a file that was saved just now.
    case index(path: String)
    /// Go through the folders for new, changed and vanished files.
    case scan
    /// The same where files came, went or were renamed in them since they were last gone through.
    case scanIfChanged
    /// Thumbnails of these files, no side above so many pixels; older wishes are dropped.
    case thumbnails([PictureEntry], side: Int)
    case star(path: String, Bool)
    case tag(path: String, [String])
    case trash(PictureEntry)
    case untrash(PictureEntry)
}

/// What the studio learns from the library.
package enum LibraryNews: Hashable, Sendable {
    /// Once, at the start.
    case opened(RestoredSession)
    /// The index as it was kept, at the start.
    case listed([PictureEntry])
    /// Files still to be read by the scan.
    case scanning(Int)
    /// New or changed files.
    case indexed([PictureEntry])
    case vanished([String])
    case thumbnails([String: RGBImage])
    case trashed(path: String, place: String)
    case untrashed(path: String)
    /// A picture stays in the trash, and why.
    case notUntrashed(path: String, String)
    /// A picture in the trash gets another path, as another file has its old one.
    case displaced(path: String, PictureEntry)
    case journalled(JobID)
    /// Whether what this sitting makes comes back in the next.
    case keeping(Bool)
}

/// What earlier sittings left.
package struct RestoredSession: Hashable, Sendable {
    package var session: SavedSession?
    /// The undo tree, its start first.
    package var versions: [SnapshotTree<StudioState.Document>.Node] = []
    package var runs: [KeptRun] = []
    package var jobs: [QueuedJob] = []
    package var isQueuePaused = false
    /// Whether the program ended without closing one of the sittings.
    package var wasKilled = false
    /// Pictures that were taken over from other sittings than the one that goes on.
    package var adopted = 0
    /// Earlier prompts, the newest last.
    package var prompts: [String] = []
    /// What could not be read, for the message line.
    package var problem: String?

    package init() {}
}

/// The small part of the state that a later sitting starts from. Pictures are not in it: they
/// are made again from their tokens.
package struct SavedSession: Hashable, Sendable, Codable {
    package var prompt = ""
    package var negativePrompt = ""
    package var parameters: Parameters
    package var view: StudioView
    package var focus: Focus
    package var shownRun: RunID?
    package var order: [RunID]
    package var lastRun: RunID
    package var canvas: SavedCanvas
    /// The place in the undo tree, and for each node the child that redo goes to.
    package var version: Int
    package var redo: [Int?]
    package var query: String
    package var selectedPicture: String?
    package var firstRow: Int
    /// Pictures that were taken off the list; nil in sessions of earlier versions.
    package var closed: [RunID]?
    /// What was being made from prompts, which a kill would lose; nil in sessions of earlier versions.
    package var unfinished: [GenerationRequest]?
    /// Their runs; nil in sessions of earlier versions.
    package var unfinishedRuns: [RunID]?
    /// Whether a signal ended the sitting, so that what was being made is to be made again.
    package var isCutShort: Bool?
    /// What an edit that was being made is called; nil also in sessions of earlier versions.
    package var unfinishedEdit: String?
    /// Results of an edit that nobody has accepted or discarded yet; nil also in sessions of earlier
    /// versions.
    package var results: StudioState.Proposal?

    package struct SavedCanvas: Hashable, Sendable, Codable {
        package var display: CanvasState.Display
        package var overlay: CanvasState.Overlay
        package var tool: CanvasState.Tool
        package var brushRadius: Int
        package var divider: Double
        package var isPainting: Bool
    }
}

/// A run without its pixels: what they are made from again.
package struct KeptRun: Hashable, Sendable, Codable {
    package var id: RunID
    package var request: GenerationRequest
    package var origin: RunOrigin
    package var gridWidth: Int
    package var gridHeight: Int
    package var seconds: Double?
    /// Where it was saved, or opened from, as it is.
    package var path: String?
    /// The file that it was opened from and has gone on from since.
    package var source: String?
    /// How the file that it was opened from was fitted; nil in sessions of earlier versions.
    package var fit: ImportFit?
    /// SHA-256 of that file; nil in sessions of earlier versions.
    package var fileHash: String?
    /// The texts that its PNG would carry.
    package var record: String
    package var tokens: String
    /// Floats in the processor's order; nil for a run that is not finished.
    package var residual: Data?
    /// Tokens changed by hand, as `ChosenTokens` writes them.
    package var chosenTokens: [String]?

    package init(
        id: RunID, request: GenerationRequest, origin: RunOrigin, gridWidth: Int, gridHeight: Int,
        record: String, tokens: String, residual: Data?
    ) {
        self.id = id
        self.request = request
        self.origin = origin
        self.gridWidth = gridWidth
        self.gridHeight = gridHeight
        self.record = record
        self.tokens = tokens
        self.residual = residual
    }
}
