import CKernels
import Tensors

/// Weights as the bytes that products read, which can be kept in a file and taken from there.
public struct PackableWeights: Sendable {
    public let byteCount: Int
    /// The bytes, made now if that has not happened yet; nil where there is no need of them.
    public let packed: @Sendable () -> Storage?
    /// Takes bytes that were made before instead.
    public let adopt: @Sendable (Storage) -> Void
}

extension Storage {
    /// Gives memory that is no longer used back to the system.
    public static func returnFreeMemory() {
        dropFreeBlocks()
        dcar_return_free_memory()
    }

    /// Tells damaged bytes from sound ones.
    public var checksum: UInt64 { dcar_checksum(base, byteCount) }
}
