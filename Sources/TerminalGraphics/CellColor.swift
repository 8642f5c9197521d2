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
    /// The colour that `depth` offers for `light`, dithered at picture pixel `x`, `y`.
    ///
    /// In 16 colours a background takes only the first 8: consoles read the others as blinking.
    init(_ light: SIMD4<Float>, depth: ColorDepth, ground: CellGround, x: Int, y: Int) {
        switch depth {
        case .mono:
            self = .standard
        case .ansi16:
            self = .indexed(
                ANSIPalette.entry(light, count: ground == .foreground ? 16 : 8, x: x, y: y))
        case .xterm256:
            self = .indexed(XtermPalette.entry(light, x: x, y: y))
        case .trueColor:
            self = .rgb(
                red: LinearLight.byte(light.x), green: LinearLight.byte(light.y),
                blue: LinearLight.byte(light.z))
        }
    }
}

/// Entries 16-255 of xterm's palette: a 6x6x6 cube and 24 greys.
enum XtermPalette {
    private static let cubeLevels: [UInt8] = [0, 95, 135, 175, 215, 255]
    private static let cubeLight = cubeLevels.map { LinearLight.ofByte[Int($0)] }
    /// The 24 greys of the ramp and the 6 on the cube's diagonal, darkest first.
    private static let greys: [(entry: UInt8, byte: Int)] = {
        let ramp = (0..<24).map { step in (entry: UInt8(232 + step), byte: 8 + 10 * step) }
        let diagonal = cubeLevels.enumerated().map { step, level in
            (entry: UInt8(16 + 43 * step), byte: Int(level))
        }
        return (ramp + diagonal).sorted { $0.byte < $1.byte }
    }()
    private static let greyLight = greys.map { LinearLight.ofByte[$0.byte] }
    /// Pixels whose channels differ by no more are taken for grey, where the ramp is finer.
    private static let greySpread: UInt8 = 8

    static func entry(_ light: SIMD4<Float>, x: Int, y: Int) -> UInt8 {
        let threshold = BayerThreshold.at(x, y)
        let bytes = SIMD3(
            LinearLight.byte(light.x), LinearLight.byte(light.y), LinearLight.byte(light.z))
        if bytes.max() - bytes.min() <= greySpread {
            let mean = (light.x + light.y + light.z) / 3
            return greys[step(mean, among: greyLight, threshold: threshold)].entry
        }
        let red = step(light.x, among: cubeLight, threshold: threshold)
        let green = step(light.y, among: cubeLight, threshold: threshold)
        let blue = step(light.z, among: cubeLight, threshold: threshold)
        return UInt8(16 + 36 * red + 6 * green + blue)
    }

    /// The level below or above `light`: above as often as `light` lies nearer to it.
    private static func step(_ light: Float, among levels: [Float], threshold: Float) -> Int {
        guard let above = levels.firstIndex(where: { $0 > light }) else { return levels.count - 1 }
        guard above > 0 else { return 0 }
        let share = (light - levels[above - 1]) / (levels[above] - levels[above - 1])
        return share > threshold ? above : above - 1
    }
}

/// Entries 0-15, with the colours of the VGA text mode, which the Linux console still shows.
enum ANSIPalette {
    private static let bytes: [SIMD3<UInt8>] = [
        SIMD3(0, 0, 0), SIMD3(170, 0, 0), SIMD3(0, 170, 0), SIMD3(170, 85, 0),
        SIMD3(0, 0, 170), SIMD3(170, 0, 170), SIMD3(0, 170, 170), SIMD3(170, 170, 170),
        SIMD3(85, 85, 85), SIMD3(255, 85, 85), SIMD3(85, 255, 85), SIMD3(255, 255, 85),
        SIMD3(85, 85, 255), SIMD3(255, 85, 255), SIMD3(85, 255, 255), SIMD3(255, 255, 255)
    ]
    /// About half the distance between neighbouring entries, in sRGB bytes.
    private static let ditherSpread: Float = 85

    /// The nearest of the first `count` entries.
    static func entry(_ light: SIMD4<Float>, count: Int, x: Int, y: Int) -> UInt8 {
        let shift = (BayerThreshold.at(x, y) - 0.5) * ditherSpread
        let wanted =
            SIMD3(
                Float(LinearLight.byte(light.x)), Float(LinearLight.byte(light.y)),
                Float(LinearLight.byte(light.z))) + shift
        var best = 0
        var least = Float.infinity
        for (index, entry) in bytes.prefix(count).enumerated() {
            let difference = wanted - SIMD3<Float>(entry)
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
