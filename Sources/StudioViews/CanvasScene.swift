import Imaging
import Settings
import StudioCore
import TerminalGraphics

/// Everything that the canvas's pixels depend on: equal scenes are equal pictures, so that a key
/// that changes something else costs no picture.
package struct CanvasScene: Hashable, Sendable {
    /// Pixels.
    let tokenSide: Int
    let gridWidth: Int
    let gridHeight: Int
    let steps: Int
    let pinned: Set<Int>
    let snapshot: StepSnapshot
    let preview: RGBImage?
    /// Nil while a step is shown.
    let picture: FinishedPicture?
    /// What the picture is compared with.
    let counterpart: RGBImage?
    let canvas: CanvasState
    let mask: PaintedMask?
    /// Tokens around the mask that an edit makes anew too.
    let growth: Int
    /// Whether a proposal is shown, over which no mask and no margins are drawn.
    let isProposal: Bool
    let hasCursor: Bool
    let cursorToken: Int?
    let viewport: PixelRectangle
    /// Several pictures at once, in place of all that.
    let sheet: CanvasSheet?
    /// Whether it belongs to a run that goes on, so that another follows soon.
    package let isPassing: Bool

    /// Nil where there is nothing to show yet.
    package init?(_ state: StudioState) {
        guard let run = state.shown, let snapshot = state.shownSnapshot else { return nil }
        tokenSide = state.parameters.tokenSide
        (gridWidth, gridHeight, steps) = (run.gridWidth, run.gridHeight, run.steps)
        pinned = run.pinned
        self.snapshot = snapshot
        preview = run.preview(at: snapshot.step)?.preview.image
        picture = state.isPictureShown ? run.picture : nil
        counterpart = state.isPictureShown ? state.counterpart : nil
        var canvas = state.canvas
        canvas.overlay = state.overlaySeen
        self.canvas = canvas
        mask = state.isPictureShown ? state.mask : nil
        growth = state.settings.whole(.growth) ?? 0
        isProposal = state.proposal != nil
        hasCursor = state.focus == .canvas && state.popup == nil
        cursorToken = state.cursorToken
        viewport = state.viewport
        sheet = CanvasSheet(state)
        isPassing = run.status == .running && state.canvas.step == nil
    }

    /// The mask with the stroke that is being made.
    var visibleMask: PaintedMask? { canvas.mask(over: mask) }
}

/// A canvas to paint: a scene, and the room and the characters for it.
package struct CanvasOrder: Hashable, Sendable {
    package let scene: CanvasScene
    let columns: Int
    let rows: Int
    let style: CellStyle
    let cellSize: CellSize

    /// Paints; takes as long as the picture is large.
    package func painted() -> PaintedCanvas? {
        CanvasPicture(scene).map { PaintedCanvas($0.image, self) }
    }
}

/// A canvas's picture, with its twin of characters.
package struct PaintedCanvas: Sendable {
    let order: CanvasOrder
    let image: RGBImage
    let twin: CellPicture

    init(_ image: RGBImage, _ order: CanvasOrder) {
        self.order = order
        self.image = image
        let size = order.cellSize.grid(
            showing: image.width, image.height,
            within: GridSize(columns: order.columns, rows: order.rows))
        twin = CellPicture(image, size: size, style: order.style)
    }

    /// Whether it fills the same room in the same way, though perhaps with an older scene.
    func fits(_ other: CanvasOrder) -> Bool {
        order.columns == other.columns && order.rows == other.rows && order.style == other.style
            && order.cellSize == other.cellSize
    }
}

/// When a canvas is painted.
package enum CanvasTiming: Sendable {
    /// With the frame.
    case now
    /// By somebody else, whom the frame tells what to paint; until then the last one stays.
    case later(PaintedCanvas?)
}
