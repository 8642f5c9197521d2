import StudioViews
import TerminalGraphics

/// The pictures whose pixels lie over their twins of characters, and what changes them.
struct PixelLayers {
    private var shown: [Shown] = []
    private var pacer = FramePacer(fullSide: 1024)
    /// Whether a picture waits until the terminal has drawn the last ones.
    private(set) var isWaiting = false

    private struct Shown {
        var layer: PictureLayer
        var sixel: SixelFrame?
        let kittyID: UInt32
    }

    /// The number of the first picture; others follow it.
    private static let firstKittyID: UInt32 = 0xDCA2

    // MARK: Pace

    /// Starts anew at full size.
    mutating func resetPace() { pacer.reset() }

    mutating func sent(at now: Duration) { pacer.sent(at: now) }

    /// The terminal has drawn the last pictures.
    mutating func answered(at now: Duration) { pacer.answered(at: now) }

    /// - Returns: whether the frame is to be drawn anew: a picture waits no longer, or pixels have
    ///   turned out to be too slow.
    mutating func tick(at now: Duration) -> Bool {
        let hadPixels = pacer.side != nil
        pacer.tick(at: now)
        return isWaiting && pacer.canSend || hadPixels && pacer.side == nil
    }

    var nextTick: Duration? { pacer.nextTick }

    // MARK: Drawing

    /// What a new frame means for the pixels on the terminal.
    struct Change {
        /// Cells whose text must be sent again, as text is the one eraser that all terminals know.
        var erased: [CellArea] = []
        /// Cells whose pixels were there before and are to stay.
        var kept: [CellArea] = []
        /// What else takes pixels away, to be sent before the text.
        var erasing: [UInt8] = []
        /// What draws, to be sent after the text.
        var drawing: [UInt8] = []
    }

    /// Shows `layers` and nothing else, as far as the terminal is ready for pixels.
    mutating func show(_ layers: [PictureLayer], _ capabilities: TerminalCapabilities) -> Change {
        var change = Change()
        let seen = pacer.side == nil ? [] : layers.filter { !$0.isCovered }
        for old in shown where !seen.contains(where: { $0.area == old.layer.area }) {
            erase(old, capabilities, &change)
        }
        change.kept = shown.map(\.layer.area)
        let wanted = seen.filter { layer in !shown.contains { $0.layer == layer } }
        isWaiting = !wanted.isEmpty && !pacer.canSend
        guard pacer.canSend, let side = pacer.side else { return change }
        for layer in wanted {
            let old = shown.first { $0.layer.area == layer.area }
            let id = old?.kittyID ?? freeKittyID
            guard let new = drawn(layer, id, side, capabilities, after: old) else {
                if let old { erase(old, capabilities, &change) }
                continue
            }
            shown.removeAll { $0.kittyID == id }
            shown.append(new.picture)
            guard !new.bytes.isEmpty else { continue }
            change.drawing += CursorPlacement.draw(
                new.bytes, column: layer.area.column, row: layer.area.row)
        }
        return change
    }

    private mutating func erase(
        _ old: Shown, _ capabilities: TerminalCapabilities, _ change: inout Change
    ) {
        shown.removeAll { $0.kittyID == old.kittyID }
        change.erased.append(old.layer.area)
        change.kept.removeAll { $0 == old.layer.area }
        guard capabilities.graphics == .kitty else { return }
        change.erasing += KittyGraphics.delete(id: old.kittyID, isInTmux: capabilities.isInTmux)
    }

    private func drawn(
        _ layer: PictureLayer, _ id: UInt32, _ side: Int, _ capabilities: TerminalCapabilities,
        after old: Shown?
    ) -> (picture: Shown, bytes: [UInt8])? {
        guard capabilities.graphics == .sixel else {
            return (Shown(layer: layer, kittyID: id), Self.kitty(layer, id, side, capabilities))
        }
        let before = capabilities.canUpdateInPart ? old?.sixel : nil
        guard let frame = sixel(layer, side, capabilities, after: before) else { return nil }
        return (Shown(layer: layer, sixel: frame, kittyID: id), frame.bytes)
    }

    private var freeKittyID: UInt32 {
        var id = Self.firstKittyID
        while shown.contains(where: { $0.kittyID == id }) { id += 1 }
        return id
    }

    /// The terminal makes it as large as the cells, so a slow one gets fewer pixels.
    private static func kitty(
        _ layer: PictureLayer, _ id: UInt32, _ longest: Int, _ capabilities: TerminalCapabilities
    ) -> [UInt8] {
        var image = layer.image
        let limit = layer.isPreview ? min(longest, capabilities.previewSide) : longest
        let side = max(image.width, image.height)
        if side > limit {
            image = image.resized(
                width: max(1, image.width * limit / side),
                height: max(1, image.height * limit / side))
        }
        let isInTmux = capabilities.isInTmux
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        let pixels = KittyGraphics.transmit(
            .rgb(image.pixels, width: image.width, height: image.height), id: id,
            isInTmux: isInTmux)
        guard isInTmux else { return pixels + KittyGraphics.place(id: id, size: grid) }
        // tmux does not know of the picture, but keeps and moves text that stands for it.
        let text = KittyPlaceholder(id: id, size: grid)
        return (0..<text.size.rows).reduce(pixels + text.placement(isInTmux: true)) { bytes, row in
            bytes + "\u{1B}[\(layer.area.row + row + 1);\(layer.area.column + 1)H".utf8
                + text.row(row)
        }
    }

    /// - Returns: nothing where the picture would need more bytes than the terminal takes in time:
    ///   the twin is better than a picture that fills only a corner of its place.
    private func sixel(
        _ layer: PictureLayer, _ side: Int, _ capabilities: TerminalCapabilities,
        after before: SixelFrame?
    ) -> SixelFrame? {
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        let area = capabilities.sixelPixels(in: grid)
        let image = layer.image.resized(width: max(1, area.width), height: max(1, area.height))
        var options = layer.isPreview ? capabilities.previewOptions : capabilities.pictureOptions
        let share = Double(side) / Double(pacer.fullSide)
        options.maximumBytes = Int(Double(options.maximumBytes) * share * share)
        let frame = SixelEncoder.frame(image, options: options, after: before)
        return frame.width == image.width && frame.height == image.height ? frame : nil
    }
}
