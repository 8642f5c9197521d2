import Synchronization
import Tensors

/// Hidden states of runs' first passes, which depend on prompt, grid and known tokens alone: another
/// seed, or another prompt of as many tokens, needs all or half of them again.
final class FirstPasses: Sendable {
    private struct Pass {
        let key: Key
        /// [tokens, width].
        let states: Tensor
    }

    /// A row without its text, which is many times as large as the states.
    private struct Key: Hashable {
        let ids: [Int]
        let text: MaskedTransformer.Text.Identity
        let gridWidth: Int

        init(_ row: MaskedTransformer.Row, gridWidth: Int) {
            (ids, text, self.gridWidth) = (row.ids, row.text.identity, gridWidth)
        }
    }

    /// The last used come last.
    private let kept = Mutex<[Pass]>([])
    /// Bytes of all that are kept.
    private let limit: Int

    init(limit: Int = 16 << 20) {
        self.limit = limit
    }

    /// The states of a row, if they are at hand.
    func states(of row: MaskedTransformer.Row, gridWidth: Int) -> Tensor? {
        let key = Key(row, gridWidth: gridWidth)
        return kept.withLock { kept in
            guard let at = kept.firstIndex(where: { $0.key == key }) else { return nil }
            let pass = kept.remove(at: at)
            kept.append(pass)
            return pass.states
        }
    }

    func keep(_ states: Tensor, of row: MaskedTransformer.Row, gridWidth: Int) {
        kept.withLock { kept in
            kept.append(Pass(key: Key(row, gridWidth: gridWidth), states: states))
            var size = kept.reduce(0) { $0 + $1.states.storage.byteCount }
            while size > limit, !kept.isEmpty {
                size -= kept.removeFirst().states.storage.byteCount
            }
        }
    }

    func forget() {
        kept.withLock { $0 = [] }
    }
}
