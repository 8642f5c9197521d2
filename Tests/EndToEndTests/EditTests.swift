import Foundation
import Imaging
import TestSupport
import Testing

/// Edits `finished.png`, two by two tokens of 32 pixels, and gives both pictures.
private func edited(
    _ arguments: [String], in folder: TemporaryFolder, _ name: String = "out.png"
) throws -> (before: DecodedPNG, after: DecodedPNG) {
    let result = try Program.run(
        ["edit", "-i", "finished.png", "-o", name, "-s", "4", "--steps", "2", "-q"] + arguments,
        in: folder.path)
    try #require(result.status == 0, "\(result.messages)")
    #expect(result.text == "\(name)\n" && result.messages == "")
    return (
        try ImageFile.open(folder.file("finished.png")), try ImageFile.open(folder.file(name))
    )
}

/// The pixels, counted row by row, whose colours differ.
private func changedPixels(_ a: RGBImage, _ b: RGBImage) -> [(x: Int, y: Int)] {
    var changed: [(x: Int, y: Int)] = []
    for index in 0..<a.width * a.height {
        let colour = 3 * index..<3 * index + 3
        if a.pixels[colour] != b.pixels[colour] {
            changed.append((index % a.width, index / a.width))
        }
    }
    return changed
}

/// The ids in a picture's tokens.
private func ids(_ picture: DecodedPNG) throws -> [UInt16?] {
    try #require(try GenerationMetadata(picture.contents)?.tokens).ids
}

@Test(arguments: [["--mask", "rect:32,0,32,32"], ["--mask", "tokens:1"], ["--mask", "mask.png"]])
func whatIsOutsideTheMaskStaysAsItIs(mask: [String]) throws {
    let folder = try Fixtures.folder()
    _ = try folder.write(
        Fixtures.mask(width: 64, height: 64) { x, y in x >= 32 && y < 32 }, as: "mask.png")
    let (before, after) = try edited(mask + ["-p", "a fox", "--feather", "0"], in: folder)
    let changed = changedPixels(before.image, after.image)
    #expect(!changed.isEmpty)
    #expect(changed.allSatisfy { $0.x >= 32 && $0.y < 32 })
    let (old, new) = (try ids(before), try ids(after))
    #expect(old[0] == new[0] && old[2...] == new[2...])
    let record = try #require(try GenerationMetadata(after.contents)).record
    #expect(record.prompt == "a fox" && record.edit?.mask.maskedCount == 1)
    #expect(record.parentHash?.count == 64)

    let feathered = try edited(mask + ["-p", "a fox"], in: folder, "soft.png").after
    #expect(
        changedPixels(before.image, feathered.image).allSatisfy { $0.x >= 32 - 8 && $0.y < 32 + 8 })
}

@Test func anInvertedMaskChangesTheOtherPart() throws {
    let folder = try Fixtures.folder()
    let (before, after) = try edited(
        ["--mask", "rect:32,0,32,32", "--invert-mask", "--feather", "0"], in: folder)
    let changed = changedPixels(before.image, after.image)
    #expect(!changed.isEmpty)
    #expect(changed.allSatisfy { !($0.x >= 32 && $0.y < 32) })
    let record = try #require(try GenerationMetadata(after.contents)).record
    #expect(record.prompt == "a beach", "Without --prompt the picture's own counts.")
}

@Test(arguments: ["least-sure", "random"])
func strengthIsAShareOfTheTokens(content: String) throws {
    let folder = try Fixtures.folder()
    let (_, after) = try edited(["--strength", "0.5", "--content", content], in: folder)
    let record = try #require(try GenerationMetadata(after.contents)).record
    #expect(record.edit?.mask.maskedCount == 2)
}

@Test func aShareOfAMaskStaysWithinTheMask() throws {
    let folder = try Fixtures.folder()
    let (before, after) = try edited(
        ["--mask", "rect:30,30,4,4", "--strength", "0.5", "--feather", "0"], in: folder)
    let changed = changedPixels(before.image, after.image)
    #expect(!changed.isEmpty && changed.count <= 8)
    #expect(changed.allSatisfy { 30..<34 ~= $0.x && 30..<34 ~= $0.y })
    let record = try #require(try GenerationMetadata(after.contents)).record
    #expect(record.edit?.mask.maskedCount == 2)
}

