import CPNG

/// A PNG file written without libpng: filter 0, stored deflate blocks, any colour type, depth and
/// interlacing. The oracle for what the decoder should find.
struct RawPNG {
    var width: Int
    var height: Int
    var bitDepth: Int
    var colourType: UInt8
    var isInterlaced = false
    /// Row by row, `channels` a pixel, each below `1 << bitDepth`.
    var samples: [Int]
    var palette: [UInt8] = []
    var transparency: [UInt8]?
    /// Chunks between IHDR and IDAT.
    var extra: [UInt8] = []

    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func channels(_ colourType: UInt8) -> Int {
        [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colourType] ?? 1
    }

    var channels: Int { Self.channels(colourType) }

    var file: [UInt8] {
        var file = Self.signature + Self.chunk("IHDR", header) + extra
        if colourType == 3 { file += Self.chunk("PLTE", palette) }
        if let transparency { file += Self.chunk("tRNS", transparency) }
        return file + Self.chunk("IDAT", Self.stored(rows)) + Self.chunk("IEND", [])
    }

    var header: [UInt8] {
        Self.bigEndian(width) + Self.bigEndian(height)
            + [UInt8(bitDepth), colourType, 0, 0, isInterlaced ? 1 : 0]
    }

    /// The samples in scanlines, pass by pass.
    private var rows: [UInt8] {
        // First column and row, and the steps between them, of each of Adam7's passes.
        let passes =
            isInterlaced
            ? [
                (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                (0, 1, 1, 2)
            ] : [(0, 0, 1, 1)]
        var bytes: [UInt8] = []
        for (left, top, across, down) in passes where left < width {
            for y in stride(from: top, to: height, by: down) {
                bytes.append(0)
                var bits = 0
                var count = 0
                for x in stride(from: left, to: width, by: across) {
                    for channel in 0..<channels {
                        bits = bits << bitDepth | samples[(y * width + x) * channels + channel]
                        count += bitDepth
                        while count >= 8 {
                            bytes.append(UInt8(bits >> (count - 8) & 0xFF))
                            count -= 8
                        }
                    }
                    bits &= 0xFFFF
                }
                if count > 0 { bytes.append(UInt8(bits << (8 - count) & 0xFF)) }
            }
        }
        return bytes
    }

    /// What a decoder should make of pixel `index`: RGB and alpha, 8 bits each.
    func expected(_ index: Int) -> (rgb: [Int], alpha: Int) {
        let pixel = Array(samples[index * channels..<(index + 1) * channels])
        let eight = pixel.map { value in
            bitDepth == 16 ? (value * 255 + 32895) >> 16 : value * 255 / (1 << bitDepth - 1)
        }
        switch colourType {
        case 0, 2:
            let key = transparency.map { bytes in
                stride(from: 0, to: bytes.count, by: 2).map {
                    Int(bytes[$0]) << 8 | Int(bytes[$0 + 1])
                }
            }
            let rgb = colourType == 0 ? [eight[0], eight[0], eight[0]] : eight
            return (rgb, key == pixel ? 0 : 255)
        case 3:
            let entry = pixel[0]
            let alpha = transparency.map { entry < $0.count ? Int($0[entry]) : 255 } ?? 255
            return (palette[3 * entry..<3 * entry + 3].map(Int.init), alpha)
        case 4: return ([eight[0], eight[0], eight[0]], eight[1])
        default: return (Array(eight[0..<3]), eight[3])
        }
    }

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + data
        return bigEndian(data.count) + body + bigEndian(Int(cpng_crc(body, body.count)))
    }

    static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) }
    }

    /// A zlib stream of stored blocks.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 65535, bytes.count)
            let length = end - start
            stream += [end == bytes.count ? 1 : 0]
            stream += [UInt8(length & 0xFF), UInt8(length >> 8)]
            stream += [UInt8(~length & 0xFF), UInt8(~length >> 8 & 0xFF)]
            stream += bytes[start..<end]
            start = end
        } while start < bytes.count
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65521
            high = (high + low) % 65521
        }
        return stream + bigEndian(high << 16 | low)
    }

    /// The chunks of a file by name and data, without looking at checksums.
    static func chunks(of file: [UInt8]) -> [(name: String, data: [UInt8])] {
        var result: [(String, [UInt8])] = []
        var at = 8
        while at + 12 <= file.count {
            let length = file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            let name = String(decoding: file[at + 4..<at + 8], as: UTF8.self)
            result.append((name, Array(file[at + 8..<at + 8 + length])))
            at += 12 + length
        }
        return result
    }
}
