import Generation
import HybridTokens
import Pipeline
import Requests

/// Operations of each component for one picture: two for each multiply-add of the matrix products
/// and convolutions that are computed, counted as if convolutions were direct.
struct WorkCount {
    private let model: Model
    private let gridWidth: Int
    private let gridHeight: Int
    private let textTokens: Int

    init(_ model: Model, run: PictureRun, textTokens: Int) {
        self.model = model
        gridWidth = run.run.gridWidth
        gridHeight = run.run.gridHeight
        self.textTokens = textTokens
    }

    private var tokens: Double { Double(gridWidth * gridHeight) }

    /// Both rows' text: encoder, projection, cross-attention keys and values.
    var text: Double {
        let t5 = model.textEncoder.configuration
        let length = Double(model.configuration.textLength)
        let (width, inner) = (Double(t5.width), Double(t5.heads * t5.headWidth))
        let layer =
            8 * length * width * inner + 4 * length * length * inner
            + 4 * length * width * Double(t5.hiddenWidth)
        let d = Double(model.configuration.width)
        let rows = 2 * Double(textTokens)
        let projection = 2 * rows * (Double(model.configuration.textWidth) * d + d * d)
        let keysAndValues = Double(model.configuration.layers) * 2 * rows * d * 2 * d
        return Double(t5.layers) * layer + projection + keysAndValues
    }

    /// All steps of finished runs of one prompt, logits only where a token was masked.
    func steps(_ runs: [PictureRun]) -> Double {
        guard let run = runs.first else { return 0 }
        let configuration = model.configuration
        let (d, n) = (Double(configuration.width), tokens)
        let own = 2 * n * d * 4 * d + 4 * n * n * d
        let rest =
            2 * n * d * 2 * d + 4 * n * Double(textTokens) * d
            + 4 * n * d * Double(configuration.hiddenWidth)
        let layers = Double(configuration.layers)
        var work = 0.0
        for step in 0..<run.run.settings.steps {
            let rows = run.run.settings.guidance(at: step) == 0 ? 1.0 : 2.0
            // The first layer's self-attention is the same in both rows, and the first pass, which
            // sees masks alone, in all pictures.
            let pass = (layers - 1) * rows * own + own + layers * rows * rest
            work += (step == 0 ? 1 : Double(runs.count)) * pass
        }
        let masked = runs.flatMap { $0.run.states.dropLast() }.reduce(0) { $0 + $1.maskedCount }
        return work + 2 * Double(masked) * d * Double(configuration.codebookSize)
    }

    /// All denoising steps of the residual head, with the guidance of a run.
    func residual(_ run: PictureRun) -> Double {
        let (configuration, head) = (model.configuration, model.configuration.head)
        let guidance = run.request.residual.guidance(
            modelScale: head.guidanceScale, run.run.settings)
        let (w, c) = (Double(head.width), Double(configuration.latentChannels))
        let block = 2 * (2 * w * w + 3 * w * w)
        let row = Double(head.depth) * block + 2 * w * 2 * w + 2 * w * 3 * c
        let steps = Double(run.request.residual.steps ?? head.steps)
        return (ResidualSettings.isGuided(by: guidance) ? 2 : 1) * tokens
            * (steps * row + 2 * Double(configuration.width) * w)
    }

    var decoder: Double {
        let tokenizer = model.hybridTokenizer.configuration
        let widths = tokenizer.widths.map(Double.init)
        let last = widths.count - 1
        var work = convolution(Double(tokenizer.latentChannels), widths[last], stage: last)
        for stage in widths.indices where tokenizer.decoderDepths[stage] > 0 {
            if stage < last {
                work += convolution(widths[stage + 1], 4 * widths[stage], stage: stage + 1)
            }
            work += Double(tokenizer.decoderDepths[stage]) * block(tokenizer, stage)
        }
        let isFirstEmpty = tokenizer.decoderDepths[0] == 0
        return work
            + (isFirstEmpty
                ? convolution(widths[1], 12, stage: 1) : convolution(widths[0], 3, stage: 0))
    }

    var encoder: Double {
        let tokenizer = model.hybridTokenizer.configuration
        let widths = tokenizer.widths.map(Double.init)
        let last = widths.count - 1
        let isFirstEmpty = tokenizer.encoderDepths[0] == 0
        var work =
            isFirstEmpty
            ? convolution(3, widths[1] / 4, stage: 0) : convolution(3, widths[0], stage: 0)
        for stage in widths.indices where tokenizer.encoderDepths[stage] > 0 {
            work += Double(tokenizer.encoderDepths[stage]) * block(tokenizer, stage)
            if stage < last {
                work += convolution(widths[stage], widths[stage + 1] / 4, stage: stage)
            }
        }
        return work + convolution(widths[last], Double(tokenizer.latentChannels), stage: last)
    }

    private func pixels(_ stage: Int) -> Double {
        let side = Double(model.tokenSide >> stage)
        return tokens * side * side
    }

    private func convolution(_ inputs: Double, _ outputs: Double, stage: Int) -> Double {
        2 * 9 * inputs * outputs * pixels(stage)
    }

    private func block(_ tokenizer: HybridTokenizerConfiguration, _ stage: Int) -> Double {
        let width = Double(tokenizer.widths[stage])
        switch tokenizer.blocks[stage] {
        case .residual: return 2 * convolution(width, width, stage: stage)
        case .efficientViT:
            let attention = 2 * (3 + 1) * width * width + 2 * 2 * 32 * width
            let bottleneck = 2 * (8 + 4) * width * width + 2 * 9 * 8 * width
            return pixels(stage) * (attention + bottleneck)
        }
    }
}
