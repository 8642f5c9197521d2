import Checkpoints
import Foundation
import Generation
import HybridTokens
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

/// A folder `model` with the embedded model's files, each a link that a test can take away.
private func linkedModel() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    for part in ["dc-ar", "dc-ht", "t5"] {
        let place = folder.file("model/\(part)")
        try files.createDirectory(atPath: place, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: "\(embedded)/\(part)") {
            try files.createSymbolicLink(
                atPath: "\(place)/\(name)", withDestinationPath: "\(embedded)/\(part)/\(name)")
        }
    }
    return folder
}

private func sentence(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

/// The embedded generator's configuration as the class writes it to a hub.
private let hubConfiguration = """
    {"experiment": {"name": "x"}, "model": {"generator": {"hidden_size": 288}, "type": "vq_dc_ae"}}
    """

@Test func aConfigurationInJSONMakesAGeneratorToo() throws {
    let folder = try linkedModel()
    try FileManager.default.removeItem(atPath: folder.file("model/dc-ar/config.yaml"))
    _ = try folder.write(hubConfiguration, as: "model/dc-ar/config.json")
    let parts = try ModelParts(in: folder.file("model")).ofModel()
    #expect(parts.generator.configuration == folder.file("model/dc-ar/config.json"))
    #expect(parts.generator.checkpoint == folder.file("model/dc-ar/model.safetensors"))
}

/// What else lies in a folder does not keep a model from opening.
@Test func filesThatAreOfNoPartArePassedOver() throws {
    let folder = try linkedModel()
    for (name, text) in [
        (".pre-commit-config.yaml", "- x"), ("model.yaml", ""), ("._config.yaml", "\0\u{1}"),
        ("compose.yml", "a: &b 1\nc: *b\n"), ("dc-ar/._config.yaml", "\0"),
        ("dc-ar/._model.safetensors", "\0")
    ] {
        _ = try folder.write(text, as: "model/\(name)")
    }
    let parts = try ModelParts(in: folder.file("model")).ofModel()
    #expect(parts.generator.name == "dc-ar")
    // Where the part is missing, what could not be read is the likeliest reason.
    try FileManager.default.removeItem(atPath: folder.file("model/dc-ar/config.yaml"))
    _ = try folder.write("a: [", as: "model/dc-ar/config.yaml")
    #expect(throws: ConfigurationError.self) {
        try ModelParts(in: folder.file("model")).ofModel()
    }
}

@Test func theFolderThatWasMeantIsNamed() throws {
    let folder = try linkedModel()
    let model = folder.file("model")
    let files = FileManager.default
    let snapshot = folder.file("hub/models--a--b/snapshots/0f")
    try files.createDirectory(
        atPath: folder.file("hub/models--a--b/snapshots"), withIntermediateDirectories: true)
    try files.createSymbolicLink(atPath: snapshot, withDestinationPath: model)
    for (named, meant) in [
        ("model/dc-ar", model), ("hub", snapshot), ("hub/models--a--b", snapshot)
    ] {
        let text = sentence { _ = try ModelParts(in: folder.file(named)).ofModel() }
        #expect(text.hasSuffix("; \(meant) is a whole model."), "\(text)")
    }
    try files.removeItem(atPath: "\(model)/t5")
    try files.removeItem(atPath: "\(model)/dc-ar")
    #expect(
        sentence { _ = try ModelParts(in: model).ofModel() }
            == "\(model) has no DC-AR generator, which is known by a .yaml file with model.generator "
            + "beside its weights; it and the folders in it hold a DC-HT tokenizer.")
}

@Test func shardsNeedTheirIndex() throws {
    let folder = try linkedModel()
    let place = "model/dc-ar"
    try FileManager.default.removeItem(atPath: folder.file("\(place)/model.safetensors"))
    for shard in 1...2 {
        _ = try folder.write("", as: "\(place)/pytorch_model-0000\(shard)-of-00002.bin")
    }
    #expect(
        sentence { _ = try ModelParts(in: folder.file("model")).ofModel() }
            == "\(folder.file(place)) has 2 shards of a checkpoint, but not the .index.json file that "
            + "says which tensor is in which; get that too.")
    _ = try folder.write("{}", as: "\(place)/pytorch_model.bin.index.json")
    let parts = try ModelParts(in: folder.file("model")).ofModel()
    #expect(parts.generator.checkpoint == folder.file("\(place)/pytorch_model.bin.index.json"))
}

/// A tokenizer that says so, or does not say, decodes discrete tokens alone.
@Test(arguments: ["\"quantizer_type\": \"vq\"", "\"by\": \"another\""])
func aTokenizerWithoutResidualsMakesPicturesOfDiscreteTokens(line: String) throws {
    let folder = try linkedModel()
    let place = folder.file("model/dc-ht/config.json")
    let text = try String(contentsOfFile: place, encoding: .utf8)
    let hybrid = "\"quantizer_type\": \"hybrid_vq\""
    try #require(text.contains(hybrid))
    try FileManager.default.removeItem(atPath: place)
    _ = try folder.write(
        text.replacingOccurrences(of: hybrid, with: line), as: "model/dc-ht/config.json")
    let pipeline = Pipeline(
        try Model(folder: folder.file("model"), compute: Compute(threadCount: 2), cache: nil))
    #expect(!pipeline.model.isHybrid)
    var runs = try pipeline.start([
        GenerationRequest(
            prompt: "a fox", seed: 1, width: 64, height: 64, sampling: SamplingSettings(steps: 2))
    ])
    try pipeline.unmask(&runs)
    let picture = try pipeline.picture(of: runs[0])
    #expect(picture.grid.residual.floats().allSatisfy { $0 == 0 })
    _ = try folder.write(
        text.replacingOccurrences(of: hybrid, with: "\"quantizer_type\": \"rq\""), as: "other.json")
    #expect(throws: ConfigurationError.self) {
        try HybridTokenizerConfiguration(ConfigurationNode(path: folder.file("other.json")))
    }
}

/// A prompt can spell a pad, which the transformer does not see: the learned text is read at the same
/// positions as the prompt.
@Test func aPadWithinAPromptLeavesItsPositionOut() throws {
    let transformer = try embeddedPipeline().model.transformer
    let states = Tensor.random([4, 192], seed: 1)
    let first = try transformer.guidedText(states)
    let others = try transformer.guidedText(states, at: [0, 1, 3, 4])
    let (one, other) = (first.unconditional.projected, others.unconditional.projected)
    let same = one.rows([0, 1, 3]).floats()
    #expect(other.rows([0, 1, 2]).floats() == same)
    #expect(one.rows([2]).floats() != other.rows([2]).floats())
    #expect(first.unconditional != others.unconditional)
    let again = try transformer.guidedText(states)
    #expect(first.unconditional == again.unconditional)
}

/// Steps of more than half a turn, as small grids have them.
@Test(arguments: [0.5, 1.0, 2.0, 4.0, 7.3, 21.0])
func thePositionsTellTheirStep(step: Double) {
    for width in [32, 72, 288, 1_152] {
        let row = MaskedTransformer.sinePositions(
            gridWidth: 2, gridHeight: 1, width: width, step: step
        ).floats()
        let found = MaskedTransformer.step(of: Array(row[width...]), width: width)
        #expect(abs(found - step) < 1e-5 * step, "\(width): \(found)")
    }
}
