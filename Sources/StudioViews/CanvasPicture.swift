import Imaging
import StudioCore

/// The pixels on the canvas: a run's picture with everything that is drawn over it.
struct CanvasPicture {
    private(set) var image: RGBImage
    private let scene: CanvasScene
    /// Pixels of a token.
    private let side: Int

    init?(_ scene: CanvasScene) {
        self.scene = scene
        side = scene.tokenSide
        if let sheet = scene.sheet {
            guard let image = sheet.image else { return nil }
            self.image = image
            return
        }
        image = Self.base(scene)
        let isUnfinished = scene.picture == nil
        let snapshot = scene.snapshot
        if isUnfinished { drawMasked() }
        switch scene.canvas.overlay {
        case .off: break
        case .grid:
            drawBorders()
            if isUnfinished { drawTokens() }
        case .tokens: if isUnfinished { drawTokens() }
        case .confidence: tint { snapshot.fixedAt[$0] == nil ? nil : snapshot.confidence[$0] }
        case .order:
            let steps = Float(max(1, scene.steps))
            tint { snapshot.fixedAt[$0].map { Float($0) / steps } }
            number()
        case .mask: break
        }
        if !isUnfinished, scene.canvas.display == .split { Self.divide(&image, scene.canvas) }
        // A mask that counts is always seen; over a result it hides what was made, unless asked for.
        let isMaskSeen = !scene.isProposal || scene.canvas.overlay == .mask
        if !isUnfinished, isMaskSeen, let mask = scene.visibleMask { drawMask(mask) }
        if scene.hasCursor { drawCursor() }
        if !scene.canvas.margins.isEmpty, !isUnfinished, !scene.isProposal {
            widen(by: scene.canvas.margins)
        } else if scene.canvas.zoom > 1 {
            image = image.cropped(to: scene.viewport)
        }
    }

    // MARK: Base

    private static func base(_ scene: CanvasScene) -> RGBImage {
        if let picture = scene.picture {
            return finished(
                picture, beside: scene.counterpart ?? picture.discrete, scene.gridWidth,
                scene.canvas)
        }
        return scene.preview
            ?? RGBImage(
                width: scene.gridWidth * scene.tokenSide,
                height: scene.gridHeight * scene.tokenSide, red: 24, green: 24, blue: 28)
    }

    /// - Parameter other: what the picture is compared with.
    static func finished(
        _ picture: FinishedPicture, beside other: RGBImage, _ gridWidth: Int, _ canvas: CanvasState
    ) -> RGBImage {
        let (left, right) =
            canvas.isSwapped ? (picture.refined, other) : (other, picture.refined)
        switch canvas.display {
        case .refined: return picture.refined
        case .discrete: return other
        case .difference: return left.difference(to: right, gain: 8)
        case .split:
            let at = Int(Double(picture.refined.width) * canvas.divider)
            var image = right
            image.draw(
                left.cropped(
                    to: PixelRectangle(x: 0, y: 0, width: max(1, at), height: left.height)),
                x: 0, y: 0)
            divide(&image, canvas)
            return image
        case .residual:
            var image = RGBImage(width: picture.refined.width, height: picture.refined.height)
            let side = image.width / max(1, gridWidth)
            for y in 0..<image.height {
                for x in 0..<image.width {
                    let token = y / side * gridWidth + x / side
                    let length =
                        picture.residualLengths.indices.contains(token)
                        ? picture.residualLengths[token] : 0
                    image[x, y] = HeatColor.of(length)
                }
            }
            return image
        }
    }

    /// The line between the sides of a split.
    private static func divide(_ image: inout RGBImage, _ canvas: CanvasState) {
        let at = Int(Double(image.width) * canvas.divider)
        for y in 0..<image.height {
            for (offset, level) in [(-1, UInt8(0)), (0, 255), (1, 0)] {
                guard 0..<image.width ~= at + offset else { continue }
                image[at + offset, y] = SIMD3(repeating: level)
            }
        }
    }

    // MARK: Tokens

    private func cell(_ token: Int) -> PixelRectangle {
        PixelRectangle(
            x: token % scene.gridWidth * side, y: token / scene.gridWidth * side, width: side,
            height: side)
    }

    private mutating func drawMasked() {
        image.drawMasked(scene.snapshot, gridWidth: scene.gridWidth, side: side)
    }

