import ArgumentParser
import Assets
import Foundation
import Kernels
import Pipeline

/// Which model, and what it runs on.
struct ModelOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("m")], parsing: .unconditional,
        help: "Model folder; the embedded Storybook model, or DCAR_MODEL, when not given.")
    var model: String?

    @Option(help: "auto, fp32 or bf16: the operands of matrix products.")
    var precision = "auto"

    @Option(
        name: [.long, .customShort("t")], parsing: .unconditional,
        help: "Threads; one a physical core, or DCAR_THREADS, when not given.")
    var threads: Int?

    func validate() throws {
        guard precision == "auto" || Precision(rawValue: precision) != nil else {
            throw ValidationError("--precision is \(precision); it must be auto, fp32 or bf16.")
        }
    }

    /// The folder that was asked for.
    func folder() throws -> String {
        if let model { return model }
        if let named = ProcessInfo.processInfo.environment["DCAR_MODEL"], !named.isEmpty {
            return named
        }
        guard let embedded = EmbeddedModel.folder else { throw CommandError.noEmbeddedModel }
        return embedded
    }

    func compute() throws -> Compute {
        let named = ProcessInfo.processInfo.environment["DCAR_THREADS"].flatMap(Int.init)
        return try Compute(threadCount: threads ?? named, precision: Precision(rawValue: precision))
    }

    func open() throws -> Pipeline {
        Pipeline(try Model(folder: try folder(), compute: try compute()))
    }
}
