/// A size in pixels that a terminal told.
public struct PixelSize: Hashable, Sendable {
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int

    /// A size of these sides.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// What a terminal has answered so far.
public struct TerminalReplies: Hashable, Sendable {
    /// XTVERSION, of each terminal that heard the question: inside tmux there may be two.
    public private(set) var versions: [String] = []
    /// What the terminal said to the kitty graphics question; `OK` where it has them.
    public private(set) var kittyMessage: String?
    /// Of one cell.
    public private(set) var cellSize: CellSize?
    /// Of all cells together.
    public private(set) var textArea: PixelSize?
    /// The most colours of a sixel picture: the least of what was said, as terminals tell how many
    /// registers there are and, apart from that, how many there could be.
    public private(set) var sixelColors: Int?
    /// The largest sixel picture.
    public private(set) var sixelLimit: PixelSize?
    /// DECRPM states by private mode.
    public private(set) var modes: [Int: Int] = [:]
    /// sRGB bytes.
    public private(set) var background: SIMD3<UInt8>?
    /// DA1, of each terminal that heard the question.
    public private(set) var deviceAttributes: [[Int]] = []

    /// No reply yet, or these.
    public init(_ replies: [TerminalReply] = []) {
        for reply in replies { record(reply) }
    }

    /// Takes down one reply; those that say nothing about abilities change nothing.
    public mutating func record(_ reply: TerminalReply) {
        switch reply {
        case .version(let version): versions.append(version)
        case .kittyGraphics(Self.kittyProbe, let message): kittyMessage = message
        case .cellSize(let size): cellSize = size
        case .textArea(let width, let height):
            textArea = PixelSize(width: width, height: height)
        case .sixelColors(let count): sixelColors = min(sixelColors ?? count, count)
        case .sixelLimit(let width, let height):
            sixelLimit = PixelSize(width: width, height: height)
        case .mode(let mode, let state): modes[mode] = state
        case .background(let red, let green, let blue): background = SIMD3(red, green, blue)
        case .deviceAttributes(let attributes): deviceAttributes.append(attributes)
        case .kittyGraphics, .ready, .keyboardFlags, .other: break
        }
    }

    /// Forgets how large cells were where a window of another size may have others: it may have
    /// come with another font.
    ///
    /// - Returns: whether the terminal, which tells what its window's pixels do not, is to be asked
    ///   anew before a picture can have the right size.
    public mutating func forgetSizes(
        of old: TerminalEnvironment, in new: TerminalEnvironment
    ) -> Bool {
        let hasTold = cellSize != nil || textArea != nil
        textArea = nil
        guard let size = new.cellSize else { return hasTold }
        guard size != old.cellSize else { return false }
        cellSize = nil
        return hasTold
    }

    /// The number of the picture that the kitty question is about.
    static let kittyProbe = 31
    /// What tmux 3.4 and later answer to DA1 when built with sixel, whatever terminal shows it.
    static let tmuxWithSixel = [1, 2, 4]
    private static let tmuxWithoutSixel = [1, 2]

    var isFromTmux: Bool { versions.contains { $0.hasPrefix("tmux") } }

    /// The version of the terminal itself, not of a tmux in between.
    var terminalVersion: String? { versions.first { !$0.hasPrefix("tmux") } }

    /// Whether the terminal lists sixel; nothing where it has not answered.
    var hasSixel: Bool? {
        deviceAttributes.isEmpty ? nil : deviceAttributes.contains { $0.dropFirst().contains(4) }
    }

    private static func isTmuxs(_ attributes: [Int]) -> Bool {
        attributes == tmuxWithSixel || attributes == tmuxWithoutSixel
    }

    var hasAttributesOfTmux: Bool { deviceAttributes.contains(where: Self.isTmuxs) }

    /// Whether a terminal other than tmux lists sixel.
    var hasSixelOutsideTmux: Bool {
        deviceAttributes.contains { !Self.isTmuxs($0) && $0.dropFirst().contains(4) }
    }
}
