import Foundation
import Imaging
import TestSupport
import Testing

private func plain(
    _ lines: String, _ more: [String] = [], in folder: TemporaryFolder
) throws -> Program.Result {
    try Program.run(
        ["tui", "--plain", "--output-folder", folder.path] + more, in: folder.path,
        environment: ["HOME": folder.path], input: lines)
}

@Test func aPictureIsMadeEditedUndoneAndSavedByWords() throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        """
        :steps 2
        :set width 64
        :height 64
        a beach
        :save one.png
        :edit 0,0,32,32 a fox
        :accept
        :undo
        :edit 900,0,1,1 nothing
        :nonsense
        help
        quit

        """, in: folder)
    #expect(result.status == 0)
    #expect(result.messages == "")
    #expect(try names(in: folder).contains("one.png"))
    for line in [
        "steps is 2.", "step 2: 0 tokens masked", "Saved as \(folder.file("one.png")).",
        "Undone: inpaint.",
        "problem: That part lies outside the picture, which is 64 by 64 pixels.",
        "problem: There is no command nonsense; :help explains the usual ones.",
        "A line without a colon is a prompt, and makes a picture."
    ] {
        #expect(result.lines.contains(line), "\(line)")
    }
    // Nothing but text and ends of lines.
    #expect(result.output.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
}

/// Lines are no sitting that comes back: what has no file is lost.
@Test func quittingWithAnUnsavedPictureIsAskedForTwice() throws {
    let folder = try TemporaryFolder()
    let small = ":steps 1\n:width 64\n:height 64\na beach\n"
    let words = "One picture is not saved; :save saves the one shown, :quit again leaves."
    let saved = try plain("\(small):quit\n:save one.png\n:quit\n:status\n", in: folder)
    #expect(saved.lines.contains(words) && !saved.lines.contains { $0.hasPrefix("prompt:") })
    #expect(try names(in: folder).contains("one.png"))
    let left = try plain("\(small):quit\n:quit\n:status\n", in: folder)
    #expect(left.status == 0 && left.lines.last == words)
    _ = try folder.write("[ui]\nconfirm_quit = false\n", as: ".dcar.toml")
    #expect(try !plain("\(small):quit\n:status\n", in: folder).lines.contains(words))
}

@Test(arguments: ["a fox's den", "--"], ["blurry, 'dark'", "--"])
func theCommandLineThatIsCopiedMakesTheSameBytes(prompt: String, negative: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("[generate]\ncount = 2\n", as: ".dcar.toml")
    let made = try plain(
        ":steps 3\n:guidance 2.75\n:width 64\n:height 64\n:schedule linear\n"
            + ":negative \(negative)\n:residualSteps 5\n:count 1\n\(prompt)\n"
            + ":save studio.png\n:copy\n",
        in: folder)
    let line = try #require(made.lines.first { $0.hasPrefix("command: dcar generate") })
    let script = line.replacing("command: dcar", with: "$dcar") + " -o again.png"
    let again = try Program.shell(script, in: folder.path)
    #expect(again.status == 0, "\(again.messages)")
    #expect(
        try ImageFile.read(folder.file("studio.png")) == ImageFile.read(folder.file("again.png")))
}

@Test func plainLinesThatNobodyGetsAreAFailure() throws {
    let folder = try TemporaryFolder()
    let full = try Program.shell("echo :status | $dcar tui --plain > /dev/full", in: folder.path)
    #expect(full.status == 5)
    #expect(
        full.messages == "dcar: Standard output cannot be written: No space left on device.\n")
    let lost = try plain("", ["--open", "nope.png"], in: folder)
    #expect(lost.status == 4)
    #expect(lost.lines.contains { $0.hasPrefix("problem: ") && $0.contains("nope.png") })
}

@Test(arguments: [".", "..", "sub/", "~"]) func aFolderIsNoNameForAPicture(name: String) throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        ":steps 1\n:width 32\n:height 32\na beach\n:save \(name)\n", in: folder)
    #expect(
        result.lines.contains("problem: \"\(name)\" is a folder; a file name is needed."),
        "\(result.lines)")
    #expect(try names(in: folder).allSatisfy { !$0.contains("png") })
}

@Test func theStudioOfATerminalThatCanDoNothingWritesPlainLines() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["TERM": "dumb"])
    try session.wait(forText: "dcar studio, in plain lines.")
    session.type(":status\n")
    try session.wait(forText: "There is no picture yet.")
    session.type("quit\n")
    #expect(try session.waitForEnd() == 0)
}

