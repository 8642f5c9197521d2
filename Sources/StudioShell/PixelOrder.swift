import Dispatch
import Imaging
import StudioViews
import Synchronization
import TerminalGraphics

/// Pictures to be encoded for the terminal.
struct PixelOrder: Equatable, Sendable {
    struct Wanted: Equatable, Sendable {
        let layer: PictureLayer
        let kittyID: UInt32
        /// What the terminal shows there, of which unchanged parts need not be sent again.
        let before: Shown?

        static func == (one: Wanted, other: Wanted) -> Bool {
            one.layer == other.layer && one.kittyID == other.kittyID
                && one.before?.number == other.before?.number
        }
    }

    /// A sixel picture on the terminal, told from those before it by a number.
    struct Shown: Sendable {
        let number: Int
        let frames: [SixelFrame]
    }

    let pictures: [Wanted]
    /// The longest side that the terminal takes in time.
    let side: Int
    let fullSide: Int
    let capabilities: TerminalCapabilities

    /// Whether they are pictures of a run that goes on.
    var isPassing: Bool { pictures.allSatisfy(\.layer.isPassing) }

    /// A gallery's many pictures are shared out among the processors; a run keeps what it has.
    func encoded() -> [EncodedPicture] {
        guard !isPassing else { return pictures.map(encoded) }
        let slots = Mutex<[EncodedPicture?]>(Array(repeating: nil, count: pictures.count))
        DispatchQueue.concurrentPerform(iterations: pictures.count) { place in
            let picture = encoded(pictures[place])
            slots.withLock { $0[place] = picture }
        }
        return slots.withLock { $0.compactMap { $0 } }
    }

    private func encoded(_ wanted: Wanted) -> EncodedPicture {
        capabilities.graphics == .sixel ? sixel(wanted) : kitty(wanted)
    }

    // MARK: Sixel

    private func sixel(_ wanted: Wanted) -> EncodedPicture {
        let layer = wanted.layer
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        let cell = capabilities.cellSize
        let image = layer.image.resized(
            width: grid.columns * cell.width, height: grid.rows * cell.height,
            coarse: layer.isPassing ? capabilities.previewLimit : nil)
        // A step that stays gets all colours, as a finished picture does, unless bytes are slow.
        let isLight = layer.isPassing || layer.isPreview && capabilities.isRemote
        var options = isLight ? capabilities.previewOptions : capabilities.pictureOptions
        // Small pictures, of which a gallery has many, gain nothing by more than the usual colours.
        options.colors = min(options.colors, max(256, image.width * image.height / 256))
        options.maximumBytes = maximumBytes(options.maximumBytes, image)
        let tiles = capabilities.sixelTiles(in: grid)
        let before = wanted.before.flatMap { $0.frames.count == tiles.count ? $0.frames : nil }
        let frames = tiles.indices.map { place in
            let area = tiles[place].area
            var part = options
            part.maximumBytes =
                options.maximumBytes * area.width * area.height / (image.width * image.height)
            return SixelEncoder.frame(
                tiles.count == 1 ? image : image.cropped(to: area), options: part,
                after: before?[place])
        }
        var picture = EncodedPicture(wanted, side: side, cellSize: cell)
        picture.isReduced = frames.contains(where: \.isReduced)
        // The twin is better than a picture that fills only a corner of its place.
        let isWhole = zip(frames, tiles).allSatisfy {
            $0.width == $1.area.width && $0.height == $1.area.height
        }
        if isWhole {
            picture.sixels = frames
            picture.bytes = zip(frames, tiles).reduce([]) { bytes, part in
                let (frame, tile) = part
                guard !frame.bytes.isEmpty else { return bytes }
                return bytes
                    + Self.cursor(
                        column: layer.area.column + tile.column, row: layer.area.row + tile.row)
                    + frame.bytes
            }
        }
        return picture
    }

    /// What a picture may cost: on a slow terminal as if its sides were shorter.
    private func maximumBytes(_ limit: Int, _ image: RGBImage) -> Int {
        guard side < fullSide else { return limit }
        let share = Double(side) / Double(fullSide)
        // A pixel seldom takes more than two bytes.
        let usual = min(limit, max(SixelOptions.usualBytes, 2 * image.width * image.height))
        return Int(Double(usual) * share * share)
    }

