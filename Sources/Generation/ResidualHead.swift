// Port of DiffLoss and SimpleMLPAdaLN, LTH14/mar, models/diffloss.py.

import Checkpoints
import Foundation
import Kernels
import Layers
import Requests
import Tensors

/// The residual head: samples residual tokens, each from the hidden state of its token, by
/// denoising with a small MLP.
public struct ResidualHead: Sendable {
    private let configuration: ResidualHeadConfiguration
    private let channels: Int
    private let timeHidden: Linear
    private let timeOutput: Linear
    private let condition: Linear
    private let input: Linear
    private let blocks: [ResidualHeadBlock]
    private let finalModulation: Linear
    private let output: Linear
    private let scope: LayerScope
    private var compute: Compute { scope.compute }

    /// - Parameter scope: the scope `diffloss.net` of a generator checkpoint.
    /// - Throws: `CheckpointError`.
    public init(_ scope: LayerScope, _ configuration: GeneratorConfiguration) throws {
        let head = configuration.head
        self.configuration = head
        self.scope = scope
        channels = configuration.latentChannels
        let width = head.width
        // The noisiest step multiplies an error of the estimate by about 20,000, so the narrow
        // layers at both ends, which cost next to nothing, stay in float32.
        timeHidden = try Linear(
            scope["time_embed"]["mlp"][0], from: 256, to: width, precision: .float32)
        timeOutput = try Linear(
            scope["time_embed"]["mlp"][2], from: width, to: width, precision: .float32)
        condition = try Linear(
            scope["cond_embed"], from: configuration.width, to: width, precision: .float32)
        input = try Linear(scope["input_proj"], from: channels, to: width, precision: .float32)
        blocks = try (0..<head.depth).map { index in
            try ResidualHeadBlock(scope["res_blocks"][index], width: width)
        }
        let last = scope["final_layer"]
        finalModulation = try Linear(last["adaLN_modulation"][1], from: width, to: 2 * width)
        output = try Linear(
            last["linear"], from: width, to: 2 * channels, precision: .float32)
    }

    /// Cosines, then sines, of a timestep at 128 frequencies: [1, 256].
    package static func timeFeatures(_ timestep: Int) -> Tensor {
        let angles = (0..<128).map { index in
            Float(timestep) * Float(exp(-log(10_000) * Float(index) / 128))
        }
        return Tensor([1, 256], angles.map { cos($0) } + angles.map { sin($0) })
    }

    /// The embedding [1, width] of a timestep.
    private func time(_ timestep: Int) -> Tensor {
        timeOutput(timeHidden(Self.timeFeatures(timestep), activation: .silu))
    }

    /// The embedding [rows, width] of hidden states [rows, transformer width].
    package func embed(_ states: Tensor) -> Tensor {
        condition(states)
    }

    /// The network: noisy residuals [rows, channels] and embedded conditions [rows, width] to
    /// [rows, 2 * channels], the noise estimate before the variance output.
    package func network(_ x: Tensor, timestep: Int, condition: Tensor) -> Tensor {
        let activated = compute.siluOfSum(
            condition, row: time(timestep), output: compute.operand)
        var h = input(x)
        for block in blocks { h = block(h, condition: activated) }
        let modulation = finalModulation(activated)
        return output(compute.modulatedNorm(h, epsilon: 1e-6, modulation: modulation))
    }

    /// What one step of the denoising saw and computed, for comparison with recordings.
    package struct Trace {
        package let x: [Float]
        package let noiseEstimate: [Float]
        package let logVariance: [Float]
        package let clean: [Float]
    }

    /// Residual tokens [rows, channels], scaled as the decoder wants them.
    ///
    /// - Parameters:
    ///   - conditional: hidden states [rows, transformer width] of the conditional row.
    ///   - unconditional: the same of the unconditional row; nil for no guidance.
    ///   - guidance: the estimate is c (1 + g) - g u; exactly 0 or 1 for no guidance.
    ///   - temperature: what the noise of a step is multiplied by, as in MAR; the official code
    ///     leaves it at 1. The initial numbers stay as they are: they are all noise.
    ///   - steps: denoising steps; nil for the configuration's.
    ///   - initial: standard normal numbers [rows * channels].
    ///   - noise: standard normal numbers [rows * channels] for a step, 0 the first.
    ///   - progress: called after each step with the number done.
    /// - Throws: `Stopped`.
    public func sample(
        conditional: Tensor, unconditional: Tensor?, guidance: Float, temperature: Float = 1,
        steps: Int? = nil, initial: [Float], noise: (_ step: Int) -> [Float],
        progress: (Int) throws -> Void = { _ in }
    ) throws -> Tensor {
        try sample(
            conditional: conditional, unconditional: unconditional, guidance: guidance,
            temperature: temperature, steps: steps, initial: initial, noise: noise,
            progress: progress, trace: { _, _ in })
    }

