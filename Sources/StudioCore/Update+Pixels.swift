/// Which pictures have their pixels at hand.
extension StudioState {
    /// Pictures whose pixels are kept though they are not on the screen.
    private static let picturesWithPixels = 32

    mutating func noteShown() {
        guard let shownRun else { return }
        shownLately.removeAll { $0 == shownRun }
        shownLately.append(shownRun)
    }

    /// Lets go of the pixels of pictures that were not shown for the longest; they are made again
    /// from what is kept of them where they are wanted.
    mutating func letGoOfPixels() {
        let needed = Set(
            [shownRun, canvas.partner, proposal?.base].compactMap { $0 }
                + (proposal?.candidates ?? []) + (job?.runs ?? []))
        let held = runs.values.filter { $0.holdsPixels && !needed.contains($0.id) }
        guard held.count > Self.picturesWithPixels else { return }
        let ages = Dictionary(uniqueKeysWithValues: shownLately.enumerated().map { ($1, $0) })
        func age(_ run: RunRecord) -> (Int, RunID) { (ages[run.id] ?? -1, run.id) }
        let oldest = held.sorted { age($0) < age($1) }.dropLast(Self.picturesWithPixels)
        for run in oldest {
            runs[run.id]?.picture = nil
            runs[run.id]?.previews = [:]
            runs[run.id]?.isStored = true
        }
    }
}

extension RunRecord {
    /// Whether it has pixels that can be made again.
    fileprivate var holdsPixels: Bool {
        switch status {
        case .finished: picture != nil
        case .cancelled: !previews.isEmpty
        case .waiting, .running, .paused, .failed: false
        }
    }
}

extension StudioNews {
    /// Whether more pixels are at hand than before.
    var bringsPixels: Bool {
        switch self {
        case .finished, .loaded, .opened, .cancelled: true
        default: false
        }
    }
}
