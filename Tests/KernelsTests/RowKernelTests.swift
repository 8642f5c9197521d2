import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

private func compute() throws -> Compute {
    try Compute(threadCount: 2, precision: .float32)
}

@Test(arguments: [1, 15, 16, 17, 72, 300])
func layerNormAgreesWithItsFormula(columns: Int) throws {
    let x = Tensor.random([5, columns], seed: 1)
    let (weight, bias) = (Tensor.random([columns], seed: 2), Tensor.random([columns], seed: 3))
    let result = try compute().layerNorm(x, weight: weight, bias: bias, epsilon: 1e-5).floats()
    let (numbers, w, b) = (x.floats(), weight.floats(), bias.floats())
    for row in 0..<5 {
        let values = numbers[row * columns..<(row + 1) * columns].map(Double.init)
        let mean = values.reduce(0, +) / Double(columns)
        let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(columns)
        for (i, value) in values.enumerated() {
            let expected =
                (value - mean) / (variance + 1e-5).squareRoot() * Double(w[i]) + Double(b[i])
            #expect(abs(Double(result[row * columns + i]) - expected) < 2e-5)
        }
    }
}

@Test func activationsAgreeWithTheirFormulas() throws {
    let x = stride(from: Float(-30), through: 30, by: 0.37).map { $0 }
    let identity = Tensor([1, 1], [1])
    let compute = try compute()
    func apply(_ activation: Activation) -> [Float] {
        LinearWeights(identity, bias: nil, compute: compute)(
            Tensor([x.count, 1], x), activation: activation
        ).floats()
    }
    for (value, result) in zip(x, apply(.gelu)) {
        let v = Double(value)
        let inner = (2 / Double.pi).squareRoot() * (v + 0.044715 * v * v * v)
        #expect(abs(Double(result) - 0.5 * v * (1 + tanh(inner))) <= 1e-6 * max(1, abs(v)))
    }
    for (value, result) in zip(x, apply(.silu)) {
        let v = Double(value)
        #expect(abs(Double(result) - v / (1 + exp(-v))) <= 1e-6 * max(1, abs(v)))
    }
}

@Test(arguments: [(2, 8), (8, 2), (4, 4), (8, 8)])
func upsamplingShufflesAndRepeats(inputs: Int, channels: Int) throws {
    let (height, width) = (3, 5)
    let conv = Tensor.random([height, width, 4 * channels], seed: 4)
    let short = Tensor.random([height, width, inputs], seed: 5)
    let result = try compute().upsample(conv, shortcut: short).floats()
    let (c, s) = (conv.floats(), short.floats())
    for y in 0..<2 * height {
        for x in 0..<2 * width {
            for channel in 0..<channels {
                let pixel = y / 2 * width + x / 2
                let place = 4 * channel + 2 * (y % 2) + x % 2
                let repeats = 4 * channels / inputs
                let expected = c[pixel * 4 * channels + place] + s[pixel * inputs + place / repeats]
                #expect(result[(y * 2 * width + x) * channels + channel] == expected)
            }
        }
    }
}

@Test(arguments: [(4, 8), (8, 8), (3, 12), (16, 8)])
func downsamplingUnshufflesAndAverages(inputs: Int, channels: Int) throws {
    let (height, width) = (2, 3)
    let conv = Tensor.random([2 * height, 2 * width, channels / 4], seed: 6)
    let short = Tensor.random([2 * height, 2 * width, inputs], seed: 7)
    let result = try compute().downsample(conv, shortcut: short).floats()
    let (c, s) = (conv.floats(), short.floats())
    let group = 4 * inputs / channels
    for y in 0..<height {
        for x in 0..<width {
            for channel in 0..<channels {
                func pixel(_ k: Int) -> Int { (2 * y + k % 4 / 2) * 2 * width + 2 * x + k % 2 }
                let unshuffled = c[pixel(channel) * channels / 4 + channel / 4]
                let mean =
                    (channel * group..<(channel + 1) * group)
                    .map { s[pixel($0) * inputs + $0 / 4] }.reduce(0, +) / Float(group)
                let got = result[(y * width + x) * channels + channel]
                #expect(abs(got - unshuffled - mean) < 1e-6)
            }
        }
    }
}

@Test func aRaisedSignalStopsTheNextCheck() throws {
    let compute = try compute()
    let signal = StopSignal()
    try compute.stoppable(by: signal) {
        try compute.checkStop()
        signal.raise()
        #expect(throws: Stopped.self) { try compute.checkStop() }
    }
    try compute.checkStop()
}

/// 255 divided by the range of such a row is infinite.
@Test(.enabled(if: Processor.offers(.int8)))
func aRowOfTinyNumbersIsStillOneOfNumbers() throws {
    let compute = try Compute(threadCount: 1, precision: .int8)
    let x = Tensor([2, 64], (0..<128).map { $0 < 64 ? Float($0 % 2) * 2e-37 : Float($0 % 3) })
    let weights = Tensor.random([16, 64], seed: 3)
    let result = LinearWeights(weights, bias: nil, compute: compute)(x).floats()
    #expect(result[..<16].allSatisfy { abs($0) < 1e-30 })
    #expect(result[16...].contains { abs($0) > 0.1 } && result.allSatisfy(\.isFinite))
}
