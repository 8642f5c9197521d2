import Foundation
import Generation
import HybridTokens
import Requests
import Tensors

extension Verifier {
    /// A whole recorded run: every MaskGIT step, the residual tokens, the picture.
    ///
    /// In float32 the run goes by itself from the first ids to the last. In bfloat16 single tokens
    /// may flip, so that every step gets the recorded ids.
    func maskedRun(_ recording: Recording) throws {
        let replay = try Replay(self, recording)
        try schedule(recording, replay.settings)
        var ids = try replay.startIDs()
        var last: [MaskedSampler.Outcome] = []
        var counts: [Int] = []
        for step in 0..<replay.settings.steps {
            let name = String(format: "step%02d", step)
            if compute.precision != .float32, recording.has("\(name).ids_in") {
                ids = try replay.ids("\(name).ids_in")
            }
            last = try replay.step(step, ids)
            // In bfloat16 these are the recorded ones themselves.
            if compute.precision == .float32 {
                try compare(recording, "\(name).ids_in", integers: ids.flatMap { $0 })
            }
            try steps(recording, name, replay, last, step: step)
            counts += last.prefix(1).map(\.maskedAgain)
            ids = last.map(\.ids)
        }
        try compare(recording, "mask_counts", integers: counts)
        try compare(recording, "final_ids", integers: ids.flatMap { $0 }, sampled)
        try compare(
            recording, "latents_cond", last.flatMap { $0.hidden.conditional.floats() })
        try compare(
            recording, "latents_uncond", last.flatMap { $0.hidden.unconditional?.floats() ?? [] })
        try compare(recording, "head_cfg", [replay.headGuidance])
        try residuals(recording, replay, last, ids)
    }

    /// Sampled tokens must be equal in float32. In bfloat16 about one in a hundred differs; the tiny
    /// recordings have few tokens, of which two or three may be such.
    private var sampled: Comparison {
        compute.precision == .float32 ? .absolute(0) : .share(0.15)
    }

    /// Of residual tokens at the end of a run. In bfloat16 the errors of the hidden states add up over
    /// the steps of the diffusion, the more the stronger the guidance: 2 to 3 % in most recordings, 9
    /// in one.
    private var afterRun: Comparison {
        compute.precision == .float32 ? floating : .relativeLength(0.1)
    }

    private func schedule(_ recording: Recording, _ settings: SamplingSettings) throws {
        let steps = 0..<settings.steps
        try compare(recording, "cfg", steps.map(settings.guidance), .relative(1e-6))
        try compare(recording, "temperature", steps.map(settings.noiseTemperature), .relative(1e-6))
        try compare(
            recording, "softmax_temperature", steps.map(settings.logitDivisor), .relative(1e-6))
    }

    private func steps(
        _ recording: Recording, _ name: String, _ replay: Replay,
        _ outcomes: [MaskedSampler.Outcome],
        step: Int
    ) throws {
        // Recordings hold the logits of every token, a run computes those of masked ones.
        if let recorded = try recording.optional("\(name).logits"), outcomes.count == 1 {
            let codes = replay.generator.configuration.codebookSize
            let wanted: Shape = [1, outcomes[0].sampled.count, codes]
            guard recorded.shape == wanted else {
                throw VerificationError.badShape(
                    file: recording.file, name: "\(name).logits", found: recorded.shape,
                    needed: "\(wanted)")
            }
            let rows = recorded.reshaped([wanted[1], codes]).rows(outcomes[0].positions)
            report(
                VerificationLine(
                    file: recording.file, name: "\(name).logits", recorded: rows,
                    computed: try replay.logits(of: outcomes[0], step: step), floating))
        }
        try compare(recording, "\(name).sampled", integers: outcomes.flatMap(\.sampled), sampled)
        try compare(
            recording, "\(name).confidence", outcomes.flatMap(\.noisyScores),
            whereEqual: outcomes.flatMap(\.sampled), to: "\(name).sampled")
        try compare(recording, "\(name).ids_out", integers: outcomes.flatMap(\.ids), sampled)
    }

