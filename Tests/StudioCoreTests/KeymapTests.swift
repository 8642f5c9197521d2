import Foundation
import Settings
import StudioCore
import TerminalGraphics
import TestSupport
import Testing

/// Settings from one file of this text.
func settings(_ text: String) throws -> ResolvedSettings {
    let folder = try TemporaryFolder()
    let path = folder.file("config.toml")
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return SettingsSources(
        environment: ["DCAR_CONFIG": path], folder: folder.path, home: folder.path
    ).load()
}

@Test func anotherKeyTakesItFromItsOwner() {
    var keymap = Keymap()
    let key = Key(.character("d"))
    #expect(keymap.command(for: key, in: [.canvas]) == .toggleResidual)
    #expect(keymap.holder(of: key, besides: .save) == .toggleResidual)
    keymap.bind(.save, to: [key])
    #expect(keymap.command(for: key, in: [.canvas]) == .save)
    #expect(keymap.command(for: Key(.character("w")), in: [.canvas]) == nil)
    #expect(keymap.key(for: .toggleResidual) == nil)
}

@Test func configuredKeysReplaceACommandsOwn() throws {
    let (keymap, warnings) = Keymap.configured(
        by: try settings("[keys]\nfork = [\"F6\", \"Alt-f\"]\n\"residual.toggle\" = []\n"))
    #expect(warnings == [])
    #expect(keymap.keys(of: .fork) == [Key(.function(6)), Key(.character("f"), .alt)])
    #expect(keymap.command(for: Key(.character("f")), in: KeyContext.allCases) == nil)
    #expect(keymap.command(for: Key(.function(6)), in: [.canvas]) == .fork)
    #expect(keymap.command(for: Key(.character("d")), in: [.canvas]) == nil)
}

@Test(arguments: [
    (
        "save = \"d\"",
        "d is save now and no longer residual.toggle, which has no key left."
    ),
    (
        "fork = \"z\"",
        "z is fork now and no longer undo, which has Ctrl-Z."
    ),
    (
        "fork = \"F8\"\nsave = \"F8\"",
        "F8 cannot be both fork and save; it stays fork."
    ),
    (
        "fork = \"Ctrl-I\"",
        "Ctrl-I cannot be fork: terminals send it for Tab."
    ),
    ("fork = \"ctrl-[\"", "Ctrl-[ cannot be fork: terminals send it for Esc."),
    ("fork = \"Left\"", "Left cannot be fork: it moves the cursor."),
    (
        "fork = \"Hyper\"",
        "\"Hyper\" is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or Space."
    ),
    ("forks = \"x\"", "forks is no command; the list of commands (F2) names them.")
])
func aKeyThatCannotBeIsSaidInASentence(line: String, sentence: String) throws {
    let (_, warnings) = Keymap.configured(by: try settings("[keys]\n\(line)\n"))
    #expect(warnings.map(\.text) == [sentence])
    #expect(
        warnings.allSatisfy { ($0.line ?? 0) >= 2 && $0.file?.hasSuffix("config.toml") == true })
}

@Test func aCommandWhoseOnlyKeyIsWrongKeepsItsOwn() throws {
    let (keymap, _) = Keymap.configured(by: try settings("[keys]\nfork = \"Ctrl-M\"\n"))
    #expect(keymap.key(for: .fork) == Key(.character("f")))
}

@Test func noKeyOfTheStudioIsOneThatTerminalsConfuse() {
    for entry in Command.entries {
        for key in entry.keys where key.modifiers.contains(.control) {
            #expect(Keymap.problem(with: key, for: entry.command) == nil, "\(entry.command)")
        }
    }
}
