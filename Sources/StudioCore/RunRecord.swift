import Imaging
import Requests

/// The number of a run in a session.
package typealias RunID = Int

/// The tokens of a run after a step.
package struct StepSnapshot: Hashable, Sendable {
    /// Steps done.
    package let step: Int
    /// Codebook indices, nil where masked.
    package var ids: [Int?]
    /// The step that fixed each token, 0 for those known from the start, nil where masked.
    package var fixedAt: [Int?]
    /// The probability each token had when it was fixed.
    package var confidence: [Float]

    package init(step: Int, ids: [Int?], fixedAt: [Int?], confidence: [Float]) {
        self.step = step
        self.ids = ids
        self.fixedAt = fixedAt
        self.confidence = confidence
    }

    package var maskedCount: Int { fixedAt.count { $0 == nil } }
    package var newCount: Int { step == 0 ? 0 : fixedAt.count { $0 == step } }

    /// The mean confidence of the tokens fixed by this step.
    package var meanConfidence: Float {
        let fixed = fixedAt.indices.filter { step > 0 && fixedAt[$0] == step }
        return fixed.reduce(0) { $0 + confidence[$1] } / Float(max(1, fixed.count))
    }
}

/// A picture of an unfinished step.
package struct StepPreview: Hashable, Sendable {
    package let image: RGBImage
    /// How it was made.
    package let kind: PreviewKind

    package init(image: RGBImage, kind: PreviewKind) {
        self.image = image
        self.kind = kind
    }
}

/// The pixels of a finished run.
package struct FinishedPicture: Hashable, Sendable {
    /// From the discrete tokens alone.
    package let discrete: RGBImage
    /// With residual tokens.
    package let refined: RGBImage
    /// The length of each token's residual, 1 for the longest.
    package let residualLengths: [Float]
    /// The mean difference, in sRGB bytes, on the ring of 8 pixels around an edit.
    package let seamError: Double?
    /// What the residual counted.
    package let strength: Float
    /// Between discrete and refined, in decibels.
    package let psnr: Double

    package init(
        discrete: RGBImage, refined: RGBImage, residualLengths: [Float], seamError: Double?,
        strength: Float
    ) {
        self.discrete = discrete
        self.refined = refined
        self.residualLengths = residualLengths
        self.seamError = seamError
        self.strength = strength
        psnr = refined.psnr(against: discrete)
    }
}

/// Where a run came from.
package enum RunOrigin: Hashable, Sendable, Codable {
    case prompt
    case fork(of: RunID, step: Int)
    case edit(EditOrder)
    case residual(of: RunID)
    case file(String)
}

/// What an edit does to a picture.
package struct EditOrder: Hashable, Sendable, Codable {
    package var operation: EditOperation
    package var base: RunID
    /// The pixels that may change; nil for the whole picture.
    package var mask: PaintedMask?
    /// Pixels.
    package var feather: Int
    /// Which of the tokens under the mask are made anew.
    package var content: MaskedContent
    /// The share of them; nil for all.
    package var share: Double?
    /// Token cells added at each side, for outpainting.
    package var margins: Margins
    /// Shows the model only the mask and so many tokens around it; nil shows it the whole picture.
    package var padding: Int?
    /// What the base's residual counted when the edit was asked for.
    package var baseStrength: Float?

    package init(
        operation: EditOperation, base: RunID, mask: PaintedMask? = nil, feather: Int = 0,
        content: MaskedContent = .all, share: Double? = nil, margins: Margins = Margins()
    ) {
        self.operation = operation
        self.base = base
        self.mask = mask
        self.feather = feather
        self.content = content
        self.share = share
        self.margins = margins
    }

    /// Tokens that are made anew in a picture of this grid.
    package func unknownCount(_ gridWidth: Int, _ gridHeight: Int, cell: Int) -> Int {
        guard margins.isEmpty else {
            let wide = gridWidth + margins.left + margins.right
            return wide * (gridHeight + margins.top + margins.bottom) - gridWidth * gridHeight
        }
        let touched =
            mask.map { $0.tokens(cell: cell).count { $0 } } ?? gridWidth * gridHeight
        return share.map { max(1, Int(($0 * Double(touched)).rounded())) } ?? touched
    }

    /// Token cells added at each side.
    package struct Margins: Hashable, Sendable, Codable {
        package var left = 0
        package var top = 0
        package var right = 0
        package var bottom = 0

        package init(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }

        package var isEmpty: Bool { left + top + right + bottom == 0 }
    }
}

/// How far a run is.
package enum RunStatus: Hashable, Sendable {
    case waiting
    case running
    case paused
    case cancelled
    case finished
    case failed(String)
}

