import Foundation
import Imaging
import TestSupport
import Testing

@Test func aPromptBecomesAPicture() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a beach at sunset", "--seed", "3", "--steps", "4", "-o", "picture.png"],
        in: folder.path)
    #expect(result.status == 0)
    #expect(result.text == "picture.png\n")
    #expect(result.messages == "")
    let picture = try ImageFile.open(folder.file("picture.png"))
    #expect(picture.image.width == 256 && picture.image.height == 256)
    let metadata = try #require(try GenerationMetadata(picture.contents))
    #expect(metadata.record.prompt == "a beach at sunset" && metadata.record.seed == 3)
}

@Test func threadsDoNotChangeABit() throws {
    let folder = try TemporaryFolder()
    for threads in ["1", "2"] {
        let result = try Program.run(
            ["run", "a fox", "-s", "7", "-W", "128", "-H", "96", "--steps", "3", "-t", threads]
                + ["-o", "\(threads).png"], in: folder.path)
        #expect(result.status == 0, "\(result.messages)")
    }
    #expect(try ImageFile.read(folder.file("1.png")) == ImageFile.read(folder.file("2.png")))
}

@Test func aPictureOfABatchIsThePictureOfItsSeed() throws {
    let folder = try TemporaryFolder()
    let batch = try Program.run(
        ["generate", "a fox", "-s", "5", "-b", "3", "-o", "{seed}.png"] + small, in: folder.path)
    #expect(batch.lines == ["5.png", "6.png", "7.png"])
    let alone = try Program.run(
        ["generate", "a fox", "-s", "7", "-o", "alone.png"] + small, in: folder.path)
    #expect(alone.status == 0)
    #expect(try ImageFile.read(folder.file("7.png")) == ImageFile.read(folder.file("alone.png")))
    #expect(try ImageFile.read(folder.file("6.png")) != ImageFile.read(folder.file("alone.png")))
}

@Test func severalPicturesOfOneNameAreNumbered() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "5", "-b", "2", "-o", "out.png"] + small
    #expect(try Program.run(arguments, in: folder.path).lines == ["out-1.png", "out-2.png"])
    #expect(try Program.run(arguments, in: folder.path).lines == ["out-3.png", "out-4.png"])
}

@Test func withoutANameThePictureIsNamedByItsSeed() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "5"] + small
    #expect(try Program.run(arguments, in: folder.path).text == "dcar-5-1.png\n")
    #expect(try Program.run(arguments, in: folder.path).text == "dcar-5-2.png\n")
    _ = try FileManager.default.createDirectory(
        atPath: folder.file("pictures"), withIntermediateDirectories: false)
    let elsewhere = try Program.run(
        arguments, in: folder.path, environment: ["DCAR_OUTPUT_DIR": "pictures"])
    #expect(elsewhere.text == "pictures/dcar-5-1.png\n")
}

@Test func aPictureToStandardOutputIsTheFile() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(
        ["generate", "a beach", "--seed", "3", "-o", "-"] + small, in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    #expect(try result.output == ImageFile.read(folder.file("finished.png")))
}

@Test func eventsAreJSONLinesInOrder() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "two\u{202E}\u{9B} words", "-s", "5", "-o", "a.png", "--json"] + small,
        in: folder.path)
    #expect(result.status == 0)
    #expect(
        result.messages
            == "The model's vocabulary does not know: two<U+202E><U+009B>, words.\n")
    let events = try result.lines.map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let names = events.compactMap { $0["event"] as? String }
    #expect(names.count == events.count)
    #expect(
        names.filter { $0 != "progress" && $0 != "phase" } == ["start", "step", "step", "saved"])
    let phases = events.filter { $0["event"] as? String == "phase" }
    #expect(phases.compactMap { $0["phase"] as? String } == ["steps", "residual", "decoding"])
    #expect(events.first?["prompt"] as? String == "two\u{202E}\u{9B} words")
    #expect(result.text.unicodeScalars.allSatisfy { $0 == "\n" || (" "..."~").contains($0) })
    let steps = events.filter { $0["event"] as? String == "step" }
    #expect(steps.compactMap { $0["n"] as? Int } == [1, 2])
    #expect(steps.compactMap { $0["new"] as? Int }.reduce(0, +) == 4)
    #expect(steps.last?["masked"] as? Int == 0)
    #expect(events.last?["path"] as? String == "a.png" && events.last?["seed"] as? Int == 5)
}

