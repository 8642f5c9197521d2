import Checkpoints
import Foundation
import Tensors

extension Verifier {
    /// The same tensors in two file formats must be equal bit for bit: `formats/` and generators
    /// that lie there as a PyTorch file beside a safetensors file.
    func formats() throws -> Bool {
        let files = FileManager.default
        var pairs: [(String, String)] = []
        for name in ["types.bin", "nested.pt"] {
            pairs.append(("\(folder)/formats/\(name)", "\(folder)/formats/types.safetensors"))
        }
        for part in parts.generators {
            pairs.append(
                ("\(part.folder)/pytorch_model.bin", "\(part.folder)/model.safetensors"))
        }
        var found = false
        for (first, second) in pairs
        where files.fileExists(atPath: first) && files.fileExists(atPath: second) {
            try equal(first, second)
            found = true
        }
        return found
    }

    private func equal(_ first: String, _ second: String) throws {
        let (a, b) = (try Checkpoint(path: first), try Checkpoint(path: second))
        let folder = ((first as NSString).deletingLastPathComponent as NSString).lastPathComponent
        let file = "\(folder)/\((first as NSString).lastPathComponent)"
        for key in Set(a.keys).union(b.keys).sorted() {
            let expected = try (b.entry(key) == nil ? a : b).tensor(key)
            let found = a.entry(key) == b.entry(key) ? try a.tensor(key) : nil
            let isEqual =
                found.map { found in
                    found.withBytes { left in
                        expected.withBytes { right in left.elementsEqual(right) }
                    }
                } ?? false
            report(
                VerificationLine(
                    file: file, name: key, recorded: Tensor([1], [0]),
                    computed: [isEqual ? 0 : 1], shape: expected.shape, .absolute(0)))
        }
    }
}