/// Its texts come from another picture, or its pixels were changed by a program that keeps texts.
@Test func tokensOfOtherPixelsAreNotTaken() throws {
    let folder = try Fixtures.folder()
    let own = try ImageFile.open(folder.file("finished.png"))
    let texts = try #require(try GenerationMetadata(own.contents)).text
    var mirrored = own.image
    for y in 0..<64 {
        for x in 0..<64 { mirrored[x, y] = own.image[63 - x, y] }
    }
    let larger = RGBImage(width: 96, height: 64, red: 9, green: 99, blue: 200)
    for (image, name) in [(mirrored, "mirrored.png"), (larger, "larger.png")] {
        _ = try folder.write(try PNG.encode(image, text: texts), as: name)
        let arguments = [
            "edit", "-i", name, "--strength", "0.5", "--content", "least-sure", "-s", "4",
            "--steps", "2", "-q"
        ]
        let result = try Program.run(arguments + ["-o", "edited-\(name)"], in: folder.path)
        #expect(result.status == 0, "\(result.messages)")
        _ = try folder.write(try PNG.encode(image), as: "bare-\(name)")
        var bare = arguments
        bare[2] = "bare-\(name)"
        _ = try Program.run(bare + ["-p", "a beach", "-o", "out-\(name)"], in: folder.path)
        #expect(
            try ImageFile.open(folder.file("edited-\(name)")).image
                == ImageFile.open(folder.file("out-\(name)")).image)
    }
}

@Test func outpaintingAddsTokensAroundThePicture() throws {
    let folder = try Fixtures.folder()
    let (before, after) = try edited(["--outpaint", "1,0,0,2", "--feather", "0"], in: folder)
    #expect(after.image.width == 96 && after.image.height == 128)
    for y in 0..<64 {
        let row = before.image.pixels[3 * 64 * y..<3 * 64 * (y + 1)]
        let start = 3 * (96 * y + 32)
        #expect(after.image.pixels[start..<start + row.count].elementsEqual(row))
    }
}

/// Of a picture larger than it was trained for, the model sees a part that is not.
@Test func aLargePictureIsContinuedFromWhatIsNear() throws {
    let folder = try Fixtures.folder()
    let (_, after) = try edited(["--outpaint", "0,7,0,0"], in: folder)
    let metadata = try #require(try GenerationMetadata(after.contents))
    #expect(metadata.record.edit?.area == "near-mask" && metadata.record.edit?.padding == nil)
    let info = try Program.run(["info", folder.file("out.png")], in: folder.path)
    #expect(info.text.contains("outpaint of 14 tokens, seen with what is near\n"))
}

@Test func alternativesAreTheEditsOfTheirSeeds() throws {
    let folder = try Fixtures.folder()
    let arguments = ["edit", "-i", "finished.png", "--mask", "tokens:0,3", "--steps", "2", "-q"]
    let both = try Program.run(
        arguments + ["-s", "4", "--alternatives", "2", "-o", "{seed}.png"], in: folder.path)
    #expect(both.lines == ["4.png", "5.png"])
    let alone = try Program.run(arguments + ["-s", "5", "-o", "alone.png"], in: folder.path)
    #expect(alone.status == 0)
    #expect(try ImageFile.read(folder.file("5.png")) == ImageFile.read(folder.file("alone.png")))
    #expect(try ImageFile.read(folder.file("4.png")) != ImageFile.read(folder.file("alone.png")))
}

@Test func aForeignPictureIsFittedEncodedAndEdited() throws {
    let folder = try Fixtures.folder()
    _ = try folder.write(Fixtures.gradient(width: 70, height: 60), as: "finished.png")
    let arguments = ["--mask", "tokens:0", "-p", "a fox", "--feather", "0"]
    let refused = try Program.run(
        ["edit", "-i", "finished.png", "-o", "no.png"] + arguments, in: folder.path)
    #expect(refused.status == 4)
    #expect(
        sentence(refused)
            == "finished.png is 70x60; both sides must be multiples of 32 up to 2048, so crop it "
            + "or add --fit.")
    let (before, after) = try edited(arguments + ["--fit"], in: folder)
    #expect(after.image.width == 64 && after.image.height == 64)
    let fitted = before.image.filling(width: 64, height: 64)
    #expect(changedPixels(fitted, after.image).allSatisfy { $0.x < 32 && $0.y < 32 })
}

@Test func aMaskOfTheSizeBeforeIsFittedAsThePictureIs() throws {
    let folder = try Fixtures.folder()
    _ = try folder.write(Fixtures.gradient(width: 128, height: 120), as: "finished.png")
    _ = try folder.write(
        Fixtures.mask(width: 128, height: 120) { x, _ in x < 64 }, as: "mask.png")
    let (before, after) = try edited(
        ["--mask", "mask.png", "-p", "a fox", "--feather", "0", "--fit"], in: folder)
    #expect(after.image.width == 128 && after.image.height == 128)
    let changed = changedPixels(before.image.filling(width: 128, height: 128), after.image)
    #expect(!changed.isEmpty && changed.allSatisfy { $0.x < 66 })
}

