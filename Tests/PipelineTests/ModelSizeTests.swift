import Checkpoints
import HybridTokens
import TestSupport
import Testing
import TextEncoding

/// Buckets of relative positions beyond the first half are logarithmic, up to a distance that must
/// lie beyond that half.
@Test(arguments: [(32, 8), (32, 5), (64, 16)])
func aTextEncoderWhoseDistancesEndBeforeItsBucketsIsRefused(buckets: Int, distance: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
        """
        {"vocab_size": 8, "d_model": 8, "d_kv": 4, "num_heads": 2, "d_ff": 8, "num_layers": 1,
         "relative_attention_num_buckets": \(buckets),
         "relative_attention_max_distance": \(distance)}
        """, as: "config.json")
    let error = #expect(throws: ConfigurationError.self) {
        try T5Configuration(ConfigurationNode(path: path))
    }
    #expect(
        error?.description.contains(
            "relative_attention_max_distance in \(path) is \(distance); it must be a whole number "
                + "from \(buckets / 4 + 1) to") == true)
}

@Test(arguments: ["enc_depths", "dec_depths"])
func aStageWithoutBlocksIsRefused(key: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
        """
        {"codebook_size": 8, "codebook_embed_dim": 4, "model_name": "dc-ae-f32-in-1.0",
         "dc_ae": {"\(key)": [0, 1, 0, 1, 1, 1]}}
        """, as: "config.json")
    let error = #expect(throws: ConfigurationError.self) {
        try HybridTokenizerConfiguration(ConfigurationNode(path: path))
    }
    #expect(
        error?.description
            == "dc_ae.\(key) in \(path) is [0, 1, 0, 1, 1, 1]; it must be at least 1 in every stage "
            + "but the first.")
}
