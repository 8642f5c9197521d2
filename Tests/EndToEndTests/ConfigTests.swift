import Foundation
import Imaging
import TestSupport
import Testing

@Test func aSettingIsSetReadListedAndTakenOut() throws {
    let folder = try TemporaryFolder()
    func config(_ words: String...) throws -> Program.Result {
        try Program.run(
            ["config"] + words, in: folder.path,
            environment: ["DCAR_CONFIG": folder.file("my.toml")])
    }
    #expect(try config("path").text == folder.file("my.toml") + "\n")
    let unset = try config("get", "generate.steps")
    #expect(unset.text == "\n" && unset.status == 0)
    #expect(unset.messages == "dcar: generate.steps is not set: the model's own.\n")
    #expect(try config("set", "generate.steps", "3").status == 0)
    #expect(try config("get", "generate.steps").text == "3\n")
    let listed = try config("list", "--show-origin").lines
    #expect(listed.contains("generate.steps = 3    # \(folder.file("my.toml")), line 2"))
    #expect(listed.contains("ui.theme = \"auto\"    # default"))
    #expect(try config("unset", "generate.steps").status == 0)
    #expect(try config("get", "generate.steps").text == "\n")
    #expect(try config("set", "keys.token.pin", "t", "F7").status == 0)
    #expect(try config("get", "keys.token.pin").text == "t F7\n")
}

@Test(arguments: [
    (
        ["set", "generate.steps", "99"],
        "generate.steps cannot be \"99\"; it must be a whole number from 1 to 64."
    ),
    (
        ["set", "generate.step", "9"],
        "generate.step is no setting; generate.steps is. `dcar config list` names them all."
    ),
    (
        ["set", "keys.fork", "Ctrl-M"],
        "Ctrl-M cannot be fork: terminals send it for Enter."
    ),
    (
        ["set", "keys.forks", "x"],
        "forks is no command; the studio's list of commands (F2) names them."
    ),
    (
        ["set", "keys.token.pin", "Ctrl-Ctrl-a"],
        "\"Ctrl-Ctrl-a\" is no key; write one as in g, Ctrl-G, Alt-Enter, F5 or Space."
    ),
    (["set", "styles.e", ""], "styles.e cannot be \"\"; it must be a text that is not empty."),
    (
        ["set", "output.pattern", "x.png"],
        "output.pattern cannot be \"x.png\"; it must be a file name with {n} that ends in .png, "
            + "such as fox-{n}.png."
    ),
    (["get", "styles.nope"], "There is no style nope; `dcar config list` names them all.")
])
func whatCannotBeSetIsSaidAndNothingIsWritten(words: [String], message: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["config"] + words, in: folder.path, environment: ["DCAR_CONFIG": folder.file("my.toml")])
    #expect(result.status == 2 && sentence(result) == message)
    #expect(try names(in: folder) == [])
}

@Test func settingsAreTheDefaultsOfGenerateAndFlagsCountMore() throws {
    let folder = try TemporaryFolder()
    let text = """
        [generate]
        steps = 2
        size = 64
        colour = "red"

        [output]
        dir = "\(folder.path)"
        pattern = "made-{seed}-{n}.png"
        """
    try text.write(toFile: folder.file(".dcar.toml"), atomically: true, encoding: .utf8)
    let result = try Program.run(["generate", "a beach", "--seed", "3"], in: folder.path)
    #expect(result.status == 0)
    #expect(
        result.messages.contains(
            "dcar: warning: \(folder.path)/.dcar.toml, line 4: generate.colour is no setting;"))
    #expect(try names(in: folder) == [".dcar.toml", "made-3-1.png"])
    let made = try Program.run(["info", "made-3-1.png"], in: folder.path).text
    #expect(made.contains("64x64") && made.contains("steps           2\n"))
    let quiet = try Program.run(
        ["generate", "a beach", "--seed", "3", "--steps", "1", "--quiet", "-o", "one.png"],
        in: folder.path)
    #expect(quiet.status == 0 && quiet.messages == "")
    #expect(
        try Program.run(["info", "one.png"], in: folder.path).text
            != made.replacing("made-3-1.png", with: "one.png"))
}

