import Imaging

/// Animated PNGs (PNG third edition, acTL, fcTL and fdAT), put together from still ones.
enum AnimatedPNG {
    /// - Parameter frames: of one size; the last one stays four times as long.
    /// - Throws: `PNGError`, `RunEngineError.nothingToSave` without frames.
    static func encode(_ frames: [RGBImage], text: [PNGText], millisecondsPerFrame: Int) throws
        -> [UInt8]
    {
        guard let first = frames.first else { throw RunEngineError.nothingToSave }
        var bytes = Array(try PNG.encode(first, text: []).prefix(8))
        var sequence: UInt32 = 0
        for (index, frame) in frames.enumerated() {
            let chunks = Chunk.all(in: try PNG.encode(frame, text: index == 0 ? text : []))
            let isLast = index == frames.count - 1
            let control = Chunk(
                "fcTL",
                number(sequence) + number(UInt32(frame.width))
                    + number(UInt32(frame.height)) + number(0) + number(0)
                    + half(millisecondsPerFrame * (isLast ? 4 : 1)) + half(1000) + [0, 0])
            sequence += 1
            if index == 0 {
                for chunk in chunks where chunk.type != "IDAT" && chunk.type != "IEND" {
                    bytes += chunk.bytes
                    if chunk.type == "IHDR" {
                        bytes += Chunk("acTL", number(UInt32(frames.count)) + number(0)).bytes
                    }
                }
            }
            bytes += control.bytes
            for chunk in chunks where chunk.type == "IDAT" {
                if index == 0 {
                    bytes += chunk.bytes
                } else {
                    bytes += Chunk("fdAT", number(sequence) + chunk.body).bytes
                    sequence += 1
                }
            }
        }
        return bytes + Chunk("IEND", []).bytes
    }

    private static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    private static func half(_ value: Int) -> [UInt8] {
        let value = UInt16(clamping: value)
        return [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    private struct Chunk {
        let type: String
        let body: [UInt8]

        init(_ type: String, _ body: [UInt8]) {
            self.type = type
            self.body = body
        }

        var bytes: [UInt8] {
            let named = Array(type.utf8) + body
            return number(UInt32(body.count)) + named + number(Self.checksum(named))
        }

        /// The chunks of a PNG that this program has made.
        static func all(in file: [UInt8]) -> [Chunk] {
            var chunks: [Chunk] = []
            var at = 8
            while at + 12 <= file.count {
                let length = file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
                guard at + 12 + length <= file.count else { break }
                chunks.append(
                    Chunk(
                        String(decoding: file[at + 4..<at + 8], as: UTF8.self),
                        Array(file[at + 8..<at + 8 + length])))
                at += 12 + length
            }
            return chunks
        }

        private static let table: [UInt32] = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { value, _ in
                value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
            }
        }

        /// CRC-32 of ISO 3309, as PNG uses it.
        private static func checksum(_ bytes: [UInt8]) -> UInt32 {
            ~bytes.reduce(UInt32.max) { table[Int(($0 ^ UInt32($1)) & 255)] ^ ($0 >> 8) }
        }
    }
}
