import Foundation
import Kernels
import Pipeline
import TestSupport
import Testing

/// The embedded model, with another list of sums beside it; nil for none.
private func model(_ folder: TemporaryFolder, sums change: (String) -> String?) throws -> Model {
    let original = try embeddedPipeline().model.folder
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: original) where name != "SHA256SUMS" {
        try files.createSymbolicLink(
            atPath: folder.file(name), withDestinationPath: "\(original)/\(name)")
    }
    let sums = try String(contentsOfFile: "\(original)/SHA256SUMS", encoding: .utf8)
    try change(sums)?.write(
        toFile: folder.file("SHA256SUMS"), atomically: false, encoding: .utf8)
    return try Model(folder: folder.path, compute: Compute())
}

@Test func theEmbeddedModelIsWhatItsListOfSumsSays() throws {
    #expect(try embeddedPipeline().model.verify() >= 9)
}

@Test func aModelThatIsNotWhatItsListSaysIsRefused() throws {
    let other = try TemporaryFolder()
    #expect(throws: ModelError.wrongChecksum(of: "dc-ar/model.safetensors", folder: other.path)) {
        try model(other) { text in
            let line = text.split(separator: "\n").first { $0.hasSuffix("dc-ar/model.safetensors") }
            let sum = String(line?.prefix(64) ?? "")
            return text.replacing(sum, with: String(sum.reversed()))
        }.verify()
    }
    let unlisted = try TemporaryFolder()
    let file = unlisted.file("t5/model.safetensors")
    #expect(throws: ModelError.noChecksum(of: file, folder: unlisted.path)) {
        try model(unlisted) { $0.replacing("t5/model.safetensors", with: "t5/config.json") }
            .verify()
    }
    let none = try TemporaryFolder()
    #expect(throws: ModelError.noChecksums(folder: none.path)) {
        try model(none) { _ in nil }.verify()
    }
    #expect(
        "\(ModelError.noChecksums(folder: "m"))"
            == "m has no SHA256SUMS to verify its files by; `sha256sum` writes one, or turn "
            + "model.verify off.")
}
