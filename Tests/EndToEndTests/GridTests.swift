import Foundation
import Imaging
import TestSupport
import Testing

@Test func everyCellOfASheetIsThePictureThatGenerateMakes() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["grid", "a fox", "--x", "seed=1,2", "--y", "guidance=2,4", "--save-cells", "-q"] + small
            + ["-o", "sheet.png"], in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.lines.last == "sheet.png" && result.lines.count == 5)
    let alone = try Program.run(
        ["generate", "a fox", "-s", "2", "--guidance", "4", "-o", "alone.png"] + small,
        in: folder.path)
    #expect(alone.status == 0)
    #expect(
        try ImageFile.read(folder.file("sheet-seed-2-guidance-4.png"))
            == ImageFile.read(folder.file("alone.png")))
    let info = try Program.run(["info", "sheet.png"], in: folder.path)
    #expect(info.text.contains("columns         seed=1,2\n"))
    #expect(info.text.contains("rows            guidance=2,4\n"))
}

@Test func aSheetSaysWhatKeepsItsPicturesFromBeingAsExpected() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["grid", "--x", "prompt=a zeppelin,a fox,a zeppelin", "-s", "1", "-W", "288", "-H", "32"]
            + ["--steps", "1", "--residual-steps", "1"], in: folder.path)
    #expect(result.status == 0)
    #expect(
        result.messages.split(separator: "\n").filter { $0.hasPrefix("The model") } == [
            "The model's vocabulary does not know: zeppelin.",
            "The model learned pictures of 256x256; larger ones may fall apart. "
                + "dcar edit --outpaint continues one of that size."
        ])
}

@Test(arguments: [
    (["grid", "a fox"], "Name a side: --x or --y, such as --x seed=1,2,3."),
    (["grid", "--x", "seed=1"], "The prompt is empty; say what the pictures show."),
    (
        ["grid", "a fox", "--x", "seed=1", "--y", "seed=2"],
        "Both sides change seed; give --y another parameter."
    )
])
func aSheetThatCannotBeMadeSaysWhy(arguments: [String], problem: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(arguments, in: folder.path)
    #expect(result.status == 2)
    #expect(sentence(result) == problem)
}

@Test func aSheetThatCannotBeSavedIsNotBegun() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("mine", as: "sheet.png")
    let result = try Program.run(
        ["grid", "a fox", "--x", "seed=1,2", "--save-cells", "-o", "sheet.png"] + small,
        in: folder.path)
    #expect(result.status == 5)
    #expect(result.messages.contains("sheet.png already exists"))
    #expect(try names(in: folder) == ["sheet.png"])
}

/// What is saved can be opened again.
@Test func aSheetOfManyPicturesShowsThemSmaller() throws {
    let folder = try TemporaryFolder()
    let seeds = (1...32).map(String.init).joined(separator: ",")
    let result = try Program.run(
        ["grid", "a fox", "--x", "seed=\(seeds)", "-W", "128", "-H", "32", "--steps", "1"]
            + ["--residual-steps", "1", "-o", "sheet.png"], in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(
        result.messages.contains(
            "The sheet shows its pictures at 1/2 of their size; --save-cells also saves them whole."
        ))
    let sheet = try ImageFile.open(folder.file("sheet.png")).image
    #expect(sheet.width == 32 * (64 + 8) + 8)
}

/// They have one seed, which therefore tells them not apart.
@Test(arguments: [("{n}.png", ["1.png", "2.png"]), ("{seed}.png", ["3-1.png", "3-2.png"])])
func aPromptWithPartsMakesAPictureOfEach(pattern: String, names: [String]) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a {red|blue} house", "-s", "3", "-o", pattern, "-q"] + small,
        in: folder.path)
    #expect(result.lines == names)
    let record = try #require(
        try GenerationMetadata(ImageFile.contents(of: folder.file(names[1])))
    ).record
    #expect(record.prompt == "a blue house")
    #expect(record.rawPrompt == "a {red|blue} house")
    #expect(record.seed == 3)
}

@Test func cellsOfOneNameAreNumbered() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["grid", "a fox", "--x", "seed=1,1", "--save-cells", "-q", "-o", "sheet.png"] + small,
        in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(try names(in: folder) == ["sheet-seed-1-2.png", "sheet-seed-1.png", "sheet.png"])
}

