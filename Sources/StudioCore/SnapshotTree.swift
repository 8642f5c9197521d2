/// Everything that was, as a tree: undo goes to the parent, redo to the child last left, and what
/// was undone before a new change stays as another branch.
package struct SnapshotTree<Value: Hashable & Sendable>: Hashable, Sendable {
    package struct Node: Hashable, Sendable {
        var value: Value
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
    package var count: Int { nodes.count }

    /// Adds a change; one that changes nothing is no change.
    package mutating func record(_ value: Value, _ label: String) {
        guard value != self.value else { return }
        nodes.append(Node(value: value, label: label, parent: current))
        nodes[current].lastChild = nodes.count - 1
        current = nodes.count - 1
    }

    /// Takes back the last change.
    /// - Returns: what it was called; nil at the start.
    package mutating func undo() -> String? {
        guard let parent = nodes[current].parent else { return nil }
        let label = nodes[current].label
        nodes[parent].lastChild = current
        current = parent
        return label
    }

    /// Does the change last undone again.
    /// - Returns: what it was called; nil where there is none.
    package mutating func redo() -> String? {
        guard let child = nodes[current].lastChild else { return nil }
        current = child
        return nodes[child].label
    }
}

extension SnapshotTree.Node: Codable where Value: Codable {}
