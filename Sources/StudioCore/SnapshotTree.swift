/// Everything that was, as a tree: undo goes to the parent, redo to the child last left, and what
/// was undone before a new change stays as another branch.
package struct SnapshotTree<Value: Hashable & Sendable>: Hashable, Sendable {
    private struct Node: Hashable, Sendable {
        var value: Value
        let label: String
        let parent: Int?
        var lastChild: Int?
    }

    private var nodes: [Node]
    private var current = 0

    package init(_ value: Value) {
        nodes = [Node(value: value, label: "start", parent: nil)]
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
