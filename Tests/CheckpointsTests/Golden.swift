import Checkpoints
import Foundation
import Tensors

/// The path of a recorded file.
func golden(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/\(name)").path
}

/// A tensor's element bytes.
func bytes(_ tensor: Tensor) -> [UInt8] {
    tensor.withBytes { Array($0) }
}

/// The sentence of the error that `body` throws, or a note that it threw none.
func sentence(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return "\(error)"
    }
}