@Test func promptsOfAFileAreNumberedSharedOutAndNotMadeTwice() throws {
    let folder = try TemporaryFolder()
    let prompts = "a fox\n\n  a beach  \r\na tower"
    _ = try folder.write("\u{FEFF}" + prompts, as: "prompts.txt")
    let arguments = ["generate", "--seed", "10", "-o", "p-{n:3}.png"] + small
    let fromFile = arguments + ["--prompt-file", "prompts.txt"]
    let second = try Program.run(fromFile + ["--shard", "2/3"], in: folder.path)
    #expect(second.status == 0 && second.text == "", "Line 2 is empty.")
    let first = try Program.run(fromFile + ["--shard", "1/3"], in: folder.path)
    #expect(first.lines == ["p-001.png", "p-004.png"])
    let rest = try Program.run(fromFile, in: folder.path)
    #expect(rest.lines == ["p-003.png"])
    #expect(rest.messages == "Line 1 is done already.\nLine 4 is done already.\n")

    let other = try TemporaryFolder()
    let piped = try Program.run(
        arguments + ["--prompt-file", "-"], in: other.path, input: prompts)
    #expect(piped.lines == ["p-001.png", "p-003.png", "p-004.png"])
    for name in piped.lines {
        #expect(try ImageFile.read(folder.file(name)) == ImageFile.read(other.file(name)))
    }
    let third = try ImageFile.contents(of: folder.file("p-003.png"))
    let record = try #require(try GenerationMetadata(third)).record
    #expect(record.prompt == "a beach" && record.seed == 12)
}

/// Whoever comes second finds the other's files, at whatever moment.
@Test(arguments: [["--discrete", "--save-steps"], ["--discrete", "--no-metadata"]])
func twoProgramsShareAFileOfPrompts(arguments: [String]) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na beach\na tower\na bear\n", as: "prompts.txt")
    let words = ["generate", "--prompt-file", "prompts.txt", "-o", "{n}.png", "-q"]
    let line = (words + small + arguments).joined(separator: " ")
    let result = try Program.shell(
        "$dcar \(line) & $dcar \(line); own=$?; wait $! && exit $own", in: folder.path)
    #expect(result.status == 0, "\(result.messages)")
    #expect(result.lines.filter { !$0.contains("-") }.sorted() == (1...4).map { "\($0).png" })
}

@Test func aKilledLineWithoutMetadataIsMadeAgain() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\n", as: "prompts.txt")
    let arguments =
        ["generate", "--prompt-file", "prompts.txt", "--discrete", "--no-metadata"]
        + ["-o", "{n}.png", "-q"] + small
    #expect(try Program.run(arguments, in: folder.path).status == 0)
    unlink(folder.file("1.png"))
    let again = try Program.run(arguments, in: folder.path)
    #expect(again.status == 0 && again.lines == ["1-discrete.png", "1.png"])
    // Other pixels are somebody else's picture.
    unlink(folder.file("1.png"))
    _ = try folder.write(Fixtures.gradient(width: 64, height: 64), as: "1-discrete.png")
    #expect(try Program.run(arguments, in: folder.path).status == 5)
    #expect(try names(in: folder) == ["1-discrete.png", "prompts.txt"])
}

@Test func aMissingPictureOfALineIsMadeAlone() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("a fox\na beach\n", as: "prompts.txt")
    let arguments =
        ["generate", "--prompt-file", "prompts.txt", "-b", "2", "-o", "{n}.png", "-q"] + small
    #expect(try Program.run(arguments, in: folder.path).lines == (1...4).map { "\($0).png" })
    let whole = try ImageFile.read(folder.file("3.png"))
    unlink(folder.file("3.png"))
    #expect(try Program.run(arguments, in: folder.path).lines == ["3.png"])
    #expect(try ImageFile.read(folder.file("3.png")) == whole)
}