    private static func cursor(column: Int, row: Int) -> [UInt8] {
        Array("\u{1B}[\(row + 1);\(column + 1)H".utf8)
    }

    // MARK: Kitty

    /// The terminal makes it as large as the cells, so a slow one gets fewer pixels.
    private func kitty(_ wanted: Wanted) -> EncodedPicture {
        let (layer, id) = (wanted.layer, wanted.kittyID)
        let limit = layer.isPreview ? min(side, capabilities.previewSide) : side
        var picture = EncodedPicture(wanted, side: side, cellSize: capabilities.cellSize)
        picture.isReduced = side < fullSide && max(layer.image.width, layer.image.height) > limit
        let isInTmux = capabilities.isInTmux
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        let budget = layer.isPreview ? capabilities.previewBytes : capabilities.maximumBytes
        var image = layer.image.limited(toSide: limit)
        var pixels = transmission(of: image, layer, id)
        while pixels.count > budget, max(image.width, image.height) > FramePacer.leastSide {
            let share = min(0.9, (Double(budget) / Double(pixels.count)).squareRoot())
            let shorter = Int(Double(max(image.width, image.height)) * share)
            image = layer.image.limited(toSide: max(shorter, FramePacer.leastSide))
            pixels = transmission(of: image, layer, id)
            picture.isReduced = true
        }
        if isInTmux {
            // tmux does not know of the picture, but keeps and moves text that stands for it.
            let text = KittyPlaceholder(id: id, size: grid)
            picture.bytes = (0..<text.size.rows).reduce(pixels + text.placement(isInTmux: true)) {
                bytes, row in
                bytes + Self.cursor(column: layer.area.column, row: layer.area.row + row)
                    + text.row(row)
            }
        } else {
            picture.bytes = pixels + KittyGraphics.place(id: id, size: grid)
        }
        return picture
    }

    /// As a PNG, unless bytes cost nothing and the next step's picture is due.
    private func transmission(of image: RGBImage, _ layer: PictureLayer, _ id: UInt32) -> [UInt8] {
        let (isInTmux, isQuick) = (capabilities.isInTmux, !capabilities.isRemote)
        var payload = KittyPayload.rgb(image.pixels, width: image.width, height: image.height)
        if isInTmux || !isQuick || !layer.isPassing,
            let file = try? PNG.encode(image, compression: 1)
        {
            payload = .png(file)
        }
        return KittyGraphics.transmit(payload, id: id, isInTmux: isInTmux)
    }
}

extension RGBImage {
    /// - Parameter limit: pixels; where a side is longer, the picture is made of squares, of which
    ///   none has more than so many, as sixels cannot be enlarged by the terminal.
    fileprivate func resized(width: Int, height: Int, coarse limit: Int?) -> RGBImage {
        let factor = limit.map { (max(width, height) + $0 - 1) / $0 } ?? 1
        guard factor > 1 else { return resized(width: width, height: height) }
        return resized(
            width: (width + factor - 1) / factor, height: (height + factor - 1) / factor
        ).enlarged(by: factor).cropped(
            to: PixelRectangle(x: 0, y: 0, width: width, height: height))
    }
}

/// A picture ready to be sent.
struct EncodedPicture: Sendable {
    let layer: PictureLayer
    let kittyID: UInt32
    /// The longest side that it was made for.
    let side: Int
    /// What it was made for.
    let cellSize: CellSize
    /// The number of what it was encoded over, where it sends only what differs from that.
    let basis: Int?
    /// Whether a faster terminal would have got a better one.
    var isReduced = false
    /// Those of its tiles.
    var sixels: [SixelFrame]?
    /// Nil where it would need more bytes than the terminal takes in time.
    var bytes: [UInt8]?

    fileprivate init(_ wanted: PixelOrder.Wanted, side: Int, cellSize: CellSize) {
        (layer, kittyID, self.side) = (wanted.layer, wanted.kittyID, side)
        self.cellSize = cellSize
        basis = wanted.before?.number
    }
}
