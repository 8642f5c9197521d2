import Foundation
import Synchronization

/// The bytes behind a tensor: memory of its own, or a part of a file mapped read-only.
///
/// Owned memory is aligned to 64 bytes and goes back to a free list, so that a loop which makes the
/// same tensors at every step allocates nothing after the first. Sendable because a storage is
/// written only by the code that made it, before anything else can see it.
public final class Storage: @unchecked Sendable {
    /// The first byte; valid as long as the storage lives.
    public let base: UnsafeMutableRawPointer
    public let byteCount: Int
    private let owner: Owner

    private enum Owner {
        case recycled
        case mapped(MappedFile)
    }

    /// Uninitialised memory of `byteCount` bytes.
    public init(byteCount: Int) {
        self.byteCount = byteCount
        base = Recycler.take(byteCount)
        owner = .recycled
    }

    /// `range` of a mapped file; the file stays mapped as long as the storage lives.
    public init(_ file: MappedFile, range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount)
        byteCount = range.count
        base = file.base + range.lowerBound
        owner = .mapped(file)
    }

    deinit {
        if case .recycled = owner { Recycler.give(base, byteCount) }
    }

    /// True when the bytes are pages of a file, which must not be written.
    public var isMapped: Bool {
        if case .mapped = owner { true } else { false }
    }

    /// Empties the free list.
    public static func dropFreeBlocks() {
        Recycler.empty()
    }

    /// Tells the system that the mapped pages will not be read again soon, so that they stop
    /// counting as this process's memory. Does nothing for owned memory.
    public func releasePages() {
        guard isMapped else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (Int(bitPattern: base) + page - 1) / page * page
        let end = (Int(bitPattern: base) + byteCount) / page * page
        guard end > start, let first = UnsafeMutableRawPointer(bitPattern: start) else { return }
        madvise(first, end - start, MADV_DONTNEED)
    }
}

/// Freed blocks by size, at most `limit` bytes in all; the sizes that were longest not asked for
/// make room for new ones.
private enum Recycler {
    /// Two images of 256x256x256 numbers, the largest that the full model's decoder reuses.
    static let limit = 144 << 20
    static let alignment = 64

    private struct Shelf {
        var blocks: [UInt] = []
        /// The number of the call that last asked for this size.
        var lastTaken = 0
    }

    private struct Shelves {
        var bySize: [Int: Shelf] = [:]
        var byteCount = 0
        var calls = 0

        mutating func take(_ size: Int) -> UInt? {
            calls += 1
            bySize[size, default: Shelf()].lastTaken = calls
            guard let block = bySize[size]?.blocks.popLast() else { return nil }
            byteCount -= size
            return block
        }

        /// - Returns: blocks for which there is no room any more.
        mutating func give(_ block: UInt, _ size: Int) -> [UInt] {
            guard size <= limit else { return [block] }
            var dropped: [UInt] = []
            while byteCount + size > limit,
                let oldest = bySize.min(by: { $0.value.lastTaken < $1.value.lastTaken })
            {
                bySize[oldest.key] = nil
                byteCount -= oldest.key * oldest.value.blocks.count
                dropped += oldest.value.blocks
            }
            bySize[size, default: Shelf(lastTaken: calls)].blocks.append(block)
            byteCount += size
            return dropped
        }
    }

    private static let shelves = Mutex(Shelves())

    private static func rounded(_ byteCount: Int) -> Int {
        max(alignment, (byteCount + alignment - 1) / alignment * alignment)
    }

    static func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let size = rounded(byteCount)
        let found = shelves.withLock { $0.take(size) }
        if let found, let block = UnsafeMutableRawPointer(bitPattern: found) { return block }
        var block: UnsafeMutableRawPointer?
        guard posix_memalign(&block, alignment, size) == 0, let block else {
            MemoryShortage.end(size)
        }
        return block
    }

    static func empty() {
        let dropped = shelves.withLock { shelves in
            defer { shelves.bySize = [:] }
            shelves.byteCount = 0
            return shelves.bySize.values.flatMap(\.blocks)
        }
        for block in dropped { free(UnsafeMutableRawPointer(bitPattern: block)) }
    }

    static func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
        let dropped = shelves.withLock { $0.give(UInt(bitPattern: block), rounded(byteCount)) }
        for block in dropped { free(UnsafeMutableRawPointer(bitPattern: block)) }
    }
}
