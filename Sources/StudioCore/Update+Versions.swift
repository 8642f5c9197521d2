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
        for id in order where runs[id]?.snapshots.isEmpty == false {
            children[runs[id]?.parent.flatMap { runs[$0] == nil ? nil : $0 }, default: []].append(
                id)
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

    /// The picture that the one shown comes from in the end.
    package var rootOfShown: RunID? {
        guard var run = shownRun else { return nil }
        // Parents are older, so this ends.
        while let parent = runs[run]?.parent, parent < run, runs[parent] != nil { run = parent }
        return run
    }

    mutating func showVersions() {
        guard let root = rootOfShown else {
            message = Message("There is no picture yet whose versions could be shown.", .problem)
            return
        }
        let lines = versionTree(of: root)
        popup = .versions(selected: lines.firstIndex { $0.run == shownRun } ?? 0)
    }

    mutating func pressInVersions(_ key: Key, _ selected: Int) -> [StudioEffect] {
        let lines = versionTree(of: rootOfShown)
        func moved(_ step: Int) -> Popup {
            .versions(selected: min(max(0, selected + step), max(0, lines.count - 1)))
        }
        switch (key.code, key.modifiers) {
        case (.up, []), (.character("k"), []): popup = moved(-1)
        case (.down, []), (.character("j"), []): popup = moved(1)
        case (.pageUp, []): popup = moved(-10)
        case (.pageDown, []): popup = moved(10)
        case (.enter, []):
            popup = nil
            guard lines.indices.contains(selected) else { return [] }
            reopen(lines[selected].run)
        case (.escape, []), (.character("q"), []), (.character("c"), .control): popup = nil
        default: break
        }
        return []
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
    package var parent: RunID? {
        switch origin {
        case .prompt, .file: nil
        case .fork(let run, _), .residual(let run): run
        case .edit(let order): order.base
        }
    }
}
