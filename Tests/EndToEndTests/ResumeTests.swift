import Foundation
import Imaging
import Kernels
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

/// What no flag says is as in the picture, precision too.
@Test(.enabled(if: Processor.offers(.bfloat16))) func aForkKeepsThePrecision() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
        ["generate", "a fox", "-s", "9", "--precision", "fp32", "-o", "a.png"] + small,
        in: folder.path)
    #expect(made.status == 0)
    let forked = try Program.run(
        ["fork", "a.png", "--step", "1", "-s", "9", "-o", "b.png"], in: folder.path)
    #expect(forked.status == 0)
    let info = try Program.run(["info", "b.png"], in: folder.path)
    #expect(info.text.contains("precision       float32\n"))
}

/// A file keeps no sign of a zero.
@Test func aGuidanceOfMinusZeroIsNone() throws {
    let folder = try TemporaryFolder()
    let arguments =
        ["generate", "a fox", "-s", "9", "--guidance", "-0", "--temperature", "-0"]
        + ["--residual-guidance", "-0"] + small
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    _ = try Program.run(arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0)
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
}

/// What is kept of it was encoded here, and rounded by the file.
@Test func aStoppedEditOfAForeignPictureGoesOnToTheSameBytes() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Fixtures.gradient(width: 96, height: 96), as: "foreign.png")
    let arguments =
        ["edit", "-i", "foreign.png", "-s", "4", "--steps", "3", "-p", "a fox"]
        + ["--mask", "rect:20,20,40,40"]
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    _ = try Program.run(arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
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
    ["--strength", "0.5"], ["--mask", "rect:10,8,50,30", "--strength", "0.5"]
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

/// Where a mask is grey the result is blended with the picture below it, once.
@Test func aStoppedEditOfAGreyMaskIsTheSameAfterTheStudioSavedIt() throws {
    let folder = try Fixtures.folder()
    let greys = (0..<64 * 64).flatMap { [UInt8](repeating: UInt8($0 % 64 * 4), count: 3) }
    let mask = RGBImage(width: 64, height: 64, pixels: greys)
    _ = try folder.write(PNG.encode(mask), as: "grey.png")
    let arguments = [
        "edit", "-i", "finished.png", "-s", "4", "--steps", "3", "-p", "a fox", "--mask", "grey.png"
    ]
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    _ = try Program.run(arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    let studio = try Program.run(
        ["tui", "--plain", "--output-folder", folder.path, "--open", "part.png"], in: folder.path,
        environment: ["HOME": folder.path], input: ":save kept.png\n")
    #expect(studio.lines.contains { $0.hasPrefix("Saved as \(folder.file("kept.png"))") })
    let resumed = try Program.run(["resume", "kept.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    #expect(
        try ImageFile.open(folder.file("done.png")).image
            == ImageFile.open(folder.file("whole.png")).image)
}

/// The model sees what lies around the whole mask, of which the file keeps only the tokens chosen.
@Test func aStoppedEditOfSomeTokensGoesOnInItsWindow() throws {
    let folder = try TemporaryFolder()
    _ = try Program.run(
        ["generate", "a beach", "-s", "3", "-W", "160", "-H", "128", "--steps", "2", "-o", "a.png"],
        in: folder.path)
    let arguments = [
        "edit", "-i", "a.png", "--mask", "rect:0,0,128,64", "--strength", "0.3", "--padding", "1",
        "-s", "4", "--steps", "3", "-p", "a fox"
    ]
    _ = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    _ = try Program.run(arguments + ["-o", "part.png", "--stop-at", "1"], in: folder.path)
    let resumed = try Program.run(["resume", "part.png", "-o", "done.png"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.messages)")
    #expect(
        try ImageFile.read(folder.file("done.png")) == ImageFile.read(folder.file("whole.png")))
    let edit = try GenerationMetadata(ImageFile.contents(of: folder.file("part.png")))?.record.edit
    #expect(edit?.window == TokenRectangle(x: 0, y: 0, width: 5, height: 3))
    #expect(edit?.mask.maskedCount == 2)
}

/// What is set before the first step is no token that was known before.
@Test func aTokenThatIsSetBeforeTheFirstStepSurvivesTheFile() throws {
    let folder = try Fixtures.folder()
    let arguments = [
        "fork", "finished.png", "--step", "0", "--set-token", "2=77", "--seed", "8"
    ]
    let whole = try Program.run(arguments + ["-o", "whole.png"], in: folder.path)
    #expect(whole.status == 0, "\(whole.messages)")
    for step in 0...1 {
        _ = try Program.run(
            arguments + ["-o", "part\(step).png", "--stop-at", "\(step)"], in: folder.path)
        let resumed = try Program.run(
            ["resume", "part\(step).png", "-o", "done\(step).png"], in: folder.path)
        #expect(resumed.status == 0, "\(resumed.messages)")
        #expect(
            try ImageFile.read(folder.file("done\(step).png"))
                == ImageFile.read(folder.file("whole.png")))
    }
    let tokens = try #require(
        try GenerationMetadata(ImageFile.contents(of: folder.file("whole.png")))?.tokens)
    #expect(tokens.ids[2] == 77 && tokens.commitSteps[2] == 1)
}

@Test func onlyWhatAnEditMakesAnewCanBeSet() throws {
    let folder = try Fixtures.folder()
    _ = try Program.run(
        ["edit", "-i", "finished.png", "--mask", "rect:0,0,32,32", "-s", "1", "-o", "edit.png"],
        in: folder.path)
    for (token, status) in [("0=5", 0), ("3=5", 1), ("3=mask", 1)] {
        let result = try Program.run(
            ["fork", "edit.png", "--step", "0", "--set-token", token, "-s", "1", "-o", "{n}.png"],
            in: folder.path)
        #expect((result.status == 0) == (status == 0), "\(token): \(result.messages)")
        if status != 0 {
            #expect(
                sentence(result)
                    == "Token 3 is of the part that the edit keeps; choose one that it makes anew.")
        }
    }
}

@Test func aForkDoesNotStopBeforeItsStep() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(
        ["fork", "finished.png", "--step", "2", "--stop-at", "1", "-s", "1"], in: folder.path)
    #expect(result.status == 2)
    #expect(
        sentence(result)
            == "--stop-at is 1; it must be at least 2, the step that the fork goes on from.")
}

@Test func aPictureWhosePixelsWereChangedIsNotForked() throws {
    let folder = try Fixtures.folder()
    let own = try ImageFile.open(folder.file("finished.png"))
    let texts = try #require(try GenerationMetadata(own.contents)).text
    var brighter = own.image
    brighter[5, 5] = SIMD3(255, 255, 255)
    _ = try folder.write(try PNG.encode(brighter, text: texts), as: "brighter.png")
    let result = try Program.run(["fork", "brighter.png", "-s", "1"], in: folder.path)
    #expect(result.status == 4)
    #expect(
        sentence(result)
            == "The pixels of brighter.png were changed since its tokens were saved; dcar edit goes on "
            + "from its pixels.")
}
