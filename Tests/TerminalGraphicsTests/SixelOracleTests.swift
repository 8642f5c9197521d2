import Foundation
import Imaging
import TerminalGraphics
import TestSupport
import Testing

/// libsixel's own decoder, a program of the package `libsixel-bin`.
private let decoder = ["/usr/bin/sixel2png", "/usr/local/bin/sixel2png"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

/// CI must have the decoder; elsewhere the test is left out where it is missing.
private let isOracleRequired = ProcessInfo.processInfo.environment["CI"] == "true"

@Test(.enabled(if: decoder != nil || isOracleRequired), arguments: [256, 64, 16])
func libsixelReadsEveryPixelAsWeDo(colors: Int) throws {
    let program = try #require(decoder, "CI needs sixel2png: install libsixel-bin.")
    for source in [
        SyntheticPicture.landscape(width: 512, height: 512),
        SyntheticPicture.noise(width: 61, height: 47, seed: 8)
    ] {
        let bytes = SixelEncoder.encode(source, options: SixelOptions(colors: colors))
        let ours = try #require(try DecodedSixel(bytes).image)
        #expect(try decode(bytes, with: program) == ours)
        if colors == 256 && source.width == 512 {
            #expect(peakSignalToNoise(source, ours) >= 10_000)
        }
    }
}

private func decode(_ bytes: [UInt8], with program: String) throws -> RGBImage {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("sixel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (sixel, png) = (
        folder.appendingPathComponent("a.six"), folder.appendingPathComponent("a.png")
    )
    try Data(bytes).write(to: sixel)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = ["-i", sixel.path, "-o", png.path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try PNG.decode([UInt8](Data(contentsOf: png))).image
}
