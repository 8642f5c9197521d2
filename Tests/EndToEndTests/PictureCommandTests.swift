import Foundation
import Imaging
import TestSupport
import Testing

@Test func infoSaysHowAPictureWasMade() throws {
    let folder = try Fixtures.folder()
    let text = try Program.run(["info", "finished.png"], in: folder.path)
    #expect(text.status == 0 && text.messages == "")
    #expect(text.lines.contains("prompt          a beach"))
    #expect(text.lines.contains("seed            3"))
    #expect(text.lines.contains("size            64x64"))
    let json = try Program.run(["info", "finished.png", "--format", "json"], in: folder.path)
    let record = try ImageRecord(json: json.text)
    #expect(record.prompt == "a beach" && record.steps == 2)
    let infotext = try Program.run(
        ["info", "finished.png", "--format", "infotext"], in: folder.path)
    #expect(infotext.lines.first == "a beach")
    #expect(infotext.lines.last?.hasPrefix("Steps: 2, Sampler: DC-AR MaskGIT, ") == true)
    let all = try Program.run(["info", "finished.png", "--all"], in: folder.path)
    let keywords = all.lines.map { String($0.prefix { $0 != " " }) }
    #expect(
        keywords == ["parameters:", "dcar:", "dcar:tokens:", "dcar:residual:", "Software:"])
}

@Test func rawTextsGoToFilesAloneAndAsTheyAre() throws {
    let folder = try TemporaryFolder()
    let text = "fox \u{1B}]0;x\u{07}\nSteps: 2, Size: 32x32, Seed: 1"
    let picture = RGBImage(width: 32, height: 32, red: 1, green: 2, blue: 3)
    _ = try folder.write(
        try PNG.encode(picture, text: [PNGText("parameters", text)]), as: "foreign.png")
    for words in [["--all"], ["--format", "infotext"]] {
        let raw = try Program.run(["info", "foreign.png", "--raw"] + words, in: folder.path)
        #expect(String(decoding: raw.output, as: UTF8.self).hasSuffix(text + "\n"))
        let safe = try Program.run(["info", "foreign.png"] + words, in: folder.path)
        #expect(!safe.output.contains(0x1B))
    }
    let session = try studio(["info", "foreign.png", "--raw", "--all"], in: folder)
    #expect(try session.waitForEnd() == 2)
    #expect(session.terminal.text.contains("--raw would let a file's texts steer the terminal"))
}

@Test func theVersionIsACommandToo() throws {
    let folder = try TemporaryFolder()
    let version = try Program.run(["version"], in: folder.path)
    #expect(version.status == 0 && version.lines.count == 1)
    #expect(try Program.run(["--version"], in: folder.path).lines == version.lines)
}

@Test func infoReadsWhatOtherProgramsWrote() throws {
    let folder = try TemporaryFolder()
    let text = PNGText(
        "parameters",
        "a red\u{1B}[31m fox\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 32x32")
    let picture = RGBImage(
        width: 32, height: 32, pixels: [UInt8](repeating: 9, count: 3 * 32 * 32))
    _ = try folder.write(PNG.encode(picture, text: [text]), as: "foreign.png")
    let info = try Program.run(["info", "foreign.png"], in: folder.path)
    #expect(info.status == 0)
    #expect(!info.text.contains("\u{1B}"))
    #expect(info.text.contains("a red<U+001B>[31m fox"))
    #expect(info.text.contains("42"))
    let json = try Program.run(["info", "foreign.png", "--format", "json"], in: folder.path)
    #expect(json.status == 4)
    #expect(sentence(json) == "foreign.png has no dcar record; try --format text.")
}

@Test func infoSaysWhatAModelFolderHolds() throws {
    let folder = try TemporaryFolder()
    let text = try Program.run(["info"], in: folder.path)
    #expect(text.status == 0 && text.messages == "")
    #expect(text.lines.contains { $0.hasPrefix("generator ") })
    let json = try Program.run(["info", "--format", "json"], in: folder.path)
    let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
    let parts = try #require(object["parts"] as? [[String: Any]])
    #expect(
        parts.compactMap { $0["part"] as? String } == ["text encoder", "generator", "tokenizer"])
    let hash = try #require(object["sha256"] as? String)
    #expect(text.lines.last == "model sha256    \(hash)")
}

