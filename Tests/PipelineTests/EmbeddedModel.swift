import Foundation
import HybridTokens
import Kernels
import Layers
import Pipeline

/// The model that comes with the program, opened for tests.
func embeddedPipeline(
    threads: Int = 2, _ precision: Precision = .float32, cache: WeightCache? = nil
) throws -> Pipeline {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    let folder = tests.deletingLastPathComponent()
        .appendingPathComponent("Assets/Storybook/storybook")
    return Pipeline(
        try Model(
            folder: folder.path, compute: Compute(threadCount: threads, precision: precision),
            cache: cache))
}
