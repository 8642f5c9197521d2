import ArgumentParser
import Assets
import Foundation
import Imaging
import Kernels
import Layers
import Pipeline
import Settings

/// Which model, and what it runs on.
struct ModelOptions: ParsableArguments {
    @Option(
        name: [.long, .customShort("m")], parsing: .unconditional,
        help: "Model folder; the embedded Storybook model, or DCAR_MODEL, when not given.")
    var model: String?

    @Option(help: "auto, fp32, bf16 or int8: the operands of matrix products.")
    var precision: String?

    @Option(
        name: [.long, .customShort("t")], parsing: .unconditional,
        help: "Threads; one a physical core, or DCAR_THREADS, when not given.")
    var threads: Int?

    func validate() throws {
        guard let precision, precision != "auto", Precision(rawValue: precision) == nil else {
            return
        }
        throw ValidationError(
            "--precision is \(precision); it must be auto, fp32, bf16 or int8.")
    }

    /// The folder that was asked for.
    func folder() throws -> String {
        if let model { return model }
        if let named = Preferences.current.text(.modelPath) {
            return named.withHome
        }
        guard let embedded = EmbeddedModel.folder else { throw CommandError.noEmbeddedModel }
        return embedded
    }

    func compute() throws -> Compute {
        let precision = precision ?? Preferences.current.text(.precision)
        return try Compute(
            threadCount: threads ?? Preferences.current.whole(.threads),
            precision: precision.flatMap(Precision.init))
    }

    /// Where no precision was asked for, takes that of a saved run: another would make another
    /// picture of it.
    ///
    /// - Parameter allowsOther: whether it may be another where this machine has not that one.
    mutating func keepPrecision(of record: ImageRecord, allowsOther: Bool = false) {
        guard precision == nil || precision == "auto" else { return }
        let known = Precision.allCases.first { $0.recordName == record.precision } ?? .float32
        if allowsOther, (try? Compute(threadCount: 1, precision: known)) == nil { return }
        precision = known.rawValue
    }

    func open() throws -> Pipeline {
        let cache = Preferences.current.isOn(.weightCache) ? WeightCache.ofUser : nil
        let model = try Model(folder: try folder(), compute: try compute(), cache: cache)
        if Preferences.current.isOn(.verification) { try model.verify() }
        return Pipeline(model)
    }
}
