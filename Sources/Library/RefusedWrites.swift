/// What could not be written, such as on a full disk, to be tried again later. A newer write of the
/// same thing takes the place of an older one.
package struct RefusedWrites<Target>: Sendable {
    package typealias Write = @Sendable (Target) throws -> Void
    private var writes: [(subject: String, write: Write)] = []

    package init() {}

    package var isEmpty: Bool { writes.isEmpty }

    /// Whether one of these waits.
    package func holds(_ isWanted: (_ subject: String) -> Bool) -> Bool {
        writes.contains { isWanted($0.subject) }
    }

    /// Writes, or keeps what is to be written and throws why.
    ///
    /// - Parameter subject: what it is of, such as `run 3`.
    package mutating func perform(_ subject: String, on target: Target, _ write: @escaping Write)
        throws
    {
        forget(subject)
        do {
            try write(target)
        } catch {
            writes.append((subject, write))
            throw error
        }
    }

    /// Tries all again, in their order, until one is refused once more.
    package mutating func performAgain(on target: Target) {
        while let next = writes.first, (try? next.write(target)) != nil { writes.removeFirst() }
    }

    /// What is to be written of this has been written in another way.
    package mutating func forget(_ subject: String) {
        writes.removeAll { $0.subject == subject }
    }
}
