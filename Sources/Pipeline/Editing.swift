import Generation
import HybridTokens
import Imaging
import Requests
import Tensors

/// A picture to be changed: its pixels, its tokens, and what is to be made anew.
public struct EditPlan: Sendable {
    /// The pixels that are kept outside the mask.
    public let canvas: RGBImage
    public let grid: HybridTokenGrid
    /// Pixel coverage, 255 where the picture is made anew.
    public let mask: Mask
    /// For each token whether it is made anew.
    public let isMasked: [Bool]
    /// What was done, for the record.
    public let operation: String
    public let content: MaskedContent
    public let strength: Double
    /// What the transformer sees; nil for all.
    public var window: TokenWindow?
    /// Tokens on each side of the masked ones in `window`.
    public var padding: Int?

    /// What the picture's file says of the edit.
    public func record(feather: Int) -> EditRecord {
        let part = padding == nil ? EditRecord.nearMask : EditRecord.onlyMasked
        return EditRecord(
            operation: operation, mask: tokenMask, strength: strength, content: content.rawValue,
            feather: feather, area: window == nil ? nil : part, padding: padding,
            window: window.map {
                PixelRectangle(x: $0.x, y: $0.y, width: $0.width, height: $0.height)
            })
    }

    /// The tokens made anew, as a record keeps them.
    public var tokenMask: TokenMask {
        TokenMask(gridWidth: grid.gridWidth, gridHeight: grid.gridHeight, isMasked: isMasked)
    }

    /// The result in the canvas: its own pixels where the mask covers, a blend within `feather`
    /// pixels of the mask's border, and the canvas's own bytes elsewhere.
    public func composited(_ result: RGBImage, feather: Int) -> RGBImage {
        result.composited(over: canvas, mask: feather > 0 ? mask.feathered(by: feather) : mask)
    }

    /// A picture to save while the edit is unfinished: the result where the mask covers fully, the
    /// canvas's own bytes elsewhere, so that the edit can be finished from the file.
    public func unfinished(_ result: RGBImage) -> RGBImage {
        let inner = Mask(
            width: mask.width, height: mask.height,
            coverage: mask.coverage.map { $0 == 255 ? 255 : 0 })
        return result.composited(over: canvas, mask: inner)
    }

    /// How visible the seam is: the mean difference between result and canvas on the eight pixels
    /// around the mask, in levels of 255; nil where nothing is around it.
    public func seamError(_ result: RGBImage) -> Double? {
        mask.seamError(result, against: canvas)
    }
}

extension Mask {
    /// The mean difference of two pictures on the eight pixels around the mask, in levels of 255;
    /// nil where nothing is around it.
    public func seamError(_ result: RGBImage, against canvas: RGBImage) -> Double? {
        let ring = grown(by: 8)
        var (sum, count) = (0, 0)
        for (index, reach) in ring.coverage.enumerated() where reach > 0 && coverage[index] == 0 {
            for at in 3 * index..<3 * index + 3 {
                sum += abs(Int(result.pixels[at]) - Int(canvas.pixels[at]))
                count += 1
            }
        }
        return count == 0 ? nil : Double(sum) / Double(count)
    }
}

extension Pipeline {
    /// The tokens of a picture that its file keeps; nil where it keeps none, those of another model,
    /// or those of other pixels.
    /// - Throws: `RequestError` when they do not fit this model.
    public func keptGrid(
        of image: RGBImage, metadata: GenerationMetadata?
    ) throws -> HybridTokenGrid? {
        guard let metadata, metadata.isOf(image), let grid = try grid(of: metadata),
            grid.gridWidth * model.pixelsPerToken == image.width,
            grid.gridHeight * model.pixelsPerToken == image.height
        else { return nil }
        return grid
    }

    /// The tokens of any picture, their residual rounded as a file keeps it: an edit that was
    /// stopped goes on from what it began with.
    /// - Throws: what `encode` throws.
    public func roundedGrid(of image: RGBImage) throws -> HybridTokenGrid {
        let grid = try encode(image).grid
        return HybridTokenGrid(
            gridWidth: grid.gridWidth, gridHeight: grid.gridHeight, ids: grid.ids,
            residual: Tensor(
                grid.residual.shape, ResidualRecord(grid.residual.floats()).values))
    }

