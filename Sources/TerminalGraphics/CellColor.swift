/// The colour of a cell's glyph or of the ground behind it.
public enum CellColor: Hashable, Sendable {
    /// The terminal's own foreground or background.
    case standard
    /// An entry of the terminal's palette.
    case indexed(UInt8)
    /// sRGB bytes.
    case rgb(red: UInt8, green: UInt8, blue: UInt8)
}

/// Which of a cell's two colours is meant.
enum CellGround {
    case foreground
    case background
}

extension CellColor {
    /// The colour that `depth` offers for an sRGB `color`, dithered at picture pixel `x`, `y`.
    ///
    /// In 16 colours a background takes only the first 8: consoles read the others as blinking.
    init(_ color: SIMD3<UInt8>, depth: ColorDepth, ground: CellGround, x: Int, y: Int) {
        switch depth {
        case .mono:
            self = .standard
        case .ansi16:
            self = .indexed(
                ANSIPalette.entry(color, count: ground == .foreground ? 16 : 8, x: x, y: y))
        case .xterm256:
            self = .indexed(XtermPalette.entry(color, x: x, y: y))
        case .trueColor:
            self = .rgb(red: color.x, green: color.y, blue: color.z)
        }
    }
}

/// Entries 16-255 of xterm's palette: a 6x6x6 cube and 24 greys.
enum XtermPalette {
    private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]
    /// The 24 greys of the ramp and the 6 on the cube's diagonal, darkest first.
    private static let greys: [(entry: UInt8, level: UInt8)] = {
        var greys: [(entry: UInt8, level: UInt8)] = []
        for step in UInt8(0)..<24 { greys.append((232 + step, 8 + 10 * step)) }
        for step in UInt8(0)..<6 { greys.append((16 + 43 * step, cubeLevels[Int(step)])) }
        return greys.sorted { $0.level < $1.level }
    }()
    private static let greyLevels = greys.map(\.level)
    /// Pixels whose channels differ by no more are taken for grey, where the ramp is finer.
    private static let greySpread: UInt8 = 8
    /// How much of the distance between two levels is dithered. In pixels as large as half a cell
    /// the full pattern hides the picture more than its rounding would.
    private static let ditherStrength: Float = 0.5

    static func entry(_ color: SIMD3<UInt8>, x: Int, y: Int) -> UInt8 {
        let threshold = 0.5 + (BayerThreshold.at(x, y) - 0.5) * ditherStrength
        if color.max() - color.min() <= greySpread {
            let mean = UInt8((Int(color.x) + Int(color.y) + Int(color.z) + 1) / 3)
            return greys[step(mean, among: greyLevels, threshold: threshold)].entry
        }
        let red = step(color.x, among: cubeLevels, threshold: threshold)
        let green = step(color.y, among: cubeLevels, threshold: threshold)
        let blue = step(color.z, among: cubeLevels, threshold: threshold)
        return UInt8(16 + 36 * red + 6 * green + blue)
    }

    /// The level above `byte` where its share of the way there passes the threshold, else below.
    private static func step(_ byte: UInt8, among levels: [UInt8], threshold: Float) -> Int {
        guard let above = levels.firstIndex(where: { $0 > byte }) else { return levels.count - 1 }
        guard above > 0 else { return 0 }
        let share = Float(byte - levels[above - 1]) / Float(levels[above] - levels[above - 1])
        return share > threshold ? above : above - 1
    }
}

/// Entries 0-15. Terminals differ in them; these lie between those of the Linux console and xterm.
enum ANSIPalette {
    private static let colors: [SIMD3<Float>] = [
        SIMD3(0, 0, 0), SIMD3(188, 0, 0), SIMD3(0, 188, 0), SIMD3(188, 145, 0),
        SIMD3(0, 0, 204), SIMD3(188, 0, 188), SIMD3(0, 188, 188), SIMD3(200, 200, 200),
        SIMD3(106, 106, 106), SIMD3(255, 43, 43), SIMD3(43, 255, 43), SIMD3(255, 255, 43),
        SIMD3(89, 89, 255), SIMD3(255, 43, 255), SIMD3(43, 255, 255), SIMD3(255, 255, 255)
    ]
    /// The width of the dither pattern in sRGB bytes: half of what lies between most entries.
    private static let ditherWidth: Float = 48

    /// The nearest of the first `count` entries.
    static func entry(_ color: SIMD3<UInt8>, count: Int, x: Int, y: Int) -> UInt8 {
        let shift = (BayerThreshold.at(x, y) - 0.5) * ditherWidth
        let wanted = SIMD3<Float>(color) + shift
        var best = 0
        var least = Float.infinity
        for (index, entry) in colors.prefix(count).enumerated() {
            let difference = wanted - entry
            // Green counts most and blue least, as they do for luminance.
            let distance = (difference * difference * SIMD3(0.3, 0.59, 0.11)).sum()
            if distance < least {
                least = distance
                best = index
            }
        }
        return UInt8(best)
    }
}
