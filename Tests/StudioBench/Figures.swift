import Foundation

/// The samples of one figure, in milliseconds.
struct Figure {
    let name: String
    /// What it may be at most.
    let limit: Double
    /// Whether the 99th percentile counts; else the median does.
    let isTail: Bool
    var samples: [Double] = []

    init(_ name: String, limit: Double, isTail: Bool = true) {
        self.name = name
        self.limit = limit
        self.isTail = isTail
    }

    mutating func measure(_ body: () throws -> Void) rethrows {
        let start = ContinuousClock.now
        try body()
        samples.append((ContinuousClock.now - start) / .milliseconds(1))
    }

    private func percentile(_ percent: Int) -> Double {
        let sorted = samples.sorted()
        return sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }

    func report() {
        guard !samples.isEmpty else { return print("\(name): no samples") }
        let counted = percentile(isTail ? 99 : 50)
        let columns = [
            name.padding(toLength: 42, withPad: " ", startingAt: 0),
            String(format: "median %7.1f", percentile(50)),
            String(format: "p99 %7.1f", percentile(99)),
            String(format: "worst %7.1f", percentile(100)),
            "of \(samples.count)".padding(toLength: 8, withPad: " ", startingAt: 0),
            String(
                format: "limit %.0f %@: %@", limit, isTail ? "p99" : "median",
                counted <= limit ? "holds" : "MISSED")
        ]
        print(columns.joined(separator: "  "))
        fflush(nil)
    }
}
