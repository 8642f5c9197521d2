import CNcurses
import Foundation
import StudioCore
import StudioViews
import TerminalGraphics

/// Puts frames on the terminal: cells through curses, then the picture's pixels over its twin.
final class Screen {
    private(set) var capabilities: TerminalCapabilities
    private(set) var columns = 80
    private(set) var rows = 24
    let output = TerminalOutput()
    /// The cells that curses knows of.
    private var drawn: [FrameCell] = []
    /// Where the last frame's cells were drawn over those of curses.
    private var directAreas: [CellArea] = []
    private var pixels = PixelLayers()
    private var hasNewSize = true

    init(_ capabilities: TerminalCapabilities) {
        self.capabilities = capabilities
        measure()
        dcar_screen_resize(Int32(columns), Int32(rows))
    }

    /// Reads the window's size.
    private func measure() {
        var size: (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        if dcar_window_size(&size.0, &size.1, &size.2, &size.3) == 1 {
            (columns, rows) = (Int(size.0), Int(size.1))
        }
    }

    func resize() {
        measure()
        dcar_screen_resize(Int32(columns), Int32(rows))
        hasNewSize = true
        clear()
    }

    /// Draws on a terminal that can do more, or less, than was thought.
    func adopt(_ capabilities: TerminalCapabilities) {
        output.send(erasePixels())
        self.capabilities = capabilities
        repaint()
    }

    /// Sends everything again over what the terminal shows.
    func repaint() {
        output.send(erasePixels())
        drawn = []
        pixels.resetPace()
        dcar_screen_touch(0, 0, Int32(columns), Int32(rows))
    }

    /// Clears the terminal and sends everything again.
    func clear() {
        repaint()
        dcar_screen_touch_all()
    }

    var abilities: ScreenAbilities {
        ScreenAbilities(
            cellStyle: capabilities.cellStyle(isTwin: hasPixels), cellSize: capabilities.cellSize,
            hasUnicode: capabilities.hasUnicode, colors: capabilities.colors,
            hasPictures: capabilities.graphics != .none)
    }

    var metrics: ScreenMetrics {
        var metrics = ScreenMetrics()
        (metrics.columns, metrics.rows) = (columns, rows)
        (metrics.cellWidth, metrics.cellHeight) =
            (capabilities.cellSize.width, capabilities.cellSize.height)
        return metrics
    }

    private var hasPixels: Bool {
        capabilities.graphics == .sixel || capabilities.graphics == .kitty
    }

    /// Pictures whose cells are drawn over those of curses, in more than 256 colours: all where
    /// they are of characters, else those that a popup covers. A network is spared the latter.
    private func directPictures(of frame: Frame) -> [PictureLayer] {
        guard capabilities.colors == .trueColor else { return [] }
        let blocks: [GraphicsProtocol] = [.halfBlock, .quadrant, .sextant]
        if blocks.contains(capabilities.graphics) { return frame.pictures }
        guard hasPixels, !capabilities.isRemote else { return [] }
        return frame.pictures.filter { $0.isCovered || !pixels.areOn }
    }

    // MARK: Frames

    /// Whether the terminal has taken all of the frame before.
    var isReady: Bool { output.isEmpty }

    /// - Returns: pictures to be encoded before they can be shown.
    func show(_ frame: Frame, at now: Duration) -> PixelOrder? {
        let change = pixels.show(hasPixels ? frame.pictures : [], capabilities)
        touch(change.erased)
        let changed = putCells(frame, around: change.kept)
        if let cursor = frame.cursor {
            dcar_screen_cursor(Int32(cursor.column), Int32(cursor.row))
        } else {
            dcar_screen_cursor(-1, 0)
        }
        var length = 0
        let update = dcar_screen_update(&length)
        var bytes = change.erasing + UnsafeBufferPointer(start: update, count: length)
        if hasNewSize {
            // Curses starts with the scrolling region of a screen that it cannot measure.
            bytes += "\u{1B}7\u{1B}[r\u{1B}8".utf8
            hasNewSize = false
        }
        let direct = directPictures(of: frame).map(\.area)
        // Where cells were curses' until now, unchanged rows show its colours, too.
        let rewritten = change.erased + direct.filter { !directAreas.contains($0) }
        directAreas = direct
        bytes += directCells(
            frame, direct, Set(changed).union(rewritten.flatMap { $0.row..<$0.row + $0.rows }))
        bytes += change.drawing
        guard !bytes.isEmpty else { return change.order }
        output.send(
            capabilities.hasSynchronizedOutput ? CursorPlacement.synchronize(bytes) : bytes)
        if !change.drawing.isEmpty {
            output.send(FramePacer.fence)
            pixels.sent(at: now)
        }
        return change.order
    }

    /// - Parameter kept: cells whose pixels stay. Text would wipe them, and the twin of an earlier
    ///   step is good enough to show through a gap.
    /// - Returns: the rows that differ from what was there.
    private func putCells(_ frame: Frame, around kept: [CellArea]) -> [Int] {
        let isNew = drawn.count != frame.cells.count
        if isNew { drawn = frame.cells }
        var changed: [Int] = []
        for (index, cell) in frame.cells.enumerated() where isNew || drawn[index] != cell {
            let (column, row) = (index % frame.columns, index / frame.columns)
            if !isNew, kept.contains(where: { $0.contains(column: column, row: row) }) { continue }
            drawn[index] = cell
            if changed.last != row { changed.append(row) }
            guard !cell.isContinuation else { continue }
            var text = cell.glyph.unicodeScalars.prefix(5).map { wchar_t(bitPattern: $0.value) }
            text.append(0)
            dcar_screen_put(
                Int32(column), Int32(row), text, cell.style.foreground.entry,
                cell.style.background.entry, UInt32(cell.style.attributes.rawValue))
        }
        return changed
    }

    /// The cells in colours that curses cannot name, in those rows where something changed.
    private func directCells(_ frame: Frame, _ areas: [CellArea], _ rows: Set<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        for area in areas {
            for row in area.row..<area.row + area.rows where rows.contains(row) {
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

    /// Takes pictures that were asked for.
    func take(_ pictures: [EncodedPicture]) { pixels.take(pictures) }

    /// The terminal has drawn the last pictures.
    /// - Returns: whether newer ones wait.
    func answered(at now: Duration) -> Bool {
        pixels.answered(at: now)
        return pixels.isWaiting
    }

    /// - Returns: whether something is to be drawn that could not be before.
    func tick(at now: Duration) -> Bool { pixels.tick(at: now) }

    var nextTick: Duration? { pixels.nextTick }

    /// Has these cells sent again.
    private func touch(_ areas: [CellArea]) {
        for area in areas {
            dcar_screen_touch(
                Int32(area.column), Int32(area.row), Int32(area.columns), Int32(area.rows))
        }
    }

    /// What takes all pictures off.
    private func erasePixels() -> [UInt8] {
        let change = pixels.show([], capabilities)
        touch(change.erased)
        return change.erasing
    }

    /// Takes the pixels off and gives the terminal back; waits a little for a slow one.
    func leave() {
        output.send(erasePixels())
        drawn = []
        var length = 0
        let bytes = dcar_screen_end(&length)
        output.send(UnsafeBufferPointer(start: bytes, count: length))
        output.drain(within: .milliseconds(500))
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
