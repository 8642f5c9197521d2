import Kernels
import Pipeline

/// What a component is meant to reach, of the two models for which that was set: the official
/// shapes at 512x512 pixels and the embedded model at 256x256, each with twelve steps.
struct BenchTarget {
    private let model: Model
    private let isUsual: Bool

    init(_ model: Model, width: Int, height: Int, steps: Int, batch: Int) {
        self.model = model
        isUsual =
            width == model.trainedSide && height == model.trainedSide && steps == 12 && batch == 1
    }

    private var isFullSize: Bool {
        model.configuration.width == 1152 && model.configuration.layers == 28
            && model.trainedSide == 512
    }

    private var isEmbedded: Bool { model.trainedSide == 256 }

    func text(_ component: BenchComponent) -> String? {
        guard isUsual else { return nil }
        switch (component, model.compute.precision) {
        case (.arranging, .bfloat16), (.arranging, .int8):
            return isFullSize ? "at most 0.3 s with the opening, once cached" : nil
        case (.steps, .bfloat16) where isFullSize: return "at least 80 % of the peak"
        case (.memory, .bfloat16) where isFullSize: return "at most 2400 MB"
        case (.memory, .int8) where isFullSize: return "at most 1600 MB"
        case (.whole, .bfloat16) where isEmbedded: return "at most 0.35 s"
        case (.steps, .bfloat16) where isEmbedded: return "at most 0.3 s, 25 ms each"
        default: return nil
        }
    }
}

/// The rows of the table.
enum BenchComponent {
    case peak
    case opening
    case arranging
    case text
    case steps
    case residual
    case decoder
    case whole
    case batch
    case encoder
    case memory
}
