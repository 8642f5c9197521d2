import Foundation
import Kernels
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

@Test(.enabled(if: Processor.has(.bfloat16)))
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
