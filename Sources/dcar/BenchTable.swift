import Foundation

/// Prints what was measured, a row a component, with its share of the machine's peak and what it is
/// meant to reach.
struct BenchTable {
    let isJSON: Bool
    let target: BenchTarget
    /// Operations a second of the best matrix product; 0 until it was measured.
    var peak = 0.0

    init(isJSON: Bool, target: BenchTarget) {
        self.isJSON = isJSON
        self.target = target
    }

    /// - Parameters:
    ///   - work: operations.
    ///   - rate: operations a second; nil for work over time.
    func row(
        _ component: BenchComponent, _ name: String, seconds: Double? = nil, work: Double? = nil,
        rate: Double? = nil, note: String? = nil
    ) throws {
        let rate = rate ?? work.flatMap { work in seconds.map { work / $0 } }
        let share = rate.flatMap { peak > 0 ? $0 / peak : nil }
        let target = target.text(component)
        guard !isJSON else {
            var object: [String: Any] = ["component": name]
            object["seconds"] = seconds
            object["gflop"] = work.map { $0 / 1e9 }
            object["gflops"] = rate.map { $0 / 1e9 }
            object["share_of_peak"] = share
            object["note"] = note
            object["target"] = target
            try Events.send(object)
            return
        }
        func column(_ value: Double?, _ format: String, _ unit: String) -> String {
            let text = value.map { String(format: format, $0) + unit } ?? ""
            return String(repeating: " ", count: max(0, 14 - text.count)) + text
        }
        let remarks = [note, target.map { "target: \($0)" }].compactMap { $0 }
        let line =
            name.padding(toLength: 32, withPad: " ", startingAt: 0)
            + column(seconds, "%.4f", " s") + column(work.map { $0 / 1e9 }, "%.1f", " GFLOP")
            + column(rate.map { $0 / 1e9 }, "%.0f", " GFLOP/s")
            + column(share.map { 100 * $0 }, "%.0f", " %") + "  " + remarks.joined(separator: "; ")
        try Output.line(line.trimmingCharacters(in: .whitespaces))
    }
}