@Test func aPictureThatIsTooLongIsFitted() throws {
    let folder = try Fixtures.folder()
    _ = try folder.write(Fixtures.gradient(width: 2560, height: 64), as: "finished.png")
    let refused = try Program.run(
        ["edit", "-i", "finished.png", "--mask", "tokens:0", "-o", "no.png"], in: folder.path)
    #expect(refused.status == 4)
    let (_, after) = try edited(["--mask", "tokens:0", "-p", "a fox", "--fit"], in: folder)
    #expect(after.image.width == 2048 && after.image.height == 64)
}

@Test func theWordsOfAnotherProgramsPictureAreItsPrompt() throws {
    let folder = try Fixtures.folder()
    let words = "a meadow\nNegative prompt: night\nSteps: 20, Sampler: Euler, Seed: 4, Size: 64x64"
    let image = try ImageFile.open(folder.file("finished.png")).image
    _ = try folder.write(
        try PNG.encode(image, text: [PNGText("parameters", words)]), as: "finished.png")
    let (_, after) = try edited(["--mask", "tokens:0"], in: folder)
    let record = try #require(try GenerationMetadata(after.contents)).record
    #expect(record.prompt == "a meadow" && record.negativePrompt == "night")
}

@Test func anEditTellsHowWellItFits() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(
        ["edit", "-i", "finished.png", "--mask", "tokens:0", "-s", "4", "--steps", "2"]
            + ["-o", "-"], in: folder.path)
    #expect(result.status == 0)
    #expect(result.messages.wholeMatch(of: /Seam error [0-9]+\.[0-9] of 255\.\n/) != nil)
    #expect(try PNG.decode(result.output, background: SIMD3(0, 0, 0)).image.width == 64)
}

/// A new residual of an opened edit, or another strength, changes nothing outside its mask either.
@Test func anEditThatIsOpenedAgainKeepsWhatIsOutsideItsMask() throws {
    let folder = try Fixtures.folder()
    let (before, edited) = try edited(
        ["--mask", "rect:3,4,20,22", "--feather", "5", "-p", "a fox"], in: folder)
    let result = try Program.run(
        ["tui", "--plain", "--output-folder", folder.path], in: folder.path,
        environment: ["HOME": folder.path],
        input: """
            :open \(folder.file("out.png"))
            :residual.weaker
            :save weaker.png
            :residual.reroll
            :save reroll.png

            """)
    #expect(result.status == 0)
    for name in ["weaker.png", "reroll.png"] {
        let after = try ImageFile.open(folder.file(name))
        let changed = changedPixels(before.image, after.image)
        #expect(changed.allSatisfy { $0.x < 3 + 20 + 5 && $0.y < 4 + 22 + 5 }, "\(name)")
        #expect(!changedPixels(edited.image, after.image).isEmpty, "\(name)")
    }
    let weaker = try #require(
        try GenerationMetadata(ImageFile.open(folder.file("weaker.png")).contents))
    #expect(Float(weaker.record.residualStrength) == 0.9)
}

@Test func theModelSeesOnlyWhatLiesAroundTheMask() throws {
    let folder = try Fixtures.folder()
    let wide = try edited(["--outpaint", "1,1,1,1"], in: folder, "wide.png").after
    func narrowed(_ name: String, _ more: [String]) throws -> DecodedPNG {
        let result = try Program.run(
            ["edit", "-i", "wide.png", "--mask", "tokens:5", "-s", "4", "--steps", "1", "-q"]
                + ["--feather", "0", "-o", name] + more, in: folder.path)
        try #require(result.status == 0, "\(result.messages)")
        return try ImageFile.open(folder.file(name))
    }
    let narrow = try narrowed("narrow.png", ["--padding", "0"])
    let whole = try narrowed("whole.png", [])
    for picture in [narrow, whole] {
        #expect(
            changedPixels(wide.image, picture.image).allSatisfy {
                32..<64 ~= $0.x && 32..<64 ~= $0.y
            })
    }
    #expect(narrow.image != whole.image)
    let edit = try #require(try GenerationMetadata(narrow.contents)?.record.edit)
    #expect(edit.area == "only-masked" && edit.padding == 0)
}

@Test func anEditThatNothingDescribesSaysSo() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(Fixtures.gradient(width: 64, height: 64), as: "photo.png")
    let arguments = ["edit", "-i", "photo.png", "--mask", "tokens:0", "-s", "4", "--steps", "1"]
    for (words, isSaid) in [([], true), (["-p", "a fox"], false)] as [([String], Bool)] {
        let result = try Program.run(arguments + words, in: folder.path)
        #expect(result.status == 0)
        #expect(result.messages.contains("Nothing says what is painted; --prompt does.") == isSaid)
    }
}
