import StudioViews
import TerminalGraphics

/// The pictures whose pixels lie over their twins of characters, and what changes them.
struct PixelLayers {
    private var shown: [Shown] = []
    private var pacer = FramePacer(fullSide: 1024)
    /// Whether a picture waits until the terminal has drawn the last ones.
    private(set) var isWaiting = false

    /// Pictures that are encoded and not sent, or too large to be.
    private var ready: [EncodedPicture] = []
    private var lastNumber = 0
    /// Whether a picture is not shown because it is too large for the terminal's pace.
    private var hasDeclined = false

    private struct Shown {
        let picture: EncodedPicture
        let number: Int
        var layer: PictureLayer { picture.layer }
        var kittyID: UInt32 { picture.kittyID }
    }

    private let kittyIDs = KittyIDs()

    // MARK: Pace

    /// Whether the terminal is quick enough for all pixels.
    var areOn: Bool { pacer.side != nil && !hasDeclined }

    /// Starts anew at full size.
    mutating func resetPace() { pacer.reset() }

    mutating func sent(at now: Duration) { pacer.sent(at: now) }

    /// The terminal has drawn the last pictures.
    mutating func answered(at now: Duration) { pacer.answered(at: now) }

    /// - Returns: whether the frame is to be drawn anew: a picture waits no longer, pixels have
    ///   turned out to be too slow, or are tried again.
    mutating func tick(at now: Duration) -> Bool {
        let side = pacer.side
        pacer.tick(at: now)
        return isWaiting && pacer.canSend || side == nil && pacer.side != nil
            || side != nil && pacer.side == nil
            || pacer.side ?? 0 > side ?? 0
                && (hasDeclined || shown.contains(where: \.picture.isReduced))
    }

    var nextTick: Duration? { pacer.nextTick }

    /// Whether a picture that stays lacks what a faster connection would have given it.
    var areReduced: Bool { shown.contains { $0.picture.isReduced && !$0.layer.isPassing } }

    // MARK: Drawing

    /// What a new frame means for the pixels on the terminal.
    struct Change {
        /// Cells whose text must be sent again, as text is the one eraser that all terminals know.
        var erased: [CellArea] = []
        /// Cells whose pixels were there before and are to stay.
        var kept: [CellArea] = []
        /// What takes pictures away that the terminal keeps, to be sent before the text.
        var erasing: [UInt8] = []
        /// What takes other pixels away, to be sent before the text, too.
        var blanking: [UInt8] = []
        /// What draws, to be sent after the text.
        var drawing: [UInt8] = []
        /// Pictures that must be encoded first.
        var order: PixelOrder?
    }

    /// Takes pictures that were asked for.
    mutating func take(_ pictures: [EncodedPicture]) { ready = pictures }

    /// Shows `layers` and nothing else, as far as the terminal is ready for pixels.
    mutating func show(_ layers: [PictureLayer], _ capabilities: TerminalCapabilities) -> Change {
        var change = Change()
        let seen = pacer.side == nil ? [] : layers.filter { !$0.isCovered }
        for old in shown where !seen.contains(where: { $0.area == old.layer.area }) {
            erase(old, capabilities, &change)
        }
        change.kept = shown.map(\.layer.area)
        let side = pacer.side ?? 0
        let wanted = seen.filter { layer in
            guard let old = shown.first(where: { $0.layer == layer }) else { return true }
            return old.picture.isReduced && old.picture.side < side
        }
        isWaiting = !wanted.isEmpty && !pacer.canSend
        guard pacer.canSend else { return change }
        var missing: [PixelOrder.Wanted] = []
        hasDeclined = false
        for layer in wanted {
            let old = shown.first { $0.layer.area == layer.area }
            let id = old?.kittyID ?? freeKittyID(missing, capabilities)
            let before = capabilities.canUpdateInPart ? old : nil
            let picture = ready.first {
                $0.layer == layer && $0.side == side && $0.kittyID == id
                    && $0.cellSize == capabilities.cellSize
                    && ($0.basis == nil || $0.basis == before?.number)
            }
            guard let picture else {
                missing.append(
                    PixelOrder.Wanted(
                        layer: layer, kittyID: id,
                        before: before.flatMap { before in
                            before.picture.sixels.map {
                                PixelOrder.Shown(number: before.number, frames: $0)
                            }
                        }))
                continue
            }
            guard let bytes = picture.bytes else {
                if let old { erase(old, capabilities, &change) }
                hasDeclined = true
                continue
            }
            lastNumber += 1
            shown.removeAll { $0.kittyID == id }
            shown.append(Shown(picture: picture, number: lastNumber))
            guard !bytes.isEmpty else { continue }
            change.drawing += CursorPlacement.draw(
                bytes, column: layer.area.column, row: layer.area.row)
        }
        if !missing.isEmpty {
            change.order = PixelOrder(
                pictures: missing, side: side, fullSide: pacer.fullSide, capabilities: capabilities)
        }
        return change
    }

    private mutating func erase(
        _ old: Shown, _ capabilities: TerminalCapabilities, _ change: inout Change
    ) {
        shown.removeAll { $0.kittyID == old.kittyID }
        change.erased.append(old.layer.area)
        change.kept.removeAll { $0 == old.layer.area }
        change.erasing += removal(of: old, capabilities)
        if capabilities.graphics == .sixel {
            let area = old.layer.area
            change.blanking += CursorPlacement.blank(
                column: area.column, row: area.row, columns: area.columns, rows: area.rows)
        }
    }

    private func removal(of picture: Shown, _ capabilities: TerminalCapabilities) -> [UInt8] {
        guard capabilities.graphics == .kitty else { return [] }
        return KittyGraphics.delete(id: picture.kittyID, isInTmux: capabilities.isInTmux)
    }

    /// What takes all pictures off that the terminal keeps.
    func removal(_ capabilities: TerminalCapabilities) -> [UInt8] {
        shown.reduce([]) { $0 + removal(of: $1, capabilities) }
    }

    private func freeKittyID(
        _ taken: [PixelOrder.Wanted], _ capabilities: TerminalCapabilities
    ) -> UInt32 {
        kittyIDs.first(hasExactColors: capabilities.hasExactColors) { id in
            shown.contains { $0.kittyID == id } || taken.contains { $0.kittyID == id }
        }
    }
}
