import Tensors

/// The names a state dict's pickle may refer to. None is looked up: each stands for a step that
/// `PickleMachine` does by itself.
enum PickleGlobal: Equatable {
    case orderedDict
    case rebuildTensor
    case rebuildParameter
    case storage(ElementType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "DoubleStorage"): self = .storage(.float64)
        case ("torch", "FloatStorage"): self = .storage(.float32)
        case ("torch", "HalfStorage"): self = .storage(.float16)
        case ("torch", "BFloat16Storage"): self = .storage(.bfloat16)
        case ("torch", "LongStorage"): self = .storage(.int64)
        case ("torch", "IntStorage"): self = .storage(.int32)
        case ("torch", "ShortStorage"): self = .storage(.int16)
        case ("torch", "CharStorage"): self = .storage(.int8)
        case ("torch", "ByteStorage"): self = .storage(.uint8)
        case ("torch", "BoolStorage"): self = .storage(.bool)
        default: return nil
        }
    }
}
