// Port of Decoder, mit-han-lab/efficientvit, efficientvit/models/efficientvit/dc_ae.py.

import Checkpoints
import Kernels
import Layers
import Tensors

/// DC-AE's decoder: latents to an image.
struct AutoencoderDecoder: Sendable {
    private let input: Convolution
    private let width: Int
    /// In the order of the computation: the deepest first.
    private let stages: [Stage]
    private let finalNorm: LayerNorm
    private let output: Output
    private let compute: Compute

    private struct Stage: Sendable {
        let number: Int
        let upsampler: Upsampler?
        let blocks: [AutoencoderBlock]
    }

    private enum Output: Sendable {
        case convolution(Convolution)
        case upsampler(Upsampler)
    }

    init(_ scope: LayerScope, _ configuration: HybridTokenizerConfiguration) throws {
        let (widths, depths) = (configuration.widths, configuration.decoderDepths)
        compute = scope.compute
        width = widths[widths.count - 1]
        input = try Convolution(
            scope["project_in"]["main"]["conv"], from: configuration.latentChannels, to: width)
        stages = try widths.indices.reversed().map { stage in
            let scope = scope["stages"][stage]["op_list"]
            let isUpsampled = stage + 1 < widths.count && depths[stage] > 0
            let upsampler =
                isUpsampled
                ? try Upsampler(
                    scope[0]["main"], from: widths[stage + 1], to: widths[stage], hasShortcut: true)
                : nil
            let blocks = try (0..<depths[stage]).map { index in
                try AutoencoderBlock(
                    scope[index + (isUpsampled ? 1 : 0)], kind: configuration.blocks[stage],
                    width: widths[stage], norm: configuration.decoderNorms[stage],
                    activation: configuration.decoderActivations[stage])
            }
            return Stage(number: stage, upsampler: upsampler, blocks: blocks)
        }
        let last = scope["project_out"]["op_list"]
        let isFirstEmpty = depths[0] == 0
        let width = isFirstEmpty ? widths[1] : widths[0]
        finalNorm = try LayerNorm(last[0], width: width, epsilon: 1e-5)
        output =
            isFirstEmpty
            ? .upsampler(try Upsampler(last[2], from: width, to: 3, hasShortcut: false))
            : .convolution(try Convolution(last[2]["conv"], from: width, to: 3))
    }

    /// - Parameters:
    ///   - latents: [gridHeight, gridWidth, latentChannels].
    ///   - observe: sees the output of each stage with blocks, by its number.
    /// - Returns: [height, width, 3] in about -1 ... 1.
    func callAsFunction(_ latents: Tensor, observe: (Int, Tensor) -> Void = { _, _ in }) throws
        -> Tensor
    {
        var x = try input(latents, adding: repeatedChannels(latents, to: width))
        for stage in stages {
            if let upsampler = stage.upsampler { x = try upsampler(x) }
            for block in stage.blocks {
                try compute.checkStop()
                x = try block(x)
            }
            observe(stage.number, x)
        }
        x = compute.relu(finalNorm(x))
        let image =
            switch output {
            case .convolution(let convolution): try convolution(x)
            case .upsampler(let upsampler): try upsampler(x)
            }
        try compute.checkStop()
        return image
    }
}

/// Each channel several times in a row, so that there are `count`.
private func repeatedChannels(_ x: Tensor, to count: Int) -> Tensor {
    let repeats = count / x.shape[2]
    let numbers = x.floats().flatMap { repeatElement($0, count: repeats) }
    return Tensor([x.shape[0], x.shape[1], count], numbers)
}
