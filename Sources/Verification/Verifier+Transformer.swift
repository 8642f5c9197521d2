import Generation
import Tensors

extension Verifier {
    /// Forward passes over given ids: the embedding, each block, hidden states and logits.
    func transformer(_ recording: Recording) throws {
        let texts = try textStates(for: recording.file)
        var number = 0
        while recording.has("case\(number).ids") {
            try transformerCase(recording, "case\(number)", texts)
            number += 1
        }
    }

    private func transformerCase(
        _ recording: Recording, _ name: String, _ texts: [Tensor]
    ) throws {
        let ids = try recording.tensor("\(name).ids", axes: 2)
        let (images, tokens) = (ids.shape[0], ids.shape[1])
        let width = try recording.tensor("\(name).latents_cond", axes: 3).shape[2]
        let generator = try generator(for: recording.file, tokens: tokens, width: width)
        let transformer = generator.transformer
        let prompts = try recording.promptRows(
            "\(name).prompt_rows", of: texts.count, images: images, standard: []
        ).map { texts[$0] }
        let numbers = try recording.integers(
            "\(name).ids", shape: ids.shape, in: 0...generator.configuration.maskID)
        let guided = try prompts.map { try transformer.guidedText($0) }
        let conditional = guided.map(\.conditional)
        let unconditional = guided.map(\.unconditional)
        func rows(_ texts: [MaskedTransformer.Text]) -> [MaskedTransformer.Row] {
            (0..<images).map { image in
                MaskedTransformer.Row(
                    ids: Array(numbers[image * tokens..<(image + 1) * tokens]), text: texts[image])
            }
        }
        try compare(recording, "\(name).text_cond", conditional[0].projected.floats())
        try compare(recording, "\(name).text_uncond", unconditional[0].projected.floats())

        var blocks: [Tensor] = []
        let states = try transformer.hiddenStates(
            rows(conditional) + rows(unconditional), gridWidth: generator.configuration.gridSide,
            observe: { _, state in blocks.append(state) })
        let (all, half) = (states.floats(), images * tokens * width)
        try compare(
            recording, "\(name).embedded", Array(blocks[0].floats().prefix(half)))
        for (index, block) in blocks.dropFirst().enumerated() {
            try compare(recording, "\(name).block\(index)", block.floats())
        }
        for (kind, numbers) in [("cond", all.prefix(half)), ("uncond", all.suffix(half))] {
            let latents = Tensor([images * tokens, width], Array(numbers))
            try compare(recording, "\(name).latents_\(kind)", latents.floats())
            try compare(
                recording, "\(name).logits_\(kind)",
                transformer.logits(latents, at: Array(0..<images * tokens)).floats())
        }
    }
}
