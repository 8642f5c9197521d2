import Foundation
import Imaging
import Requests
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

/// Frames as text, kept beside this file; a missing one is written, and that run fails.
@Test(
    arguments: Scene.allCases, [ScreenSize(80, 24), ScreenSize(120, 40), ScreenSize(40, 12)])
func framesLookAsRecorded(scene: Scene, size: ScreenSize) throws {
    for colors in [ColorDepth.xterm256, .mono] {
        let shown = scene.frame(size, colors).text + "\n"
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Snapshots")
        let file = folder.appendingPathComponent("\(scene)-\(size)-\(colors).txt")
        guard let recorded = try? String(contentsOf: file, encoding: .utf8) else {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try shown.write(to: file, atomically: true, encoding: .utf8)
            Issue.record("\(file.lastPathComponent) was recorded; look at it and run again.")
            continue
        }
        #expect(shown == recorded, "\(file.lastPathComponent)")
    }
}

@Test(arguments: Scene.allCases)
func noFrameOfAnySizeTrapsOrLeavesTheScreen(scene: Scene) {
    for (columns, rows) in [
        (1, 1), (20, 5), (39, 11), (41, 13), (71, 30), (72, 12), (200, 60), (60, 60), (50, 40),
        (300, 20)
    ] {
        let frame = scene.frame(ScreenSize(columns, rows), .trueColor)
        #expect(frame.cells.count == columns * rows)
        if let area = frame.picture?.area {
            #expect(area.column >= 0 && area.column + area.columns <= columns)
            #expect(area.row > 0 && area.row + area.rows < rows)
        }
    }
}

/// Tall, flat and small screens: the picture is as large as fits, and the panels have what is left.
@Test(arguments: [
    (ScreenSize(60, 60), 30, ["Prompt", "Parameters", "Steps", "Token"]),
    (ScreenSize(50, 40), 25, ["Steps", "Token", "Pictures"]),
    (ScreenSize(160, 24), 20, ["Prompt", "Parameters", "Steps", "Token", "Pictures"]),
    (ScreenSize(300, 20), 16, ["Prompt", "Parameters", "Steps", "Token", "Pictures"]),
    (ScreenSize(40, 12), 5, ["Steps"])
])
func everyShapeOfScreenIsFilled(size: ScreenSize, rows: Int, panels: [String]) {
    let frame = Scene.picture.frame(size, .xterm256)
    #expect(frame.picture?.area.rows == rows)
    for panel in panels { #expect(frame.text.contains("─ \(panel)"), "\(panel)") }
    // All ten lines of parameters.
    #expect(!frame.text.contains("Parameters") || !frame.text.contains(" of 10"))
}

@Test func aPopupCoversThePicture() {
    #expect(Scene.help.frame(ScreenSize(80, 24), .xterm256).picture?.isCovered == true)
    #expect(Scene.picture.frame(ScreenSize(80, 24), .xterm256).picture?.isCovered == false)
}

@Test func theMouseFindsThePixelItPointsAt() throws {
    let frame = Scene.picture.frame(ScreenSize(80, 24), .xterm256)
    let area = try #require(frame.picture?.area)
    guard case .picture(let first)? = frame.target(column: area.column, row: area.row),
        case .picture(let last)? = frame.target(
            column: area.column + area.columns - 1, row: area.row + area.rows - 1)
    else {
        Issue.record("the picture's corners are not on the picture")
        return
    }
    #expect(first.x < 4 && first.y < 4)
    #expect(last.x > 60 && last.y > 60)
}

@Test func promptsCannotSteerTheTerminal() {
    var state = StudioState()
    state.prompt.positive = TextField("x")
    state.message = Message("\u{1B}]0;gone\u{07} \u{202E}evil\u{9B}31m")
    let text = frame(of: state, columns: 80, rows: 24, on: Scene.abilities(.xterm256)).text
    for scalar in text.unicodeScalars where scalar != "\n" {
        #expect(scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value))
        #expect(scalar.properties.generalCategory != .format)
    }
}

@Test func wideCharactersTakeTwoCells() {
    var state = StudioState()
    state.prompt.positive = TextField("狐 fox")
    let drawn = frame(of: state, columns: 80, rows: 24, on: Scene.abilities(.xterm256))
    #expect(drawn.cells[2 * 80 + 1].glyph == "狐")
    #expect(drawn.cells[2 * 80 + 2].isContinuation)
    #expect(drawn.cursor?.column == 7 && drawn.cursor?.row == 2)
}

@Test func whereNoPictureIsDrawnTheTokensAreCharacters() {
    func marks(_ scene: Scene) -> String {
        let text = scene.frame(ScreenSize(80, 24), .xterm256, hasPictures: false).text
        #expect(text.contains("Pictures are not drawn here"))
        let canvas = text.split(separator: "\n", omittingEmptySubsequences: false)
            .dropFirst(2).dropLast(3).map { $0.dropFirst(36) }
        return String(canvas.joined().filter { $0 != " " })
    }
    // The cursor is on a token that was fixed before; one is new, two are masked.
    #expect(marks(.running) == "X+··")
    #expect(marks(.picture) == "Xooo")
}
