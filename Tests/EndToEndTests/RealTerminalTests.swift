import Foundation
import Imaging
import TestSupport
import Testing

/// What a real xterm shows: the pixels on its window are compared with the picture.
@Suite(
    .serialized,
    .enabled(
        if: VirtualScreen.missing.isEmpty,
        "not installed: \(VirtualScreen.missing.joined(separator: ", "))"))
struct RealTerminalTests {
    private static let columns = 100
    private static let rows = 30

    private func screen(
        _ arguments: [String], in folder: TemporaryFolder
    ) throws -> VirtualScreen {
        try VirtualScreen(
            running: Program.path, arguments,
            environment: studioEnvironment(in: folder, ["LANG": "C.UTF-8"]),
            columns: Self.columns, rows: Self.rows)
    }

    @Test func aRealTerminalShowsThePicture() throws {
        let folder = try TemporaryFolder()
        let picture = try Self.board()
        try ImageFile.save(PNG.encode(picture), to: folder.file("board.png"))
        let screen = try screen(["tui", "--open", folder.file("board.png")], in: folder)
        var place: PixelRectangle?
        try screen.wait(for: "the picture") { pixels in
            place = Self.find(picture, in: pixels)
            return place != nil
        }
        let found = try #require(place)
        func isShown(_ pixels: RGBImage) -> Bool {
            Self.isPicture(picture, pixels.cropped(to: found))
        }
        // Nothing of it is left under a popup, and all of it is back afterwards.
        try screen.press("question")
        try screen.wait(for: "the help") { !isShown($0) }
        try screen.press("Escape")
        try screen.wait(for: "the picture again") { isShown($0) }
        // Alt and a figure changes views while a prompt is typed, as xterm sends it when asked.
        try screen.press("p", "alt+3")
        try screen.wait(for: "the gallery") { Self.find(picture, in: $0) == nil && !isShown($0) }
        try screen.press("1")
        try screen.wait(for: "the picture once more") { isShown($0) }
    }

    /// Colours that 256 registers cannot hold come out, as xterm has more.
    @Test func aRealTerminalShowsManyColors() throws {
        let folder = try TemporaryFolder()
        var picture = RGBImage(width: 240, height: 240)
        for y in 0..<240 {
            for x in 0..<240 {
                picture[x, y] = SIMD3(UInt8(x + 15), UInt8(y + 15), UInt8((x + y) / 2))
            }
        }
        let path = folder.file("colours.png")
        try ImageFile.save(PNG.encode(picture), to: path)
        let screen = try VirtualScreen(
            running: "/bin/sh", ["-c", "'\(Program.path)' show --columns 40 '\(path)'; sleep 60"],
            environment: studioEnvironment(in: folder, ["LANG": "C.UTF-8"]),
            columns: Self.columns, rows: Self.rows)
        var best = 0.0
        try? screen.wait(for: "the picture", seconds: 10) { pixels in
            // It lies in the upper left corner of a black window with a black border of one pixel.
            func isBlack(_ x: Int, _ y: Int) -> Bool { pixels[x, y] == .zero }
            let width = (1..<pixels.width).first { isBlack($0, 2) }.map { $0 - 1 } ?? 0
            let height = (1..<pixels.height).first { isBlack(2, $0) }.map { $0 - 1 } ?? 0
            guard width > 100, height > 100 else { return false }
            let shown = pixels.cropped(
                to: PixelRectangle(x: 1, y: 1, width: width, height: height))
            let wanted = picture.resized(width: width, height: height)
            best = max(best, shown.psnr(against: wanted))
            return best > 38
        }
        #expect(best > 38)
    }

    /// Coloured squares, large enough to survive whatever size the picture is shown at, and unlike
    /// themselves when turned or moved.
    private static func board() throws -> RGBImage {
        var image = RGBImage(width: 256, height: 256)
        for y in 0..<256 {
            for x in 0..<256 {
                let square = y / 32 * 8 + x / 32
                image[x, y] = SIMD3(
                    UInt8(40 + square * 3), UInt8(square * 37 % 5 * 50), UInt8(square * 53 % 7 * 36)
                )
            }
        }
        return image
    }

    /// The tokenizer changes a picture a little; another picture differs much more.
    private static func isPicture(_ picture: RGBImage, _ pixels: RGBImage) -> Bool {
        let wanted = picture.resized(width: pixels.width, height: pixels.height)
        return pixels.psnr(against: wanted) > 24
    }

    /// Where the window shows the picture: the largest square of its right half that is not the
    /// studio's ground.
    private static func find(_ picture: RGBImage, in pixels: RGBImage) -> PixelRectangle? {
        let ground = SIMD3<UInt8>(28, 28, 28)
        let bar = SIMD3<UInt8>(58, 58, 58)
        guard let width = (0..<pixels.width).last(where: { pixels[$0, 2] == bar }),
            let height = (0..<pixels.height).last(where: { pixels[2, $0] == bar }), width > 200,
            height > 200
        else { return nil }
        let cell = (width: (width + 1) / columns, height: (height + 1) / rows)
        let middle = (x: (width + 1) * 7 / 10, y: (height + 1) / 2)
        func isGround(_ x: Int, _ y: Int) -> Bool { pixels[x, y] == ground }
        guard let left = (0..<middle.x).last(where: { isGround($0, middle.y) }),
            let right = (middle.x..<width).first(where: { isGround($0, middle.y) }),
            let top = (0..<middle.y).last(where: { isGround(middle.x, $0) }),
            let bottom = (middle.y..<height).first(where: { isGround(middle.x, $0) })
        else { return nil }
        let area = PixelRectangle(
            x: left + 1, y: top + 1, width: right - left - 1, height: bottom - top - 1)
        guard area.width > 10 * cell.width, area.height > 10 * cell.height,
            isPicture(picture, pixels.cropped(to: area))
        else { return nil }
        return area
    }
}