    /// Lines between the tokens: dark on what is light, light on what is dark.
    private mutating func drawBorders() {
        let line = max(1, side / 16)
        for y in 0..<image.height {
            for x in 0..<image.width
            where x % side < line || y % side < line || x >= image.width - line
                || y >= image.height - line
            {
                let color = image[x, y]
                let isLight = Int(color.x) + 2 * Int(color.y) + Int(color.z) > 4 * 128
                image[x, y] = color.mixed(
                    with: SIMD3(repeating: isLight ? 0 : 255), share: isLight ? 96 : 72)
            }
        }
    }

    private mutating func drawTokens() {
        let snapshot = scene.snapshot
        for token in snapshot.fixedAt.indices {
            if scene.pinned.contains(token) {
                outline(cell(token), SIMD3(255, 96, 255), width: max(2, side / 10))
            } else if snapshot.step > 0, snapshot.fixedAt[token] == snapshot.step {
                outline(cell(token), SIMD3(255, 224, 64), width: max(1, side / 16))
            }
        }
    }

    private mutating func tint(_ value: (Int) -> Float?) {
        for token in 0..<scene.gridWidth * scene.gridHeight {
            guard let value = value(token) else { continue }
            let color = HeatColor.of(value)
            fill(cell(token)) { $0.mixed(with: color, share: 160) }
        }
    }

    /// The step that fixed each token, in figures.
    private mutating func number() {
        let snapshot = scene.snapshot
        let scale = max(1, side / 32)
        for token in snapshot.fixedAt.indices {
            guard let step = snapshot.fixedAt[token], step > 0 else { continue }
            let (text, area) = (String(step), cell(token))
            let x = area.x + (side - text.count * PixelFont.width * scale) / 2
            let y = area.y + (side - PixelFont.height * scale) / 2
            image.write(text, x: x + scale, y: y + scale, color: SIMD3(0, 0, 0), scale: scale)
            image.write(text, x: x, y: y, color: SIMD3(255, 255, 255), scale: scale)
        }
    }

    /// The cells that wait to be painted, in stripes around the picture.
    private mutating func widen(by margins: EditOrder.Margins) {
        var larger = RGBImage(
            width: image.width + (margins.left + margins.right) * side,
            height: image.height + (margins.top + margins.bottom) * side)
        for y in 0..<larger.height {
            for x in 0..<larger.width {
                let isLine = x % side == 0 || y % side == 0
                let isStripe = (x + y) % max(4, side / 2) < max(2, side / 4)
                larger[x, y] =
                    isLine ? SIMD3(112, 40, 72) : isStripe ? SIMD3(72, 28, 48) : SIMD3(44, 24, 36)
            }
        }
        larger.draw(image, x: margins.left * side, y: margins.top * side)
        image = larger
    }

    // MARK: Mask and cursor

    /// Stripes over what will change, and a line around the tokens that are made anew.
    private mutating func drawMask(_ mask: PaintedMask) {
        guard mask.width == image.width, mask.height == image.height else { return }
        let stripe = max(4, side / 4)
        for y in 0..<image.height {
            for x in 0..<image.width where mask[x, y] {
                let isStripe = (x + y) % stripe < stripe / 2
                image[x, y] = image[x, y].mixed(
                    with: SIMD3(255, 64, 128), share: isStripe ? 176 : 96)
            }
        }
        let tokens = mask.grown(byCells: scene.growth, of: side).tokens(cell: side)
        let width = scene.gridWidth
        for token in tokens.indices where tokens[token] {
            let area = cell(token)
            let color = SIMD3<UInt8>(255, 255, 255)
            let line = 1
            let (column, row) = (token % width, token / width)
            if row == 0 || !tokens[token - width] {
                fill(PixelRectangle(x: area.x, y: area.y, width: side, height: line)) { _ in color }
            }
            if token + width >= tokens.count || !tokens[token + width] {
                fill(
                    PixelRectangle(x: area.x, y: area.y + side - line, width: side, height: line)
                ) { _ in color }
            }
            if column == 0 || !tokens[token - 1] {
                fill(PixelRectangle(x: area.x, y: area.y, width: line, height: side)) { _ in color }
            }
            if column == width - 1 || !tokens[token + 1] {
                fill(
                    PixelRectangle(x: area.x + side - line, y: area.y, width: line, height: side)
                ) { _ in color }
            }
        }
    }

