import Foundation
import Settings
import TestSupport
import Testing

/// Text before, what is set, text after.
@Test(arguments: [
    ("", "generate.steps", "8", "[generate]\nsteps = 8\n"),
    ("# mine\n", "generate.steps", "8", "# mine\n\n[generate]\nsteps = 8\n"),
    ("[generate]\nsteps = 4   # few\n", "generate.steps", "8", "[generate]\nsteps = 8   # few\n"),
    ("[generate]\nsteps=4", "generate.steps", "8", "[generate]\nsteps=8"),
    (
        "[generate]\n# about steps\nguidance = 3\n\n[ui]\ntheme = 'dark'\n", "generate.steps", "8",
        "[generate]\n# about steps\nguidance = 3\nsteps = 8\n\n[ui]\ntheme = 'dark'\n"
    ),
    ("[generate]", "generate.steps", "8", "[generate]\nsteps = 8\n"),
    (
        "generate.guidance = 3\n", "generate.steps", "8",
        "generate.guidance = 3\ngenerate.steps = 8\n"
    ),
    // The last of several counts.
    (
        "[generate]\nsteps = 3\nsteps = 4\n", "generate.steps", "8",
        "[generate]\nsteps = 3\nsteps = 8\n"
    ),
    ("generate.steps = 3 # x\n", "generate.steps", "8", "generate.steps = 8 # x\n"),
    (
        "[ui]\ntheme = '''dark''' # it's \"dark\"\n", "ui.theme", "\"light\"",
        "[ui]\ntheme = \"light\" # it's \"dark\"\n"
    ),
    (
        "[keys]\n\"save.as\" = [ # two\n  'a',\n  'b' ]  # end\nfork = 'f'\n", "keys.save.as",
        "\"W\"", "[keys]\n\"save.as\" = \"W\"  # end\nfork = 'f'\n"
    ),
    ("[keys]\n", "keys.save.as", "\"W\"", "[keys]\n\"save.as\" = \"W\"\n"),
    ("[keys]\nsave.as = 'F9'\n", "keys.save.as", "\"W\"", "[keys]\nsave.as = \"W\"\n"),
    ("[keys.save]\nas = 'F9'\n", "keys.save.as", "\"W\"", "[keys.save]\nas = \"W\"\n")
])
func settingKeepsCommentsAndAllOtherLines(
    before: String, name: String, value: String, after: String
) throws {
    let file = SettingsFile(path: "config.toml", text: before)
    let section = String(name.prefix { $0 != "." })
    let path = [section, String(name.dropFirst(section.count + 1))]
    #expect(try file.setting(path, to: value) == after)
}

@Test func whatCannotBeChangedLineByLineIsLeftToAnEditor() {
    let file = SettingsFile(path: "config.toml", text: "generate = { steps = 4 }\n")
    #expect(throws: SettingsError.notEditable(name: "generate.steps", file: "config.toml")) {
        try file.setting(["generate", "steps"], to: "8")
    }
    #expect(throws: SettingsError.notEditable(name: "generate.steps", file: "config.toml")) {
        try file.removing(["generate", "steps"])
    }
}

@Test func anEntryIsTakenOutWithItsLinesAlone() throws {
    let file = SettingsFile(
        path: "x", text: "# a\n[keys]\nfork = [\n 'f',\n]\n# b\n\"save.as\" = 'W'\n")
    #expect(try file.removing(["keys", "fork"]) == "# a\n[keys]\n# b\n\"save.as\" = 'W'\n")
    #expect(try file.removing(["keys", "save"]) == file.text)
    let dotted = SettingsFile(path: "x", text: "[keys]\nstep.pause = 'F9'\nfork = 'f'\n")
    #expect(try dotted.removing(["keys", "step.pause"]) == "[keys]\nfork = 'f'\n")
}

@Test func theFileIsItsOwnersAloneAndALinkStaysALink() throws {
    let folder = try TemporaryFolder()
    var sources = SettingsSources(environment: [:], folder: folder.path, home: folder.path)
    let path = try #require(sources.userFile)
    #expect(path == folder.file(".config/dcar/config.toml"))
    try sources.write(["generate", "steps"], "8")
    func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    #expect(try mode(path) == 0o600)
    #expect(try mode(folder.file(".config/dcar")) == 0o700)

    try FileManager.default.createSymbolicLink(
        atPath: folder.file("link.toml"), withDestinationPath: path)
    sources.userFile = folder.file("link.toml")
    try sources.write(["generate", "steps"], "9")
    #expect(
        try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link.toml")) == path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "[generate]\nsteps = 9\n")
    // One that others could read is its owner's alone from then on.
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    try sources.write(["generate", "steps"], nil)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "[generate]\n")
    #expect(try mode(path) == 0o600)
}

/// As tools that keep such files elsewhere make them; the last leads nowhere yet.
@Test func aRelativeLinkStaysALink() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("a/b"), withIntermediateDirectories: true)
    var sources = SettingsSources(environment: [:], folder: folder.path, home: folder.path)
    _ = try folder.write("", as: "there.toml")
    for name in ["there.toml", "new.toml"] {
        let link = folder.file("a/b/\(name)")
        try files.createSymbolicLink(atPath: link, withDestinationPath: "../../\(name)")
        sources.userFile = link
        try sources.write(["generate", "steps"], "9")
        #expect(try files.destinationOfSymbolicLink(atPath: link) == "../../\(name)")
        #expect(
            try String(contentsOfFile: folder.file(name), encoding: .utf8)
                == "[generate]\nsteps = 9\n")
    }
}

@Test func nothingButAFileHoldsSettings() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.file("pipe"), 0o640)
    let error = #expect(throws: SettingsError.self) {
        try SettingsFile.write("", to: folder.file("pipe"))
    }
    #expect(
        error?.description == "\(folder.file("pipe")) is no regular file, and is left as it is.")
}

/// What cannot be read would be lost with the first setting that is changed.
@Test(arguments: [
    Data("[ui]\ntheme = \"d\u{E9}\"\n".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }),
    Data(repeating: UInt8(ascii: "#"), count: 300 << 10)
])
func aFileThatCannotBeReadIsLeftAsItIs(bytes: Data) throws {
    let folder = try TemporaryFolder()
    var sources = SettingsSources(environment: [:], folder: folder.path, home: folder.path)
    let path = folder.file("config.toml")
    try bytes.write(to: URL(fileURLWithPath: path))
    sources.userFile = path
    for toml in ["8", nil] {
        let error = #expect(throws: SettingsError.self) {
            try sources.write(["generate", "steps"], toml)
        }
        #expect(error?.description.hasPrefix("\(path) is not changed, since it cannot be") == true)
    }
    #expect(FileManager.default.contents(atPath: path) == bytes)
}

@Test func aTextIsQuotedSoThatItIsReadBack() throws {
    for text in ["a \"b\" \\ c", "tab\t, line\n", "bell \u{7}", "狐", ""] {
        let file = SettingsFile(path: "x", text: "[styles]\nx = \(text.tomlQuoted)\n")
        #expect(file.entries.first?.value.one == .text(text))
    }
}