@Test func stripLeavesPixelsAndNothingElse() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(["strip", "finished.png"], in: folder.path)
    #expect(result.status == 0 && result.text == "finished-stripped.png\n")
    let before = try ImageFile.open(folder.file("finished.png"))
    let after = try ImageFile.open(folder.file("finished-stripped.png"))
    #expect(before.image == after.image)
    #expect(!before.contents.text.isEmpty && after.contents.text.isEmpty)
    let piped = try Program.run(["strip", "finished.png", "-o", "-"], in: folder.path)
    #expect(try piped.output == ImageFile.read(folder.file("finished-stripped.png")))
    let again = try Program.run(["strip", "finished.png"], in: folder.path)
    #expect(again.status == 5)
    #expect(sentence(again) == "finished-stripped.png already exists and was left as it is.")
    let info = try Program.run(["info", "finished-stripped.png"], in: folder.path)
    #expect(
        info.lines == [
            "size            64x64",
            "made by         unknown; the file does not say how it was made"
        ])
}

@Test func showPrintsAPictureOfTheGivenWidth() throws {
    let folder = try Fixtures.folder()
    let nothing = try Program.run(["show", "finished.png"], in: folder.path)
    #expect(nothing.status == 0 && nothing.text == "", "Pictures are not for pipes.")
    let blocks = try Program.run(
        ["show", "finished.png", "--graphics", "halfblock", "-c", "10"], in: folder.path,
        environment: ["COLORTERM": "truecolor", "TERM": "xterm-256color"])
    #expect(blocks.status == 0 && blocks.lines.count == 5)
    let visible = blocks.text.replacing(/\u{1B}\[[0-9;]*m/, with: "")
    #expect(visible.split(separator: "\n").allSatisfy { $0.count == 10 })
    let sixel = try Program.run(
        ["show", "finished.png", "--graphics", "sixel"], in: folder.path)
    #expect(sixel.text.hasPrefix("\u{1B}P") && sixel.text.hasSuffix("\u{1B}\\\n"))
    let kitty = try Program.run(
        ["show", "finished.png", "--graphics", "kitty"], in: folder.path)
    #expect(kitty.text.hasPrefix("\u{1B}_G"))
}

@Test func reconstructWritesThreePicturesAndTwoScores() throws {
    let folder = try Fixtures.folder()
    let result = try Program.run(["reconstruct", "finished.png"], in: folder.path)
    #expect(result.status == 0 && result.messages == "")
    let kinds = ["discrete", "continuous", "difference"]
    #expect(Array(result.lines.prefix(3)) == kinds.map { "finished-\($0).png" })
    for kind in kinds {
        #expect(try ImageFile.open(folder.file("finished-\(kind).png")).image.width == 64)
    }
    let scores = result.lines.dropFirst(3)
    #expect(scores.count == 2)
    let score = /(discrete|continuous) +PSNR [0-9.]+ dB  SSIM -?[0-9.]+/
    #expect(scores.allSatisfy { $0.wholeMatch(of: score) != nil })
}

@Test func foreignPicturesAreDescribedInTheSameWords() throws {
    let folder = try TemporaryFolder()
    let text = PNGText(
        "parameters",
        "a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, "
            + "Size: 64x32, Model: foxes")
    let picture = RGBImage(width: 32, height: 32, red: 1, green: 2, blue: 3)
    _ = try folder.write(PNG.encode(picture, text: [text]), as: "foreign.png")
    _ = try folder.write(PNG.encode(picture), as: "bare.png")
    let info = try Program.run(["info", "foreign.png"], in: folder.path)
    #expect(
        info.lines == [
            "prompt          a fox", "negative        blurry", "seed            42",
            "size            32x32", "made at         64x32", "steps           20",
            "guidance        7.0", "sampler         Euler a", "model           foxes",
            "made by         A1111"
        ])
    let all = try Program.run(["info", "bare.png", "--all"], in: folder.path)
    #expect(all.status == 0 && all.text == "" && all.messages == "bare.png has no texts.\n")
}
