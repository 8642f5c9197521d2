import Foundation
import Imaging

extension SixelPalette {
    /// The palette entry of every pixel: the nearest to the middle of its cell of 7 bits a channel.
    ///
    /// With `isDithered`, which only few colours need, Bayer's pattern is added first, as wide as
    /// the palette's colours are apart.
    func indices(_ image: RGBImage, isDithered: Bool) -> [UInt16] {
        let spread = isDithered ? meanDistanceToNeighbour : 0
        let shifts = (0..<64).map { at in
            Int16(((BayerThreshold.at(at & 7, at >> 3) - 0.5) * spread).rounded())
        }
        let (width, height) = (image.width, image.height)
        // One more than the entry of each cell, or 0 where it is not known yet. The system hands
        // zeros out a page at a time as they are touched, and a picture touches few.
        let memory = calloc(1 << 21, MemoryLayout<UInt16>.stride)
        guard let memory else { preconditionFailure("There are no 4 MB of memory left.") }
        defer { free(memory) }
        let entries = memory.bindMemory(to: UInt16.self, capacity: 1 << 21)
        return image.pixels.withUnsafeBufferPointer { pixels in
            func cell(_ x: Int, _ y: Int) -> Int {
                let (at, shift) = (3 * (y * width + x), shifts[(y & 7) << 3 | (x & 7)])
                return Int(Self.cell(pixels[at], shift)) << 14
                    | Int(Self.cell(pixels[at + 1], shift)) << 7
                    | Int(Self.cell(pixels[at + 2], shift))
            }
            var used: [Int] = []
            for y in 0..<height {
                for x in 0..<width {
                    let cell = cell(x, y)
                    if entries[cell] == 0 {
                        entries[cell] = 1
                        used.append(cell)
                    }
                }
            }
            findEntries(of: used, entries)
            return [UInt16](unsafeUninitializedCapacity: width * height) { indices, initialized in
                for y in 0..<height {
                    for x in 0..<width { indices[y * width + x] = entries[cell(x, y)] &- 1 }
                }
                initialized = width * height
            }
        }
    }

    /// Finds the nearest colour of each cell, which is most of the work, on all cores.
    private func findEntries(of cells: [Int], _ entries: UnsafeMutablePointer<UInt16>) {
        let search = NearestColorSearch(colors)
        let share = 1024
        // Every part has its own cells.
        nonisolated(unsafe) let entries = entries
        DispatchQueue.concurrentPerform(iterations: (cells.count + share - 1) / share) { part in
            for cell in cells[part * share..<min((part + 1) * share, cells.count)] {
                let channels = SIMD3(Float(cell >> 14), Float(cell >> 7 & 127), Float(cell & 127))
                entries[cell] = UInt16(search.nearest(to: channels * 2 + 0.5).index + 1)
            }
        }
    }

    /// The top 7 bits of a byte after a shift that stays inside 0...255.
    @inline(__always)
    private static func cell(_ byte: UInt8, _ shift: Int16) -> Int16 {
        min(max(Int16(byte) &+ shift, 0), 255) >> 1
    }

    /// How far the nearest other colour is, on average, along one channel.
    private var meanDistanceToNeighbour: Float {
        guard colors.count > 1 else { return 0 }
        let distances = colors.map { color in
            colors.lazy.filter { $0 != color }
                .map { (($0 - color) * ($0 - color)).sum() }.min() ?? 0
        }
        let sum = distances.reduce(0) { $0 + ($1 / 3).squareRoot() }
        return sum / Float(colors.count)
    }
}
