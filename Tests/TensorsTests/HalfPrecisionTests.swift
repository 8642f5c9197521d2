import Tensors
import Testing

@Test func everyBFloat16SurvivesARoundTrip() {
    for bits in UInt16.min...UInt16.max {
        let value = Float(bfloat16Bits: bits)
        #expect(
            value.isNaN ? Float(bfloat16Bits: value.bfloat16Bits).isNaN : value.bfloat16Bits == bits
        )
    }
}

@Test(
    arguments: [
        (0x0000, 0), (0x8000, -0.0), (0x0001, 0x1p-24), (0x03FF, 1023 * 0x1p-24), (0x0400, 0x1p-14),
        (0x3C00, 1), (0xC000, -2), (0x7BFF, 65504), (0x7C00, .infinity), (0xFC00, -.infinity)
    ] as [(UInt16, Float)])
func float16BitsMeanTheirValue(bits: UInt16, value: Float) {
    #expect(Float(float16Bits: bits).bitPattern == value.bitPattern)
}

@Test func bfloat16RoundsTiesToEven() {
    #expect(Float(bitPattern: 0x3F80_8000).bfloat16Bits == 0x3F80)
    #expect(Float(bitPattern: 0x3F81_8000).bfloat16Bits == 0x3F82)
    #expect(Float(bitPattern: 0x3F80_8001).bfloat16Bits == 0x3F81)
    #expect(Float.infinity.bfloat16Bits == 0x7F80)
}

@Test func aShapeWithTooManyElementsHasNoCheckedCount() {
    #expect(Shape([1 << 40, 1 << 40]).checkedCount == nil)
    #expect(Shape([-1]).checkedCount == nil)
    #expect(Shape([]).checkedCount == 1)
    #expect(Shape([3, 0, 5]).checkedCount == 0)
}