    private mutating func drawCursor() {
        let canvas = scene.canvas
        if canvas.isPainting {
            let isRound = canvas.tool == .brush || canvas.tool == .eraser
            let radius = isRound ? canvas.brushRadius : 6
            ring(canvas.cursor, radius: radius)
            return
        }
        guard let token = scene.cursorToken else { return }
        let area = cell(token)
        outline(area, SIMD3(0, 0, 0), width: max(2, side / 10))
        outline(area, SIMD3(255, 255, 255), width: max(1, side / 20))
    }

    private mutating func ring(_ middle: PixelPoint, radius: Int) {
        for y in middle.y - radius - 1...middle.y + radius + 1 {
            for x in middle.x - radius - 1...middle.x + radius + 1 {
                guard 0..<image.width ~= x, 0..<image.height ~= y else { continue }
                let (dx, dy) = (x - middle.x, y - middle.y)
                let distance = dx * dx + dy * dy
                if distance <= (radius + 1) * (radius + 1), distance > (radius - 2) * (radius - 2) {
                    let isInner = distance <= radius * radius - radius
                    image[x, y] = isInner ? SIMD3(255, 255, 255) : SIMD3(0, 0, 0)
                }
            }
        }
    }

    // MARK: Drawing

    private mutating func fill(
        _ area: PixelRectangle, _ color: (SIMD3<UInt8>) -> SIMD3<UInt8>
    ) {
        image.fill(area, color)
    }

    private mutating func outline(_ area: PixelRectangle, _ color: SIMD3<UInt8>, width: Int) {
        image.outline(area, color, width: width)
    }
}

/// Colours from 0 to 1 that also differ in lightness, so that they read without hue (viridis).
enum HeatColor {
    private static let stops: [SIMD3<Float>] = [
        SIMD3(68, 1, 84), SIMD3(59, 82, 139), SIMD3(33, 145, 140), SIMD3(94, 201, 98),
        SIMD3(253, 231, 37)
    ]

    static func of(_ value: Float) -> SIMD3<UInt8> {
        let place = min(max(value.isFinite ? value : 0, 0), 1) * Float(stops.count - 1)
        let low = min(Int(place), stops.count - 2)
        let color = stops[low] + (stops[low + 1] - stops[low]) * (place - Float(low))
        return SIMD3<UInt8>(color, rounding: .toNearestOrEven)
    }
}

extension SIMD3<UInt8> {
    /// A mix in sRGB bytes; `share` of 256 is the other colour.
    func mixed(with other: SIMD3<UInt8>, share: Int) -> SIMD3<UInt8> {
        var result = SIMD3<UInt8>()
        for channel in 0..<3 {
            result[channel] = UInt8(
                (Int(self[channel]) * (256 - share) + Int(other[channel]) * share) >> 8)
        }
        return result
    }
}

extension RGBImage {
    /// Masked tokens are dark with a dot, whatever was decoded there.
    ///
    /// - Parameter side: pixels of a token.
    mutating func drawMasked(_ snapshot: StepSnapshot, gridWidth: Int, side: Int) {
        for token in snapshot.fixedAt.indices where snapshot.fixedAt[token] == nil {
            let (column, row) = (token % gridWidth, token / gridWidth)
            let parity: UInt8 = (column + row) % 2 == 0 ? 30 : 36
            fill(PixelRectangle(x: column * side, y: row * side, width: side, height: side)) { _ in
                SIMD3(parity, parity, parity + 6)
            }
            let dot = PixelRectangle(
                x: column * side + side / 2 - side / 16, y: row * side + side / 2 - side / 16,
                width: max(1, side / 8), height: max(1, side / 8))
            fill(dot) { _ in SIMD3(96, 96, 112) }
        }
    }

    mutating func fill(_ area: PixelRectangle, _ color: (SIMD3<UInt8>) -> SIMD3<UInt8>) {
        guard let part = area.clipped(width: width, height: height) else { return }
        for y in part.y..<part.y + part.height {
            for x in part.x..<part.x + part.width { self[x, y] = color(self[x, y]) }
        }
    }

    mutating func outline(_ area: PixelRectangle, _ color: SIMD3<UInt8>, width line: Int) {
        for y in max(0, area.y)..<min(height, area.y + area.height) {
            for x in max(0, area.x)..<min(width, area.x + area.width) {
                let isEdge =
                    y < area.y + line || y >= area.y + area.height - line || x < area.x + line
                    || x >= area.x + area.width - line
                if isEdge { self[x, y] = color }
            }
        }
    }
}
