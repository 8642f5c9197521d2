import Foundation

/// A pipe to oneself: what one thread does wakes another that waits for descriptors.
struct WakePipe: Sendable {
    /// Can be read once `wake` was called.
    let descriptor: Int32
    private let writing: Int32

    init() {
        var pair: [Int32] = [-1, -1]
        if pipe(&pair) != 0 { pair = [-1, -1] }
        for end in pair {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, writing) = (pair[0], pair[1])
    }

    func wake() {
        var byte: UInt8 = 1
        // A full pipe already wakes.
        _ = write(writing, &byte, 1)
    }

    /// Whether it was woken since the last call.
    func take() -> Bool { !Terminal.read(descriptor).isEmpty }
}
