import CNcurses
import Foundation
import StudioViews
import TerminalGraphics

/// Puts frames on the terminal: cells through curses, then the picture's pixels over its twin.
final class Screen {
    private(set) var capabilities: TerminalCapabilities
    private(set) var columns = 80
    private(set) var rows = 24
    private var pacer = FramePacer(fullSide: 2048)
    /// The cells that curses knows of.
    private var drawn: [FrameCell] = []
    /// The pixels on the terminal.
    private var shown: [ShownPicture] = []
    private var isPixelPending = false
    private let isInTmux: Bool
    /// The number of the first picture; others follow it.
    private static let kittyID: UInt32 = 0xDCA2

    private struct ShownPicture {
        var layer: PictureLayer
        var sixel: SixelFrame?
    }

    init(_ capabilities: TerminalCapabilities) {
        self.capabilities = capabilities
        isInTmux = capabilities.isInTmux
        measure()
    }

    /// Reads the window's size.
    func measure() {
        var size: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        if dcar_window_size(&size.0, &size.1, &size.2, &size.3) == 1 {
            (columns, rows) = (Int(size.0), Int(size.1))
        }
    }

    func resize() {
        erasePixels()
        measure()
        dcar_screen_resize(Int32(columns), Int32(rows))
        redraw()
    }

    /// Forgets what the terminal shows.
    func redraw() {
        drawn = []
        shown = []
        pacer.reset()
        dcar_screen_touch_all()
    }

    var abilities: ScreenAbilities {
        ScreenAbilities(
            cellStyle: capabilities.cellStyle(isTwin: hasPixels), cellSize: capabilities.cellSize,
            hasUnicode: capabilities.hasUnicode, colors: capabilities.colors,
            hasPictures: capabilities.graphics != .none)
    }

    private var hasPixels: Bool {
        capabilities.graphics == .sixel || capabilities.graphics == .kitty
    }

    /// Whether cells of more than 256 colours are drawn over those of curses.
    private var hasDirectColor: Bool {
        capabilities.graphics == .halfBlock && capabilities.colors == .trueColor
    }

    // MARK: Frames

    func show(_ frame: Frame, at now: Duration) {
        let layers = frame.pictures.filter { !$0.isCovered }
        let hidesPixels = shown.contains { old in
            !layers.contains { $0.area == old.layer.area }
        }
        if hidesPixels { erasePixels() }
        let changed = putCells(frame)
        if let cursor = frame.cursor {
            dcar_screen_cursor(Int32(cursor.column), Int32(cursor.row))
        } else {
            dcar_screen_cursor(-1, 0)
        }
        if capabilities.hasSynchronizedOutput { Self.write(Array("\u{1B}[?2026h".utf8)) }
        dcar_screen_update()
        if hasDirectColor {
            Self.write(directCells(frame, changed))
        } else if hasPixels {
            sendPixels(layers, at: now)
        }
        if capabilities.hasSynchronizedOutput { Self.write(Array("\u{1B}[?2026l".utf8)) }
    }

    /// - Returns: the rows that differ from what was there.
    private func putCells(_ frame: Frame) -> [Int] {
        let isNew = drawn.count != frame.cells.count
        var changed: [Int] = []
        for (index, cell) in frame.cells.enumerated()
        where isNew || drawn[index] != cell {
            let row = index / frame.columns
            if changed.last != row { changed.append(row) }
            guard !cell.isContinuation else { continue }
            var text = cell.glyph.unicodeScalars.prefix(5).map { wchar_t(bitPattern: $0.value) }
            text.append(0)
            dcar_screen_put(
                Int32(index % frame.columns), Int32(row), text,
                cell.style.foreground.entry, cell.style.background.entry,
                UInt32(cell.style.attributes.rawValue))
        }
        drawn = frame.cells
        return changed
    }

    /// The cells in colours that curses cannot name, in those rows where something changed.
    private func directCells(_ frame: Frame, _ rows: [Int]) -> [UInt8] {
        var bytes: [UInt8] = []
        for row in rows {
            for area in frame.pictures.map({ $0.area })
            where area.row..<area.row + area.rows ~= row {
                bytes += directCells(frame, row: row, area.column..<area.column + area.columns)
            }
        }
        return bytes.isEmpty ? [] : Array("\u{1B}7".utf8) + bytes + Array("\u{1B}[0m\u{1B}8".utf8)
    }

