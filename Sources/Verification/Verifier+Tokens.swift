import HybridTokens
import Tensors

extension Verifier {
    /// Encoder, quantiser and decoder. Each is given the recorded input, so that a wrong encoder
    /// does not hide a right decoder.
    func hybridTokens(_ recording: Recording) throws {
        let tokenizer = try tokenizer(for: recording.file)
        let bytes = try recording.tensor("image_u8", axes: 3)
        let (height, width) = (bytes.shape[0], bytes.shape[1])
        let unit = tokenizer.configuration.tokenSide
        guard bytes.shape[2] == 3, height > 0, width > 0, height % unit == 0, width % unit == 0
        else {
            throw VerificationError.badShape(
                file: recording.file, name: "image_u8", found: bytes.shape,
                needed: "[height, width, 3] with sides that are multiples of \(unit)")
        }
        var encoderStages: [Int: Tensor] = [:]
        let encoding = try tokenizer.encode(
            PixelValues.numbers(
                bytes.integers().map { UInt8(truncatingIfNeeded: $0) }, width: width, height: height
            ),
            observe: { encoderStages[$0] = $1 })
        let grid = encoding.grid
        let shape: Shape = [grid.gridHeight, grid.gridWidth, tokenizer.configuration.latentChannels]
        for (number, output) in encoderStages.sorted(by: { $0.key < $1.key }) {
            try compare(recording, "encoder_stage\(number)", planes(output))
        }
        try compare(recording, "encoder_raw", planes(encoding.raw.reshaped(shape)))
        try compare(recording, "features", planes(encoding.features.reshaped(shape)))
        try compare(recording, "indices", integers: grid.ids, ids)
        try compare(
            recording, "residual", grid.residual.floats(), whereEqual: grid.ids, to: "indices")
        try compare(
            recording, "z_q", planes(tokenizer.latents(of: grid, strength: 0)),
            whereEqual: grid.ids, to: "indices", isByChannel: true)
        try compare(recording, "latent_hybrid", planes(tokenizer.latents(of: grid)))

        var decoderStages: [Int: Tensor] = [:]
        let hybrid = try tokenizer.decode(
            image("latent_hybrid", of: recording, channels: shape[2]),
            observe: { decoderStages[$0] = $1 })
        for (number, output) in decoderStages.sorted(by: { $0.key > $1.key }) {
            try compare(recording, "decoder_stage\(number)", planes(output))
        }
        try compare(recording, "decoded_hybrid", planes(hybrid))
        try compare(recording, "decoded_hybrid_every4", planes(hybrid, every: 4))
        try compare(
            recording, "decoded_hybrid_u8", integers: PixelValues.bytes(hybrid).map(Int.init),
            pixels)
        if recording.has("decoded_discrete_u8") {
            let discrete = try tokenizer.decode(image("z_q", of: recording, channels: shape[2]))
            try compare(
                recording, "decoded_discrete_u8",
                integers: PixelValues.bytes(discrete).map(Int.init), pixels)
        }
    }

    /// Codebook indices may flip in bfloat16 where two entries are about equally near.
    private var ids: Comparison {
        compute.precision == .float32 ? .absolute(0) : .share(0.05)
    }

    /// Bytes are truncated, so that the smallest difference may move one by 1; bfloat16 moves
    /// them by about two hundredths of the range.
    var pixels: Comparison {
        compute.precision == .float32 ? .absolute(1) : .relativeLength(2e-2)
    }
}
