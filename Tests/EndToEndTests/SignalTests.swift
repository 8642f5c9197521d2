import Foundation
import Imaging
import TestSupport
import Testing

/// Enough work that a signal always comes in time.
private let long = ["-W", "512", "-H", "512", "--steps", "64"]

@Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
func aStoppedRunSavesWhatItHasAndCanGoOn(signal: Int32, status: Int32) throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "9", "-W", "128", "-H", "128", "--steps", "12"]
    let result = try Program.run(
        arguments + ["-o", "part.png", "--json"], in: folder.path
    ) { run in
        run.waitForLine(containing: #""n":2,"#)
        run.signal(signal)
    }
    #expect(result.status == status)
    #expect(
        result.messages.hasPrefix("Stopped; saving what there is. Ctrl-C again ends at once.\n"))
    #expect(try names(in: folder) == ["part.png"])
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    let whole = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    #expect(whole.status == 0)
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}

@Test(arguments: [
    "start", #""phase":"steps""#, #""n":1,"of":1000,"phase":"residual""#, #""phase":"decoding""#
])
func aSignalAtAnyMomentEndsTheRunSoon(line: String) throws {
    let folder = try TemporaryFolder()
    var sent = ContinuousClock.now
    let result = try Program.run(
        ["generate", "a fox", "-s", "9", "-W", "512", "-H", "512", "-o", "a.png", "--json"]
            + ["--steps", "2", "--residual-steps", line.contains("1000") ? "1000" : "20"],
        in: folder.path
    ) { run in
        run.waitForLine(containing: line)
        sent = .now
        run.signal(SIGINT)
    }
    #expect(ContinuousClock.now - sent < .seconds(20))
    #expect(result.status == 130)
    let saved = try names(in: folder)
    // Before the first step there may be nothing to save.
    let isEarly = line == "start" || line.contains("steps")
    #expect(saved == ["a.png"] || isEarly && saved.isEmpty)
    for name in saved {
        let contents = try ImageFile.contents(of: folder.file(name))
        #expect(try GenerationMetadata(contents)?.record.stoppedAtStep != nil)
    }
}

@Test func aSecondSignalEndsTheRunAtOnce() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a fox", "-s", "9", "-o", "a.png", "--json"] + long, in: folder.path
    ) { run in
        run.waitForLine(containing: #""n":1,"#)
        run.signal(SIGINT)
        // Signals of one number that wait together count once; another number cannot be lost.
        run.signal(SIGTERM)
    }
    #expect([130, 143].contains(result.status))
    // Nothing is saved any more: that alone takes longer than it is from one signal to the other.
    #expect(try names(in: folder).isEmpty)
}

/// As `nohup` starts it.
@Test func aRunThatIgnoresHangUpsOutlivesItsTerminal() throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell(
        """
        trap '' HUP
        "$dcar" generate "a fox" -s 9 -W 128 -H 128 -o a.png --json > events &
        until grep -q '"n":1,' events; do sleep 0.02; done
        kill -HUP $! && wait $!
        """, in: folder.path)
    #expect(result.status == 0)
    let contents = try ImageFile.contents(of: folder.file("a.png"))
    #expect(try GenerationMetadata(contents)?.record.stoppedAtStep == nil)
}

@Test func aStoppedFileOfPromptsLeavesOnlyFinishedPictures() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na beach\n", as: "prompts.txt")
    let result = try Program.run(
        ["generate", "--prompt-file", "prompts.txt", "-o", "{n}.png", "--json", "-q"]
            + ["-W", "128", "-H", "128", "--steps", "12"], in: folder.path
    ) { run in
        run.waitForLine(containing: "saved")
        run.waitForLine(containing: #""event":"step""#)
        run.signal(SIGTERM)
    }
    #expect(result.status == 143 && result.messages == "dcar: Stopped.\n")
    #expect(try names(in: folder) == ["1.png", "prompts.txt"])
}

@Test func aStoppedEditSavesNothingHalf() throws {
    let folder = try Fixtures.folder()
    let before = try names(in: folder)
    let result = try Program.run(
        ["edit", "-i", "finished.png", "--outpaint", "7,7,7,7", "-o", "a.png", "--json"]
            + ["--steps", "64"], in: folder.path
    ) { run in
        run.waitForLine(containing: "phase")
        run.signal(SIGINT)
    }
    #expect(result.status == 130)
    #expect(try names(in: folder).filter { $0 != "a.png" } == before)
}
