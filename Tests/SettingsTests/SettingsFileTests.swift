import Foundation
import Settings
import TestSupport
import Testing

/// Settings from one user's file of this text, and nothing else.
private func settings(_ text: String, environment: [String: String] = [:]) throws
    -> ResolvedSettings
{
    let folder = try TemporaryFolder()
    try text.write(toFile: folder.file("config.toml"), atomically: false, encoding: .utf8)
    var sources = SettingsSources(
        environment: environment, folder: folder.path, home: folder.path)
    sources.userFile = folder.file("config.toml")
    return sources.load()
}

@Test(arguments: [
    ("[generate]\nsteps = 8", "generate.steps", "8"),
    ("[generate]\nguidance = 100", "generate.guidance", "100"),
    ("[generate]\nresidual_steps = 1000", "generate.residual_steps", "1000"),
    ("[edit]\nfeather_px = 256", "edit.feather_px", "256"),
    ("generate.steps = 0x10", "generate.steps", "16"),
    ("generate.guidance = 1_0.5e0", "generate.guidance", "10.5"),
    ("[generate] # comment\nguidance = 2.5 # comment", "generate.guidance", "2.5"),
    ("\u{FEFF}[ui]\ntheme = 'light'", "ui.theme", "light"),
    ("[ui]\r\nmouse = false\r\n", "ui.mouse", "false"),
    ("[output]\ndir = \"\"\"~/pictures\"\"\"", "output.dir", "~/pictures"),
    ("[output]\npattern = \"{seed}-{n}.png\"", "output.pattern", "{seed}-{n}.png")
])
func whatAFileSaysCounts(text: String, name: String, shown: String) throws {
    let settings = try settings(text)
    let setting = try #require(Setting.named(name))
    #expect(settings.shown(setting) == shown)
    #expect(settings.warnings == [])
}

