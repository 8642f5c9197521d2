import Foundation
import TestSupport
import Testing

/// The embedded model's folder, every file of it a link, so that a test can damage one part.
private func linkedModel(in folder: TemporaryFolder) throws {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Assets/Storybook/storybook").path
    let files = FileManager.default
    for part in ["dc-ar", "dc-ht", "t5"] {
        try files.createDirectory(
            atPath: folder.file("model/\(part)"), withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: "\(source)/\(part)") {
            try files.createSymbolicLink(
                atPath: folder.file("model/\(part)/\(name)"),
                withDestinationPath: "\(source)/\(part)/\(name)")
        }
    }
}

/// What can be wrong with a model folder.
enum ModelFault: CaseIterable {
    case noTokenizer, noCheckpoint, noVocabulary, twoGenerators, otherModel, notJSON, damagedPieces
    case missing, extra, wrongShape, notANumber, truncated, hugeHeader, notSafetensors

    /// The status is 3 for all.
    var sentence: String {
        let weights = "model/t5/model.safetensors"
        let norm = "encoder.final_layer_norm.weight"
        let size = 3_795_960
        return switch self {
        case .noTokenizer:
            "model has no DC-HT tokenizer, which is known by a config.json with codebook_size beside "
                + "its weights; it and the folders in it hold a DC-AR generator and a T5 text encoder."
        case .noCheckpoint:
            "model/t5/config.json has no checkpoint beside it; put the .safetensors or .bin file there "
                + "that it belongs to."
        case .noVocabulary:
            "model/t5 has neither tokenizer.json nor spiece.model; a T5 folder needs one of them."
        case .twoGenerators:
            "There are several parts that are a DC-AR generator: model/dc-ar/config.yaml, "
                + "model/second/config.yaml; keep one in a model folder."
        case .otherModel: "model/dc-ar/model.safetensors has no tensor pos_embed."
        case .notJSON:
            "model/t5/config.json is no valid JSON file: a digit is missing (JSON byte 14)."
        case .damagedPieces: "model/t5/spiece.model is damaged at byte 3: a number does not end."
        case .missing:
            "\(weights) has no tensor \(norm); the nearest is "
                + "encoder.block.0.layer.0.layer_norm.weight."
        case .extra: "\(weights) has 1 tensor that this model does not use: extra.weight."
        case .wrongShape:
            "\(norm) in \(weights) has shape [2, 96]; this model needs [192]."
        case .notANumber:
            "\(norm) in \(weights) is NaN or infinite at element 0; weights must be finite."
        case .truncated:
            "\(weights) is no valid safetensors file: it ends after 100000 of \(size) bytes; get the "
                + "rest or get it anew."
        case .hugeHeader:
            "\(weights) is no valid safetensors file: its header claims 9223372036854775808 bytes; at "
                + "most 4194304 are allowed."
        case .notSafetensors:
            "\(weights) is no checkpoint that can be read: it is a text, 'nonsense'; get the file anew."
        }
    }

    func apply(in folder: TemporaryFolder) throws {
        let files = FileManager.default
        func remove(_ name: String) throws {
            try files.removeItem(atPath: folder.file("model/\(name)"))
        }
        func write(_ bytes: [UInt8], _ name: String) throws {
            try remove(name)
            _ = try folder.write(bytes, as: "model/\(name)")
        }
        let weights = "t5/model.safetensors"
        switch self {
        case .noTokenizer: try remove("dc-ht")
        case .noCheckpoint: try remove(weights)
        case .noVocabulary:
            try remove("t5/spiece.model")
            try remove("t5/tokenizer.json")
        case .twoGenerators:
            try files.copyItem(
                atPath: folder.file("model/dc-ar"), toPath: folder.file("model/second"))
        case .otherModel:
            try remove("dc-ar/model.safetensors")
            try files.copyItem(
                atPath: folder.file("model/dc-ht/model.safetensors"),
                toPath: folder.file("model/dc-ar/model.safetensors"))
        case .notJSON: try write(Array("{\"model_type\":".utf8), "t5/config.json")
        case .damagedPieces:
            try remove("t5/tokenizer.json")
            try write(Array("hi\n".utf8), "t5/spiece.model")
        case .notSafetensors: try write(Array("nonsense".utf8), weights)
        case .missing, .extra, .wrongShape, .notANumber, .truncated, .hugeHeader:
            let whole = try #require(files.contents(atPath: folder.file("model/\(weights)")))
            try write(damaged([UInt8](whole)), weights)
        }
    }