    private func residuals(
        _ recording: Recording, _ replay: Replay, _ outcomes: [MaskedSampler.Outcome],
        _ ids: [[Int]]
    ) throws {
        guard recording.has("residual") else { return }
        let channels = replay.generator.configuration.latentChannels
        let tokens = ids[0].count
        let steps = replay.generator.configuration.head.steps
        guard replay.noises[0].diffusionSteps >= steps else {
            throw VerificationError.badShape(
                file: recording.file, name: "noise_diff",
                found: try recording.tensor("noise_diff").shape,
                needed: "noise of the \(steps) steps of the model's residual head")
        }
        var residuals: [[Float]] = []
        for (image, outcome) in outcomes.enumerated() {
            let noise = replay.noises[image]
            let residual = try replay.generator.head.sample(
                conditional: outcome.hidden.conditional,
                unconditional: outcome.hidden.unconditional,
                guidance: replay.headGuidance, temperature: replay.headTemperature,
                initial: (0..<tokens).flatMap {
                    noise.initialResidual(position: $0, channels: channels)
                },
                noise: { step in
                    (0..<tokens).flatMap {
                        noise.diffusionNoise(step: step, position: $0, channels: channels)
                    }
                })
            residuals.append(residual.floats())
        }
        var all = residuals.flatMap { $0 }
        if recording.has("init_mask"), let given = try recording.optional("init_residual") {
            let count = ids.count * tokens
            guard given.shape.count == count * channels else {
                throw VerificationError.badShape(
                    file: recording.file, name: "init_residual", found: given.shape,
                    needed: "\(channels) numbers for each of \(count) tokens")
            }
            let kept = try recording.integers("init_mask").prefix(count)
            let given = given.floats()
            for (token, isKept) in kept.enumerated() where isKept != 0 {
                for channel in token * channels..<(token + 1) * channels {
                    all[channel] = given[channel]
                }
            }
        }
        try compare(
            recording, "residual", all, whereEqual: ids.flatMap { $0 }, to: "final_ids",
            afterRun)
        try picture(recording, replay, ids, all)
    }

    private func picture(
        _ recording: Recording, _ replay: Replay, _ ids: [[Int]], _ residual: [Float]
    ) throws {
        guard recording.has("image_hybrid_u8"), ids.count == 1 else { return }
        let tokenizer = try tokenizer(for: recording.file)
        let side = replay.generator.configuration.gridSide
        // In bfloat16 the recorded tokens are decoded, because sampled ones may differ.
        let exact = compute.precision == .float32
        let numbers = exact ? residual : try recording.tensor("residual").floats()
        let shape: Shape = [side * side, tokenizer.configuration.latentChannels]
        guard numbers.count == shape.count else {
            throw VerificationError.badShape(
                file: recording.file, name: "residual", found: [numbers.count], needed: "\(shape)")
        }
        let grid = HybridTokenGrid(
            gridWidth: side, gridHeight: side,
            ids: exact ? ids[0] : try replay.ids("final_ids")[0],
            residual: Tensor(shape, numbers))
        let image = try tokenizer.decode(tokenizer.latents(of: grid))
        try compare(
            recording, "image_hybrid_u8", integers: PixelValues.bytes(image).map(Int.init), pixels)
    }
}

/// A recorded run made ready: its model, texts, noise and settings.
private struct Replay {
    let generator: Verifier.Generator
    let settings: SamplingSettings
    let noises: [RecordedNoise]
    private let recording: Recording
    private let texts: [GuidedText]
    private let sampler: MaskedSampler
    private let images: Int
    private let tokens: Int