@Test func everyStepAndThePreviewCanBeSaved() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a fox", "-s", "5", "-o", "a.png", "--save-steps", "--discrete"]
            + ["--preview-path", "now.png"] + small, in: folder.path)
    #expect(result.lines == ["a-step01.png", "a-step02.png", "a-discrete.png", "a.png"])
    #expect(try names(in: folder) == (result.lines + ["now.png"]).sorted())
    let now = try ImageFile.open(folder.file("now.png")).image
    #expect(now == (try ImageFile.open(folder.file("a-step02.png")).image))
}

@Test func thePreviewCanBePaintedWithTheColorsOfTokens() throws {
    let folder = try TemporaryFolder()
    func make(_ name: String, _ arguments: [String]) throws -> Program.Result {
        try Program.run(
            [
                "generate", "a fox", "-s", "5", "-o", "\(name).png", "--preview-path",
                "\(name)-now.png"
            ]
                + arguments + small, in: folder.path,
            environment: ["XDG_CACHE_HOME": folder.file("cache")])
    }
    for name in ["learned", "known"] {
        #expect(try make(name, ["--preview", "colors", "--discrete"]).status == 0)
    }
    #expect(try make("none", ["--preview", "off"]).status == 0)
    #expect(!FileManager.default.fileExists(atPath: folder.file("none-now.png")))
    let (painted, discrete) = (
        try ImageFile.open(folder.file("known-now.png")).image,
        try ImageFile.open(folder.file("known-discrete.png")).image
    )
    #expect(painted != discrete)
    #expect(painted.psnr(against: discrete) > 13)
    // What the preview shows changes no picture, and what was learned is kept.
    let pictures = try ["learned", "known", "none"].map {
        try ImageFile.read(folder.file("\($0).png"))
    }
    #expect(Set(pictures).count == 1)
    #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.file("cache/dcar")).contains {
            $0.hasPrefix("colors-")
        })
    let result = try Program.run(["generate", "a fox", "--preview", "colors"], in: folder.path)
    #expect(result.status == 2)
}

@Test func withoutMetadataThePNGHasNoText() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(
        ["generate", "a beach", "--seed", "3", "-o", "a.png", "--no-metadata"] + small,
        in: folder.path)
    #expect(result.status == 0)
    let picture = try ImageFile.open(folder.file("a.png"))
    #expect(picture.contents.text.isEmpty)
    #expect(picture.image == (try ImageFile.open(folder.file("finished.png")).image))
}

@Test func aPromptTooLongForTheModelWorksAndIsRemarkedOn() throws {
    let folder = try TemporaryFolder()
    let words = Array(repeating: "word", count: 2_000).joined(separator: " ")
    let prompt = words + " 漢字 🦊"
    let result = try Program.run(
        ["generate", prompt, "-s", "1", "-o", "a.png"] + small, in: folder.path)
    #expect(result.status == 0 && result.text == "a.png\n")
    #expect(
        result.messages
            == "The prompt is longer than the text encoder reads; its end does not count.\n"
            + "The model's vocabulary does not know: word, 漢字, 🦊.\n")
    let record = try #require(
        try GenerationMetadata(ImageFile.contents(of: folder.file("a.png")))
    ).record
    #expect(record.prompt == prompt)
    let quiet = try Program.run(
        ["generate", prompt, "-s", "1", "-o", "b.png", "-q"] + small, in: folder.path)
    #expect(quiet.messages == "")
}

@Test(arguments: ["🦊", "\u{E000}\u{301}\u{301}", "漢字かな", "a\tb\u{7}", "-"])
func charactersTheModelDoesNotKnowAreNoError(prompt: String) throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "-p", prompt, "-s", "1", "-o", "a.png"] + small, in: folder.path)
    #expect(result.status == 0 && result.messages.filter { $0 == "\n" }.count <= 1)
    #expect(
        result.messages.isEmpty
            || result.messages.hasPrefix("The model's vocabulary does not know: "))
    #expect(!result.messages.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    let contents = try ImageFile.contents(of: folder.file("a.png"))
    #expect(try #require(try GenerationMetadata(contents)).record.prompt == prompt)
}

