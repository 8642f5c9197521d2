import Foundation
import TestSupport
import Testing

extension TemporaryFolder {
    /// A file of the folder made anew.
    fileprivate func write(text: String, as name: String, mode: Int = 0o600) throws {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: mode], ofItemAtPath: file(name))
    }
}

@Test func aSettingIsChangedInTheStudioAndKeptInTheFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(text: "# mine\n[ui]\nmouse = 7\n", as: "my.toml")
    let session = try studio(
        in: folder, environment: ["DCAR_CONFIG": folder.file("my.toml"), "VISUAL": "true"])
    try session.wait(forText: "line 3: ui.mouse must be true or false")
    session.type("\u{1B}5")
    try session.wait(forText: "▸ path")
    session.type(Keys.down + Keys.down + Keys.down)
    try session.wait(forText: "▸ precision")
    session.type(Keys.enter)
    try session.wait(forText: "model.precision is fp32, from the next start on.")
    let kept = try String(contentsOfFile: folder.file("my.toml"), encoding: .utf8)
    #expect(kept == "# mine\n[ui]\nmouse = 7\n\n[model]\nprecision = \"fp32\"\n")
    try folder.write(text: "[keys]\nquit = \"F9\"\n", as: "my.toml")
    session.type("r")
    session.type("\u{1B}[20~")
    try session.wait(forText: "Quit the studio?")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
}

@Test func thePromptGoesThroughAnEditorThatHasTheTerminal() throws {
    let folder = try TemporaryFolder()
    try folder.write(
        text: """
            #!/bin/sh
            printf 'the editor reads\\n' > /dev/tty
            read -r line < /dev/tty
            printf '%s and %s' "$(cat "$1")" "$line" > "$1"
            """, as: "editor.sh", mode: 0o700)
    let session = try studio(in: folder, environment: ["VISUAL": folder.file("editor.sh")])
    try session.wait(forText: "storybook 256px")
    session.type("a beach" + Keys.control("x") + Keys.control("e"))
    try session.wait(forText: "the editor reads")
    session.type("a boat\n")
    try session.wait(forText: "a beach and a boat")
    session.type(Keys.control("c"))
    try session.wait(forText: "Quit the studio?")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
}

@Test(arguments: [SIGTERM, SIGHUP])
func aStudioThatIsToEndWhileItsEditorIsOpenEndsAfterIt(signal: Int32) throws {
    let folder = try TemporaryFolder()
    try folder.write(
        text: """
            #!/bin/sh
            printf 'the editor reads\\n' > /dev/tty
            read -r line < /dev/tty
            """, as: "editor.sh", mode: 0o700)
    let session = try studio(in: folder, environment: ["VISUAL": folder.file("editor.sh")])
    try session.wait(forText: "storybook 256px")
    session.type(Keys.control("x") + Keys.control("e"))
    try session.wait(forText: "the editor reads")
    session.program.signal(signal)
    session.type("\n")
    #expect(try session.waitForEnd() == 128 + signal)
}

@Test func anEditorThatFailsIsSaid() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["VISUAL": "/nowhere/editor"])
    try session.wait(forText: "storybook 256px")
    session.type(Keys.control("x") + Keys.control("e"))
    try session.wait(forText: "The editor /nowhere/editor ended with status 127")
    session.program.signal(SIGTERM)
    #expect(try session.waitForEnd() == 128 + SIGTERM)
}

/// Terminals without colour, with 8, 16 and 256, and in a locale that is not UTF-8.
@Test(arguments: [
    ["TERM": "vt100"], ["TERM": "linux"], ["TERM": "xterm"], ["TERM": "screen"],
    ["TERM": "tmux-256color"], ["NO_COLOR": "1"], ["LANG": "C"]
])
func theStudioStartsAndIsUsable(environment: [String: String]) throws {
    let folder = try TemporaryFolder()
    let session = try studio(
        in: folder, columns: 80, rows: 24, answers: .silent, environment: environment)
    try session.wait(forText: "Enter generate")
    session.type("a beach" + Keys.escape)
    // Before Esc has had its time, the next key would count as one with Alt.
    try session.wait(forText: "p prompt")
    session.type("?")
    try session.wait(forText: "Help: type to filter")
    session.type("quit" + Keys.enter)
    try session.wait(forText: "Quit the studio?")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
}

@Test func withoutTheMouseNoMouseIsAskedFor() throws {
    let folder = try TemporaryFolder()
    for (arguments, isOn) in [([String](), true), (["tui", "--no-mouse"], false)] {
        let session = try studio(arguments, in: folder)
        try session.wait(forText: "Enter generate")
        #expect(session.terminal.modes.contains(1002) == isOn)
        session.program.signal(SIGTERM)
        _ = try session.waitForEnd()
    }
}
