import Foundation
import Imaging
import TestSupport
import Testing

// Pictures that come in from elsewhere: through a pipe, transparent, or made of other prompts.

private let tiny = ["-W", "64", "-H", "64", "--steps", "2", "--residual-steps", "4"]

@Test func aPictureGoesFromCommandToCommandThroughPipes() throws {
    let folder = try TemporaryFolder()
    let flags = tiny.joined(separator: " ")
    let made = try Program.shell(
        "$dcar generate 'a fox' -s 3 \(flags) -q -o - | $dcar info - && "
            + "$dcar generate 'a fox' -s 3 \(flags) -q -o - "
            + "| $dcar edit -i - --mask rect:0,0,32,32 -p 'a hat' -s 4 -q -o - "
            + "| $dcar fork - --step 0 -s 5 -q -o out.png && $dcar show - --graphics ascii < out.png",
        in: folder.path)
    #expect(made.status == 0, "\(made.messages)")
    #expect(made.text.contains("a fox"))
    let record = try GenerationMetadata(ImageFile.contents(of: folder.file("out.png")))?.record
    #expect(record?.prompt == "a hat" && record?.seed == 5 && record?.forkedAtStep == 0)
}

@Test(arguments: [
    ("strip -", "A picture from standard input has no name; give one with -o."),
    ("reconstruct -", "A picture from standard input has no name; give one with -o."),
    ("info - < /dev/null", "standard input: "), ("show - < /dev/null", "standard input: ")
])
func whatIsNoPictureInAPipeIsSaid(command: String, sentence: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell("$dcar \(command)", in: folder.path)
    #expect(result.status != 0 && result.messages.contains(sentence), "\(result.messages)")
}

@Test func aPreviewMayHaveTheShortestName() throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
        ["generate", "a fox", "-s", "1", "--preview-path", "x", "-o", "a.png"] + tiny,
        in: folder.path)
    #expect(made.status == 0, "\(made.messages)")
    #expect(try ImageFile.open(folder.file("x")).image.width == 64)
    let none = try Program.run(
        ["generate", "a fox", "--preview-path", "-", "-o", "b.png"], in: folder.path)
    #expect(none.status == 2)
}

@Test func aLineWhoseFileShowsAnotherPromptIsNotSilentlyDone() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "--prompt-file", "p.txt", "-o", "{n:2}.png"] + tiny
    _ = try folder.write("a fox\n", as: "p.txt")
    _ = try Program.run(arguments, in: folder.path)
    let same = try Program.run(arguments, in: folder.path)
    #expect(same.messages == "Line 1 is done already.\n")
    _ = try folder.write("a bear\n", as: "p.txt")
    let other = try Program.run(arguments, in: folder.path)
    #expect(other.messages.contains("01.png is there already, of another prompt, \"a fox\""))
    #expect(!other.messages.contains("done already"))
    _ = try folder.write("a fox\n", as: "p.txt")
    let seed = try Program.run(arguments + ["-s", "9"], in: folder.path)
    #expect(seed.messages.contains("01.png is there already, of another seed, 0"))
}

/// Half transparent, 64 by 64.
private let transparent =
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAYAAACqaXHeAAAAaElEQVR42u3QMQEAIAgAMOSzhMFM"
    + "Q3R6wBZh5/5XsVjGcgIECBAgQIAAAQIECBAgQIAAAQIECBAgQIAAAQIECBAgQIAAAQIECBAgQIAA"
    + "AQIECBAgQIAAAQIECBAgQIAAAQIECBAgYIIG0hkBgVUNuM4AAAAASUVORK5CYII="

@Test func transparentPartsOfAnEditedPictureAreRemarkedOn() throws {
    let folder = try TemporaryFolder()
    let bytes = try #require(Data(base64Encoded: transparent))
    try bytes.write(to: URL(fileURLWithPath: folder.file("a.png")))
    let result = try Program.run(
        ["edit", "-i", "a.png", "--mask", "rect:0,0,32,32", "-p", "a hat", "-s", "1"]
            + ["--steps", "1", "-o", "b.png"], in: folder.path)
    #expect(result.status == 0)
    #expect(result.messages.contains("Transparent parts of the picture are laid on white"))
}

@Test(arguments: [
    (["generate", "a fox", "--steps", "2", "--stop-at", "3"], "the run has 2 steps"),
    (["generate", "a fox", "--steps", "1", "--stop-at", "2"], "the run has 1 step.")
])
func aStepThatNoRunComesToIsNoPlaceToStop(arguments: [String], words: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(arguments + ["-o", "a.png"], in: folder.path)
    #expect(result.status == 2 && result.messages.contains(words), "\(result.messages)")
}

@Test func theDifferenceIsWhatWasDecodedMinusThePicture() throws {
    let folder = try TemporaryFolder()
    let grey = RGBImage(width: 64, height: 64, red: 120, green: 130, blue: 140)
    try ImageFile.save(PNG.encode(grey), to: folder.file("a.png"))
    #expect(try Program.run(["reconstruct", "a.png"], in: folder.path).status == 0)
    let continuous = try ImageFile.open(folder.file("a-continuous.png")).image
    let difference = try ImageFile.open(folder.file("a-difference.png")).image
    for index in 0..<grey.pixels.count {
        let wanted = 128 + 8 * (Int(continuous.pixels[index]) - Int(grey.pixels[index]))
        #expect(Int(difference.pixels[index]) == min(max(wanted, 0), 255))
    }
}
