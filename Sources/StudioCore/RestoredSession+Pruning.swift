extension RestoredSession {
    /// Lets go of the oldest pictures and undo steps, lest what is taken up at every start grows for
    /// ever. What younger pictures were made from stays with them.
    ///
    /// - Parameters:
    ///   - runs: pictures that stay.
    ///   - versions: undo steps that stay.
    /// - Returns: whether there were more.
    package mutating func prune(toRuns runs: Int = 500, versions: Int = 2_000) -> Bool {
        let isTooLong = self.versions.count > versions
        if isTooLong, let tree = history?.pruned(to: versions) {
            self.versions = tree.nodes
            session?.version = tree.current
            session?.redo = tree.nodes.map(\.lastChild)
        }
        guard self.runs.count > runs else { return isTooLong }
        let parents = Dictionary(
            self.runs.map { ($0.id, $0.origin.parent) }, uniquingKeysWith: { first, _ in first })
        var kept: Set<RunID> = []
        let newest = parents.keys.sorted().suffix(runs)
        for run in newest + [session?.shownRun].compactMap({ $0 }) {
            // Parents are older, so this ends.
            var next: RunID? = run
            while let id = next, parents.keys.contains(id), kept.insert(id).inserted {
                next = parents[id].flatMap { $0 }
            }
        }
        self.runs.removeAll { !kept.contains($0.id) }
        session?.order.removeAll { !kept.contains($0) }
        session?.closed?.removeAll { !kept.contains($0) }
        return true
    }
}
