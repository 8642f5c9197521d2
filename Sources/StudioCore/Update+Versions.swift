import TerminalGraphics

/// A picture in the tree of what was made from what.
package struct VersionLine: Hashable, Sendable {
    package let run: RunID
    package let depth: Int
    /// For each level above, whether the tree goes on there; the last is this line's own.
    package let goesOn: [Bool]
}

extension StudioState {
    /// Runs in reading order of their tree; those of one picture alone where `root` is given.
    package func versionTree(of root: RunID? = nil) -> [VersionLine] {
        var children: [RunID?: [RunID]] = [:]
        let begun = order.filter { runs[$0]?.snapshots.isEmpty == false }
        // Beside the root, only what is on the list has others below it.
        let listed = Set(begun + [root].compactMap { $0 })
        for id in begun {
            let parent = runs[id]?.parent.flatMap { listed.contains($0) ? $0 : nil }
            children[parent, default: []].append(id)
        }
        var lines: [VersionLine] = []
        let first = root.map { [$0] } ?? children[nil] ?? []
        var open = first.reversed().map { VersionLine(run: $0, depth: 0, goesOn: []) }
        while let line = open.popLast() {
            lines.append(line)
            let below = children[line.run] ?? []
            for (place, child) in below.enumerated().reversed() {
                open.append(
                    VersionLine(
                        run: child, depth: line.depth + 1,
                        goesOn: line.goesOn + [place < below.count - 1]))
            }
        }
        return lines
    }

    /// The tree that a picture belongs to.
    package func versions(with run: RunID) -> [VersionLine] {
        var root = run
        // Parents are older, so this ends.
        while let parent = runs[root]?.parent, parent < root, runs[parent] != nil { root = parent }
        return versionTree(of: root)
    }

    /// Results of edits that were not accepted and do not wait to be.
    package var discarded: Set<RunID> {
        let results = runs.values.filter(isResult)
        guard !results.isEmpty else { return [] }
        let kept = Set(history.nodes.lazy.filter(isAcceptance).map(\.value.picture))
        return Set(results.lazy.filter { !kept.contains($0.id) }.map(\.id))
    }

    /// The same of one.
    func isTurnedDown(_ run: RunRecord) -> Bool {
        isResult(run)
            && !history.nodes.contains { $0.value.picture == run.id && isAcceptance($0) }
    }

    private func isResult(_ run: RunRecord) -> Bool {
        run.edit != nil && run.status == .finished
            && proposal?.candidates.contains(run.id) != true
    }

    /// Whether a change led to another picture, and not merely to its place on the list.
    private func isAcceptance(_ node: SnapshotTree<Document>.Node) -> Bool {
        guard !node.label.isEmpty, node.value.change == nil, let parent = node.parent else {
            return false
        }
        return history.nodes[parent].value.picture != node.value.picture
    }

    mutating func showVersions() {
        guard let shownRun else {
            message = Message("There is no picture yet whose versions could be shown.", .problem)
            return
        }
        popup = .versions(selected: shownRun)
    }

    mutating func pressInVersions(_ key: Key, _ selected: RunID) {
        let lines = versions(with: selected)
        func moved(_ step: Int) -> Popup {
            let at = (lines.firstIndex { $0.run == selected } ?? 0) + step
            return .versions(selected: lines[min(max(0, at), lines.count - 1)].run)
        }
        switch (key.code, key.modifiers) {
        case (.up, []), (.character("k"), []): popup = moved(-1)
        case (.down, []), (.character("j"), []): popup = moved(1)
        case (.pageUp, []): popup = moved(-10)
        case (.pageDown, []): popup = moved(10)
        case (.enter, []):
            popup = nil
            reopen(selected)
        case (.escape, []), (.character("q"), []), (.character("c"), .control): popup = nil
        default: break
        }
    }

    private mutating func reopen(_ run: RunID) {
        guard !isShownRunOn || job?.isPaused == true else {
            message = Message("A run is on; the version can be shown when it is done.", .problem)
            return
        }
        guard run != shownRun else { return }
        visit(run)
    }
}

extension RunRecord {
    /// The run that this one was made from.
    package var parent: RunID? { origin.parent }
}

extension RunOrigin {
    /// The run that one of this origin was made from.
    package var parent: RunID? {
        switch self {
        case .prompt, .file: nil
        case .fork(let run, _), .residual(let run): run
        case .edit(let order): order.base
        }
    }
}
