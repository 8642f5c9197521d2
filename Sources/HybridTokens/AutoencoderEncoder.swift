// Port of Encoder, mit-han-lab/efficientvit, efficientvit/models/efficientvit/dc_ae.py.

import Checkpoints
import Kernels
import Layers
import Tensors

/// DC-AE's encoder: an image to latents, one for each 32x32 pixels in the f32 family.
struct AutoencoderEncoder: Sendable {
    private let input: Input
    private let stages: [Stage]
    private let output: Convolution
    private let latentChannels: Int
    private let compute: Compute

    private enum Input: Sendable {
        case convolution(Convolution)
        case downsampler(Downsampler)
    }

    private struct Stage: Sendable {
        let blocks: [AutoencoderBlock]
        let downsampler: Downsampler?
    }

    init(_ scope: LayerScope, _ configuration: HybridTokenizerConfiguration) throws {
        let widths = configuration.widths
        compute = scope.compute
        latentChannels = configuration.latentChannels
        let isFirstEmpty = configuration.encoderDepths[0] == 0
        input =
            isFirstEmpty
            ? .downsampler(
                try Downsampler(scope["project_in"], from: 3, to: widths[1], hasShortcut: false))
            : .convolution(try Convolution(scope["project_in"]["conv"], from: 3, to: widths[0]))
        stages = try widths.indices.map { stage in
            let (scope, depth) = (
                scope["stages"][stage]["op_list"], configuration.encoderDepths[stage]
            )
            let blocks = try (0..<depth).map { index in
                try AutoencoderBlock(
                    scope[index], kind: configuration.blocks[stage], width: widths[stage],
                    norm: .layer, activation: .silu)
            }
            guard depth > 0, stage + 1 < widths.count else {
                return Stage(blocks: blocks, downsampler: nil)
            }
            return Stage(
                blocks: blocks,
                downsampler: try Downsampler(
                    scope[depth]["main"], from: widths[stage], to: widths[stage + 1],
                    hasShortcut: true))
        }
        output = try Convolution(
            scope["project_out"]["main"]["op_list"][0]["conv"], from: widths[widths.count - 1],
            to: latentChannels)
    }

    /// - Parameters:
    ///   - image: [height, width, 3] in about -1 ... 1, both sides multiples of the token size.
    ///   - observe: sees what each stage's blocks made, by the stage's number.
    /// - Returns: [height / 32, width / 32, latentChannels].
    func callAsFunction(_ image: Tensor, observe: (Int, Tensor) -> Void = { _, _ in }) throws
        -> Tensor
    {
        var x =
            switch input {
            case .convolution(let convolution): try convolution(image)
            case .downsampler(let downsampler): try downsampler(image)
            }
        for (number, stage) in stages.enumerated() {
            for block in stage.blocks {
                try compute.checkStop()
                x = try block(x)
            }
            observe(number, x)
            if let downsampler = stage.downsampler { x = try downsampler(x) }
        }
        let shortcut = averagedChannels(x, to: latentChannels)
        let latents = try output(x, adding: shortcut)
        try compute.checkStop()
        return latents
    }
}

/// Consecutive groups of channels averaged, so that `count` channels are left.
private func averagedChannels(_ x: Tensor, to count: Int) -> Tensor {
    let numbers = x.floats()
    let group = x.shape[2] / count
    let means = (0..<numbers.count / group).map { index in
        numbers[index * group..<(index + 1) * group].reduce(0, +) / Float(group)
    }
    return Tensor([x.shape[0], x.shape[1], count], means)
}
