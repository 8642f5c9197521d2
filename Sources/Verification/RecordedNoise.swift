import Generation
import Tensors

/// The noise of one image of a recorded run, in place of a generator's.
struct RecordedNoise: NoiseSource {
    /// [steps, images, tokens, codes].
    private let token: Tensor
    /// [steps, images, tokens].
    private let confidence: [Float]
    private let image: Int
    private let shape: (steps: Int, images: Int, tokens: Int, codes: Int)
    /// [images * tokens, channels].
    private let initial: Tensor
    /// [diffusion steps, images * tokens, channels].
    private let diffusion: Tensor

    /// - Parameters:
    ///   - image: below `images`.
    ///   - codes: of the model's codebook.
    ///   - channels: of the model's latents.
    /// - Throws: `VerificationError.badShape`, `CheckpointError`.
    init(
        _ recording: Recording, image: Int, of images: Int, tokens: Int, codes: Int, channels: Int
    ) throws {
        shape = (try recording.tensor("noise_token", axes: 4).shape[0], images, tokens, codes)
        self.image = image
        let rows = images * tokens
        func tensor(_ name: String, _ wanted: Shape) throws -> Tensor {
            let tensor = try recording.tensor(name)
            guard tensor.shape == wanted else {
                throw VerificationError.badShape(
                    file: recording.file, name: name, found: tensor.shape, needed: "\(wanted)")
            }
            return tensor.converted(to: .float32)
        }
        token = try tensor("noise_token", [shape.steps, images, tokens, codes])
        let steps = try recording.tensor("noise_diff", axes: 3).shape[0]
        confidence = try tensor("noise_conf", [shape.steps, shape.images, shape.tokens]).floats()
        initial = try tensor("noise_init", [rows, channels])
        diffusion = try tensor("noise_diff", [steps, rows, channels])
    }

    var steps: Int { shape.steps }
    var diffusionSteps: Int { diffusion.shape[0] }

    private func slice(_ tensor: Tensor, at row: Int, _ count: Int) -> [Float] {
        precondition((row + 1) * count <= tensor.shape.count)
        return tensor.withFloats { Array($0[row * count..<(row + 1) * count]) }
    }

    func tokenNoise(step: Int, position: Int, count: Int) -> [Float] {
        slice(token, at: (step * shape.images + image) * shape.tokens + position, count)
    }

    func confidenceNoise(step: Int, position: Int) -> Float {
        confidence[(step * shape.images + image) * shape.tokens + position]
    }

    func initialResidual(position: Int, channels: Int) -> [Float] {
        slice(initial, at: image * shape.tokens + position, channels)
    }

    func diffusionNoise(step: Int, position: Int, channels: Int) -> [Float] {
        let rows = shape.images * shape.tokens
        return slice(diffusion, at: step * rows + image * shape.tokens + position, channels)
    }
}

/// Why recordings cannot be replayed.
public enum VerificationError: Error, CustomStringConvertible {
    case noRecordings(folder: String)
    case noModel(file: String, needed: String)
    case noPrompt(file: String, row: Int, count: Int)
    case badShape(file: String, name: String, found: Shape, needed: String)

    public var description: String {
        switch self {
        case .noRecordings(let folder):
            "\(folder) holds no recordings that can be replayed; name a folder of recorded runs."
        case .noModel(let file, let needed):
            "\(file) needs \(needed), and no such model lies beside it."
        case .noPrompt(let file, let row, let count):
            "\(file) names prompt \(row); the recorded prompts are 0 to \(count - 1)."
        case .badShape(let file, let name, let found, let needed):
            "\(name) in \(file) has shape \(found); it needs \(needed)."
        }
    }
}