@Test(arguments: [
    (
        "[generate]\nsteps = 99", 2,
        "generate.steps must be a whole number from 1 to 64; this line does not count."
    ),
    (
        "[generate]\n\n# x\nsteps = \"8\"", 4,
        "generate.steps must be a whole number from 1 to 64; this line does not count."
    ),
    (
        "[generate]\nguidance = 101", 2,
        "generate.guidance must be a number from 0 to 100; this line does not count."
    ),
    (
        "[model]\nthreads = 500", 2,
        "model.threads must be a whole number from 1 to 256; this line does not count."
    ),
    (
        "[ui]\ntheme = \"pink\"", 2,
        "ui.theme must be one of auto, dark, light, contrast, mono; this line does not count."
    ),
    ("[ui]\nmouse = 1", 2, "ui.mouse must be true or false; this line does not count."),
    ("[ui]\nmouse = [true]", 2, "ui.mouse must be true or false; this line does not count."),
    (
        "[output]\npattern = \"a/{n}.png\"", 2,
        "output.pattern must be a file name with {n} that ends in .png, such as fox-{n}.png; this line does not count."
    ),
    (
        "[generate]\nstep = 8", 2,
        "generate.step is no setting; generate.steps is. `dcar config list` names them all."
    ),
    ("colour = 'red'", 1, "colour is no setting; `dcar config list` names them all."),
    ("[keys]\n\"token.pin\" = 4", 2, "the keys of token.pin must be a text, or a list of texts."),
    ("[styles]\nold = 4", 2, "the style old must be a text.")
])
func aBadLineIsNamedAndItsDefaultStays(text: String, line: Int, warning: String) throws {
    let settings = try settings(text)
    #expect(settings.warnings.map(\.text) == [warning])
    #expect(settings.warnings.map(\.line) == [line])
    for setting in Setting.all { #expect(settings.value(setting) == setting.standard) }
}

@Test func aLineThatIsNoTOMLCostsOnlyItself() throws {
    let settings = try settings(
        "[generate]\nsteps = = 4\nguidance = 3\n[ui\n[edit]\nfeather_px = 2\n")
    #expect(settings.warnings.map(\.line) == [2, 4])
    #expect(settings.number(.guidance) == 3)
    #expect(settings.whole(.feather) == 2)
    #expect(settings.whole(.steps) == nil)
}

@Test(arguments: ["'", "\"", "'''", "[1, 2", "[ \"x", "{ a = 1", "\"\"\"\\"])
func whatIsNeverClosedEndsWithItsLine(opening: String) throws {
    let settings = try settings("[ui]\ntheme = \(opening)\nmouse = false\n")
    #expect(settings.warnings.map(\.line) == [2])
    #expect(!settings.isOn(.mouse))
}

@Test func anEntrySetTwiceCountsAsTheLastAndIsSaid() throws {
    let settings = try settings("[ui]\ntheme = 'dark'\ntheme = 'light'\n")
    #expect(settings.text(.theme) == "light")
    let warning = settings.warnings.first.map { "\($0)" } ?? ""
    #expect(warning.hasSuffix("line 3: ui.theme is set a second time; this line counts."))
}

@Test(arguments: [
    "\u{0}\u{1}\u{2}", "[[[[[[", "\"\"\"\"\"", "a = [", "a = {", "a.b.c.d", "= 4", "a = nan",
    String(repeating: "[", count: 5_000), String(repeating: "a.", count: 3_000) + "b = 1",
    "a = '''", "x = \"\\u{110000}\"", "steps = 4 steps = 5", "a = 1979-05-27T07:32:00Z",
    String(repeating: "nonsense\n", count: 500)
])
func noFileKeepsTheProgramFromStarting(text: String) throws {
    let settings = try settings(text)
    #expect(!settings.warnings.isEmpty)
    #expect(settings.isOn(.mouse))
}

@Test func bytesThatAreNoTextArePassedOver() throws {
    let folder = try TemporaryFolder()
    try Data([0xFF, 0xFE, 0x00]).write(to: URL(fileURLWithPath: folder.file("a")))
    #expect(SettingsFile(path: folder.file("a")).warnings.count == 1)
    try Data(count: 300 << 10).write(to: URL(fileURLWithPath: folder.file("b")))
    #expect(SettingsFile(path: folder.file("b")).warnings.count == 1)
    #expect(SettingsFile(path: folder.file("missing")).warnings == [])
}

@Test func randomChangesToAFileNeverTrap() throws {
    let text = Array(
        "[generate] # x\nsteps = 8\n[keys]\n\"a.b\" = ['x', \"\"\"y\"\"\"]\nz = { k = 1 }\n".utf8)
    var random = RandomBytes(seed: 11)
    for _ in 0..<400 {
        var bytes = text
        for _ in 0...Int(random.next() % 4) {
            let at = Int(random.next()) % bytes.count
            switch random.next() % 3 {
            case 0: bytes[at] = random.next() % 128
            case 1: bytes.remove(at: at)
            default: bytes.insert(random.next() % 128, at: at)
            }
        }
        let file = SettingsFile(path: "x", text: String(decoding: bytes, as: UTF8.self))
        _ = try? file.removing(["generate", "steps"])
        if let edited = try? file.setting(["generate", "steps"], to: "9") {
            let entries = SettingsFile(path: "x", text: edited).entries
            #expect(entries.last { $0.path == ["generate", "steps"] }?.value.one == .whole(9))
        }
    }
}

/// SplitMix64, a byte at a time.
private struct RandomBytes {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt8 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return UInt8(truncatingIfNeeded: mixed >> 31)
    }
}

@Test func numbersThatAlwaysHaveAValueHaveTheirDefaults() {
    let settings = ResolvedSettings()
    #expect(settings.count == 1 && settings.residualStrength == 1 && settings.feather == 8)
    #expect(settings.previewInterval == 1 && settings.previewBudget == 3)
    #expect(settings.compression == 6 && settings.logDays == 30)
}