    init(_ verifier: Verifier, _ recording: Recording) throws {
        self.recording = recording
        let latents = try recording.tensor("latents_cond", axes: 3)
        (images, tokens) = (latents.shape[0], latents.shape[1])
        guard images > 0 else {
            throw VerificationError.badShape(
                file: recording.file, name: "latents_cond", found: latents.shape,
                needed: "at least one image")
        }
        let generator = try verifier.generator(
            for: recording.file, tokens: tokens, width: latents.shape[2])
        self.generator = generator
        let (images, tokens) = (images, tokens)
        noises = try (0..<images).map {
            try RecordedNoise(
                recording, image: $0, of: images, tokens: tokens,
                codes: generator.configuration.codebookSize,
                channels: generator.configuration.latentChannels)
        }
        settings = Self.settings(generator.configuration.defaults, recording, noises[0].steps)
        sampler = MaskedSampler(generator.transformer, compute: verifier.compute)
        let states = try verifier.textStates(for: recording.file)
        // Without a note of its own a plain run has the first prompt; an inpainting the second.
        let standard = recording.file == "inpaint.safetensors" ? 1 : 0
        let rows = try recording.promptRows(
            "prompt_rows", of: states.count, images: images,
            standard: Array(repeating: standard, count: images))
        texts = try rows.map { try generator.transformer.guidedText(states[$0]) }
    }

    private static func settings(
        _ defaults: SamplingSettings, _ recording: Recording, _ steps: Int
    ) -> SamplingSettings {
        var settings = defaults
        settings.schedule = .official
        settings.steps = steps
        let arguments = recording.arguments
        if let guidance = arguments["guidance"] as? Double {
            settings.guidanceScale = Float(guidance)
        }
        if let decay = (arguments["decay"] as? String).flatMap(GuidanceDecay.init) {
            settings.guidanceDecay = decay
        }
        if let power = arguments["pow"] as? Double { settings.guidancePower = Float(power) }
        if let temperature = arguments["temperature"] as? Double {
            settings.temperature = Float(temperature)
        }
        if let anneal = arguments["anneal"] as? Bool { settings.annealsLogits = anneal }
        return settings
    }

    /// The guidance scale of the residual head: that of the tokens, unless the recording has its own.
    var headGuidance: Float {
        (recording.arguments["residual_guidance"] as? Double).map(Float.init)
            ?? settings.headGuidance
    }

    /// What the noise of the residual head is multiplied by.
    var headTemperature: Float {
        (recording.arguments["residual_temperature"] as? Double).map(Float.init) ?? 1
    }

    /// Recorded token ids of each image.
    func ids(_ name: String) throws -> [[Int]] {
        let ids = try recording.integers(name)
        let highest = generator.configuration.maskID
        guard ids.count == images * tokens, ids.allSatisfy({ 0...highest ~= $0 }) else {
            throw VerificationError.badShape(
                file: recording.file, name: name, found: [ids.count],
                needed: "[\(images), \(tokens)], ids from 0 to \(highest)")
        }
        return (0..<images).map { Array(ids[$0 * tokens..<($0 + 1) * tokens]) }
    }

    func startIDs() throws -> [[Int]] {
        if recording.has("init_ids") { return try ids("init_ids") }
        return Array(
            repeating: Array(repeating: generator.configuration.maskID, count: tokens),
            count: images)
    }

    func logits(of outcome: MaskedSampler.Outcome, step: Int) throws -> [Float] {
        try sampler.logits(
            outcome.hidden, at: outcome.positions, step: step, settings: settings)
    }

    func step(_ step: Int, _ ids: [[Int]]) throws -> [MaskedSampler.Outcome] {
        let items = ids.indices.map { image in
            MaskedSampler.Item(
                ids: ids[image], text: texts[image], noise: noises[image],
                unknownAtStart: ids[image].count { $0 == generator.configuration.maskID })
        }
        return try sampler.step(
            items, step: step, settings: settings, gridWidth: generator.configuration.gridSide)
    }
}
