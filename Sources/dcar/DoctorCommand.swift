import ArgumentParser
import Assets
import Imaging
import Kernels
import Layers
import Pipeline
import Settings
import StudioShell
import TerminalGraphics

/// What this machine and this terminal can do.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check this machine, the model and the terminal.",
        discussion: "Ends with status 3 where the model cannot be opened.")

    @OptionGroup var model: ModelOptions

    @Flag(help: "Remove the arranged weights of large models from the cache folder.")
    var clearWeightCache = false

    func run() throws {
        if clearWeightCache { WeightCache.ofUser?.clear() }
        try Output.row("dcar", ProgramVersion.current)
        try Output.row(
            "processor", "\(Processor.vectorInstructions), \(Processor.physicalCores) cores")
        let compute = try model.compute()
        try Output.row(
            "computes with",
            "\(compute.library.rawValue), \(compute.precision.rawValue), \(compute.threadCount) threads"
        )
        if compute.precision == .bfloat16, !Processor.hasBFloat16 {
            try Output.row(
                "", "The processor has no bfloat16 instructions; its numbers are widened to fp32.")
        }
        if Processor.offers(.int8), compute.library == .oneDNN, compute.precision != .int8 {
            try Output.row("", "--precision int8 is faster and a little less exact.")
        }
        let isModelReady = try modelLines(compute)
        try weightCache()
        try terminal()
        // It was said what is wrong, among what is right.
        guard isModelReady else { throw QuietFailure(status: .model) }
    }

    /// - Returns: whether the model can be opened.
    private func modelLines(_ compute: Compute) throws -> Bool {
        let folder: String
        do {
            folder = try model.folder()
        } catch {
            try Output.row("model", String(describing: error))
            return false
        }
        let opened = Result { try Model(folder: folder, compute: compute) }
        switch opened {
        case .success(let model):
            let side = model.trainedSide
            try Output.row("model", "\(model.name), \(side)x\(side) pixels, ready")
        case .failure(let error): try Output.row("model", String(describing: error))
        }
        try Output.row("model folder", folder)
        return (try? opened.get()) != nil
    }

    private func weightCache() throws {
        guard let cache = WeightCache.ofUser else {
            return try Output.row("weight cache", "none; neither XDG_CACHE_HOME nor HOME is set")
        }
        guard Preferences.current.isOn(.weightCache) else {
            return try Output.row("weight cache", "off, by model.weight_cache")
        }
        let contents = cache.contents
        let size = String(format: "%.1f GB", Double(contents.byteCount) / 1e9)
        try Output.row("weight cache", "\(size) in \(cache.folder)")
        guard !contents.files.isEmpty else { return }
        try Output.row(
            "", "dcar doctor --clear-weight-cache removes it; large models then start slower.")
    }

    private func terminal() throws {
        let report = TerminalProbe.report()
        defer { report.finish() }
        let capabilities = TerminalCapabilities.decide(
            report.environment, report.replies,
            configuration: Preferences.current.text(.graphics).flatMap(GraphicsChoice.init))
        try Output.row("graphics", capabilities.graphics.rawValue)
        for reason in capabilities.reasons { try Output.row("", reason) }
        let answers = report.bytes.split(separator: 0x1B, omittingEmptySubsequences: true)
        for (index, answer) in answers.filter({ $0 != [UInt8(ascii: "\\")] }).enumerated() {
            let text = String(decoding: answer, as: UTF8.self)
            try Output.row(index == 0 ? "answered" : "", "ESC \(SanitizedText(text, limit: 100))")
        }
    }
}