@Test func aNumberedCellTakesNoOthersName() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["grid", "--x", "prompt=a fox,a fox,a fox 2", "-s", "1", "--save-cells", "-q"]
            + ["-o", "w.png"] + small,
        in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(
        try names(in: folder) == ["w-a-fox-2.png", "w-a-fox-3.png", "w-a-fox.png", "w.png"])
}

/// The size in its name is the sheet's own, known before the work.
@Test func aSheetThatIsThereIsNotBegunAgain() throws {
    let folder = try TemporaryFolder()
    let arguments =
        ["grid", "fox", "--x", "seed=1,2", "-o", "w-{width}x{height}.png"] + small
    let first = try Program.run(arguments, in: folder.path)
    let name = try #require(first.lines.first)
    let size = try ImageFile.open(folder.file(name)).image
    #expect(name == "w-\(size.width)x\(size.height).png")
    let second = try Program.run(arguments, in: folder.path)
    #expect(second.status == 5)
    #expect(second.messages == "dcar: \(name) already exists and was left as it is.\n")
}

/// A line that was killed leaves pictures of its steps, which are made again; another's are not.
@Test func aKilledLineIsMadeAgainWithItsSteps() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na beach\n", as: "prompts.txt")
    let arguments =
        ["generate", "--prompt-file", "prompts.txt", "--save-steps", "-o", "{n}.png", "-q"] + small
    #expect(try Program.run(arguments, in: folder.path).status == 0)
    try FileManager.default.removeItem(atPath: folder.file("2.png"))
    #expect(try Program.run(arguments, in: folder.path).status == 0)
    #expect(try names(in: folder).contains("2.png"))
    try FileManager.default.removeItem(atPath: folder.file("2.png"))
    try FileManager.default.removeItem(atPath: folder.file("2-step01.png"))
    _ = try folder.write("mine", as: "2-step01.png")
    #expect(try Program.run(arguments, in: folder.path).status == 5)
    #expect(try String(contentsOfFile: folder.file("2-step01.png"), encoding: .utf8) == "mine")
}

@Test func thePictureOfDiscreteTokensSaysThatItIs() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "1", "-n", "snow", "--discrete", "-o", "a.png"]
    #expect(try Program.run(arguments + small, in: folder.path).status == 0)
    func record(_ name: String) throws -> ImageRecord {
        try #require(try GenerationMetadata(ImageFile.contents(of: folder.file(name)))).record
    }
    #expect(try record("a-discrete.png").residualStrength == 0)
    #expect(try record("a.png").residualStrength == 1)
    // An edit keeps what the picture should not be.
    let edit = ["edit", "-i", "a.png", "--strength", "0.5", "-s", "2", "-o", "b.png"]
    #expect(try Program.run(edit, in: folder.path).status == 0)
    #expect(try record("b.png").negativePrompt == "snow")
}

@Test func partsOfALineAreNumberedLikeLines() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a {red|blue} house\na fox\n", as: "prompts.txt")
    let arguments = ["generate", "--prompt-file", "prompts.txt", "-o", "{n}.png", "-q"] + small
    #expect(try Program.run(arguments, in: folder.path).lines == ["1.png", "2.png", "3.png"])
    #expect(try Program.run(arguments, in: folder.path).lines == [])
}

@Test func aSheetSaysTheSeedOfItsFirstPictureAndTakesNoAlternatives() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["grid", "a fox", "--x", "seed=7,8", "-o", "sheet.png"] + small, in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    let contents = try ImageFile.contents(of: folder.file("sheet.png"))
    #expect(try GenerationMetadata(contents)?.record.seed == 7)
    let braces = try Program.run(
        ["grid", "a {red|blue} house", "--x", "seed=1,2", "-o", "no.png"] + small,
        in: folder.path)
    #expect(braces.status == 2)
    #expect(
        sentence(braces)
            == "A sheet's pictures have one prompt each; instead of {a|b}, let a side change it, such "
            + "as prompt=a fox,a bear.")
    #expect(try names(in: folder) == ["sheet.png"])
}
