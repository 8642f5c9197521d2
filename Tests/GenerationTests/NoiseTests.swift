import CKernels
import Generation
import Testing

/// The known answers of Philox4x32-10 (Random123's kat_vectors) for a zero counter and key: the
/// first word, as a uniform number.
@Test func theGeneratorGivesItsKnownAnswer() {
    // 6627e8d5 e169c58d bc57ac4c 9b00dbd8 for stream, step, position and block all zero.
    let words: [UInt32] = [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]
    var numbers = [Float](repeating: 0, count: 4)
    dcar_philox_uniform(0, 0, 0, 0, 0, 4, &numbers)
    #expect(numbers == words.map { Float($0 >> 8) * 0x1p-24 })
}

/// Worked out by another implementation of the generator and of Box and Muller's formula: what a seed
/// gives must stay the same from release to release.
@Test func aSeedGivesItsKnownNoise() {
    let noise = KeyedNoise(seed: 7)
    func expect(_ found: [Float], _ known: [Double]) {
        #expect(found.count == known.count)
        for (found, known) in zip(found, known) { #expect(abs(Double(found) - known) < 1e-6) }
    }
    expect(
        noise.diffusionNoise(step: 3, position: 5, channels: 5),
        [0.4171811741, 0.3609942224, 0.9279849023, 0.0940535526, -0.7758526099])
    expect(noise.initialResidual(position: 5, channels: 2), [-0.1805713163, -0.6166098878])
    expect(
        noise.tokenNoise(step: 3, position: 5, count: 3), [0.8276932240, 0.5974885821, 0.8727853894]
    )
    expect([noise.confidenceNoise(step: 3, position: 5)], [0.6916683316])
}

@Test func noiseDependsOnNothingButItsPlace() {
    let noise = KeyedNoise(seed: 7)
    let long = noise.tokenNoise(step: 3, position: 5, count: 1000)
    #expect(Array(noise.tokenNoise(step: 3, position: 5, count: 10)) == Array(long.prefix(10)))
    #expect(noise.tokenNoise(step: 3, position: 6, count: 10) != Array(long.prefix(10)))
    #expect(noise.tokenNoise(step: 4, position: 5, count: 10) != Array(long.prefix(10)))
    #expect(
        KeyedNoise(seed: 8).tokenNoise(step: 3, position: 5, count: 10) != Array(long.prefix(10)))
    #expect(long.allSatisfy { $0 >= 0 && $0 < 1 })
}

@Test func anotherResidualSeedChangesTheResidualAlone() {
    let (a, b) = (KeyedNoise(seed: 7), KeyedNoise(seed: 7, residualSeed: 9))
    #expect(
        a.tokenNoise(step: 0, position: 0, count: 8) == b.tokenNoise(step: 0, position: 0, count: 8)
    )
    #expect(a.confidenceNoise(step: 2, position: 1) == b.confidenceNoise(step: 2, position: 1))
    #expect(
        a.initialResidual(position: 0, channels: 8) != b.initialResidual(position: 0, channels: 8))
}

@Test func normalNumbersHaveTheirMoments() {
    let noise = KeyedNoise(seed: 1)
    let numbers = (0..<2000).flatMap { noise.diffusionNoise(step: 0, position: $0, channels: 32) }
    let mean = numbers.reduce(0) { $0 + Double($1) } / Double(numbers.count)
    let variance = numbers.reduce(0) { $0 + Double($1) * Double($1) } / Double(numbers.count)
    // Four standard errors of 64,000 samples.
    #expect(abs(mean) < 0.016)
    #expect(abs(variance - 1) < 0.023)
    #expect(numbers.allSatisfy { $0.isFinite })
}
