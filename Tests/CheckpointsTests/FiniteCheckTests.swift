import Checkpoints
import Tensors
import Testing

private func tensor<Bits: FixedWidthInteger>(_ type: ElementType, _ bits: [Bits]) -> Tensor {
    Tensor([bits.count], type) { base in
        base.assumingMemoryBound(to: Bits.self).update(from: bits, count: bits.count)
    }
}

/// Zeros, subnormals and the largest numbers of both signs are finite; infinities and NaNs of any
/// sign and payload are not, wherever they stand.
@Test func onlyNaNAndInfinityAreNotFinite() {
    func check<Bits: FixedWidthInteger & UnsignedInteger>(
        _ type: ElementType, exponent: Bits, fraction: Bits
    ) {
        let sign: Bits = 1 << (Bits.bitWidth - 1)
        let least = exponent & ~(exponent << 1)
        let finite: [Bits] = [
            0, 1, fraction, least, exponent &- least, exponent &- least | fraction
        ]
        var bits = (0..<9_001).map { index in
            finite[index % finite.count] | (index.isMultiple(of: 2) ? sign : 0)
        }
        #expect(firstNonFinite(in: tensor(type, bits)) == nil, "\(type)")
        for position in [9_000, 8_191, 4_096, 4_095, 1, 0] {
            for bad in [exponent, exponent | sign, exponent | 1, exponent | fraction | sign] {
                bits[position] = bad
                #expect(firstNonFinite(in: tensor(type, bits)) == position, "\(type)")
            }
        }
    }
    check(.float64, exponent: 0x7FF0_0000_0000_0000 as UInt64, fraction: 0xF_FFFF_FFFF_FFFF)
    check(.float32, exponent: 0x7F80_0000 as UInt32, fraction: 0x7F_FFFF)
    check(.float16, exponent: 0x7C00 as UInt16, fraction: 0x3FF)
    check(.bfloat16, exponent: 0x7F80 as UInt16, fraction: 0x7F)
}

@Test func integersAndEmptyTensorsAreFinite() {
    #expect(firstNonFinite(in: tensor(.int32, [Int32(0x7F80_0000)])) == nil)
    #expect(firstNonFinite(in: tensor(.uint8, [UInt8.max])) == nil)
    #expect(firstNonFinite(in: Tensor([0], [])) == nil)
}
