import CPNG

extension RGBImage {
    /// The CRC-32 of the pixels' bytes in eight hexadecimal digits: tells whether a picture was
    /// changed, not whether somebody wanted to hide that.
    public var checksum: String {
        let sum = pixels.withUnsafeBufferPointer { cpng_crc($0.baseAddress, $0.count) }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
