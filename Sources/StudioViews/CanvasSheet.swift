import Imaging
import StudioCore

/// Several pictures side by side: alternatives, a batch, a parameter sheet.
enum CanvasSheet {
    /// Pixels that a sheet has at most along a side, about what a screen can show.
    private static let side = 1_280
    private static let background = SIMD3<UInt8>(24, 24, 28)

    static func image(of state: StudioState) -> RGBImage? {
        guard let proposal = state.proposal else { return nil }
        let rows = (proposal.candidates.count + proposal.columns - 1) / proposal.columns
        let size = state.pictureSize
        let factor = max(
            1, (max(proposal.columns * size.x, rows * size.y) + side - 1) / side)
        let tiles = proposal.candidates.enumerated().map { index, id in
            let tile = tile(of: id, size, state).thinned(by: factor)
            let isSelected = index == proposal.selected
            return tile.framed(
                isSelected ? SIMD3(255, 208, 64) : background, width: max(3, 8 / factor))
        }
        return RGBImage.contactSheet(
            of: tiles, columns: proposal.columns, gap: 4, background: background)
    }

    private static func tile(of id: RunID, _ size: PixelPoint, _ state: StudioState) -> RGBImage {
        var tile = RGBImage(
            width: size.x, height: size.y, red: background.x, green: background.y,
            blue: background.z)
        guard let run = state.runs[id] else { return tile }
        if let picture = run.picture {
            tile.draw(
                CanvasPicture.finished(picture, beside: picture.discrete, run, state.canvas), x: 0,
                y: 0)
        } else if run.isSkipped {
            tile.write("skipped", x: 16, y: 16, color: SIMD3(160, 160, 176), scale: 2)
        } else if let preview = run.snapshots.last.flatMap({ run.previews[$0.step] }) {
            tile.draw(preview.image, x: 0, y: 0)
        } else {
            tile.write("waiting", x: 16, y: 16, color: SIMD3(160, 160, 176), scale: 2)
        }
        return tile
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
