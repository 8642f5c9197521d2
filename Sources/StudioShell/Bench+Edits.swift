import HybridTokens
import Imaging
import Pipeline
import Requests
import StudioCore
import Tensors

/// What an edit is laid over: its base at its place, and which pixels change.
struct EditGround {
    let refined: RGBImage
    let discrete: RGBImage
    /// Before feathering.
    let mask: Mask
    let record: EditRecord
    private let soft: Mask

    init(refined: RGBImage, discrete: RGBImage, mask: Mask, record: EditRecord) {
        self.refined = refined
        self.discrete = discrete
        self.mask = mask
        self.record = record
        soft = mask.feathered(by: record.feather ?? 0)
    }

    /// - Parameters:
    ///   - width: pixels of the picture with what was added at its sides.
    ///   - height: pixels likewise.
    init?(_ order: EditOrder, over base: Bench.Piece, width: Int, height: Int) {
        guard let refined = base.refined, let discrete = base.discrete else { return nil }
        let side = Mask.cellSize
        func placed(_ image: RGBImage) -> RGBImage {
            guard !order.margins.isEmpty else { return image }
            var larger = RGBImage(width: width, height: height)
            larger.draw(image, x: order.margins.left * side, y: order.margins.top * side)
            return larger
        }
        let gridWidth = max(1, width / side)
        let tokens = TokenMask(
            gridWidth: gridWidth, gridHeight: order.isMasked.count / gridWidth,
            isMasked: order.isMasked)
        let painted = order.mask.map(\.mask) ?? Mask(tokens)
        let grounds = (placed(refined), placed(discrete))
        guard painted.width == width, painted.height == height, grounds.0.width == width,
            grounds.0.height == height
        else { return nil }
        self.init(
            refined: grounds.0, discrete: grounds.1, mask: painted,
            record: EditRecord(
                operation: order.operation, mask: tokens, strength: order.share ?? 1,
                content: order.content.rawValue, feather: order.feather))
    }

    /// The result where the mask covers, the base's own bytes outside mask and feather.
    func composited(_ result: RGBImage, over base: RGBImage?) -> RGBImage {
        result.composited(over: base ?? refined, mask: soft)
    }

    /// The base with the result in the tokens that are made anew, for looking at.
    func filled(_ result: RGBImage) -> RGBImage {
        result.composited(over: refined, mask: Mask(record.mask))
    }

    /// What is saved of an edit that is not finished: see `EditPlan.unfinished`.
    func unfinished(_ result: RGBImage) -> RGBImage {
        result.composited(over: refined, mask: mask)
    }

    /// The mean difference in sRGB bytes on the ring of 8 pixels around the mask.
    func seamError(_ result: RGBImage) -> Double? {
        let wide = mask.grown(by: 8)
        var (sum, count) = (0, 0)
        for at in mask.coverage.indices where mask.coverage[at] == 0 && wide.coverage[at] > 0 {
            for channel in 3 * at..<3 * at + 3 {
                sum += abs(Int(result.pixels[channel]) - Int(refined.pixels[channel]))
            }
            count += 3
        }
        return count == 0 ? nil : Double(sum) / Double(count)
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

    /// A larger grid with this one inside; entry 0 and no residual in the margins.
    func extended(by margins: EditOrder.Margins) -> HybridTokenGrid {
        let width = gridWidth + margins.left + margins.right
        let height = gridHeight + margins.top + margins.bottom
        let channels = residual.shape[1]
        let old = residual.floats()
        var ids = [Int](repeating: 0, count: width * height)
        var numbers = [Float](repeating: 0, count: width * height * channels)
        for token in self.ids.indices {
            let place =
                (token / gridWidth + margins.top) * width + token % gridWidth + margins.left
            ids[place] = self.ids[token]
            for channel in 0..<channels {
                numbers[place * channels + channel] = old[token * channels + channel]
            }
        }
        return HybridTokenGrid(
            gridWidth: width, gridHeight: height, ids: ids,
            residual: Tensor([width * height, channels], numbers))
    }
}
