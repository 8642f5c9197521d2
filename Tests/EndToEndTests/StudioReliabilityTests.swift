import Foundation
import Imaging
import TestSupport
import Testing

@Test func aStudioWithoutAModelSaysWhatIsMissingAndQuits() throws {
    let folder = try TemporaryFolder()
    let session = try studio(["tui", "--model", folder.path], in: folder)
    try session.wait(forText: "has no DC-HT tokenizer")
    session.type("a fox" + Keys.enter)
    try session.wait(forText: "a fox")
    #expect(session.terminal.text.contains("has no DC-HT tokenizer"))
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    session.type("q")
    try session.wait(forText: "Quit")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
}

/// The index is made anew from the pictures; what is no picture is listed, and why.
@Test func aDamagedHistoryIsPutAsideAndTheGalleryReadAgain() throws {
    let folder = try TemporaryFolder()
    let (state, pictures) = (folder.file(".local/state/dcar"), folder.file("pictures"))
    for path in [state, pictures] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    try Data(repeating: 0x5A, count: 9_000).write(
        to: URL(fileURLWithPath: "\(state)/studio.sqlite"))
    try ImageFile.save(try Fixtures.shared.get().finished, to: "\(pictures)/a.png")
    try Data().write(to: URL(fileURLWithPath: "\(pictures)/empty.png"))
    let session = try studio(in: folder)
    try session.wait(forText: "put aside as studio.sqlite.aside-1 and begun anew.")
    session.type(Keys.escape)
    session.run(seconds: 0.1)
    session.type("3")
    try session.wait(forText: "of 2 pictures")
    try session.wait(forText: "unreadable")
    try session.wait(forText: "a beach")
    session.type("q")
    try session.wait(forText: "Quit")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
    #expect(FileManager.default.fileExists(atPath: "\(state)/studio.sqlite.aside-1"))
}

/// What cannot be saved is said, and can be saved elsewhere.
@Test func aPictureThatCannotBeSavedIsKept() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a file where the folder should be", as: "pictures")
    let session = try studio(in: folder)
    try session.wait(forText: "storybook 256px")
    session.type("a fox in the snow" + Keys.enter)
    try session.wait(forText: "Done in")
    session.type("w")
    try session.wait(forText: "was not saved: ")
    session.type("W")
    try session.wait(forText: "Save")
    session.type(folder.file("elsewhere.png") + Keys.enter)
    try session.wait(forText: "Saved as")
    #expect(try ImageFile.open(folder.file("elsewhere.png")).image.width == 256)
    session.type("q")
    try session.wait(forText: "Quit")
    session.type("y")
    #expect(try session.waitForEnd() == 0)
}
