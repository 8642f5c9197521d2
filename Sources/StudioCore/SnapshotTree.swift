/// Everything that was, as a tree: undo goes to the parent, redo to the child last left, and what
/// was undone before a new change stays as another branch. A node without a name is a place that was
/// gone to, not a change: undo and redo pass it by.
package struct SnapshotTree<Value: Hashable & Sendable>: Hashable, Sendable {
    package struct Node: Hashable, Sendable {
        let value: Value
        let label: String
        let parent: Int?
        package internal(set) var lastChild: Int?
    }

    /// In the order in which they were recorded, each after its parent; none is ever removed.
    package private(set) var nodes: [Node]
    package private(set) var current = 0

    package init(_ value: Value) {
        nodes = [Node(value: value, label: "start", parent: nil)]
    }

    /// A tree as it was; what does not fit is left out.
    ///
    /// - Precondition: there is a node.
    package init(nodes: [Node], current: Int, redo: [Int?]) {
        precondition(!nodes.isEmpty)
        let whole = nodes.enumerated().prefix { place, node in
            place == 0 ? node.parent == nil : node.parent.map { 0..<place ~= $0 } ?? false
        }
        self.nodes = whole.isEmpty ? [nodes[0]] : whole.map(\.element)
        for place in self.nodes.indices {
            let child = redo.indices.contains(place) ? redo[place] : nil
            let isChild = child.map {
                self.nodes.indices.contains($0) && self.nodes[$0].parent == place
            }
            self.nodes[place].lastChild = isChild == true ? child : nil
        }
        self.current = self.nodes.indices.contains(current) ? current : self.nodes.count - 1
    }

    package var value: Value { nodes[current].value }
    /// Changes that were made, in all branches.
    package var changeCount: Int { nodes.dropFirst().count { !$0.label.isEmpty } }
    /// Changes that lead to the value of now.
    package var undoCount: Int {
        var (count, place) = (0, current)
        while let parent = nodes[place].parent {
            if !nodes[place].label.isEmpty { count += 1 }
            place = parent
        }
        return count
    }
    package var count: Int { nodes.count }

    func value(at place: Int) -> Value? { nodes.indices.contains(place) ? nodes[place].value : nil }

    /// What was there after the change that was undone last, or before the one done again last.
    func otherSide(ofUndo isUndo: Bool) -> Value? {
        (isUndo ? nodes[current].lastChild : nodes[current].parent).map { nodes[$0].value }
    }

    /// The values that led to the one of now, the newest first.
    var path: some Sequence<Value> {
        sequence(first: current) { [nodes] in nodes[$0].parent }.lazy.map { [nodes] in
            nodes[$0].value
        }
    }

    /// What there was after the change that was undone last.
    var undone: Value? { nodes[current].lastChild.map { nodes[$0].value } }

    /// Adds a change; one that changes nothing is no change.
    package mutating func record(_ value: Value, _ label: String) {
        guard value != self.value else { return }
        nodes.append(Node(value: value, label: label, parent: current))
        nodes[current].lastChild = nodes.count - 1
        current = nodes.count - 1
    }

    /// Goes to a node, where the value may have become another one since; that is no change.
    package mutating func move(to place: Int, _ value: Value) {
        guard nodes.indices.contains(place) else { return }
        current = place
        let next = nodes[place].lastChild
        guard value != self.value else { return }
        record(value, "")
        // What was undone there can still be done again.
        nodes[place].lastChild = next
    }

    /// This tree gone on with by a later one, whose start is a change of this one's current value.
    ///
    /// - Parameter label: what that change is called.
    func followed(by later: SnapshotTree, as label: String) -> SnapshotTree {
        var whole = self
        let offset = nodes.count
        whole.nodes += later.nodes.map { node in
            Node(
                value: node.value, label: node.parent == nil ? label : node.label,
                parent: node.parent.map { $0 + offset } ?? current,
                lastChild: node.lastChild.map { $0 + offset })
        }
        whole.nodes[current].lastChild = offset
        whole.current = offset + later.current
        return whole
    }

    /// The start, the newest nodes and the current one, so many in all; each hangs on the nearest one
    /// before it that is left.
    func pruned(to limit: Int) -> SnapshotTree {
        guard nodes.count > max(limit, 2) else { return self }
        let first = nodes.count - max(limit, 2) + 2
        let kept = [0] + (1..<first ~= current ? [current] : []) + Array(first..<nodes.count)
        let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        func nearest(_ node: Int, _ next: (Node) -> Int?) -> Int? {
            var found = next(nodes[node])
            while let place = found, places[place] == nil { found = next(nodes[place]) }
            return found.flatMap { places[$0] }
        }
        var tree = self
        tree.nodes = kept.map { place in
            Node(
                value: nodes[place].value, label: nodes[place].label,
                parent: nearest(place, \.parent), lastChild: nearest(place, \.lastChild))
        }
        tree.current = places[current] ?? tree.nodes.count - 1
        return tree
    }

    /// What undo would take back.
    var nextUndo: String? {
        var copy = self
        return copy.undo()
    }

    /// What redo would do again.
    var nextRedo: String? {
        var copy = self
        return copy.redo()
    }

    /// Takes back the last change.
    /// - Returns: what it was called; nil at the start.
    package mutating func undo() -> String? {
        var place = current
        while nodes[place].label.isEmpty, let parent = nodes[place].parent {
            if nodes[place].lastChild != nil { nodes[parent].lastChild = place }
            place = parent
        }
        guard let parent = nodes[place].parent else { return nil }
        nodes[parent].lastChild = place
        current = parent
        return nodes[place].label
    }

    /// Does the change last undone again.
    /// - Returns: what it was called; nil where there is none.
    package mutating func redo() -> String? {
        var place = current
        // From where one only went to, what was undone before that is done again.
        while nodes[place].label.isEmpty, nodes[place].lastChild == nil,
            let parent = nodes[place].parent
        {
            place = parent
        }
        while let child = nodes[place].lastChild {
            place = child
            guard nodes[place].label.isEmpty else {
                current = place
                return nodes[place].label
            }
        }
        return nil
    }
}

extension SnapshotTree.Node: Codable where Value: Codable {}
