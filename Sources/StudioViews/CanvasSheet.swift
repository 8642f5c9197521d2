import Imaging
import StudioCore

/// Several pictures side by side: alternatives, a batch, a parameter sheet.
struct CanvasSheet: Hashable, Sendable {
    private let tiles: [Tile]
    private let columns: Int
    private let selected: Int
    /// Pixels of each picture.
    private let size: PixelPoint
    private let canvas: CanvasState
    /// What all of them are laid against; nil for the discrete half of each.
    private let partner: RGBImage?

    private struct Tile: Hashable, Sendable {
        var picture: FinishedPicture?
        var preview: RGBImage?
        /// Of a picture that is not finished.
        var snapshot: StepSnapshot?
        var gridWidth = 1
        var isSkipped = false
    }

    /// Pixels that a sheet has at most along a side, about what a screen can show.
    private static let side = 1_280
    private static let background = SIMD3<UInt8>(24, 24, 28)
    private static let frame = SIMD3<UInt8>(72, 72, 80)

    /// Nil where one picture is shown alone.
    init?(_ state: StudioState) {
        guard let proposal = state.proposal, proposal.candidates.count != 1 else { return nil }
        (columns, selected) = (proposal.columns, proposal.selected)
        (size, canvas) = (state.pictureSize, state.canvas)
        partner = canvas.partner == nil ? nil : state.counterpart
        tiles = proposal.candidates.map { id in
            guard let run = state.runs[id] else { return Tile() }
            let snapshot = id == state.shownRun ? state.shownSnapshot : run.snapshots.last
            let isStep = id == state.shownRun && !state.isPictureShown
            return Tile(
                picture: isStep ? nil : run.picture,
                preview: snapshot.flatMap { run.preview(at: $0.step)?.preview.image },
                snapshot: snapshot, gridWidth: run.gridWidth, isSkipped: run.isSkipped)
        }
    }

    var image: RGBImage? {
        let rows = (tiles.count + columns - 1) / columns
        let factor = max(
            1, (max(columns * size.x, rows * size.y) + Self.side - 1) / Self.side)
        let images = tiles.enumerated().map { index, tile in
            image(of: tile).thinned(by: factor).framed(
                index == selected ? SIMD3(255, 208, 64) : Self.frame, width: max(3, 8 / factor)
            )
        }
        return RGBImage.contactSheet(
            of: images, columns: columns, gap: 4, background: Self.background)
    }

    private func image(of tile: Tile) -> RGBImage {
        let background = Self.background
        var image = RGBImage(
            width: size.x, height: size.y, red: background.x, green: background.y,
            blue: background.z)
        if let picture = tile.picture {
            image.draw(
                CanvasPicture.finished(
                    picture, beside: partner ?? picture.discrete, tile.gridWidth, canvas),
                x: 0, y: 0)
        } else if tile.isSkipped {
            image.write("skipped", x: 16, y: 16, color: SIMD3(160, 160, 176), scale: 2)
        } else if let snapshot = tile.snapshot {
            if let preview = tile.preview { image.draw(preview, x: 0, y: 0) }
            image.drawMasked(
                snapshot, gridWidth: tile.gridWidth, side: size.x / max(1, tile.gridWidth))
        } else {
            image.write("waiting", x: 16, y: 16, color: SIMD3(160, 160, 176), scale: 2)
        }
        return image
    }
}

extension RGBImage {
    /// Every `factor`-th pixel of every `factor`-th row.
    fileprivate func thinned(by factor: Int) -> RGBImage {
        guard factor > 1 else { return self }
        var image = RGBImage(width: max(1, width / factor), height: max(1, height / factor))
        for y in 0..<image.height {
            for x in 0..<image.width { image[x, y] = self[x * factor, y * factor] }
        }
        return image
    }

    fileprivate func framed(_ color: SIMD3<UInt8>, width: Int) -> RGBImage {
        var image = self
        image.outline(
            PixelRectangle(x: 0, y: 0, width: self.width, height: height), color, width: width)
        return image
    }
}
