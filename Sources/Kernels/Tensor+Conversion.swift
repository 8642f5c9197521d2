import CKernels
import Tensors

extension Tensor {
    /// The same numbers as float32 or bfloat16; the tensor itself when it is of that type already.
    public func converted(to type: ElementType) -> Tensor {
        guard type != elementType else { return self }
        precondition(type == .float32 || type == .bfloat16)
        guard type == .float32 else {
            let source = converted(to: .float32)
            return Tensor(shape, .bfloat16) { base in
                source.withFloats {
                    dcar_copy_rows(
                        $0.baseAddress, count, 1, count, dcar_out(start: base, is_bfloat16: 1),
                        count)
                }
            }
        }
        if elementType == .bfloat16 {
            return Tensor(shape) { base in
                withElements(as: UInt16.self) {
                    dcar_widen($0.baseAddress, count, base.assumingMemoryBound(to: Float.self))
                }
            }
        }
        return Tensor(shape, floats())
    }
}

/// The place a C kernel writes to.
func out(_ base: UnsafeMutableRawPointer, _ type: ElementType) -> dcar_out {
    dcar_out(start: base, is_bfloat16: type == .bfloat16 ? 1 : 0)
}
