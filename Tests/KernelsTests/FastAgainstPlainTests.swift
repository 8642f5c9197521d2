import Kernels
import Synchronization
import Tensors
import TestSupport
import Testing

/// What float32 is computed with: a library, or our own kernels for narrow vectors, which run on
/// every processor, or for wide ones.
enum FastEngine {
    case oneDNN, wideKernels, narrowKernels, openBLAS

    static var allCases: [FastEngine] {
        Processor.hasWideVectors
            ? [.oneDNN, .wideKernels, .narrowKernels, .openBLAS]
            : [.oneDNN, .narrowKernels, .openBLAS]
    }

    func compute(threads: Int = 2) throws -> Compute {
        switch self {
        case .oneDNN: try own(.library, threads)
        case .openBLAS: try engine(.openBLAS, threads: threads)
        case .wideKernels: try own(.wide, threads)
        case .narrowKernels: try own(.narrow, threads)
        }
    }

    private func own(_ kernels: FloatKernels, _ threads: Int) throws -> Compute {
        try Compute(
            threadCount: threads, precision: .float32, library: .oneDNN, floatKernels: kernels)
    }
}

private func engine(_ library: MatrixLibrary, threads: Int = 2, _ precision: Precision = .float32)
    throws -> Compute
{
    try Compute(threadCount: threads, precision: precision, library: library)
}

@Test(
    arguments: FastEngine.allCases,
    [
        (1, 1, 1), (2, 3, 5), (17, 40, 72), (130, 193, 96), (64, 256, 33), (300, 70, 48),
        (7, 210, 1_100)
    ])
func aLinearMapAgreesWithThePlainOne(fast: FastEngine, shape: (Int, Int, Int)) throws {
    let (rows, outputs, inputs) = shape
    let x = Tensor.random([2, rows, inputs], seed: 1)
    let weights = Tensor.random([outputs, inputs], seed: 2)
    let bias = Tensor.random([outputs], seed: 3)
    let addend = Tensor.random([2, rows, outputs], seed: 4)
    for activation in [Activation.none, .relu, .silu, .gelu] {
        let results = try [fast.compute(), engine(.plain)].map { compute in
            LinearWeights(weights, bias: bias, compute: compute)(
                x, activation: activation, adding: addend)
        }
        let (maximum, scale) = difference(results[0], results[1])
        #expect(maximum <= 1e-5 * max(1, scale))
    }
}

@Test(
    arguments: FastEngine.allCases,
    [
        (4, 4, 3, 16), (5, 7, 12, 20), (33, 18, 40, 36), (16, 70, 64, 64), (1, 1, 8, 12),
        (9, 130, 33, 65), (5, 6, 500, 600)
    ])
func aConvolutionAgreesWithThePlainOne(fast: FastEngine, shape: (Int, Int, Int, Int)) throws {
    let (height, width, inputs, outputs) = shape
    let x = Tensor.random([height, width, inputs], seed: 5)
    let weights = Tensor.random([outputs, inputs, 3, 3], seed: 6)
    let bias = Tensor.random([outputs], seed: 7)
    let addend = Tensor.random([height, width, outputs], seed: 8)
    let results = try [fast.compute(), engine(.plain)].map { compute in
        try ConvolutionWeights(
            weights, bias: bias, scale: (0..<outputs).map { 0.5 + Float($0) / 64 },
            compute: compute)(x, activation: .silu, adding: addend)
    }
    let (maximum, scale) = difference(results[0], results[1])
    #expect(maximum <= 3e-5 * max(1, scale))
}

/// Small images share out their channels in shorter runs than large ones of the same width.
@Test(arguments: FastEngine.allCases)
func oneConvolutionServesImagesOfSeveralHeights(fast: FastEngine) throws {
    let weights = Tensor.random([128, 8, 3, 3], seed: 14)
    let layers = try [fast.compute(), engine(.plain)].map { compute in
        ConvolutionWeights(weights, bias: nil, scale: nil, compute: compute)
    }
    for height in [32, 64, 16] {
        let x = Tensor.random([height, 64, 8], seed: 15)
        let results = try layers.map { try $0(x) }
        let (maximum, scale) = difference(results[0], results[1])
        #expect(maximum <= 3e-5 * max(1, scale), "\(height) rows")
    }
}