    /// Plans to make a part of a picture anew.
    ///
    /// - Parameters:
    ///   - mask: pixel coverage of the picture's size; nil for all of it.
    ///   - share: the part of the tokens under the mask that is made anew, in (0, 1].
    ///   - confidence: of each token, for `.leastSure`; nil, or one of another grid, counts all as
    ///     equally sure. Counts as exactly as files keep it.
    ///   - seed: decides which tokens `.random` takes.
    ///   - padding: shows the model only the mask and so many tokens on each side of it; nil shows
    ///     it the whole picture, or of a larger one than it was trained for that much around the
    ///     mask, where the mask is no larger itself.
    /// - Throws: `RequestError`.
    public func plan(
        _ canvas: RGBImage, _ grid: HybridTokenGrid, mask: Mask?, share: Double = 1,
        content: MaskedContent = .all, confidence: [Float]? = nil, seed: UInt64 = 0,
        padding: Int? = nil
    ) throws -> EditPlan {
        let unit = model.pixelsPerToken
        if let mask, mask.width != canvas.width || mask.height != canvas.height {
            throw RequestError.maskSize(
                width: mask.width, height: mask.height, expectedWidth: canvas.width,
                expectedHeight: canvas.height)
        }
        let whole = mask ?? Mask(width: canvas.width, height: canvas.height, coverage: 255)
        let touched = tokens(under: whole, unit: unit)
        let noise = KeyedNoise(seed: seed)
        let sureness =
            confidence?.count == grid.ids.count ? confidence?.map(TokenGridRecord.byte) : nil
        let wanted = max(1, Int((share * Double(touched.count)).rounded()))
        let order: [Int] =
            switch content {
            case .all: touched
            case .leastSure:
                touched.sorted { (sureness?[$0] ?? 0, $0) < (sureness?[$1] ?? 0, $1) }
            case .random:
                touched.sorted {
                    (noise.editingNoise(position: $0), $0) < (noise.editingNoise(position: $1), $1)
                }
            }
        let chosen = content == .all && share >= 1 ? Set(touched) : Set(order.prefix(wanted))
        guard !chosen.isEmpty else { throw RequestError.emptyMask }
        let isMasked = grid.ids.indices.map(chosen.contains)
        // Where only some tokens change, the mask is as it was painted within their cells.
        let pixels =
            chosen.count == touched.count
            ? whole : whole.intersection(cells(isMasked, grid, unit: unit))
        let whatever = content == .leastSure ? "reroll" : "variation"
        var plan = EditPlan(
            canvas: canvas, grid: grid, mask: pixels, isMasked: isMasked,
            operation: mask == nil ? whatever : "inpaint", content: content, strength: share)
        // Of the mask, not of the tokens chosen: then it is one for all seeds.
        plan.window = window(
            around: grid.ids.indices.map(Set(touched).contains), gridWidth: grid.gridWidth,
            padding: padding)
        plan.padding = padding
        return plan
    }

    /// Plans to continue a picture beyond its borders by whole tokens on each side.
    /// - Throws: `RequestError`.
    public func plan(
        outpainting image: RGBImage, _ grid: HybridTokenGrid, left: Int, right: Int, top: Int,
        bottom: Int
    ) throws -> EditPlan {
        let unit = model.pixelsPerToken
        let limit = model.tokensPerSide
        let (gridWidth, gridHeight) = (
            grid.gridWidth + left + right, grid.gridHeight + top + bottom
        )
        guard [left, right, top, bottom].allSatisfy({ 0...limit ~= $0 }), gridWidth <= limit,
            gridHeight <= limit
        else {
            throw RequestError.size(
                width: gridWidth * unit, height: gridHeight * unit, multiple: unit,
                limit: limit * unit)
        }
        guard left + right + top + bottom > 0 else { throw RequestError.emptyMask }
        let channels = model.configuration.latentChannels
        var ids = Array(repeating: 0, count: gridWidth * gridHeight)
        var isMasked = Array(repeating: true, count: ids.count)
        var residual = [Float](repeating: 0, count: ids.count * channels)
        let source = grid.residual.floats()
        for y in 0..<grid.gridHeight {
            for x in 0..<grid.gridWidth {
                let (from, to) = (y * grid.gridWidth + x, (y + top) * gridWidth + x + left)
                (ids[to], isMasked[to]) = (grid.ids[from], false)
                residual.replaceSubrange(
                    to * channels..<(to + 1) * channels,
                    with: source[from * channels..<(from + 1) * channels])
            }
        }
        let extended = HybridTokenGrid(
            gridWidth: gridWidth, gridHeight: gridHeight, ids: ids,
            residual: Tensor([ids.count, channels], residual))
        var canvas = RGBImage(width: gridWidth * unit, height: gridHeight * unit)
        canvas.draw(image, x: left * unit, y: top * unit)
        var plan = EditPlan(
            canvas: canvas, grid: extended, mask: cells(isMasked, extended, unit: unit),
            isMasked: isMasked, operation: "outpaint", content: .all, strength: 1)
        plan.window = window(around: isMasked, gridWidth: gridWidth, padding: nil)
        return plan
    }

