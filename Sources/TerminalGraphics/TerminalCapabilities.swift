/// What a terminal can show, and how that is known.
public struct TerminalCapabilities: Hashable, Sendable {
    /// How pictures reach the screen.
    public var graphics: GraphicsProtocol
    /// Whether pixels go through tmux, wrapped for it to hand on (kitty) or kept by it (sixel).
    public var isInTmux: Bool
    /// Whether non-ASCII characters can be shown.
    public var hasUnicode: Bool
    /// How many colours a cell may have.
    public var colors: ColorDepth
    /// Pixels of one cell.
    public var cellSize: CellSize
    /// Whether the terminal shows an update between two marks at once (mode 2026).
    public var hasSynchronizedOutput: Bool
    /// The terminal's own background as sRGB bytes, where it says.
    public var background: SIMD3<UInt8>?
    /// The most colours of a sixel picture, 2...1024.
    public var sixelColors: Int
    /// The most colours of a step's preview, 2...256.
    public var previewColors = 64
    /// The longest side of a step's preview in pixels; nil for what the connection carries.
    public var previewLimit: Int?
    /// Whether sixel pictures are dithered; nil for where few colours ask for it.
    public var isDithered: Bool?
    /// The most pixels of one sixel sequence, where the terminal says.
    public var sixelLimit: PixelSize?
    /// The most bytes of one sequence.
    public var maximumBytes: Int
    /// Whether a sixel picture may leave out bands to keep what is shown there.
    public var canUpdateInPart: Bool
    /// Whether the terminal is reached over a network, so that bytes are slow.
    public var isRemote: Bool
    /// Whether all 24 bits of a cell's colours reach the terminal: inside tmux they name pictures.
    public var hasExactColors: Bool
    /// Why all this, one sentence each, for `dcar doctor`.
    public var reasons: [String]
}

extension TerminalCapabilities {
    /// How to draw pictures with characters here.
    public func cellStyle(isTwin: Bool = false) -> CellStyle {
        CellStyle(
            glyphs: glyphs, colors: colors, isTwin: isTwin,
            isOnLightBackground: isOnLightBackground)
    }

    private var glyphs: CellStyle.Glyphs {
        guard hasUnicode else { return .ascii }
        return switch graphics {
        case .ascii: .ascii
        case .quadrant: .quadrants
        case .sextant: .sextants
        case .sixel, .kitty, .halfBlock, .none: .halfBlocks
        }
    }

    /// Whether the terminal's own background is light.
    public var isOnLightBackground: Bool {
        // 0.18 is the middle between black and white for the eye.
        background.map { $0.luminance > 0.18 } ?? false
    }

    /// What a finished picture may cost.
    public var pictureOptions: SixelOptions {
        SixelOptions(
            colors: sixelColors, maximumBytes: maximumBytes, isDithered: isDithered)
    }

    /// What the preview of one step may cost: over a network, half a second at 1 Mbit/s.
    public var previewOptions: SixelOptions {
        SixelOptions(
            colors: min(previewColors, sixelColors),
            maximumBytes: previewBytes,
            isDithered: isDithered)
    }

    /// The most bytes of a step's preview.
    public var previewBytes: Int { isRemote ? min(maximumBytes, 76_000) : maximumBytes }

    /// The longest side of a step's preview in pixels, where the terminal enlarges it.
    public var previewSide: Int { previewLimit ?? (isRemote ? 256 : 512) }
}