/// A thread that is late for one job must not take a task of the next twice.
@Test func everyTaskOfManySmallJobsRunsOnce() throws {
    let compute = try engine(.plain, threads: 4)
    for job in 0..<60_000 {
        let count = 2 + job % 7
        let runs = Mutex([Int](repeating: 0, count: count))
        compute.forEach(count) { task in runs.withLock { $0[task] += 1 } }
        let seen = runs.withLock { $0 }
        guard seen.allSatisfy({ $0 == 1 }) else {
            Issue.record("job \(job) ran its tasks \(seen) times")
            return
        }
    }
}

@Test(arguments: FastEngine.allCases, [(1, 1, 1, 8), (65, 300, 3, 24), (7, 31, 2, 72)])
func attentionAgreesWithThePlainOne(fast: FastEngine, shape: (Int, Int, Int, Int)) throws {
    let (queryRows, keyRows, heads, headWidth) = shape
    let width = heads * headWidth
    let queries = Tensor.random([2, queryRows, width], seed: 9)
    let keysAndValues = Tensor.random([2, keyRows, 2 * width], seed: 10)
    let bias = Tensor.random([heads, queryRows, keyRows], seed: 11)
    let results = try [fast.compute(), engine(.plain)].map { compute in
        compute.attention(
            queries: HeadColumns(queries), keys: HeadColumns(keysAndValues).separated,
            values: HeadColumns(keysAndValues, firstColumn: width).separated, heads: heads,
            headWidth: headWidth, scale: 0.3, bias: bias)
    }
    #expect(difference(results[0], results[1]).maximum <= 1e-5)
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func bfloat16ProductsStayWithinItsRounding() throws {
    let x = Tensor.random([150, 96], seed: 12).converted(to: .bfloat16)
    for outputs in [1, 16, 40, 64, 200, 450] {
        let weights = Tensor.random([outputs, 96], seed: 13).converted(to: .bfloat16)
        let fast = try LinearWeights(
            weights, bias: nil, compute: engine(.oneDNN, .bfloat16))(x)
        let plain = try LinearWeights(weights, bias: nil, compute: engine(.plain))(x)
        let (maximum, scale) = difference(fast, plain)
        #expect(maximum <= 1e-5 * max(1, scale))
    }
}

/// Rows that are no whole words, blocks that are not full, and an inner axis so long that sums are
/// put aside on the way.
@Test(arguments: [(1, 1, 1), (7, 70, 33), (130, 17, 35), (140, 200, 4_097), (13, 64, 9_001)])
func narrowProductsAgreeWithThePlainOneOnOddShapes(shape: (Int, Int, Int)) throws {
    let (rows, outputs, inputs) = shape
    let x = Tensor.random([rows, inputs], seed: 20).converted(to: .bfloat16)
    let weights = Tensor.random([outputs, inputs], seed: 21).converted(to: .bfloat16)
    let bias = Tensor.random([outputs], seed: 22)
    let addend = Tensor.random([rows, outputs], seed: 23)
    for (precision, tolerance) in [(Precision.bfloat16, Float(1e-5)), (.int8, 0.02)]
    where Processor.offers(precision) {
        for activation in [Activation.none, .relu, .silu, .gelu] {
            let results = try [engine(.oneDNN, precision), engine(.plain)].map { compute in
                LinearWeights(weights, bias: bias, compute: compute)(
                    x, activation: activation, adding: addend)
            }
            let (maximum, scale) = difference(results[0], results[1])
            #expect(maximum <= tolerance * max(1, scale))
        }
    }
}

/// Relative length of the difference; bfloat16 keeps eight bits.
private func expectBFloat16Agreement(_ fast: Tensor, _ exact: Tensor, within share: Double = 0.01) {
    let (a, b) = (fast.floats(), exact.floats())
    let error = zip(a, b).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    let length = b.reduce(0.0) { $0 + Double($1) * Double($1) }
    #expect(a.count == b.count && error.squareRoot() <= share * length.squareRoot())
}

@Test(
    .enabled(if: Processor.offers(.bfloat16)),
    arguments: [(1, 1, 1, 8), (65, 300, 3, 24), (7, 31, 2, 72), (300, 16, 1, 64), (6, 5, 2, 5)])
func bfloat16AttentionAgreesWithThePlainOne(shape: (Int, Int, Int, Int)) throws {
    let (queryRows, keyRows, heads, headWidth) = shape
    let width = heads * headWidth
    let queries = Tensor.random([2, queryRows, width], seed: 9)
    let keysAndValues = Tensor.random([2, keyRows, 2 * width], seed: 10)
    for bias in [nil, Tensor.random([heads, queryRows, keyRows], seed: 11)] {
        let results = try [engine(.oneDNN, .bfloat16), engine(.plain)].map { engine in
            engine.attention(
                queries: HeadColumns(queries), keys: HeadColumns(keysAndValues).separated,
                values: HeadColumns(keysAndValues, firstColumn: width).separated, heads: heads,
                headWidth: headWidth, scale: 0.3, bias: bias)
        }
        expectBFloat16Agreement(results[0], results[1])
    }
}

@Test(
    .enabled(if: Processor.offers(.bfloat16)),
    arguments: [
        (4, 4, 3, 16), (5, 7, 12, 20), (33, 18, 40, 36), (16, 70, 64, 64), (1, 1, 8, 12),
        (9, 130, 33, 65), (4, 4, 64, 600), (9, 14, 256, 256)
    ])
func aBFloat16ConvolutionAgreesWithThePlainOne(shape: (Int, Int, Int, Int)) throws {
    let (height, width, inputs, outputs) = shape
    let x = Tensor.random([height, width, inputs], seed: 5)
    let weights = Tensor.random([outputs, inputs, 3, 3], seed: 6)
    let bias = Tensor.random([outputs], seed: 7)
    let addend = Tensor.random([height, width, outputs], seed: 8)
    let results = try [engine(.oneDNN, .bfloat16), engine(.plain)].map { engine in
        try ConvolutionWeights(
            weights, bias: bias, scale: (0..<outputs).map { 0.5 + Float($0) / 64 }, compute: engine)(
                x, activation: .silu, adding: addend)
    }
    // Wide ones take larger tiles, which round more.
    expectBFloat16Agreement(results[0], results[1], within: inputs == 256 ? 0.015 : 0.01)
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func bfloat16ResultsAreTheSameBitsForAnyNumberOfThreadsAndItems() throws {
    let x = Tensor.random([3, 300, 96], seed: 14)
    let image = Tensor.random([40, 48, 64], seed: 15)
    let kernels = [64, 256].map { Tensor.random([$0, $0, 3, 3], seed: 17) }
    let images = [image, Tensor.random([20, 16, 256], seed: 24)]
    func attention(_ x: Tensor, _ compute: Compute) -> [Float] {
        compute.attention(
            queries: HeadColumns(x), keys: HeadColumns(x).separated,
            values: HeadColumns(x).separated, heads: 4, headWidth: 24, scale: 0.2
        ).floats()
    }
    let runs = try [1, 2, 3].map { threads in
        let compute = try engine(.oneDNN, threads: threads, .bfloat16)
        return [attention(x, compute)]
            + (try zip(kernels, images).map { kernel, image in
                try ConvolutionWeights(kernel, bias: nil, compute: compute)(image).floats()
            })
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
    let last = Tensor([1, 300, 96], Array(x.floats()[2 * 300 * 96..<3 * 300 * 96]))
    let alone = attention(last, try engine(.oneDNN, .bfloat16))
    #expect(alone == Array(runs[0][0][2 * 300 * 96..<3 * 300 * 96]))
}

@Test(arguments: FastEngine.allCases)
func resultsAreTheSameBitsForAnyNumberOfThreads(fast: FastEngine) throws {
    let x = Tensor.random([3, 200, 96], seed: 14)
    let image = Tensor.random([40, 48, 64], seed: 15)
    let weights = Tensor.random([400, 96], seed: 16)
    let kernel = Tensor.random([64, 64, 3, 3], seed: 17)
    let runs = try [1, 2, 3].map { threads in
        let compute = try fast.compute(threads: threads)
        return [
            LinearWeights(weights, bias: nil, compute: compute)(x, activation: .gelu),
            try ConvolutionWeights(kernel, bias: nil, compute: compute)(image),
            compute.layerNorm(x, epsilon: 1e-6),
            compute.linearAttention(x)
        ].map { $0.floats().map(\.bitPattern) }
    }
    #expect(runs[0] == runs[1] && runs[0] == runs[2])
}

@Test(arguments: FastEngine.allCases)
func anItemDoesNotDependOnItsBatch(fast: FastEngine) throws {
    let compute = try fast.compute()
    let map = LinearWeights(Tensor.random([72, 40], seed: 18), bias: nil, compute: compute)
    let batch = Tensor.random([3, 50, 40], seed: 19)
    let whole = map(batch).floats()
    for item in 0..<3 {
        let part = Array(batch.floats()[item * 2000..<(item + 1) * 2000])
        let alone = map(Tensor([1, 50, 40], part)).floats()
        #expect(Array(whole[item * 3600..<(item + 1) * 3600]) == alone)
    }
}
