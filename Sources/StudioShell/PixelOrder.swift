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
        let frame: SixelFrame
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
        let area = capabilities.sixelPixels(in: grid)
        let image = layer.image.resized(
            width: max(1, area.width), height: max(1, area.height),
            coarse: layer.isPassing ? capabilities.previewLimit : nil)
        // A step that stays gets all colours, as a finished picture does, unless bytes are slow.
        let isLight = layer.isPassing || layer.isPreview && capabilities.isRemote
        var options = isLight ? capabilities.previewOptions : capabilities.pictureOptions
        // Small pictures, of which a gallery has many, gain nothing by more than the usual colours.
        options.colors = min(options.colors, max(256, image.width * image.height / 256))
        let share = Double(side) / Double(fullSide)
        options.maximumBytes = Int(Double(options.maximumBytes) * share * share)
        let frame = SixelEncoder.frame(image, options: options, after: wanted.before?.frame)
        var picture = EncodedPicture(wanted, side: side)
        picture.isReduced = frame.isReduced
        // The twin is better than a picture that fills only a corner of its place.
        if frame.width == image.width && frame.height == image.height {
            (picture.sixel, picture.bytes) = (frame, frame.bytes)
        }
        return picture
    }

    // MARK: Kitty

    /// The terminal makes it as large as the cells, so a slow one gets fewer pixels.
    private func kitty(_ wanted: Wanted) -> EncodedPicture {
        let (layer, id) = (wanted.layer, wanted.kittyID)
        let limit = layer.isPreview ? min(side, capabilities.previewSide) : side
        let image = layer.image.limited(toSide: limit)
        var picture = EncodedPicture(wanted, side: side)
        picture.isReduced = side < fullSide && max(layer.image.width, layer.image.height) > limit
        let isInTmux = capabilities.isInTmux
        let grid = GridSize(columns: layer.area.columns, rows: layer.area.rows)
        let pixels = KittyGraphics.transmit(
            .rgb(image.pixels, width: image.width, height: image.height), id: id,
            isInTmux: isInTmux)
        if isInTmux {
            // tmux does not know of the picture, but keeps and moves text that stands for it.
            let text = KittyPlaceholder(id: id, size: grid)
            picture.bytes = (0..<text.size.rows).reduce(pixels + text.placement(isInTmux: true)) {
                bytes, row in
                bytes + "\u{1B}[\(layer.area.row + row + 1);\(layer.area.column + 1)H".utf8
                    + text.row(row)
            }
        } else {
            picture.bytes = pixels + KittyGraphics.place(id: id, size: grid)
        }
        return picture
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
    /// The number of what it was encoded over, where it sends only what differs from that.
    let basis: Int?
    /// Whether a faster terminal would have got a better one.
    var isReduced = false
    var sixel: SixelFrame?
    /// Nil where it would need more bytes than the terminal takes in time.
    var bytes: [UInt8]?

    fileprivate init(_ wanted: PixelOrder.Wanted, side: Int) {
        (layer, kittyID, self.side) = (wanted.layer, wanted.kittyID, side)
        basis = wanted.before?.number
    }
}
