import Checkpoints
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing
import Verification

private let golden = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Golden").path

private func replay(_ library: MatrixLibrary, _ precision: Precision) throws -> [VerificationLine] {
    var lines: [VerificationLine] = []
    try Verifier(
        folder: golden, compute: Compute(threadCount: 2, precision: precision, library: library)
    ) { lines.append($0) }.run()
    return lines
}

/// Every recorded tensor, with both matrix libraries: within the stated tolerance, and a tenth of
/// it for all but the elements that the noisiest diffusion step magnifies.
@Test(arguments: [MatrixLibrary.oneDNN, .openBLAS])
func everyRecordedTensorIsReproduced(library: MatrixLibrary) throws {
    let lines = try replay(library, .float32)
    #expect(lines.count == 681)
    #expect(lines.filter { !$0.isPassed }.map(\.text) == [])
    let careful = lines.filter { line in
        !line.name.hasSuffix("x0") && !line.name.hasSuffix("_u8") && line.name != "time_features"
    }
    #expect(careful.filter { $0.difference > 1e-4 * $0.scale }.map(\.text) == [])
}

@Test(.enabled(if: Processor.offers(.bfloat16)))
func bfloat16StaysWithinItsTolerance() throws {
    let lines = try replay(.oneDNN, .bfloat16)
    // Tokens' logits and noise are compared where the tokens agree, those of other steps not at all.
    #expect(lines.count > 550)
    #expect(lines.filter { !$0.isPassed }.map(\.text) == [])
}

@Test func aChangedRecordingFails() throws {
    let folder = try TemporaryFolder()
    for name in ["dc-ar", "dc-ar-small", "dc-ht", "t5", "text.safetensors"] {
        try FileManager.default.copyItem(
            atPath: "\(golden)/\(name)", toPath: "\(folder.path)/\(name)")
    }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: "\(golden)/variant_one_step.safetensors"))
    // The last bytes are numbers of the last tensor.
    for index in bytes.count - 8..<bytes.count { bytes[index] = 0x41 }
    try bytes.write(to: URL(fileURLWithPath: "\(folder.path)/variant_one_step.safetensors"))
    var lines: [VerificationLine] = []
    try Verifier(folder: folder.path, compute: Compute(threadCount: 2, precision: .float32)) {
        lines.append($0)
    }.run()
    #expect(lines.contains { !$0.isPassed })
}

@Test func aFolderWithoutRecordingsIsRefused() throws {
    let folder = try TemporaryFolder()
    let verifier = try Verifier(
        folder: folder.path, compute: Compute(threadCount: 1, precision: .float32)
    ) { _ in }
    #expect(throws: VerificationError.self) { try verifier.run() }
}

/// A tensor of a recording made zeros of another shape, beside other recordings that are read.
private struct Reshaped: Sendable {
    let file: String
    let name: String
    let shape: Shape
    let others: [String]

    static let all = [
        Reshaped(
            file: "text.safetensors", name: "mask", shape: [1, 3],
            others: ["transformer.safetensors"]),
        Reshaped(file: "text.safetensors", name: "ids", shape: [2, 3, 1], others: []),
        Reshaped(file: "dcht_main.safetensors", name: "image_u8", shape: [64, 64, 4], others: []),
        Reshaped(file: "dcht_main.safetensors", name: "image_u8", shape: [33, 64, 3], others: []),
        Reshaped(
            file: "generate.safetensors", name: "head_cfg", shape: [0],
            others: ["diffusion.safetensors"]),
        Reshaped(
            file: "generate.safetensors", name: "noise_diff", shape: [1, 2, 3],
            others: ["diffusion.safetensors"]),
        Reshaped(
            file: "transformer.safetensors", name: "case0.ids", shape: [1],
            others: ["text.safetensors"]),
        Reshaped(
            file: "transformer.safetensors", name: "case0.prompt_rows", shape: [0],
            others: ["text.safetensors"])
    ]
}

/// What a recording holds is no better known than any other file.
@Test(arguments: Reshaped.all)
private func aRecordingOfAnotherShapeIsRefused(changed: Reshaped) throws {
    let folder = try TemporaryFolder()
    for other in ["dc-ar", "dc-ar-small", "dc-ht", "t5"] + changed.others {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file(other), withDestinationPath: "\(golden)/\(other)")
    }
    let checkpoint = try Checkpoint(path: "\(golden)/\(changed.file)")
    let tensors = try (Set(checkpoint.keys).union([changed.name])).sorted().map { key in
        (
            key,
            key == changed.name ? Tensor(changed.shape, repeating: 0) : try checkpoint.tensor(key)
        )
    }
    try SafetensorsWriter.write(
        tensors, metadata: checkpoint.metadata, to: folder.file(changed.file))
    let verifier = try Verifier(
        folder: folder.path, compute: Compute(threadCount: 2, precision: .float32)
    ) { _ in }
    let error = #expect(throws: VerificationError.self) { try verifier.run() }
    #expect(error.map { "\($0)".hasPrefix("\(changed.name) in ") } == true)
}
