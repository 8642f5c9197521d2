import Imaging

/// A sixel sequence read by a second, plain implementation of the format.
public struct DecodedSixel {
    public private(set) var width = 0
    public private(set) var height = 0
    /// The sRGB bytes of each pixel, or nothing where the sequence left it out.
    public private(set) var pixels: [SIMD3<UInt8>?] = []
    /// How many colours were defined.
    public private(set) var colorCount = 0

    public enum Failure: Error { case malformed(at: Int) }

    /// - Precondition: the sequence names its size in raster attributes, as ours always do.
    public init(_ bytes: [UInt8]) throws {
        let start = Array("\u{1B}P0;1;0q\"1;1;".utf8)
        guard bytes.starts(with: start), bytes.suffix(2) == [0x1B, 0x5C] else {
            throw Failure.malformed(at: 0)
        }
        let body = Array(bytes[start.count..<bytes.count - 2])
        var at = 0
        func fail() -> Failure { .malformed(at: at + start.count) }
        func number() throws -> Int {
            let digits = body[at...].prefix { (0x30...0x39).contains($0) }
            guard let value = Int(String(decoding: digits, as: UTF8.self)) else { throw fail() }
            at += digits.count
            return value
        }
        func expect(_ character: Unicode.Scalar) throws {
            guard at < body.count, body[at] == UInt8(ascii: character) else { throw fail() }
            at += 1
        }
        width = try number()
        try expect(";")
        height = try number()
        pixels = [SIMD3<UInt8>?](repeating: nil, count: width * height)
        var colors: [Int: SIMD3<UInt8>] = [:]
        var color = 0
        var (x, y) = (0, 0)
        while at < body.count {
            let byte = body[at]
            switch byte {
            case UInt8(ascii: "#"):
                at += 1
                color = try number()
                guard at < body.count, body[at] == UInt8(ascii: ";") else { break }
                try expect(";")
                guard try number() == 2 else { throw fail() }
                var levels: [UInt8] = []
                for _ in 0..<3 {
                    try expect(";")
                    let level = try number()
                    guard level <= 100 else { throw fail() }
                    levels.append(UInt8((level * 255 + 50) / 100))
                }
                colors[color] = SIMD3(levels[0], levels[1], levels[2])
            case UInt8(ascii: "$"):
                at += 1
                x = 0
            case UInt8(ascii: "-"):
                at += 1
                x = 0
                y += 6
            default:
                var count = 1
                if byte == UInt8(ascii: "!") {
                    at += 1
                    count = try number()
                }
                guard at < body.count, (0x3F...0x7E).contains(body[at]) else { throw fail() }
                let bits = body[at] - 0x3F
                at += 1
                guard x + count <= width else { throw fail() }
                for row in 0..<6 where bits >> row & 1 == 1 {
                    guard y + row < height, let shown = colors[color] else { throw fail() }
                    for column in x..<x + count { pixels[(y + row) * width + column] = shown }
                }
                x += count
            }
        }
        colorCount = colors.count
    }

    /// This picture drawn over another of its size.
    public func over(_ below: RGBImage) -> RGBImage {
        var result = below
        for (index, pixel) in pixels.enumerated() {
            if let pixel { result[index % width, index / width] = pixel }
        }
        return result
    }

    /// The whole picture, or nothing when a pixel was left out.
    public var image: RGBImage? {
        guard !pixels.contains(where: { $0 == nil }) else { return nil }
        return over(RGBImage(width: width, height: height))
    }
}
