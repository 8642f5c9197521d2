import Tensors

/// The row-major index of the first NaN or infinite element; nil when there is none, as in every
/// integer tensor.
public func firstNonFinite(in tensor: Tensor) -> Int? {
    switch tensor.elementType {
    case .float64:
        tensor.withElements(as: UInt64.self) { firstNonFinite($0, 0x7FF0_0000_0000_0000) }
    case .float32: tensor.withElements(as: UInt32.self) { firstNonFinite($0, 0x7F80_0000) }
    case .float16: tensor.withElements(as: UInt16.self) { firstNonFinite($0, 0x7C00) }
    case .bfloat16: tensor.withElements(as: UInt16.self) { firstNonFinite($0, 0x7F80) }
    case .int64, .int32, .int16, .int8, .uint8, .bool: nil
    }
}

/// The first element whose exponent bits are all ones.
///
/// Adding the lowest exponent bit to such an exponent carries into the sign bit, and to no other.
/// So a block is clean when the OR of these sums has a clear sign bit: three vector instructions
/// for each register of numbers.
@inline(__always)
private func firstNonFinite<Bits: FixedWidthInteger & UnsignedInteger>(
    _ elements: UnsafeBufferPointer<Bits>, _ exponent: Bits
) -> Int? {
    let lowest = exponent & (~exponent &+ 1)
    let sign: Bits = 1 << (Bits.bitWidth - 1)
    let blockLength = 4096
    var start = 0
    while start < elements.count {
        let end = min(start + blockLength, elements.count)
        var sums: Bits = 0
        for index in start..<end { sums |= (elements[index] & exponent) &+ lowest }
        if sums & sign != 0 {
            return elements[start..<end].firstIndex { $0 & exponent == exponent }
        }
        start = end
    }
    return nil
}
