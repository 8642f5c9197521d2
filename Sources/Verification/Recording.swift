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

    /// - Throws: `VerificationError.badShape` for one that has another number of axes.
    func tensor(_ name: String, axes: Int) throws -> Tensor {
        let tensor = try tensor(name)
        guard tensor.shape.dimensions.count == axes else {
            throw VerificationError.badShape(
                file: file, name: name, found: tensor.shape, needed: "\(axes) axes")
        }
        return tensor
    }

    /// Which of so many prompts each image has; `standard` where the recording does not say.
    /// - Throws: `VerificationError.noPrompt`, `VerificationError.badShape` for too few.
    func promptRows(_ name: String, of count: Int, images: Int, standard: [Int]) throws -> [Int] {
        let rows = try optional(name)?.integers() ?? standard
        guard rows.count == images, images > 0 else {
            throw VerificationError.badShape(
                file: file, name: name, found: [rows.count], needed: "one number for each image")
        }
        for row in rows where !(0..<count ~= row) {
            throw VerificationError.noPrompt(file: file, row: row, count: count)
        }
        return rows
    }

    func optional(_ name: String) throws -> Tensor? { has(name) ? try tensor(name) : nil }

    /// - Throws: `VerificationError.badShape` for another shape or a number out of range.
    func integers(_ name: String, shape: Shape, in range: ClosedRange<Int>) throws -> [Int] {
        let tensor = try tensor(name)
        let numbers = tensor.shape == shape ? tensor.integers() : []
        guard tensor.shape == shape, numbers.allSatisfy(range.contains) else {
            throw VerificationError.badShape(
                file: file, name: name, found: tensor.shape,
                needed: "\(shape)"
                    + (range == Int.min...Int.max
                        ? "" : ", numbers from \(range.lowerBound) to \(range.upperBound)"))
        }
        return numbers
    }

    func integers(_ name: String) throws -> [Int] { try tensor(name).integers() }
}