    /// A safetensors file with this fault: eight bytes of length, a header in JSON, the numbers.
    private func damaged(_ file: [UInt8]) throws -> [UInt8] {
        let norm = "encoder.final_layer_norm.weight"
        let length = (0..<8).reduce(0) { $0 | Int(file[$1]) << (8 * $1) }
        var header = try #require(
            try JSONSerialization.jsonObject(with: Data(file[8..<8 + length])) as? [String: Any])
        var numbers = Array(file[(8 + length)...])
        var entry = try #require(header[norm] as? [String: Any])
        switch self {
        case .truncated: return Array(file.prefix(100_000))
        case .hugeHeader: return [0, 0, 0, 0, 0, 0, 0, 0x80] + file[8...]
        case .missing: header["something.else"] = header.removeValue(forKey: norm)
        case .wrongShape:
            entry["shape"] = [2, 96]
            header[norm] = entry
        case .extra:
            header["extra.weight"] =
                [
                    "dtype": "F32", "shape": [1],
                    "data_offsets": [numbers.count, numbers.count + 4]
                ] as [String: Any]
            numbers += [0, 0, 0, 0]
        default:
            let start = try #require((entry["data_offsets"] as? [Int])?.first)
            numbers.replaceSubrange(start..<start + 4, with: [0xC0, 0x7F, 0xC0, 0x7F])
        }
        let json = try [UInt8](JSONSerialization.data(withJSONObject: header))
        return (0..<8).map { UInt8(truncatingIfNeeded: json.count >> (8 * $0)) } + json + numbers
    }
}

@Test(arguments: ModelFault.allCases)
func aModelFolderThatIsNoGoodIsExplainedInOneSentence(_ fault: ModelFault) throws {
    let folder = try TemporaryFolder()
    try linkedModel(in: folder)
    try fault.apply(in: folder)
    let result = try Program.run(
        ["generate", "a fox", "--model", "model", "-o", "a.png"] + small, in: folder.path)
    #expect(result.status == 3)
    #expect(result.messages == "dcar: \(fault.sentence)\n")
    #expect(result.output.isEmpty)
    #expect(try names(in: folder) == ["model"])
}

@Test func aModelFolderIsNamedByOptionOrEnvironment() throws {
    let folder = try TemporaryFolder()
    try linkedModel(in: folder)
    let named = try Program.run(["info", "model"], in: folder.path)
    let environment = try Program.run(
        ["info"], in: folder.path, environment: ["DCAR_MODEL": "model"])
    #expect(named.status == 0 && named.text == environment.text)
    let missing = try Program.run(
        ["generate", "a fox"], in: folder.path, environment: ["DCAR_MODEL": "none"])
    #expect(missing.status == 3)
    #expect(sentence(missing) == "none is not a folder that can be read; name a model folder.")
}

@Test func withoutItsResourcesTheProgramAsksForAModel() throws {
    let folder = try TemporaryFolder()
    // Copied by another process: were it open for writing here, a child of a test that runs beside
    // this one could hold it open, and the system would not start it.
    let result = try Program.shell(
        "cp '\(Program.path)' dcar && ./dcar generate fox -o a.png", in: folder.path)
    #expect(result.status == 3)
    #expect(
        sentence(result)
            == "The embedded model's files are not beside the program; name a folder with --model.")
    #expect(try names(in: folder) == ["dcar"])
}
