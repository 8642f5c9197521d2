import Foundation
import Synchronization

/// Threads that share out numbered tasks.
///
/// A task's result depends on its number alone, never on the thread that ran it, so everything
/// computed here is the same for any number of threads. The caller works too: a pool of one has no
/// threads of its own. Idle threads yield for a moment, then sleep.
final class WorkerPool: Sendable {
    typealias Body = (_ task: Int) -> Void

    let threadCount: Int
    private let board = JobBoard()
    private let isBusy = Mutex(())

    init(threadCount: Int) {
        self.threadCount = threadCount
        for index in 1..<max(1, threadCount) {
            // A thread holds the board, not the pool, so that the pool can end and end them.
            let thread = Thread { [board] in board.work() }
            thread.name = "dcar worker \(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit {
        board.stop()
    }

    /// Runs `body` for every task from 0 up to `count` and returns when all are done. It escapes: a
    /// thread may let go of it a moment later.
    func run(_ count: Int, _ body: @escaping Body) {
        guard count > 0 else { return }
        guard threadCount > 1, count > 1 else {
            prepareThread()
            for task in 0..<count { body(task) }
            return
        }
        isBusy.withLock { _ in withUnsafePointer(to: body) { board.share($0, count) } }
    }
}

/// The job that the threads of a pool work on.
private final class JobBoard: @unchecked Sendable {
    typealias Body = WorkerPool.Body

    /// The generation of the current job in the upper half, how many of its tasks are unclaimed in
    /// the lower: one word, so that a task is claimed only while its job is the current one, and
    /// the former job has none left while the next is put up.
    private let ticket = Atomic<UInt64>(0)
    private let taskCount = Atomic<Int>(0)
    private let finished = Atomic<Int>(0)
    private let body = Atomic<UInt>(0)
    private let sleepers = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    private let wake = NSCondition()

    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        wake.lock()
        wake.broadcast()
        wake.unlock()
    }

    func share(_ pointer: UnsafePointer<Body>, _ count: Int) {
        prepareThread()
        body.store(UInt(bitPattern: pointer), ordering: .relaxed)
        taskCount.store(count, ordering: .relaxed)
        finished.store(0, ordering: .relaxed)
        let generation = (ticket.load(ordering: .relaxed) >> 32) &+ 1
        ticket.store(generation << 32 | UInt64(count), ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            wake.lock()
            wake.broadcast()
            wake.unlock()
        }
        claimTasks(of: generation)
        while finished.load(ordering: .acquiring) < count { sched_yield() }
    }

    /// Runs tasks of the job `generation` until none is left.
    private func claimTasks(of generation: UInt64) {
        while true {
            let seen = ticket.load(ordering: .acquiring)
            let pointer = body.load(ordering: .relaxed)
            let count = taskCount.load(ordering: .relaxed)
            let left = Int(seen & 0xFFFF_FFFF)
            guard seen >> 32 == generation, left > 0 else { return }
            let claim = ticket.compareExchange(
                expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
            guard claim.exchanged, let body = UnsafePointer<Body>(bitPattern: pointer) else {
                continue
            }
            body.pointee(count - left)
            finished.add(1, ordering: .releasing)
        }
    }

    func work() {
        prepareThread()
        var done: UInt64 = 0
        while true {
            var patience = 400
            while ticket.load(ordering: .acquiring) >> 32 == done, patience > 0 {
                if isStopping.load(ordering: .relaxed) { return }
                sched_yield()
                patience -= 1
            }
            if patience == 0 { sleep(while: done) }
            if isStopping.load(ordering: .sequentiallyConsistent) { return }
            done = ticket.load(ordering: .acquiring) >> 32
            claimTasks(of: done)
        }
    }

    private func sleep(while generation: UInt64) {
        wake.lock()
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while ticket.load(ordering: .sequentiallyConsistent) >> 32 == generation,
            !isStopping.load(ordering: .sequentiallyConsistent)
        {
            wake.wait()
        }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        wake.unlock()
    }
}
