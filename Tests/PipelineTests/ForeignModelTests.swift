import Checkpoints
import Foundation
import Generation
import Imaging
import Kernels
import Pipeline
import Requests
import Tensors
import TestSupport
import Testing

private let embedded = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Assets/Storybook/storybook").path

/// What another model's configuration may say and this program does not compute.
@Test(arguments: [
    ("attn_type: flash", "attn_type: linear", "attn_type"),
    ("ffn_type: mlp", "ffn_type: swiglu", "ffn_type"),
    ("    type: maskgit_t2i\n", "", "generator.type"),
    ("mean: 0.5", "mean: 0.0", "dataset.eval.mean"),
    ("std: 0.5", "std: 1.0", "dataset.eval.std")
])
func aConfigurationOfAnotherKindIsRefused(from: String, to: String, key: String) throws {
    let folder = try TemporaryFolder()
    let text = try String(contentsOfFile: "\(embedded)/dc-ar/config.yaml", encoding: .utf8)
    try #require(text.contains(from))
    _ = try GeneratorConfiguration(
        ConfigurationNode(path: folder.write(text, as: "as-it-is.yaml")))
    let changed = try folder.write(text.replacingOccurrences(of: from, with: to), as: "other.yaml")
    let error = #expect(throws: ConfigurationError.self) {
        try GeneratorConfiguration(ConfigurationNode(path: changed))
    }
    #expect(error.map { "\($0)".contains(key) } == true)
}

/// Every weight is finite, and what they give is not.
@Test func weightsThatOverflowEndInASentence() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    for part in ["dc-ht", "t5"] {
        try files.createSymbolicLink(
            atPath: folder.file(part), withDestinationPath: "\(embedded)/\(part)")
    }
    try files.createDirectory(atPath: folder.file("dc-ar"), withIntermediateDirectories: true)
    try files.copyItem(
        atPath: "\(embedded)/dc-ar/config.yaml", toPath: folder.file("dc-ar/config.yaml"))
    let checkpoint = try Checkpoint(path: "\(embedded)/dc-ar/model.safetensors")
    let tensors = try checkpoint.keys.map { name in
        let tensor = try checkpoint.tensor(name)
        guard name == "final_layer.linear.weight" else { return (name, tensor) }
        return (name, Tensor(tensor.shape, repeating: 3e38))
    }
    try SafetensorsWriter.write(tensors, to: folder.file("dc-ar/model.safetensors"))
    let pipeline = Pipeline(
        try Model(
            folder: folder.path, compute: Compute(threadCount: 2, precision: .float32), cache: nil))
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a fox", seed: 1, width: 64, height: 64, sampling: SamplingSettings(steps: 2))
    ])
    let before = runs[0].tokens
    #expect(throws: KernelError.notFinite(what: "The logits of step 1", precision: .float32)) {
        try pipeline.unmask(&runs)
    }
    #expect(runs[0].tokens == before)
}

@Test func aProbabilityThatIsNoNumberIsKeptAsNone() {
    #expect([Float.nan, -1, 0, 0.5, 1, 2].map(TokenGridRecord.byte) == [0, 0, 0, 128, 255, 255])
}