    package func sample(
        conditional: Tensor, unconditional: Tensor?, guidance: Float, temperature: Float,
        steps: Int?, initial: [Float], noise: (_ step: Int) -> [Float],
        progress: (Int) throws -> Void,
        trace: (Int, Trace) -> Void
    ) throws -> Tensor {
        let schedule = DiffusionSchedule(steps: steps ?? configuration.steps)
        let rows = conditional.shape[0]
        let unconditional = ResidualSettings.isGuided(by: guidance) ? unconditional : nil
        let states =
            unconditional.map {
                Tensor([2 * rows, conditional.shape[1]], conditional.floats() + $0.floats())
            }
            ?? conditional
        let embedded = embed(states)
        var x = initial
        let count = schedule.timesteps.count
        for step in 0..<count {
            try compute.checkStop()
            let k = count - 1 - step
            let both = unconditional == nil ? x : x + x
            let out = network(
                Tensor([embedded.shape[0], channels], both), timestep: schedule.timesteps[k],
                condition: embedded
            ).floats()
            try compute.checkStop()
            let drawn = k > 0 && temperature > 0 ? noise(step) : []
            let start = x
            let details = denoise(
                &x, out, k: k, schedule, guidance: unconditional == nil ? 0 : guidance, drawn,
                temperature: temperature)
            trace(
                step,
                Trace(
                    x: start, noiseEstimate: details.estimate, logVariance: details.logVariance,
                    clean: details.clean))
            try progress(step + 1)
        }
        return Tensor([rows, channels], x.map { $0 * configuration.scale })
    }

    /// One step of IDDPM: x at step k to x at k - 1.
    private func denoise(
        _ x: inout [Float], _ out: [Float], k: Int, _ schedule: DiffusionSchedule, guidance: Float,
        _ drawn: [Float], temperature: Float
    ) -> (estimate: [Float], logVariance: [Float], clean: [Float]) {
        let (signal, noise) = (Float(schedule.signalScale[k]), Float(schedule.noiseScale[k]))
        let (cleanWeight, noisyWeight) = (
            Float(schedule.cleanWeight[k]), Float(schedule.noisyWeight[k])
        )
        let (low, high) = (
            Float(schedule.logVarianceMinimum[k]), Float(schedule.logVarianceMaximum[k])
        )
        let rows = x.count / channels
        let offset = out.count / 2 == rows * 2 * channels ? out.count / 2 : 0
        var estimates = x
        var logVariances = x
        var cleans = x
        for row in 0..<rows {
            for channel in 0..<channels {
                let (at, from) = (row * channels + channel, row * 2 * channels + channel)
                var estimate = out[from]
                if offset > 0 {
                    estimate = estimate * (1 + guidance) - guidance * out[offset + from]
                }
                let share = (out[from + channels] + 1) / 2
                let logVariance = share * high + (1 - share) * low
                let clean = min(max(signal * x[at] - noise * estimate, -1), 1)
                var next = cleanWeight * clean + noisyWeight * x[at]
                if !drawn.isEmpty { next += exp(0.5 * logVariance) * drawn[at] * temperature }
                (estimates[at], logVariances[at], cleans[at], x[at]) =
                    (estimate, logVariance, clean, next)
            }
        }
        return (estimates, logVariances, cleans)
    }
}

/// One block of the residual head: an MLP whose input is shifted and scaled, and whose output is
/// gated, by the condition. Keys: `in_ln`, `mlp.0`, `mlp.2`; the rows of `adaLN_modulation.1` are
/// shift, scale, gate.
private struct ResidualHeadBlock: Sendable {
    private let norm: LayerNorm
    private let hidden: Linear
    private let output: Linear
    private let modulation: Linear
    private let width: Int
    private let compute: Compute

    init(_ scope: LayerScope, width: Int) throws(CheckpointError) {
        self.width = width
        compute = scope.compute
        norm = try LayerNorm(scope["in_ln"], width: width, epsilon: 1e-6)
        hidden = try Linear(scope["mlp"][0], from: width, to: width)
        output = try Linear(scope["mlp"][2], from: width, to: width)
        modulation = try Linear(scope["adaLN_modulation"][1], from: width, to: 3 * width)
    }

    /// - Parameter condition: silu of the timestep's plus the token's embedding, [rows, width].
    func callAsFunction(_ x: Tensor, condition: Tensor) -> Tensor {
        let modulation = modulation(condition)
        let modulated = compute.modulatedNorm(
            x, weight: norm.weight, bias: norm.bias, epsilon: 1e-6, modulation: modulation,
            output: compute.operand)
        let y = output(hidden(modulated, activation: .silu, output: compute.operand))
        return compute.gatedSum(x, y, modulation: modulation, offset: 2 * width)
    }
}
