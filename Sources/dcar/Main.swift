import ArgumentParser
import Kernels
import Verification

@main
struct DCAR: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "dcar", subcommands: [Verify.self])
}

struct Verify: ParsableCommand {
    @Argument var folder: String
    @Option var precision = "fp32"
    func run() throws {
        let compute = try Compute(precision: Precision(rawValue: precision))
        nonisolated(unsafe) var counts = (0, 0)
        let verifier = try Verifier(folder: folder, compute: compute) { line in
            print(line.text)
            if line.isPassed { counts.0 += 1 } else { counts.1 += 1 }
        }
        try verifier.run()
        print("\(counts.0) passed, \(counts.1) failed")
    }
}
