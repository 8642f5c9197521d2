/// Conversions between float32 and the two 16-bit float formats; bfloat16 has no Swift type.
extension Float {
    /// The float32 with the same value as these bfloat16 bits; exact.
    @inlinable public init(bfloat16Bits bits: UInt16) {
        self.init(bitPattern: UInt32(bits) << 16)
    }

    /// The float32 with the same value as these IEEE half-precision bits; exact.
    public init(float16Bits bits: UInt16) {
        self.init(Float16(bitPattern: bits))
    }

    /// The nearest bfloat16, ties to even; NaN stays NaN.
    @inlinable public var bfloat16Bits: UInt16 {
        guard !isNaN else { return 0x7FC0 }
        let bits = bitPattern
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
    }
}
