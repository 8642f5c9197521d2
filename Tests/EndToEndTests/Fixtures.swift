import Foundation
import Imaging
import TestSupport
import Testing

/// The smallest picture the embedded model makes, in few steps.
let small = ["-W", "64", "-H", "64", "--steps", "2"]

/// Bytes of pictures that many tests start from, made once by the program itself.
struct Fixtures {
    /// Four tokens, finished.
    let finished: [UInt8]
    /// The same run after the first of two steps.
    let stopped: [UInt8]

    static let shared = Swift.Result { try Fixtures() }

    private init() throws {
        let folder = try TemporaryFolder()
        func made(_ name: String, _ more: [String]) throws -> [UInt8] {
            let result = try Program.run(
                ["generate", "a beach", "--seed", "3", "-o", name] + small + more,
                in: folder.path)
            try #require(result.status == 0, "\(result.messages)")
            return try ImageFile.read(folder.file(name))
        }
        finished = try made("finished.png", [])
        stopped = try made("stopped.png", ["--stop-at", "1"])
    }

    /// A folder with `finished.png`, `stopped.png` and some that are no good.
    static func folder() throws -> TemporaryFolder {
        let fixtures = try shared.get()
        let folder = try TemporaryFolder()
        _ = try folder.write(fixtures.finished, as: "finished.png")
        _ = try folder.write(fixtures.stopped, as: "stopped.png")
        return folder
    }

    /// A plain PNG without texts: a gradient.
    static func gradient(width: Int, height: Int) throws -> [UInt8] {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width { pixels += [UInt8(x * 255 / width), UInt8(y * 255 / height), 128] }
        }
        return try PNG.encode(RGBImage(width: width, height: height, pixels: pixels))
    }

    /// A PNG that nothing packs well.
    static func noise(side: Int) throws -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        let pixels = (0..<3 * side * side).map { _ in UInt8.random(in: 0...255, using: &random) }
        return try PNG.encode(RGBImage(width: side, height: side, pixels: pixels))
    }

    /// A mask PNG: black, white where `isWhite`.
    static func mask(width: Int, height: Int, isWhite: (Int, Int) -> Bool) throws -> [UInt8] {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += [UInt8](repeating: isWhite(x, y) ? 255 : 0, count: 3)
            }
        }
        return try PNG.encode(RGBImage(width: width, height: height, pixels: pixels))
    }
}

/// The names in a folder, sorted.
func names(in folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

/// The one sentence that a run wrote to standard error, without the prefix.
func sentence(_ result: Program.Result) -> String {
    let line = result.messages.prefix { $0 != "\n" }
    return line.hasPrefix("dcar: ") ? String(line.dropFirst(6)) : String(line)
}