@Test func filesCarryWhatTheSettingsSay() throws {
    let folder = try Fixtures.folder()
    try """
    [output]
    embed_tokens = false
    compression = 0
    """.write(toFile: folder.file(".dcar.toml"), atomically: false, encoding: .utf8)
    let made = try Program.run(
        ["generate", "a beach", "--seed", "3", "-o", "bare.png"] + small, in: folder.path)
    #expect(made.status == 0, "\(made.messages)")
    let (bare, full) = (
        try ImageFile.read(folder.file("bare.png")), try ImageFile.read(folder.file("finished.png"))
    )
    #expect(try PNG.decode(bare).image == PNG.decode(full).image)
    let metadata = try #require(try GenerationMetadata(PNGContents(bare)))
    #expect(metadata.tokens == nil && metadata.residual == nil)
    #expect(metadata.record.prompt == "a beach")
    // 64 by 64 pixels that are not compressed.
    #expect(bare.count > 64 * 64 * 3)
    // A run that is to be gone on with keeps its tokens.
    let stopped = try Program.run(
        ["generate", "a beach", "--seed", "3", "--stop-at", "1", "-o", "part.png"] + small,
        in: folder.path)
    #expect(stopped.status == 0)
    let resumed = try Program.run(["resume", "part.png", "-o", "whole.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    #expect(try ImageFile.open(folder.file("whole.png")).image == PNG.decode(full).image)
}

@Test func originsAreSaidAndKeysThatCannotBeAreWarnedOf() throws {
    let folder = try TemporaryFolder()
    try "[generate]\nsteps = 3\n[keys]\nforks = \"x\"\n".write(
        toFile: folder.file("my.toml"), atomically: true, encoding: .utf8)
    func config(_ words: String...) throws -> Program.Result {
        try Program.run(
            ["config"] + words, in: folder.path,
            environment: ["DCAR_CONFIG": folder.file("my.toml")])
    }
    let place = folder.file("my.toml")
    #expect(
        try config("get", "generate.steps", "--show-origin").text == "3    # \(place), line 2\n")
    #expect(try config("get", "ui.theme", "--show-origin").text == "auto    # default\n")
    #expect(try config("list").messages.contains("line 4: forks is no command;"))
}

/// A folder that somebody else gave may hold a file of settings.
@Test func settingsSteerNoTerminal() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
        "[output]\ndir = \"\\u001b[31m\"\n[model]\npath = \"\\u001b[31m\"\n"
            + "[styles]\nx = \"\\u009b31m\"\n", as: ".dcar.toml")
    let steering = ["DCAR_CONFIG": "x\u{1B}[31m", "XDG_CACHE_HOME": "/\u{1B}[31m"]
    for words in [
        ["config", "get", "output.dir"], ["config", "get", "model.path", "--show-origin"],
        ["config", "get", "styles.x"], ["config", "path"], ["config", "list"], ["doctor"]
    ] {
        let result = try Program.run(words, in: folder.path, environment: steering)
        // The folder of the model is none.
        let status: Int32 = words == ["doctor"] ? 3 : 0
        #expect(result.status == status && !result.output.isEmpty, "\(words)")
        #expect(
            result.text.unicodeScalars.allSatisfy {
                $0 == "\n" || $0.properties.generalCategory != .control
            }, "\(words)")
    }
}

@Test func aSettingThatCannotBeWrittenLeavesNoFile() throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell(
        "ulimit -f 0; $dcar config set generate.steps 3", in: folder.path,
        environment: ["DCAR_CONFIG": folder.file("my.toml")])
    #expect(result.status == 5)
    #expect(try names(in: folder) == [])
}

/// Each reads what the one before has written.
@Test func settingsThatAreSetAtOnceAreAllKept() throws {
    let folder = try TemporaryFolder()
    let values = [
        ("generate.steps", "3"), ("generate.guidance", "2.5"), ("generate.count", "2"),
        ("log.days", "9")
    ]
    let sets = values.map { "$dcar config set \($0.0) \($0.1) &" }.joined(separator: " ")
    for round in 0..<3 {
        let environment = ["DCAR_CONFIG": folder.file("round\(round)/config.toml")]
        let result = try Program.shell("\(sets) wait", in: folder.path, environment: environment)
        #expect(result.status == 0)
        for (name, value) in values {
            let found = try Program.run(
                ["config", "get", name], in: folder.path, environment: environment)
            #expect(found.text == "\(value)\n", "\(name)")
        }
    }
}
