/// Writes palette entries as sixel bands.
///
/// A band is six rows; the format draws it one colour at a time, and `$` returns to its left edge.
/// A colour's pixels are cut into spans where it is missing for long, and spans that do not overlap
/// share one pass, so that few bytes are spent on skipping.
struct SixelWriter: ~Copyable {
    /// The sequence so far; complete after `write`.
    private(set) var bytes: [UInt8] = []

    private let width: Int
    private let height: Int
    private let palette: SixelPalette
    /// A colour missing for more columns than this starts a new span, so that other colours can
    /// fill the gap. Naming a colour again costs up to four bytes, as skipping does; of 1, 2, 4, 8
    /// and 16 columns, 16 gave the fewest bytes on every picture tried.
    private static let longestGap: Int32 = 16

    // Plain memory: this loop runs for every pixel, and checked arrays cost a third of its time.
    // Every column adds at most one run for each of its six pixels, and a span has a run.
    private let runs: UnsafeMutablePointer<Run>
    private let spans: UnsafeMutablePointer<Span>
    private var runCount = 0
    private var spanCount = 0
    /// For each colour the span that may still grow, or -1.
    private let openSpans: UnsafeMutablePointer<Int32>
    /// For each colour its bits in the column at hand.
    private let columnBits: UnsafeMutablePointer<UInt8>
    /// For each column the last span found that ends before it, or -1.
    private let ending: UnsafeMutablePointer<Int32>

    init(width: Int, height: Int, palette: SixelPalette) {
        self.width = width
        self.height = height
        self.palette = palette
        runs = .allocate(capacity: 6 * width)
        spans = .allocate(capacity: 6 * width)
        openSpans = .allocate(capacity: palette.levels.count)
        columnBits = .allocate(capacity: palette.levels.count)
        columnBits.initialize(repeating: 0, count: palette.levels.count)
        ending = .allocate(capacity: width + 1)
    }

    deinit {
        runs.deallocate()
        spans.deallocate()
        openSpans.deallocate()
        columnBits.deallocate()
        ending.deallocate()
    }

    /// Writes the bands of `indices` that differ from `shown`, or all, and returns how many those
    /// are. Where there are none, nothing is written.
    mutating func write(_ indices: [UInt16], over shown: [UInt16]?) -> Int {
        let changed = stride(from: 0, to: height, by: 6).filter { top in
            guard let shown else { return true }
            let band = top * width..<min(top + 6, height) * width
            return indices[band] != shown[band]
        }
        guard !changed.isEmpty else { return 0 }
        bytes.reserveCapacity(width * height)
        writeHeader(colorsUsed(indices, inBandsAt: changed))
        var row = 0
        for top in changed {
            while row < top {
                bytes.append(UInt8(ascii: "-"))
                row += 6
            }
            indices.withUnsafeBufferPointer { findSpans($0, top: top) }
            writeSpans()
        }
        bytes += "\u{1B}\\".utf8
        return changed.count
    }

    private func colorsUsed(_ indices: [UInt16], inBandsAt tops: [Int]) -> [Bool] {
        var isUsed = [Bool](repeating: false, count: palette.levels.count)
        for top in tops {
            for index in indices[top * width..<min(top + 6, height) * width] {
                isUsed[Int(index)] = true
            }
        }
        return isUsed
    }

    /// Square pixels, P2 = 1 so that pixels left out stay as they are, and the colours.
    private mutating func writeHeader(_ isUsed: [Bool]) {
        bytes += "\u{1B}P0;1;0q\"1;1;\(width);\(height)".utf8
        for (index, level) in palette.levels.enumerated() where isUsed[index] {
            bytes += "#\(index);2;\(level.x);\(level.y);\(level.z)".utf8
        }
    }
}

/// Equal columns of one colour.
private struct Run {
    let start: Int32
    var end: Int32
    let bits: UInt8
    /// The run after it in the same span, or -1.
    var next: Int32
}

/// Runs of one colour with at most short gaps between them.
private struct Span {
    let color: UInt16
    let start: Int32
    var end: Int32
    let firstRun: Int32
    var lastRun: Int32
    /// The span after it in the same pass, or -1.
    var next: Int32
    /// The span that ends at the same column and was found before it, or -1.
    var nextEnding: Int32
}

