import Checkpoints
import Foundation
import Tensors

/// A safetensors file of recorded tensors.
struct Recording {
    let file: String
    private let checkpoint: Checkpoint

    init(path: String) throws {
        file = (path as NSString).lastPathComponent
        checkpoint = try Checkpoint(path: path)
    }

    /// The keyword arguments of the recorded run that differ from the configuration.
    var arguments: [String: Any] {
        guard let text = checkpoint.metadata["arguments"],
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        else { return [:] }
        return object as? [String: Any] ?? [:]
    }

    func has(_ name: String) -> Bool { checkpoint.entry(name) != nil }

    var names: [String] { checkpoint.keys }

    /// - Throws: `CheckpointError.missing` when there is no such tensor.
    func tensor(_ name: String) throws -> Tensor { try checkpoint.tensor(name) }

    func optional(_ name: String) throws -> Tensor? { has(name) ? try tensor(name) : nil }

    func integers(_ name: String) throws -> [Int] { try tensor(name).integers() }
}
