import StudioCore
import Synchronization

/// News on its way from the model worker to the screen.
final class Inbox: Sendable {
    private let news = Mutex<[StudioNews]>([])
    private let pipe = WakePipe()

    /// Can be read whenever there is news.
    var descriptor: Int32 { pipe.descriptor }

    func post(_ item: StudioNews) {
        news.withLock { $0.append(item) }
        wake()
    }

    var isEmpty: Bool { news.withLock(\.isEmpty) }

    /// Makes the descriptor readable though there is no news.
    func wake() { pipe.wake() }

    func take() -> [StudioNews] {
        _ = pipe.take()
        return news.withLock { items in
            defer { items = [] }
            return items
        }
    }
}
