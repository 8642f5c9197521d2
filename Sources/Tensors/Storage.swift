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

/// Freed blocks by size, at most `limit` bytes in all.
private enum Recycler {
    static let limit = 256 << 20
    static let alignment = 64

    private struct Blocks {
        var bySize: [Int: [UInt]] = [:]
        var byteCount = 0
    }

    private static let blocks = Mutex(Blocks())

    private static func rounded(_ byteCount: Int) -> Int {
        max(alignment, (byteCount + alignment - 1) / alignment * alignment)
    }

    static func take(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let size = rounded(byteCount)
        let found: UInt? = blocks.withLock { blocks in
            guard let block = blocks.bySize[size]?.popLast() else { return nil }
            blocks.byteCount -= size
            return block
        }
        if let found, let block = UnsafeMutableRawPointer(bitPattern: found) { return block }
        return UnsafeMutableRawPointer.allocate(byteCount: size, alignment: alignment)
    }

    static func give(_ block: UnsafeMutableRawPointer, _ byteCount: Int) {
        let size = rounded(byteCount)
        let isKept = blocks.withLock { blocks in
            guard blocks.byteCount + size <= limit else { return false }
            blocks.bySize[size, default: []].append(UInt(bitPattern: block))
            blocks.byteCount += size
            return true
        }
        if !isKept { block.deallocate() }
    }
}
