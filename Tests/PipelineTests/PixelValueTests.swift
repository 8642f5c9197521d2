import HybridTokens
import Tensors
import Testing

/// Levels are cut off, not rounded, as the official script does; what is no number is black.
@Test func bytesAreTruncatedAsTheOfficialScriptDoes() {
    let numbers: [Float] = [-1, -0.999, 0, 0.5, 0.9999, 1, 1.5, -2, .nan]
    #expect(
        PixelValues.bytes(Tensor([3, 1, 3], numbers)) == [0, 0, 127, 191, 254, 255, 255, 0, 0])
    let bytes: [UInt8] = Array(0...254)
    let back = PixelValues.bytes(PixelValues.numbers(bytes, width: 85, height: 1))
    #expect(zip(back, bytes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
}