/// A run as the screen knows it.
package struct RunRecord: Hashable, Sendable {
    package let id: RunID
    package var request: GenerationRequest
    package let origin: RunOrigin
    package var status = RunStatus.waiting
    package var gridWidth = 1
    package var gridHeight = 1
    package var snapshots: [StepSnapshot] = []
    package var previews: [Int: StepPreview] = [:]
    package var picture: FinishedPicture?
    package var phase = RunPhase.loading
    package var done = 0
    package var of = 1
    /// The seconds that steps took, in order.
    package var stepSeconds: [Double] = []
    /// From the request to the picture.
    package var seconds: Double?
    /// Its file, where it was saved or opened.
    package var savedPath: String?
    /// What the file at hand shows of it.
    package var file: SavedFile?
    /// The file that it was opened from, once it was saved as another one.
    package var source: SavedFile?
    /// What it was computed in, as pictures' records name it, in an earlier sitting; nil in this one.
    package var precision: String?
    /// Whether the file that it was opened from says that it was made from a prompt and nothing else.
    package var isFromPrompt = false
    /// Tokens changed by hand before it went on from its fork.
    package var chosenTokens = ChosenTokens()
    /// Given up while the batch it belongs to goes on.
    package var isSkipped = false
    package var timings: [RunPhase: PhaseTime] = [:]
    /// Whether its pixels are still to be made from what an earlier sitting kept.
    package var isStored = false
    /// Tokens that a person pinned in the run that it was forked from.
    package var inheritedPins: Set<Int> = []

    package init(id: RunID, request: GenerationRequest, origin: RunOrigin) {
        self.id = id
        self.request = request
        self.origin = origin
    }

    /// Tokens a person pinned.
    package var pinned: Set<Int> {
        inheritedPins.subtracting(chosenTokens.ids.keys)
            .union(chosenTokens.ids.keys.filter { chosenTokens.ids[$0] != .some(nil) })
    }

    /// Steps done.
    package var step: Int { snapshots.last?.step ?? 0 }
    /// Whether no more is known than the tokens that an earlier sitting kept.
    var isBrief: Bool { isStored && snapshots.count == 1 }
    /// Steps in all: no more than there are tokens to fix, except under the official rule.
    package var steps: Int {
        let asked = request.sampling.steps
        guard request.sampling.schedule != .official, let start = snapshots.first, start.step == 0
        else { return asked }
        return max(1, min(asked, start.fixedAt.count { $0 != 0 }))
    }

    /// The step that it began at: 0 but for a fork, whose steps before are its parent's.
    var firstOwnStep: Int { if case .fork(_, let at) = origin { at } else { 0 } }

    /// Whether it is a fork that has taken no step since.
    var isAtItsFork: Bool {
        if case .fork(_, let at) = origin { at == step } else { false }
    }

    /// Whether the model made any of its tokens; an opened file's may all be read from pixels.
    var hasOwnTokens: Bool {
        guard case .file = origin else { return true }
        return snapshots.last?.fixedAt.contains { $0 != 0 } ?? false
    }

    /// Whether all of it was read from a file's pixels, so that there are no steps to go back to.
    package var isOpenedWithoutSteps: Bool { step == 0 && !hasOwnTokens }

    /// The seed; nil where an opened file does not name one, which counts as 0 then.
    package var knownSeed: UInt64? {
        if case .file = origin, request.seed == 0 { nil } else { request.seed }
    }

    package var edit: EditOrder? {
        if case .edit(let order) = origin { order } else { nil }
    }

    /// The picture of a step, or of the nearest one before it that has one.
    package func preview(at step: Int) -> (step: Int, preview: StepPreview)? {
        previews.filter { $0.key <= step }.max { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package func snapshot(_ step: Int?) -> StepSnapshot? {
        guard let step else { return snapshots.last }
        return snapshots.first { $0.step == step } ?? snapshots.last
    }
}

/// A file that a picture was saved as, or opened from.
package struct SavedFile: Hashable, Sendable {
    package let path: String
    /// What the residual counts in it.
    package let strength: Float
    /// The step that it shows.
    package let step: Int
    package let isFinished: Bool

    package init(path: String, strength: Float, step: Int, isFinished: Bool) {
        self.path = path
        self.strength = strength
        self.step = step
        self.isFinished = isFinished
    }

    func moved(to path: String) -> SavedFile {
        SavedFile(path: path, strength: strength, step: step, isFinished: isFinished)
    }
}

/// How long a part of a phase took.
package struct PhaseTime: Hashable, Sendable {
    package let units: Int
    package let seconds: Double

    package init(units: Int, seconds: Double) {
        self.units = units
        self.seconds = seconds
    }
}
