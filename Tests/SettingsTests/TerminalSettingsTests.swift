import Settings
import TerminalGraphics
import TestSupport
import Testing

private func capabilities(_ text: String) throws -> TerminalCapabilities {
    let folder = try TemporaryFolder()
    try text.write(toFile: folder.file("config.toml"), atomically: false, encoding: .utf8)
    var sources = SettingsSources(environment: [:], folder: folder.path, home: folder.path)
    sources.userFile = folder.file("config.toml")
    let settings = sources.load()
    #expect(settings.warnings == [])
    var capabilities = TerminalCapabilities.decide(
        TerminalEnvironment(
            ["TERM": "xterm-256color", "LANG": "C.UTF-8"],
            window: WindowSize(columns: 80, rows: 24, pixelWidth: 0, pixelHeight: 0)),
        TerminalReplies())
    capabilities.adopt(settings)
    return capabilities
}

@Test func whatAPersonKnowsBetterThanTheTerminalCounts() throws {
    let usual = try capabilities("")
    #expect(usual.cellSize == CellSize(width: 10, height: 20))
    #expect(usual.hasUnicode && !usual.hasSynchronizedOutput)
    #expect(usual.pictureOptions == SixelOptions(maximumBytes: SixelOptions.mostBytes))
    #expect(usual.previewOptions.colors == 64 && usual.previewSide == 512)
    #expect(usual.previewLimit == nil)

    let told = try capabilities(
        "[graphics]\ncell_size = \"7x15\"\nsync = \"on\"\ndither = \"on\"\ncolors = 64\n"
            + "max_bytes = 500000\n"
            + "[ui]\nunicode = \"off\"\n")
    #expect(told.cellSize == CellSize(width: 7, height: 15))
    #expect(!told.hasUnicode && told.hasSynchronizedOutput)
    #expect(told.cellStyle().glyphs == .ascii)
    #expect(
        told.pictureOptions
            == SixelOptions(colors: 64, maximumBytes: 500_000, isDithered: true))
    #expect(told.previewOptions.isDithered == true)

    let previews = try capabilities("[preview]\nmax_px = 128\ncolors = 200\n")
    #expect(previews.previewOptions.colors == 200 && previews.previewSide == 128)
    #expect(previews.pictureOptions == usual.pictureOptions)
}

@Test func everyNthStepAndTheLastAreShownAsPictures() throws {
    let usual = ResolvedSettings()
    #expect((1...4).allSatisfy { usual.showsPicture(ofStep: $0, isLast: false) })
    let folder = try TemporaryFolder()
    try "[preview]\nevery = 3\n".write(
        toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    let third = SettingsSources(environment: [:], folder: folder.path, home: "").load()
    #expect((1...7).filter { third.showsPicture(ofStep: $0, isLast: $0 == 7) } == [3, 6, 7])
}

@Test(arguments: ["10", "10x", "1x20", "10x401", "10x20x3", "a"])
func aCellHasTwoSidesOfSomePixels(text: String) throws {
    let setting = try #require(Setting.named("graphics.cell_size"))
    #expect(setting.value(typed: text) == nil)
    #expect(setting.allowed == "two whole numbers from 2 to 400, such as 10x20")
}