extension SixelWriter {
    /// Collects the spans of the band at row `top`, in the order of their first columns.
    private mutating func findSpans(_ indices: UnsafeBufferPointer<UInt16>, top: Int) {
        runCount = 0
        spanCount = 0
        openSpans.initialize(repeating: -1, count: palette.levels.count)
        let end = min(top + 6, height) * width
        for column in 0..<width {
            var bit: UInt8 = 1
            for at in stride(from: top * width + column, to: end, by: width) {
                columnBits[Int(indices[at])] |= bit
                bit <<= 1
            }
            for at in stride(from: top * width + column, to: end, by: width) {
                let color = indices[at]
                let bits = columnBits[Int(color)]
                if bits != 0 {
                    columnBits[Int(color)] = 0
                    add(bits, color, column: Int32(column))
                }
            }
        }
    }

    @inline(__always)
    private mutating func add(_ bits: UInt8, _ color: UInt16, column: Int32) {
        let open = Int(openSpans[Int(color)])
        if open >= 0 && column - spans[open].end <= Self.longestGap {
            let last = Int(spans[open].lastRun)
            if spans[open].end == column && runs[last].bits == bits {
                runs[last].end = column + 1
            } else {
                runs[last].next = Int32(runCount)
                spans[open].lastRun = Int32(runCount)
                append(bits, column: column)
            }
            spans[open].end = column + 1
        } else {
            openSpans[Int(color)] = Int32(spanCount)
            (spans + spanCount).initialize(
                to: Span(
                    color: color, start: column, end: column + 1, firstRun: Int32(runCount),
                    lastRun: Int32(runCount), next: -1, nextEnding: -1))
            spanCount += 1
            append(bits, column: column)
        }
    }

    @inline(__always)
    private mutating func append(_ bits: UInt8, column: Int32) {
        (runs + runCount).initialize(
            to: Run(start: column, end: column + 1, bits: bits, next: -1))
        runCount += 1
    }

    /// Gives every span to the pass that ended last before it, and writes the passes.
    private mutating func writeSpans() {
        ending.initialize(repeating: -1, count: width + 1)
        for index in 0..<spanCount {
            let end = Int(spans[index].end)
            spans[index].nextEnding = ending[end]
            ending[end] = Int32(index)
        }
        var passes: [Int32] = []
        // The last spans of passes that other spans may join, the one that ends last on top.
        var free: [Int32] = []
        var released = 0
        for index in 0..<spanCount {
            while released <= Int(spans[index].start) {
                var span = ending[released]
                while span >= 0 {
                    free.append(span)
                    span = spans[Int(span)].nextEnding
                }
                released += 1
            }
            if let before = free.popLast() {
                spans[Int(before)].next = Int32(index)
            } else {
                passes.append(Int32(index))
            }
        }
        for (index, first) in passes.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "$")) }
            writePass(from: first)
        }
    }

    private mutating func writePass(from first: Int32) {
        var column: Int32 = 0
        var color = -1
        var at = first
        while at >= 0 {
            let span = spans[Int(at)]
            if span.start > column { writeRepeated(0, count: span.start - column) }
            if Int(span.color) != color {
                color = Int(span.color)
                bytes.append(UInt8(ascii: "#"))
                bytes.append(decimal: color)
            }
            column = span.start
            var next = span.firstRun
            while next >= 0 {
                let run = runs[Int(next)]
                if run.start > column { writeRepeated(0, count: run.start - column) }
                writeRepeated(run.bits, count: run.end - run.start)
                column = run.end
                next = run.next
            }
            at = span.next
        }
    }

    /// A sixel, repeated; up to three stand for themselves, as `!3` would be no shorter.
    @inline(__always)
    private mutating func writeRepeated(_ bits: UInt8, count: Int32) {
        let sixel = bits + UInt8(ascii: "?")
        if count > 3 {
            bytes.append(UInt8(ascii: "!"))
            bytes.append(decimal: Int(count))
            bytes.append(sixel)
        } else {
            for _ in 0..<count { bytes.append(sixel) }
        }
    }
}
