import Generation
import Tensors

extension Verifier {
    /// The residual head: schedule, one call of the network, and whole samplings on the hidden
    /// states and noise of `generate.safetensors`.
    func diffusion(_ recording: Recording) throws {
        let source = try Recording(path: "\(folder)/generate.safetensors")
        let conditional = try source.tensor("latents_cond", axes: 3)
        let unconditional = try source.tensor("latents_uncond", axes: 3)
        let (tokens, width) = (conditional.shape[1], conditional.shape[2])
        for tensor in [conditional, unconditional] where tensor.shape != [1, tokens, width] {
            throw VerificationError.badShape(
                file: recording.file, name: "latents", found: tensor.shape,
                needed: "[1, tokens, width]")
        }
        let generator = try generator(for: recording.file, tokens: tokens, width: width)
        let steps = try recording.integers("timesteps").count
        try schedule(recording, DiffusionSchedule(steps: steps))

        let states = conditional.reshaped([tokens, width])
        try compare(recording, "net.cond_embed", generator.head.embed(states).floats())
        if let x = try recording.optional("net.x"),
            let timestep = try recording.integers("net.t").first
        {
            try compare(
                recording, "net.out",
                generator.head.network(
                    x, timestep: timestep, condition: generator.head.embed(states)
                ).floats())
        }
        let noise = try RecordedNoise(
            source, image: 0, of: 1, tokens: tokens, codes: generator.configuration.codebookSize,
            channels: generator.configuration.latentChannels)
        guard noise.diffusionSteps >= steps else {
            throw VerificationError.badShape(
                file: source.file, name: "noise_diff",
                found: try source.tensor("noise_diff").shape,
                needed: "noise of the \(steps) timesteps in \(recording.file)")
        }
        let scales = try source.tensor("head_cfg")
        guard let guidance = scales.floats().first else {
            throw VerificationError.badShape(
                file: source.file, name: "head_cfg", found: scales.shape, needed: "one number")
        }
        for (name, scale) in [("guided", guidance), ("unguided", 1)] {
            try sampling(
                recording, name, generator, steps: steps, noise: noise, guidance: scale,
                conditional: states, unconditional: unconditional.reshaped([tokens, width]))
        }
    }

    private func schedule(_ recording: Recording, _ schedule: DiffusionSchedule) throws {
        try compare(recording, "timesteps", integers: schedule.timesteps)
        let tables: [(String, [Double])] = [
            ("betas", schedule.betas), ("coef_x0", schedule.cleanWeight),
            ("coef_xt", schedule.noisyWeight), ("log_max", schedule.logVarianceMaximum),
            ("log_min", schedule.logVarianceMinimum), ("sqrt_recip", schedule.signalScale),
            ("sqrt_recipm1", schedule.noiseScale)
        ]
        for (name, table) in tables {
            try compare(recording, name, table.map { Float($0) }, .relative(1e-6))
        }
        if recording.has("time_features"), schedule.timesteps.count > 1 {
            let timesteps = [0, schedule.timesteps[1], 500, 999]
            try compare(
                recording, "time_features",
                timesteps.flatMap { ResidualHead.timeFeatures($0).floats() }, .absolute(2e-4))
        }
    }

    private func sampling(
        _ recording: Recording, _ name: String, _ generator: Generator, steps: Int,
        noise: RecordedNoise, guidance: Float, conditional: Tensor, unconditional: Tensor
    ) throws {
        guard recording.has("\(name).residual") else { return }
        let (tokens, channels) = (conditional.shape[0], generator.configuration.latentChannels)
        let traced = try recording.integers("\(name).trace_steps")
        var traces: [Int: ResidualHead.Trace] = [:]
        let residual = try generator.head.sample(
            conditional: conditional, unconditional: unconditional, guidance: guidance,
            temperature: 1, steps: steps,
            initial: (0..<tokens).flatMap {
                noise.initialResidual(position: $0, channels: channels)
            },
            noise: { step in
                (0..<tokens).flatMap {
                    noise.diffusionNoise(step: step, position: $0, channels: channels)
                }
            }, progress: { _ in }, trace: { if traced.contains($0) { traces[$0] = $1 } })
        let recorded = traced.compactMap { traces[$0] }
        try compare(recording, "\(name).x_t", recorded.flatMap(\.x))
        try compare(recording, "\(name).eps", recorded.flatMap(\.noiseEstimate))
        try compare(recording, "\(name).logvar", recorded.flatMap(\.logVariance))
        // The noisiest step multiplies an error of the estimate by about 20,000 before the clamp.
        try compare(recording, "\(name).x0", recorded.flatMap(\.clean), clamped)
        try compare(recording, "\(name).residual", residual.floats())
    }

    private var clamped: Comparison {
        compute.precision == .float32 ? .relative(5e-3) : .relativeLength(1e-1)
    }
}
