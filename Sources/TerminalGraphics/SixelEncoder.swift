import Imaging

/// What a sixel picture may cost.
public struct SixelOptions: Hashable, Sendable {
    /// As many registers as xterm and foot have. More would take longer than a picture may.
    public static let mostColors = 1024
    /// What tmux holds, and a network carries in a few seconds.
    public static let usualBytes = 900_000
    /// What a terminal on the same machine gets at most.
    public static let mostBytes = 10_000_000

    /// Colours, 2...1024.
    public var colors: Int
    /// Whether the picture is dithered; nil for where 32 colours or fewer ask for it.
    public var isDithered: Bool?
    /// The most bytes of one sequence. tmux drops longer ones than it can hold without a word.
    public var maximumBytes: Int

    /// 256 colours and 900,000 bytes unless said otherwise.
    public init(colors: Int = 256, maximumBytes: Int = usualBytes, isDithered: Bool? = nil) {
        self.isDithered = isDithered
        self.colors = min(max(colors, 2), Self.mostColors)
        self.maximumBytes = maximumBytes
    }
}

/// One sixel picture as it was sent, kept to send only what changes next.
public struct SixelFrame: Sendable {
    /// One sixel sequence, or nothing when the frame equals the one before it.
    public let bytes: [UInt8]
    /// Pixels; less than the picture's where the limit on bytes asked for a smaller one.
    public let width: Int
    /// Pixels.
    public let height: Int
    /// The colours of this frame.
    public let palette: SixelPalette
    /// Whether the limit on bytes cost it colours or pixels.
    public internal(set) var isReduced = false
    /// How many bands of six rows the bytes draw.
    public let bandCount: Int
    /// `width * height` palette entries.
    let indices: [UInt16]
}

/// Pictures as DEC sixel graphics (VT330/VT340 programmer reference, chapter 14).
///
/// Pixels that a sequence leaves out keep what the screen shows there. Nothing moves the cursor to
/// the picture or back; `CursorPlacement` does.
public enum SixelEncoder {
    /// The longest side that is encoded; larger pictures are made smaller.
    static let maximumSide = 4096
    /// How much a frozen palette may err more than a fresh one before it is given up.
    static let toleratedErrorGrowth = 1.05
    /// At so few colours or fewer, flat areas would show as bands and are dithered.
    static let ditheredColors = 32

    /// A whole picture in one sequence.
    public static func encode(_ image: RGBImage, options: SixelOptions = SixelOptions()) -> [UInt8]
    {
        frame(image, options: options).bytes
    }

    /// A picture, or only its changed bands where `previous` is what the screen shows.
    ///
    /// Where the bytes would pass the limit, colours are halved down to 32, then the sides shrink
    /// by a quarter at a time.
    public static func frame(
        _ image: RGBImage, options: SixelOptions = SixelOptions(), after previous: SixelFrame? = nil
    ) -> SixelFrame {
        var colors = options.colors
        var picture = image.limited(toSide: maximumSide)
        var frame = encodeOnce(picture, colors, options, after: previous)
        while frame.bytes.count > options.maximumBytes {
            if colors > 32 {
                colors = max(32, colors / 2)
            } else if picture.width > 6 && picture.height > 6 {
                picture = picture.resized(
                    width: picture.width * 3 / 4, height: picture.height * 3 / 4)
            } else {
                break
            }
            frame = encodeOnce(picture, colors, options, after: nil)
            frame.isReduced = true
        }
        return frame
    }

    private static func encodeOnce(
        _ image: RGBImage, _ colors: Int, _ options: SixelOptions, after previous: SixelFrame?
    ) -> SixelFrame {
        let histogram = ColorHistogram(image)
        var palette = SixelPalette(histogram, count: colors)
        var shown: [UInt16]?
        if let previous, previous.width == image.width, previous.height == image.height,
            previous.palette.levels.count <= colors,
            previous.palette.error(on: histogram)
                <= palette.error(on: histogram) * toleratedErrorGrowth
        {
            palette = previous.palette
            shown = previous.indices
        }
        let indices = palette.indices(
            image, isDithered: options.isDithered ?? (colors <= ditheredColors))
        var writer = SixelWriter(width: image.width, height: image.height, palette: palette)
        let bandCount = writer.write(indices, over: shown)
        return SixelFrame(
            bytes: writer.bytes, width: image.width, height: image.height, palette: palette,
            bandCount: bandCount, indices: indices)
    }
}
