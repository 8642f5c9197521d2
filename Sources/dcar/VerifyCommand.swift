import ArgumentParser
import Imaging
import Kernels
import Verification

/// Recorded runs against this program.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Replay recorded runs and compare every tensor.",
        discussion:
            "The last line counts what passed and failed; the status is 1 unless all passed.")

    @Argument(help: "A folder of recordings beside the models they were made with.")
    var folder: String

    @Option(help: "fp32 or bf16: the path under test.")
    var precision = "fp32"

    @Option(name: [.long, .customShort("t")], parsing: .unconditional, help: "Threads.")
    var threads: Int?

    func validate() throws {
        guard [Precision.float32, .bfloat16].map(\.rawValue).contains(precision) else {
            throw ValidationError("--precision is \(precision); it must be fp32 or bf16.")
        }
    }

    func run() throws {
        guard OutputOptions.isFolder(folder) else {
            throw CommandError.usage(
                "\(SanitizedText(folder)) is no folder; name a folder of recorded runs.")
        }
        let compute = try Compute(
            threadCount: threads, precision: Precision(rawValue: precision))
        var (passed, failed) = (0, 0)
        var failure: OutputError?
        let verifier = try Verifier(folder: folder, compute: compute) { line in
            if line.isPassed { passed += 1 } else { failed += 1 }
            do throws(OutputError) { try Output.line(line.text) } catch {
                failure = failure ?? error
            }
        }
        try verifier.run()
        if let failure { throw failure }
        try Output.line("\(passed) passed, \(failed) failed")
        if failed > 0 || passed == 0 { throw QuietFailure(status: .failure) }
    }
}
