import Foundation
import Kernels
import TestSupport
import Testing

@Test func withoutACommandAShortGuideIsPrinted() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run([], in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    #expect(result.lines.contains("dcar help COMMAND explains a command."))
}

@Test(arguments: [
    "generate", "edit", "resume", "reconstruct", "info", "show", "strip", "verify", "bench",
    "doctor", "completions"
])
func everyCommandExplainsItself(command: String) throws {
    let folder = try TemporaryFolder()
    let help = try Program.run(["help", command], in: folder.path)
    #expect(help.status == 0 && help.messages == "")
    #expect(help.text.contains("USAGE: dcar \(command)"))
    #expect(try Program.run([command, "--help"], in: folder.path).text == help.text)
}

@Test(arguments: [("bash", "complete "), ("zsh", "#compdef dcar"), ("fish", "complete -c")])
func completionsAreForTheShell(shell: String, mark: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(["completions", shell], in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    #expect(result.text.contains(mark) && result.text.contains("generate"))
}

@Test func doctorChecksMachineModelAndTerminal() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(["doctor"], in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    for name in ["dcar", "processor", "computes with", "model", "model folder", "graphics"] {
        #expect(result.lines.contains { $0.hasPrefix(name + " ") }, "\(name)")
    }
    let broken = try Program.run(["doctor", "--model", "nowhere"], in: folder.path)
    #expect(broken.status == 3 && broken.messages == "")
    #expect(broken.lines.contains { $0.hasPrefix("graphics ") })
    #expect(
        broken.lines.contains(
            "model           nowhere is not a folder that can be read; name a model folder."))
}

@Test func benchTimesEveryComponent() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        [
            "bench", "-W", "32", "-H", "32", "--steps", "1", "--repeats", "1", "--json",
            "--batches", "1", "2"
        ],
        in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    let components = try result.text.split(separator: "\n", omittingEmptySubsequences: false)
        .dropLast().map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(object?["component"] as? String)
        }
    for name in [
        "text", "1 steps", "residual head", "decoder", "prompt to pixels", "a picture by itself",
        "a picture in a batch of 2", "peak memory"
    ] {
        #expect(components.contains(name), "\(name)")
    }
}

/// What older and other processors compute with; the variable that oneDNN reads makes this one look
/// like one without AVX-512.
@Test(arguments: [("ONEDNN_MAX_CPU_ISA", "AVX2"), ("DCAR_MATRIX_LIBRARY", "openblas")])
func recordingsReplayOnThePortablePaths(variable: String, value: String) throws {
    let folder = try TemporaryFolder()
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Golden").path
    let replayed = try Program.run(
        ["verify", golden, "--precision", "fp32"], in: folder.path,
        environment: [variable: value])
    #expect(replayed.status == 0 && replayed.messages == "")
    #expect(replayed.lines.last?.wholeMatch(of: /[1-9][0-9]{2} passed, 0 failed/) != nil)
    let refused = try Program.run(
        ["generate", "a fox", "--precision", "int8"], in: folder.path,
        environment: [variable: value])
    #expect(refused.status == 1)
    #expect(
        sentence(refused)
            == (value == "AVX2"
                ? "This processor has no int8 matrix instructions; use --precision auto."
                : "Precision int8 needs the library onednn, not openblas."))
}

/// There are several ways to multiply bfloat16; the variable hides what the better ones need.
@Test(
    .enabled(if: Processor.offers(.bfloat16)),
    arguments: ["AVX2", "AVX512_CORE", "AVX512_CORE_BF16", "DEFAULT"])
func recordingsReplayInEveryWayOfBFloat16(instructions: String) throws {
    let folder = try TemporaryFolder()
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Golden").path
    let replayed = try Program.run(
        ["verify", golden, "--precision", "bf16"], in: folder.path,
        environment: ["ONEDNN_MAX_CPU_ISA": instructions])
    #expect(replayed.status == 0 && replayed.messages == "")
    #expect(replayed.lines.last?.wholeMatch(of: /[1-9][0-9]{2} passed, 0 failed/) != nil)
}

@Test func verifyCountsWhatPassed() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(["verify", "."], in: folder.path)
    #expect(result.status == 1 && result.text == "")
    #expect(
        sentence(result)
            == ". holds no recordings that can be replayed; name a folder of recorded runs.")
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Golden").path
    for name in ["dc-ar", "dc-ht", "t5", "dcht_96x160.safetensors"] {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file(name), withDestinationPath: "\(golden)/\(name)")
    }
    let replayed = try Program.run(["verify", "."], in: folder.path)
    #expect(replayed.status == 0 && replayed.messages == "")
    #expect(replayed.lines.last?.wholeMatch(of: /[1-9][0-9]* passed, 0 failed/) != nil)
}