    private func window(around isMasked: [Bool], gridWidth: Int, padding: Int?) -> TokenWindow? {
        if let padding {
            return TokenWindow(around: isMasked, gridWidth: gridWidth, padding: padding)
        }
        return TokenWindow(
            holding: isMasked, gridWidth: gridWidth, side: model.configuration.gridSide)
    }

    /// The plan of an edit in a file. Of one that was stopped, `EditPlan.unfinished` kept the canvas;
    /// of a finished one the pixels outside mask and feather are the canvas's own, and what is made
    /// anew is laid over the picture itself. Nil for a picture that is no edit.
    /// - Throws: `RequestError` when the file lacks its mask, or mask and picture do not fit.
    public func plan(resuming metadata: GenerationMetadata, _ image: RGBImage) throws -> EditPlan? {
        guard let edit = metadata.record.edit else { return nil }
        let unit = model.pixelsPerToken
        guard let mask = metadata.mask, mask.width == image.width, mask.height == image.height,
            edit.mask.gridWidth * unit == image.width, edit.mask.gridHeight * unit == image.height,
            metadata.tokens.map({ $0.ids.count == edit.mask.isMasked.count }) ?? true
        else { throw RequestError.grid("the mask of the edit is missing or of another size") }
        let count = edit.mask.isMasked.count
        let channels = model.configuration.latentChannels
        let residual = try residual(metadata, count: count)
        var plan = EditPlan(
            canvas: image,
            grid: HybridTokenGrid(
                gridWidth: edit.mask.gridWidth, gridHeight: edit.mask.gridHeight,
                ids: metadata.tokens?.ids.map { Int($0 ?? 0) } ?? Array(repeating: 0, count: count),
                residual: residual.map { Tensor([count, channels], $0) }
                    ?? Tensor([count, channels], repeating: 0)),
            mask: mask, isMasked: edit.mask.isMasked, operation: edit.operation,
            content: edit.content.flatMap(MaskedContent.init(rawValue:)) ?? .all,
            strength: edit.strength ?? 1)
        plan.padding = edit.padding
        plan.window = window(of: metadata)
        return plan
    }

    /// What the transformer saw of an edit that a file keeps; nil for all.
    func window(of metadata: GenerationMetadata) -> TokenWindow? {
        guard let edit = metadata.record.edit else { return nil }
        let isNear = edit.area == EditRecord.nearMask
        guard isNear || edit.area == EditRecord.onlyMasked && edit.padding != nil else {
            return nil
        }
        if let kept = edit.window, kept.x + kept.width <= edit.mask.gridWidth,
            kept.y + kept.height <= edit.mask.gridHeight
        {
            return TokenWindow(x: kept.x, y: kept.y, width: kept.width, height: kept.height)
        }
        // Files of earlier versions do not say where; it lies around the mask.
        let unit = model.pixelsPerToken
        var isTouched = edit.mask.isMasked
        if let mask = metadata.mask, mask.width == edit.mask.gridWidth * unit,
            mask.height == edit.mask.gridHeight * unit
        {
            for token in tokens(under: mask, unit: unit) { isTouched[token] = true }
        }
        return window(
            around: isTouched, gridWidth: edit.mask.gridWidth,
            padding: isNear ? nil : edit.padding)
    }

    private func tokens(under mask: Mask, unit: Int) -> [Int] {
        let gridWidth = mask.width / unit
        var isTouched = Array(repeating: false, count: gridWidth * (mask.height / unit))
        for (index, coverage) in mask.coverage.enumerated() where coverage > 0 {
            let (x, y) = (index % mask.width, index / mask.width)
            isTouched[y / unit * gridWidth + x / unit] = true
        }
        return isTouched.indices.filter { isTouched[$0] }
    }

    private func cells(_ isMasked: [Bool], _ grid: HybridTokenGrid, unit: Int) -> Mask {
        let width = grid.gridWidth * unit
        let coverage = (0..<width * grid.gridHeight * unit).map { index -> UInt8 in
            isMasked[index / width / unit * grid.gridWidth + index % width / unit] ? 255 : 0
        }
        return Mask(width: width, height: grid.gridHeight * unit, coverage: coverage)
    }
}
