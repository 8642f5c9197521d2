import Foundation
import TestSupport
import Testing

@Test func whatWentWrongIsInTheLog() throws {
    let folder = try TemporaryFolder()
    let state = folder.file(".local/state/dcar")
    try FileManager.default.createDirectory(
        atPath: state, withIntermediateDirectories: true)
    try "2020-01-01T00:00:00Z problem: long ago\n".write(
        toFile: "\(state)/log", atomically: false, encoding: .utf8)
    let session = try studio(["tui", "--open", "nothing.png"], in: folder)
    try session.wait(forText: "nothing.png cannot be read: No such file or directory.")
    // F2 opens the list of all commands.
    session.type("\u{1B}OQ")
    try session.wait(forText: "Commands")
    session.type("log.show")
    try session.wait(forText: "the log:")
    session.type(Keys.enter)
    try session.wait(forText: "Log, the newest first")
    try session.wait(forText: "Z problem: nothing.png cannot be read")
    #expect(!session.terminal.text.contains("long ago"))
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    session.type("qy")
    #expect(try session.waitForEnd() == 0)
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(state)/log")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
}