@Test func commandsAreRunFromTheCommandLine() throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        "", ["--run", "prompt.example", "--run", "quit", "--run", "prompt.example"], in: folder)
    #expect(result.status == 0)
    #expect(result.lines.count { $0 == "a beach at sunset" } == 1)
    let search = try plain("", ["--run", "gallery.search fox"], in: folder)
    #expect(search.status == 0)
    #expect(!search.lines.contains { $0.hasPrefix("step ") || $0.hasPrefix("problem: ") })
    let unknown = try plain("", ["--run", "sunset"], in: folder)
    #expect(unknown.status == 2)
    #expect(
        sentence(unknown)
            == "--run: sunset is no command of the studio; its list of commands (F2) names them.")
}

@Test func wordsThatTheModelWasNotTrainedOnAreNamed() throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        ":steps 1\n:width 32\n:height 32\na Fox, with a wagtail beside two pangolins\n",
        in: folder)
    #expect(result.lines.contains("The model's vocabulary does not know: wagtail, pangolins."))
}

@Test func galleryQueueAndLogAreListsOfLines() throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        """
        :steps 1
        :width 32
        :height 32
        a fox
        :save one.png
        :gallery.search badger
        :view.gallery
        :gallery.open 1
        :gallery.open 2
        :view.queue
        :log.show
        :overlay.order
        :compare.diff
        :zoom.in
        :steps 99
        :status
        :about

        """, in: folder)
    #expect(result.status == 0)
    #expect(result.lines.count { $0.hasPrefix("Done in ") } == 1)
    #expect(!result.lines.contains { $0.hasPrefix("pictures:") })
    for line in [
        "0 pictures.", "1 picture.", "1  one.png  a fox", "Picture 1 is open already.",
        "problem: There is no line 2; they are 1 to 1.", "The queue is empty.",
        "Log, the newest first", "problem: overlay.order needs a screen.",
        "problem: compare.diff needs a screen.", "problem: zoom.in needs a screen.",
        "problem: steps cannot be \"99\"; it must be a number from 1 to 64.",
        "seed-mode: random"
    ] {
        #expect(result.lines.contains(line), "\(line)")
    }
}

/// Neither a name that the studio gives nor one that a person gives again hides a file in the trash.
@Test func aPictureInTheTrashIsNotLostToANewOne() throws {
    let folder = try TemporaryFolder()
    let start = ":steps 1\n:width 32\n:height 32\n"
    let trashed = ":view.gallery\n:gallery.trash 1\na red fox\n"
    let numbered = try plain(
        start + "a red fox\n:save\n" + trashed + ":save\n:view.gallery\n:undo\n", in: folder)
    #expect(numbered.lines.contains("dcar-0001-a-red-fox.png is back."))
    let both = ["dcar-0001-a-red-fox.png", "dcar-0002-a-red-fox.png"]
    #expect(try names(in: folder).sorted().suffix(2) == both)
    let other = try TemporaryFolder()
    let named = try plain(
        start + "a red fox\n:save one.png\n" + trashed + ":save one.png\n:view.gallery\n:undo\n",
        in: other)
    #expect(named.lines.contains("one-2.png is back."))
    #expect(try names(in: other).sorted().suffix(2) == ["one-2.png", "one.png"])
}

@Test func bracesInTheNameOfTheFolderAreNoFields() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["tui", "--plain", "--output-folder", folder.file("{art}")], in: folder.path,
        environment: ["HOME": folder.path],
        input: ":steps 1\n:width 32\n:height 32\na fox\n:save\n")
    #expect(result.lines.contains("Saved as \(folder.file("{art}/dcar-0001-a-fox.png"))."))
}

@Test func theQueueIsWorkedOffInPlainLines() throws {
    let folder = try TemporaryFolder()
    let result = try plain(
        ":steps 1\n:width 32\n:height 32\na fox\n:count 2\n:queue.add\n:view.queue\n",
        in: folder)
    #expect(result.status == 0)
    #expect(result.lines.contains { $0.hasPrefix("1  finished  seed ") })
    #expect(result.lines.contains { $0.hasPrefix("2  finished  seed ") })
}

@Test func withoutATerminalTheStudioIsRefused() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(["tui"], in: folder.path)
    #expect(result.status == 7 && result.output.isEmpty)
    #expect(sentence(result).hasPrefix("The studio needs a terminal for input and output;"))
}

@Test func aTerminalThatNobodyKnowsIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let session = try studio(in: folder, environment: ["TERM": "no-such-terminal"])
    #expect(try session.waitForEnd() == 7)
    #expect(session.terminal.text.contains("The terminal type \"no-such-terminal\" is not in"))
    #expect(!session.terminal.transcript.contains(0x1B))
}