@Test func whatKeepsAPictureFromBeingAsExpectedIsSaidBefore() throws {
    let folder = try TemporaryFolder()
    let result = try Program.run(
        ["generate", "a fox beside a zeppelin and {a|one} zeppelin", "-s", "1", "-W", "288"]
            + ["-H", "32", "--steps", "1", "--residual-steps", "1"], in: folder.path)
    #expect(result.status == 0)
    #expect(
        result.messages.split(separator: "\n").filter { $0.hasPrefix("The model") } == [
            "The model's vocabulary does not know: zeppelin.",
            "The model learned pictures of 256x256; larger ones may fall apart. "
                + "dcar edit --outpaint continues one of that size."
        ])
}

@Test func onlySourceDateEpochDatesAPicture() throws {
    let folder = try TemporaryFolder()
    for (name, epoch) in [("none", nil), ("dated", "784111777"), ("wrong", "-1"), ("far", "9e99")] {
        let result = try Program.run(
            ["generate", "a fox", "-o", "\(name).png"] + small, in: folder.path,
            environment: epoch.map { ["SOURCE_DATE_EPOCH": $0] } ?? [:])
        #expect(result.status == 0)
        let contents = try ImageFile.open(folder.file("\(name).png")).contents
        #expect(
            contents["Creation Time"] == (name == "dated" ? "Sun, 06 Nov 1994 08:49:37 GMT" : nil))
    }
}

@Test func aSeedThatNobodyGaveIsSaid() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox"] + small
    let one = try Program.run(arguments + ["-o", "one.png"], in: folder.path)
    #expect(one.text == "one.png\n")
    let said = try #require(one.messages.wholeMatch(of: /Seed ([0-9]+)\.\n/))
    let contents = try ImageFile.contents(of: folder.file("one.png"))
    #expect(try GenerationMetadata(contents)?.record.seed == UInt64(said.1))
    let several = try Program.run(arguments + ["-b", "2", "-o", "two.png"], in: folder.path)
    #expect(several.messages.wholeMatch(of: /Seeds [0-9]+ to [0-9]+\.\n/) != nil)
    let quiet = try Program.run(arguments + ["-q", "-o", "three.png"], in: folder.path)
    #expect(quiet.messages == "")
}

@Test func picturesOfABatchAreCounted() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "5", "-b", "2", "-o", "b-{n}-{seed}.png"] + small
    #expect(
        try Program.run(arguments + ["--discrete"], in: folder.path).lines == [
            "b-1-5-discrete.png", "b-1-5.png", "b-2-6-discrete.png", "b-2-6.png"
        ])
    #expect(try Program.run(arguments, in: folder.path).lines == ["b-3-5.png", "b-4-6.png"])
}

@Test func picturesGoIntoAFolderThatIsNamedOrMade() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "5"] + small
    let made = try Program.run(
        arguments, in: folder.path, environment: ["DCAR_OUTPUT_DIR": "new/pictures"])
    #expect(made.text == "new/pictures/dcar-5-1.png\n", "\(made.messages)")
    let named = try Program.run(arguments + ["-o", "new"], in: folder.path)
    #expect(named.text == "new/dcar-5-1.png\n", "\(named.messages)")
    #expect(try ImageFile.open(folder.file("new/dcar-5-1.png")).image.width == 64)
}

@Test func aNameOfAnotherFormatIsRemarkedOn() throws {
    let folder = try TemporaryFolder()
    let arguments = ["generate", "a fox", "-s", "5"] + small
    let other = try Program.run(arguments + ["-o", "a.jpg"], in: folder.path)
    #expect(other.text == "a.jpg\n")
    #expect(other.messages == "a.jpg is written as a PNG, whatever its name says.\n")
    let none = try Program.run(arguments + ["-o", "a"], in: folder.path)
    #expect(none.text == "a\n" && none.messages == "")
}

@Test func tooFewOpenFilesAreSaid() throws {
    let folder = try TemporaryFolder()
    let result = try Program.shell("ulimit -n 4; $dcar generate fox", in: folder.path)
    #expect(result.status == 1)
    #expect(
        sentence(result)
            == "Only 4 files may be open at a time, and 20 are needed; raise the limit with "
            + "ulimit -n.")
}
