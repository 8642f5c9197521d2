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
    /// The tokens that are made anew.
    public let tokenMask: TokenMask
    /// What was done, for the record.
    public let operation: EditOperation
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
            operation: operation.rawValue, mask: tokenMask, strength: strength,
            content: content.rawValue,
            feather: feather, area: window == nil ? nil : part, padding: padding,
            window: window.map {
                TokenRectangle(x: $0.x, y: $0.y, width: $0.width, height: $0.height)
            })
    }

    /// For each token whether it is made anew.
    public var isMasked: [Bool] { tokenMask.isMasked }

    /// What lays the result over the canvas.
    ///
    /// - Parameter feather: pixels over which it fades into the canvas.
    public func compositor(feather: Int) -> EditCompositor {
        EditCompositor(canvas: canvas, mask: mask, feather: feather)
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
            grid.gridWidth * model.tokenSide == image.width,
            grid.gridHeight * model.tokenSide == image.height
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
        let tokenSide = model.tokenSide
        if let mask, mask.width != canvas.width || mask.height != canvas.height {
            throw RequestError.maskSize(
                width: mask.width, height: mask.height, expectedWidth: canvas.width,
                expectedHeight: canvas.height)
        }
        let whole = mask ?? Mask(width: canvas.width, height: canvas.height, coverage: 255)
        let underMask = whole.tokens(tokenSide: tokenSide)
        let touched = underMask.isMasked.indices.filter { underMask.isMasked[$0] }
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
        let tokenMask = TokenMask(
            gridWidth: grid.gridWidth, gridHeight: grid.gridHeight,
            isMasked: grid.ids.indices.map(chosen.contains))
        // Where only some tokens change, the mask is as it was painted within them.
        let pixels =
            chosen.count == touched.count
            ? whole : whole.intersection(Mask(tokenMask, tokenSide: tokenSide))
        let whatever = content == .leastSure ? EditOperation.reroll : .variation
        var plan = EditPlan(
            canvas: canvas, grid: grid, mask: pixels, tokenMask: tokenMask,
            operation: mask == nil ? whatever : .inpaint, content: content, strength: share)
        // Of the mask, not of the tokens chosen: then it is one for all seeds.
        plan.window = window(around: underMask, padding: padding)
        plan.padding = padding
        return plan
    }

    /// Plans to continue a picture beyond its borders by whole tokens on each side.
    /// - Throws: `RequestError`.
    public func plan(
        outpainting image: RGBImage, _ grid: HybridTokenGrid, left: Int, right: Int, top: Int,
        bottom: Int
    ) throws -> EditPlan {
        let tokenSide = model.tokenSide
        let limit = model.gridSideLimit
        let (gridWidth, gridHeight) = (
            grid.gridWidth + left + right, grid.gridHeight + top + bottom
        )
        guard [left, right, top, bottom].allSatisfy({ 0...limit ~= $0 }), gridWidth <= limit,
            gridHeight <= limit
        else {
            throw RequestError.size(
                width: gridWidth * tokenSide, height: gridHeight * tokenSide, multiple: tokenSide,
                limit: limit * tokenSide)
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
        var canvas = RGBImage(width: gridWidth * tokenSide, height: gridHeight * tokenSide)
        canvas.draw(image, x: left * tokenSide, y: top * tokenSide)
        let tokenMask = TokenMask(
            gridWidth: gridWidth, gridHeight: gridHeight, isMasked: isMasked)
        var plan = EditPlan(
            canvas: canvas, grid: extended, mask: Mask(tokenMask, tokenSide: tokenSide),
            tokenMask: tokenMask, operation: .outpaint, content: .all, strength: 1)
        plan.window = window(around: tokenMask, padding: nil)
        return plan
    }

    private func window(around mask: TokenMask, padding: Int?) -> TokenWindow? {
        if let padding { return TokenWindow(around: mask, padding: padding) }
        return TokenWindow(holding: mask, side: model.configuration.gridSide)
    }

    /// What lays an edit in a file over its canvas. Of one that was stopped,
    /// `EditCompositor.unfinished` kept the canvas; of a finished one the pixels outside mask and
    /// feather are the canvas's own, and what is made anew is laid over the picture itself. Nil for a
    /// picture that is no edit.
    /// - Throws: `RequestError` when the file lacks its mask, or mask and picture do not fit.
    public func compositor(
        resuming metadata: GenerationMetadata, _ image: RGBImage
    ) throws(RequestError) -> EditCompositor? {
        guard let edit = metadata.record.edit else { return nil }
        let tokenSide = model.tokenSide
        guard let mask = metadata.mask, mask.width == image.width, mask.height == image.height,
            edit.mask.gridWidth * tokenSide == image.width,
            edit.mask.gridHeight * tokenSide == image.height,
            metadata.tokens.map({ $0.ids.count == edit.mask.isMasked.count }) ?? true
        else { throw .grid("the mask of the edit is missing or of another size") }
        return EditCompositor(canvas: image, mask: mask, feather: edit.feather ?? 0)
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
        let tokenSide = model.tokenSide
        var touched = edit.mask
        if let mask = metadata.mask, mask.width == edit.mask.gridWidth * tokenSide,
            mask.height == edit.mask.gridHeight * tokenSide
        {
            for (token, isIn) in mask.tokens(tokenSide: tokenSide).isMasked.enumerated() where isIn
            {
                touched.isMasked[token] = true
            }
        }
        return window(around: touched, padding: isNear ? nil : edit.padding)
    }
}
