import Foundation
import Imaging
import TestSupport
import Testing

@Test(arguments: 1...4)
func aStoppedRunGoesOnToTheSameBytes(step: Int) throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "9", "-W", "128", "-H", "96", "--steps", "5"]
    let whole = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    #expect(whole.status == 0)
    let stopped = try Program.run(
        arguments + ["-o", "part.png", "--stop-at", "\(step)"], in: folder.path)
    #expect(stopped.status == 0 && stopped.text == "part.png\n")
    #expect(stopped.messages == "Stopped after step \(step); dcar resume goes on from there.\n")
    let info = try Program.run(["info", "part.png"], in: folder.path)
    #expect(info.text.contains("stopped         after step \(step); dcar resume finishes it\n"))
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0 && resumed.text == "done.png\n" && resumed.messages == "")
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}

@Test func aRunStoppedInOnePrecisionGoesOnInIt() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "9", "--precision", "fp32"] + small
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    _ = try Program.run(arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0)
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}

/// The last step is done, so only residual and pixels are missing.
@Test func aRunStoppedDuringItsResidualGoesOnToTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "9", "--residual-steps", "1000"] + small
    let stopped = try Program.run(
        arguments + ["-o", "part.png", "--json"], in: folder.path
    ) { run in
        run.waitForLine(containing: #""n":1,"of":1000,"phase":"residual""#)
        run.signal(SIGINT)
    }
    #expect(stopped.status == 130)
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}

@Test(arguments: [
    ["--mask", "rect:10,8,30,40"], ["--outpaint", "1,0,0,1"], ["--outpaint", "0,7,0,0"],
    ["--strength", "0.5"]
])
func aStoppedEditGoesOnToTheSameBytes(edit: [String]) throws {
    let folder = try Fixtures.folder()
    let arguments = ["edit", "-i", "finished.png", "-s", "4", "--steps", "3", "-p", "a fox"] + edit
    let whole = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    #expect(whole.status == 0, "\(whole.messages)")
    let stopped = try Program.run(
        arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    #expect(stopped.status == 0, "\(stopped.messages)")
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}
