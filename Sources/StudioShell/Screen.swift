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
    /// The last frame's cells. Those of pictures that are drawn over curses' change without it.
    private var drawn: [FrameCell] = []
    /// Where the last frame's cells were drawn over those of curses.
    private var directAreas: [CellArea] = []
    /// What the questions whose answers are on their way were asked after, in their order.
    private var fences: [Fence] = []
    /// How many were asked since somebody wanted to know.
    private var newQuestions = 0
    /// Whether the terminal has ever answered one.
    private(set) var hasAnswered = false
    private var pixels = PixelLayers()
    private var hasNewSize = true
    /// Until when sixel pictures wait for the terminal to say how large its cells are now.
    private var sizesDue: Duration?
    /// Whether the window has changed again since that was asked.
    private var areSizesOld = false
    private static let longestSizeWait = Duration.seconds(2)
    /// What takes kept pictures off when the program ends.
    private var removal: [UInt8] = []

    private enum Fence {
        case pixels
        case cells(sentAt: Duration)
        case sizes(sentAt: Duration)

        /// When it was sent; nil where the pacer knows.
        var sentAt: Duration? {
            switch self {
            case .pixels: nil
            case .cells(let time), .sizes(let time): time
            }
        }

        var isOfSizes: Bool { if case .sizes = self { true } else { false } }
    }

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
        pixels.resetPace()
        repaint()
    }

    /// Sends everything again over what the terminal shows.
    func repaint() {
        output.send(erasePixels())
        drawn = []
        dcar_screen_touch(0, 0, Int32(columns), Int32(rows))
    }

    /// Clears the terminal and sends everything again.
    func clear() {
        pixels.resetPace()
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

    /// Pictures whose pixels are drawn. Sixels end in the row below theirs at the latest, and some
    /// terminals go on to the next, for which they would scroll.
    private func pixelPictures(of frame: Frame) -> [PictureLayer] {
        switch capabilities.graphics {
        case .kitty: frame.pictures
        case .sixel where sizesDue == nil:
            frame.pictures.filter { $0.area.row + $0.area.rows <= rows - 2 }
        default: []
        }
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

    /// Before then a frame that nobody waits for would only make a slow terminal slower: it has not
    /// said yet that it has drawn the last cells.
    var newsTime: Duration {
        fences.reduce(.zero) { time, fence in
            guard case .cells(let sentAt) = fence else { return time }
            return max(time, sentAt + FramePacer.slowAnswer)
        }
    }

    /// - Returns: pictures to be encoded before they can be shown.
    func show(_ frame: Frame, at now: Duration) -> PixelOrder? {
        let change = pixels.show(pixelPictures(of: frame), capabilities)
        keepRemoval(and: change.erasing)
        touch(change.erased)
        let direct = directPictures(of: frame).map(\.area)
        let changed = putCells(
            frame, around: change.kept, besides: direct.filter { directAreas.contains($0) })
        if let cursor = frame.cursor {
            dcar_screen_cursor(Int32(cursor.column), Int32(cursor.row))
        } else {
            dcar_screen_cursor(-1, 0)
        }
        var length = 0
        let update = dcar_screen_update(&length)
        var bytes =
            change.erasing + change.blanking
            + UnsafeBufferPointer(start: update, count: length)
        if hasNewSize {
            // Curses starts with the scrolling region of a screen that it cannot measure.
            bytes += "\u{1B}7\u{1B}[r\u{1B}8".utf8
            hasNewSize = false
        }
        // Where cells were curses' until now, unchanged rows show its colours, too.
        let rewritten = change.erased + direct.filter { !directAreas.contains($0) }
        directAreas = direct
        let cells = directCells(
            frame, direct, changed,
            whole: changed.curses.union(rewritten.flatMap { $0.row..<$0.row + $0.rows }))
        bytes += cells
        bytes += change.drawing
        guard !bytes.isEmpty else { return change.order }
        output.send(
            capabilities.hasSynchronizedOutput ? CursorPlacement.synchronize(bytes) : bytes)
        if !cells.isEmpty {
            ask(FramePacer.fence, .cells(sentAt: now))
        }
        if !change.drawing.isEmpty {
            ask(FramePacer.fence, .pixels)
            pixels.sent(at: now)
        }
        return change.order
    }

    /// What of the rows differs from what was there.
    private struct ChangedRows {
        /// Rows that curses sends something of.
        var curses: Set<Int> = []
        /// Columns of the cells that curses does not know of.
        var direct: [Int: ClosedRange<Int>] = [:]
    }

    /// - Parameters:
    ///   - kept: cells whose pixels stay. Text would wipe them, and the twin of an earlier step is
    ///     good enough to show through a gap.
    ///   - direct: cells that are drawn over those of curses, which would only send other colours
    ///     first.
    private func putCells(
        _ frame: Frame, around kept: [CellArea], besides direct: [CellArea]
    ) -> ChangedRows {
        let isNew = drawn.count != frame.cells.count
        if isNew { drawn = frame.cells }
        var changed = ChangedRows()
        for (index, cell) in frame.cells.enumerated() where isNew || drawn[index] != cell {
            let (column, row) = (index % frame.columns, index / frame.columns)
            if !isNew, kept.contains(where: { $0.contains(column: column, row: row) }) { continue }
            let isDirect =
                !isNew && drawn[index].isOfPicture && cell.isOfPicture
                && direct.contains { $0.contains(column: column, row: row) }
            drawn[index] = cell
            if isDirect {
                let known = changed.direct[row]
                changed.direct[row] = (known?.lowerBound ?? column)...column
                continue
            }
            changed.curses.insert(row)
            guard !cell.isContinuation else { continue }
            var text = cell.glyph.unicodeScalars.prefix(5).map { wchar_t(bitPattern: $0.value) }
            text.append(0)
            dcar_screen_put(
                Int32(column), Int32(row), text, cell.style.foreground.entry,
                cell.style.background.entry, UInt32(cell.style.attributes.rawValue))
        }
        return changed
    }

    /// The cells in colours that curses cannot name: of the rows that curses has touched all, of
    /// others those that changed.
    private func directCells(
        _ frame: Frame, _ areas: [CellArea], _ changed: ChangedRows, whole: Set<Int>
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for area in areas {
            for row in area.row..<area.row + area.rows {
                let columns = area.column..<area.column + area.columns
                if whole.contains(row) {
                    bytes += directCells(frame, row: row, columns)
                } else if let part = changed.direct[row] {
                    bytes += directCells(frame, row: row, columns.clamped(to: Range(part)))
                }
            }
        }
        return bytes.isEmpty ? [] : Array("\u{1B}7".utf8) + bytes + Array("\u{1B}[0m\u{1B}8".utf8)
    }

    private func directCells(_ frame: Frame, row: Int, _ columns: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        var colors: (CellColor, CellColor)?
        for column in columns {
            let cell = frame.cells[row * frame.columns + column]
            guard cell.isOfPicture else {
                colors = nil
                continue
            }
            let now = (cell.style.foreground, cell.style.background)
            if let known = colors {
                if known != now { bytes += Self.colors(now.0, now.1).utf8 }
            } else {
                bytes += "\u{1B}[\(row + 1);\(column + 1)H".utf8
                bytes += Self.colors(now.0, now.1).utf8
            }
            colors = now
            bytes += String(cell.glyph).utf8
        }
        return bytes
    }

    /// Some terminals take no more than ten numbers at once.
    private static func colors(_ foreground: CellColor, _ background: CellColor) -> String {
        let ground = background.sgr(48).dropFirst()
        return "\u{1B}[0\(foreground.sgr(38))m" + (ground.isEmpty ? "" : "\u{1B}[\(ground)m")
    }

    // MARK: Questions

    private func ask(_ question: [UInt8], _ fence: Fence) {
        output.send(question)
        fences.append(fence)
        newQuestions += 1
    }

    /// How many questions were asked since the last call.
    func takeQuestions() -> Int {
        defer { newQuestions = 0 }
        return newQuestions
    }

    /// Asks how large cells are now, and has sixel pictures wait for the answer: those of another
    /// size would lie over other text, or scroll the screen.
    func askSizes(at now: Duration) {
        // An answer that was given up may be lost, and then nothing would be known of the new size.
        areSizesOld = fences.contains {
            $0.isOfSizes && $0.sentAt.map { now - $0 <= Self.longestSizeWait } ?? true
        }
        sizesDue = now + Self.longestSizeWait
        if !areSizesOld { ask(ProbeBatch.sizes, .sizes(sentAt: now)) }
    }

    // MARK: Pixels

    /// Takes pictures that were asked for.
    func take(_ pictures: [EncodedPicture]) { pixels.take(pictures) }

    /// Others get the terminal: answers to what was sent before have come, or do not come any more.
    func expectNothing(at now: Duration) {
        for case .pixels in fences { pixels.answered(at: now) }
        (fences, sizesDue, areSizesOld) = ([], nil, false)
    }

    /// The terminal has drawn the last pictures, or said how large its cells are.
    /// - Returns: whether newer ones wait.
    func answered(at now: Duration) -> Bool {
        hasAnswered = true
        // Some answers get lost on their way.
        fences.removeAll { fence in fence.sentAt.map { now - $0 > FramePacer.lostAnswer } ?? false }
        switch fences.isEmpty ? Fence.pixels : fences.removeFirst() {
        case .cells: return false
        case .sizes:
            guard !areSizesOld else {
                askSizes(at: now)
                return false
            }
            defer { sizesDue = nil }
            return sizesDue != nil
        case .pixels:
            pixels.answered(at: now)
            return pixels.isWaiting
        }
    }

    /// - Returns: whether something is to be drawn that could not be before.
    func tick(at now: Duration) -> Bool {
        let isDue = sizesDue.map { $0 <= now } ?? false
        // The answer may still come, in its turn.
        if isDue { (sizesDue, areSizesOld) = (nil, false) }
        return pixels.tick(at: now) || isDue
    }

    var nextTick: Duration? { [pixels.nextTick, sizesDue].compactMap { $0 }.min() }

    /// Whether a picture that stays has fewer colours or pixels than there is room for.
    var isReduced: Bool { pixels.areReduced }

    /// Sees to it that no picture outlives the program, however that ends.
    ///
    /// - Parameter erasing: what takes off those that go now; the terminal may not have it in time.
    private func keepRemoval(and erasing: [UInt8]) {
        let now = erasing + pixels.removal(capabilities)
        guard now != removal else { return }
        removal = now
        Terminal.leave(removing: now)
    }

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
    /// - Returns: whether the terminal is on its main screen; what it did not take in time is lost.
    func leave() -> Bool {
        output.send(erasePixels())
        drawn = []
        // Where a window grew, some terminals would leave rows of this screen on the main one.
        output.send(Array("\u{1B}[0m\u{1B}[H\u{1B}[J".utf8))
        var length = 0
        let bytes = dcar_screen_end(&length)
        output.send(UnsafeBufferPointer(start: bytes, count: length))
        output.drain(within: .milliseconds(500))
        removal = []
        defer { output.discard() }
        return output.isEmpty
    }
}

extension FrameCell {
    /// Only pictures have colours beyond the palette.
    fileprivate var isOfPicture: Bool {
        if case .rgb = style.foreground { true } else { false }
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

extension Screen {
    /// For the header.
    var shortName: String {
        capabilities.shortName + (isReduced ? ", reduced" : "")
    }
}
