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

    init(_ recording: Recording, image: Int) throws {
        token = try recording.tensor("noise_token")
        confidence = try recording.tensor("noise_conf").floats()
        initial = try recording.tensor("noise_init")
        diffusion = try recording.tensor("noise_diff")
        let extents = token.shape.dimensions
        guard extents.count == 4 else {
            throw VerificationError.badShape(
                file: recording.file, name: "noise_token", found: token.shape,
                needed: "four axes: steps, images, tokens, codes")
        }
        shape = (extents[0], extents[1], extents[2], extents[3])
        self.image = image
    }

    var steps: Int { shape.steps }

    private func slice(_ tensor: Tensor, at row: Int, _ count: Int) -> [Float] {
        tensor.withFloats { Array($0[row * count..<(row + 1) * count]) }
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
    case badShape(file: String, name: String, found: Shape, needed: String)

    public var description: String {
        switch self {
        case .noRecordings(let folder):
            "\(folder) holds no recordings that can be replayed; name a folder of recorded runs."
        case .noModel(let file, let needed):
            "\(file) needs \(needed), and no such model lies beside it."
        case .badShape(let file, let name, let found, let needed):
            "\(name) in \(file) has shape \(found); it needs \(needed)."
        }
    }
}