    private func directCells(_ frame: Frame, row: Int, _ columns: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        var colors: (CellColor, CellColor)?
        for column in columns {
            let cell = frame.cells[row * frame.columns + column]
            guard case .rgb = cell.style.foreground else {
                colors = nil
                continue
            }
            let now = (cell.style.foreground, cell.style.background)
            if let known = colors {
                if known != now { bytes += "\u{1B}[0\(now.0.sgr(38))\(now.1.sgr(48))m".utf8 }
            } else {
                bytes += "\u{1B}[\(row + 1);\(column + 1)H".utf8
                bytes += "\u{1B}[0\(now.0.sgr(38))\(now.1.sgr(48))m".utf8
            }
            colors = now
            bytes += String(cell.glyph).utf8
        }
        return bytes
    }

    // MARK: Pixels

    private func sendPixels(_ layers: [PictureLayer], at now: Duration) {
        let waiting = layers.filter { layer in !shown.contains { $0.layer == layer } }
        guard !waiting.isEmpty else { return }
        guard pacer.canSend, let longest = pacer.side else {
            isPixelPending = true
            return
        }
        isPixelPending = false
        var bytes: [UInt8] = []
        for layer in waiting {
            let slot = shown.firstIndex { $0.layer.area == layer.area } ?? shown.count
            let (drawing, sixel) = pixels(of: layer, slot: slot, longest: longest)
            let new = ShownPicture(layer: layer, sixel: sixel)
            if slot < shown.count { shown[slot] = new } else { shown.append(new) }
            guard !drawing.isEmpty else { continue }
            bytes += CursorPlacement.draw(drawing, column: layer.area.column, row: layer.area.row)
        }
        guard !bytes.isEmpty else { return }
        Self.write(bytes)
        Self.write(FramePacer.fence)
        pacer.sent(at: now)
    }

    private func pixels(of layer: PictureLayer, slot: Int, longest: Int) -> (
        bytes: [UInt8], sixel: SixelFrame?
    ) {
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        var image = layer.image
        if capabilities.graphics == .kitty {
            let side = max(image.width, image.height)
            if side > longest {
                image = image.resized(
                    width: max(1, image.width * longest / side),
                    height: max(1, image.height * longest / side))
            }
            let id = Self.kittyID + UInt32(slot)
            let bytes =
                KittyGraphics.transmit(
                    .rgb(image.pixels, width: image.width, height: image.height),
                    id: id, isInTmux: isInTmux)
                + KittyGraphics.place(id: id, size: grid)
            return (bytes, nil)
        }
        let area = capabilities.sixelPixels(in: grid)
        image = image.resized(width: max(1, area.width), height: max(1, area.height))
        let options = layer.isPreview ? capabilities.previewOptions : capabilities.pictureOptions
        let before = slot < shown.count && capabilities.canUpdateInPart ? shown[slot].sixel : nil
        let frame = SixelEncoder.frame(image, options: options, after: before)
        return (frame.bytes, frame)
    }

    /// The terminal has drawn the last frame.
    /// - Returns: whether a newer one waits.
    func answered(at now: Duration) -> Bool {
        pacer.answered(at: now)
        return isPixelPending
    }

    /// - Returns: whether a frame waits that may be sent now.
    func tick(at now: Duration) -> Bool {
        pacer.tick(at: now)
        return isPixelPending && pacer.canSend
    }

    var nextTick: Duration? { pacer.nextTick }

    /// Text is the one eraser that every terminal knows, so the rows are sent again.
    private func erasePixels() {
        deleteKittyPictures()
        for picture in shown {
            dcar_screen_touch(Int32(picture.layer.area.row), Int32(picture.layer.area.rows))
        }
        shown = []
    }

    private func deleteKittyPictures() {
        guard capabilities.graphics == .kitty else { return }
        for slot in shown.indices {
            Self.write(KittyGraphics.delete(id: Self.kittyID + UInt32(slot), isInTmux: isInTmux))
        }
    }

    /// Takes pixels off before the screen is given back.
    func leave() {
        deleteKittyPictures()
        shown = []
        drawn = []
    }

    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR && errno != EAGAIN {
                return
            }
        }
    }
}

extension CellColor {
    /// The palette entry for curses; -1 is the terminal's own.
    fileprivate var entry: Int32 {
        switch self {
        case .standard: -1
        case .indexed(let entry): Int32(entry)
        case .rgb(let red, let green, let blue):
            16 + 36 * Self.level(red) + 6 * Self.level(green) + Self.level(blue)
        }
    }

    private static func level(_ byte: UInt8) -> Int32 {
        byte < 48 ? 0 : byte < 115 ? 1 : Int32((Int(byte) - 35) / 40)
    }

    fileprivate func sgr(_ base: Int) -> String {
        switch self {
        case .standard: ""
        case .indexed(let entry): ";\(base);5;\(entry)"
        case .rgb(let red, let green, let blue): ";\(base);2;\(red);\(green);\(blue)"
        }
    }
}
