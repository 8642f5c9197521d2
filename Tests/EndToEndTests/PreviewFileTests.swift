import Foundation
import Imaging
import TestSupport
import Testing

private let preview = ["generate", "a fox", "-s", "5", "-o", "a.png", "--preview-path"]

@Test func aPreviewTakesThePlaceOfAFileAlone() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.file("pipe"), 0o600)
    try FileManager.default.createSymbolicLink(
        atPath: folder.file("link"), withDestinationPath: "pipe")
    for name in ["pipe", "link", "."] {
        let result = try Program.run(preview + [name] + small, in: folder.path)
        #expect(result.status == 2)
        #expect(
            sentence(result)
                == "--preview-path is \(name), which is no regular file; name one that may be "
                + "replaced.")
    }
    #expect(try names(in: folder) == ["link", "pipe"])
}

/// The list of prompts, or a part of the model.
@Test func aPreviewDoesNotReplaceWhatIsNoPNG() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na bear\n", as: "prompts.txt")
    let result = try Program.run(
        ["generate", "--prompt-file", "prompts.txt", "-o", "{n}.png", "--preview-path"]
            + ["prompts.txt"] + small, in: folder.path)
    #expect(result.status == 2)
    #expect(
        sentence(result)
            == "--preview-path is prompts.txt, a file that is no PNG; name one that may be replaced."
    )
    #expect(
        try String(contentsOfFile: folder.file("prompts.txt"), encoding: .utf8) == "a fox\na bear\n"
    )
    #expect(try names(in: folder) == ["prompts.txt"])
}

@Test func thePreviewShowsTheLastStepWhateverItsInterval() throws {
    let folder = try TemporaryFolder()
    for (name, interval) in [("each", "1"), ("some", "3"), ("none", "64")] {
        let result = try Program.run(
            ["generate", "a fox", "-s", "5", "-o", "\(name)-a.png", "--preview-path", "\(name).png"]
                + ["--preview-interval", interval] + small, in: folder.path)
        #expect(result.status == 0)
    }
    let last = try ImageFile.open(folder.file("each.png")).image
    #expect(try ImageFile.open(folder.file("some.png")).image == last)
    #expect(try ImageFile.open(folder.file("none.png")).image == last)
}

@Test func aPreviewGoesWhereALinkLeads() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: true)
    try files.createSymbolicLink(
        atPath: folder.file("now.png"), withDestinationPath: "sub/real.png")
    let result = try Program.run(preview + ["now.png"] + small, in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(try files.destinationOfSymbolicLink(atPath: folder.file("now.png")) == "sub/real.png")
    #expect(try ImageFile.open(folder.file("sub/real.png")).image.width == 64)
}

/// A later line's file would be taken for done, and the others lost.
@Test(arguments: [
    (["a fox", "-o", "a.png", "--discrete"], "a-discrete.png"),
    (["a fox", "-o", "a.png", "--save-steps"], "link/a-step02.png"),
    (["a fox", "-o", "a.png", "-b", "2"], "./a-2.png"),
    (["a fox", "-o", "a.png", "-b", "2", "--discrete"], "a-2-discrete.png"),
    (["--prompt-file", "prompts.txt", "-o", "{n}.png"], "3.png"),
    (["--prompt-file", "prompts.txt", "-o", "{n}.png", "--shard", "1/3"], "link/3.png"),
    (["--prompt-file", "prompts.txt", "-o", "{n}.png", "--save-steps"], "3-step01.png")
])
func aPreviewIsNoneOfThePictures(arguments: [String], name: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na bear\na beach\n", as: "prompts.txt")
    try FileManager.default.createSymbolicLink(
        atPath: folder.file("link"), withDestinationPath: ".")
    let result = try Program.run(
        ["generate", "-s", "5", "--preview-path", name] + arguments + small, in: folder.path)
    #expect(result.status == 2)
    #expect(
        sentence(result)
            == "--preview-path is \(name), the name of one of the pictures; give it its own.")
    #expect(try names(in: folder) == ["link", "prompts.txt"])
}
