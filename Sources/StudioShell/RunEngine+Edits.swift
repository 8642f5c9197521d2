import HybridTokens
import Imaging
import Pipeline
import StudioCore
import Tensors

/// What an edit is laid over: its base at its place, and which pixels change.
struct EditGround {
    /// Lays the result over the base's pixels.
    let compositor: EditCompositor
    /// The base's pixels without their residual.
    let discrete: RGBImage
    /// The pixels of the tokens that are made anew.
    private let tokens: Mask

    init(_ compositor: EditCompositor, discrete: RGBImage, edit: EditRecord) {
        self.compositor = compositor
        self.discrete = discrete
        tokens = Mask(edit.mask, tokenSide: discrete.width / edit.mask.gridWidth)
    }

    /// The base with the result in the tokens that are made anew, for looking at.
    func filled(_ result: RGBImage) -> RGBImage {
        result.composited(over: compositor.canvas, mask: tokens)
    }
}

extension RunEngine {
    /// Plans an edit exactly as `dcar edit` would from the base's file.
    func plan(_ order: EditOrder, over base: EngineRun, seed: UInt64, _ pipeline: Pipeline) throws
        -> EditPlan
    {
        guard let grid = base.grid, let refined = base.refined else {
            throw RunEngineError.noTokens(order.base)
        }
        let kept = base.run == nil ? grid : grid.asKept
        if order.margins.isEmpty {
            return try pipeline.plan(
                refined, kept, mask: order.mask?.mask, share: order.share ?? 1,
                content: order.content, confidence: base.run?.tokens.confidence, seed: seed,
                padding: order.padding)
        }
        return try pipeline.plan(
            outpainting: refined, kept, left: order.margins.left, right: order.margins.right,
            top: order.margins.top, bottom: order.margins.bottom)
    }

    /// - Parameter strength: what the base's residual counted when the edit was made.
    func ground(
        _ order: EditOrder, over base: EngineRun, mask: Mask, edit: EditRecord, _ pipeline: Pipeline
    ) throws -> EditGround {
        guard var refined = base.refined, let discrete = base.discrete, let grid = base.grid else {
            throw RunEngineError.noTokens(order.base)
        }
        // The edit lies over the base as it was, though that has another residual strength by now.
        if let strength = order.baseStrength, strength != base.request.residual.strength {
            let decoded = try pipeline.decode(grid, strength: strength)
            refined = base.ground?.compositor.composited(decoded) ?? decoded
        }
        let tokenSide = pipeline.model.tokenSide
        let canvas = order.margins.placed(refined, tokenSide: tokenSide)
        guard canvas.width == mask.width, canvas.height == mask.height else {
            throw RunEngineError.notKept
        }
        return EditGround(
            EditCompositor(canvas: canvas, mask: mask, feather: edit.feather ?? 0),
            discrete: order.margins.placed(discrete, tokenSide: tokenSide), edit: edit)
    }

    // MARK: Parents

    /// The SHA-256 of a picture's file, or of what saving it would write.
    func fileHash(of engineRun: EngineRun, _ pipeline: Pipeline) throws -> String {
        if let file = engineRun.file, file.isFinished == (engineRun.refined != nil) {
            return file.hash
        }
        return SHA256Sum.of(try fileBytes(of: engineRun, pipeline))
    }

    /// What saving a picture, or as much of it as there is, writes.
    func fileBytes(of engineRun: EngineRun, _ pipeline: Pipeline) throws -> [UInt8] {
        try encode(
            engineRun.refined ?? partial(engineRun, pipeline),
            options.writesMetadata ? metadata(of: engineRun, pipeline) : nil)
    }

    /// A fork's parent: the file that was opened, or the run as a file that was stopped there. A fork
    /// cannot have been stopped before it began, so that it is the parent as it is then.
    func lineage(forkOf parent: EngineRun, step: Int, _ pipeline: Pipeline) throws -> Lineage {
        var stopped = parent
        if step >= parent.lineage?.forkedAtStep ?? 0 {
            (stopped.run, stopped.grid, stopped.refined) = (
                parent.run?.woundBack(to: step), nil, nil
            )
            stopped.metadata = nil
        }
        return Lineage(
            parentHash: try parent.file?.hash ?? fileHash(of: stopped, pipeline),
            forkedAtStep: step, edit: parent.lineage?.edit, mask: parent.lineage?.mask)
    }
}

extension EditOrder.Margins {
    /// A picture inside a larger one.
    fileprivate func placed(_ image: RGBImage, tokenSide: Int) -> RGBImage {
        guard !isEmpty else { return image }
        var larger = RGBImage(
            width: image.width + (left + right) * tokenSide,
            height: image.height + (top + bottom) * tokenSide)
        larger.draw(image, x: left * tokenSide, y: top * tokenSide)
        return larger
    }
}

extension HybridTokenGrid {
    /// The length of each token's residual as a share of the longest.
    var residualLengths: [Float] {
        let channels = residual.shape[1]
        let numbers = residual.floats()
        let lengths = ids.indices.map { token in
            numbers[token * channels..<(token + 1) * channels].reduce(0) { $0 + $1 * $1 }
                .squareRoot()
        }
        let most = lengths.max() ?? 0
        return most > 0 ? lengths.map { $0 / most } : lengths
    }

    /// The grid as its file keeps it, which rounds residuals: the edit of a picture is the same
    /// whether that was opened again in between or not.
    fileprivate var asKept: HybridTokenGrid {
        HybridTokenGrid(
            gridWidth: gridWidth, gridHeight: gridHeight, ids: ids,
            residual: Tensor(residual.shape, ResidualRecord(residual.floats()).values))
    }
}
