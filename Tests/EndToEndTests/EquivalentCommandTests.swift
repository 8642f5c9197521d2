import Foundation
import Imaging
import TestSupport
import Testing

/// Makes pictures in the studio, saves each, and runs the command that the studio says makes it.
///
/// - Parameter stages: orders in lines, the picture shown after each of which is compared.
private func expectSameBytes(_ stages: [[String]], in folder: TemporaryFolder) throws {
    var lines = [":steps 3", ":width 64", ":height 64", ":residualSteps 3", ":guidance 2"]
    lines += [":residualGuidance 1.5", ":residualTemperature 0.7"]
    for (number, stage) in stages.enumerated() {
        // Copied before it is saved: else a parent that has a file would always be one.
        lines += stage + [":copy", ":save made-\(number).png"]
    }
    let made = try Program.run(
        ["tui", "--plain", "--output-folder", folder.path], in: folder.path,
        environment: ["HOME": folder.path], input: lines.joined(separator: "\n") + "\n")
    #expect(made.lines.allSatisfy { !$0.hasPrefix("problem:") }, "\(made.lines)")
    let commands = made.lines.filter { $0.hasPrefix("command: ") }.map { $0.dropFirst(9) }
    try #require(commands.count == stages.count)
    for (number, command) in commands.enumerated() {
        let place = try TemporaryFolder()
        let script =
            command.split(separator: " | ").map { part in
                part.replacing("dcar", with: "$dcar", maxReplacements: 1)
            }.joined(separator: " | ") + " -q -o again.png"
        let again = try Program.shell(script, in: place.path)
        #expect(again.status == 0, "\(command): \(again.messages)")
        let (one, other) = (
            try ImageFile.read(folder.file("made-\(number).png")),
            try ImageFile.read(place.file("again.png"))
        )
        if one == other { continue }
        let (a, b) = (try PNGContents(one), try PNGContents(other))
        Issue.record(
            "\(stages[number]): \(command)\n\(a["dcar"] ?? "")\n\(b["dcar"] ?? "")")
    }
}

@Test func everyEditHasACommandThatMakesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    try expectSameBytes(
        [
            ["a fox", ":edit 0,0,32,32 a hat", ":accept"],
            [":tool.apply", ":area 0", ":again", ":accept"],
            [":area whole", ":content least-sure", ":mask.all", ":again", ":accept"],
            [":variation", ":accept"],
            [":reroll", ":accept"],
            [":content all", ":edit.outpaint.right", ":edit.outpaint.up", ":again", ":accept"],
            ["a bear", ":variation 60", ":alternatives 2", ":variation", ":edit.alternatives"]
                + [":edit.next", ":accept"]
        ], in: folder)
}

@Test func forksAndNewResidualsHaveACommandThatMakesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    try expectSameBytes(
        [
            ["a fox", ":fork 1 a bear"], [":residual.reroll"],
            ["a fox", ":edit 0,0,64,32 a hat", ":accept", ":fork 1"], [":residual.reroll"],
            ["a bear", ":fork 0 a boat"],
            ["a fox", ":fork 2 a cat", ":fork 1 a dog"],
            ["a fox", ":fork 1 a cat", ":fork 2 a dog"]
        ], in: folder)
}

@Test func tokensChangedByHandHaveACommandThatMakesTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let fixtures = try Fixtures.folder()
    func change(masking token: Int) -> [String] {
        [":step.back", ":step.back", ":token 0 7", ":token \(token) mask", ":pause"]
    }
    try expectSameBytes(
        [
            ["a fox"] + change(masking: 3), [":residual.reroll"],
            [":edit 0,0,64,32 a hat", ":accept"] + change(masking: 1),
            [":open \(fixtures.file("finished.png"))", ":step.back", ":step.back"]
                + [":token 1 3", ":pause"]
        ], in: folder)
}

@Test func aTokenIsSetOnTheCommandLine() throws {
    let folder = try Fixtures.folder()
    func fork(_ words: String..., to name: String = "x.png") throws -> Program.Result {
        try Program.run(
            ["fork", "finished.png", "--seed", "3", "-q", "-o", name] + words, in: folder.path)
    }
    #expect(try fork("--step", "1", "--set-token", "2=5", "--set-token", "1=mask").status == 0)
    let file = try ImageFile.open(folder.file("x.png"))
    let metadata = try #require(try GenerationMetadata(file.contents))
    #expect(metadata.record.chosenTokens.words == ["1=mask", "2=5"])
    #expect(metadata.tokens?.ids[2] == 5)
    for (words, status, text) in [
        (["2=x"], 2, "--set-token is 2=x; write it as 12=873 or 12=mask."),
        (["999=1"], 2, "There is no token 999; this picture's are 0 to 3."),
        (["0=99999"], 2, "Token id 99999 is not in this model's codebook of 4096 entries."),
        (
            ["0=mask"], 2,
            "Token 0 cannot be masked after the last step; no step is left to fix it."
        )
    ] as [([String], Int32, String)] {
        let result = try fork("--set-token", words[0], to: "y.png")
        #expect(result.status == status && sentence(result) == text, "\(result.messages)")
    }
}

@Test func whatIsOpenedIsGoneOnWithByACommandThatMakesTheSameBytes() throws {
    let folder = try Fixtures.folder()
    let edited = try Program.run(
        ["edit", "-i", "finished.png", "--mask", "rect:5,5,20,20", "-s", "9", "--steps", "2"]
            + ["-o", "edited.png", "-q"], in: folder.path)
    #expect(edited.status == 0)
    let file = { (name: String) in ":open \(folder.file(name))" }
    try expectSameBytes(
        [
            [file("finished.png"), ":variation", ":accept"],
            [file("finished.png"), ":residual.reroll"], [file("finished.png"), ":fork 1"],
            [file("stopped.png"), ":pause"], [file("edited.png"), ":residual.reroll"],
            [file("edited.png"), ":edit 32,0,32,64 a tree", ":accept"]
        ], in: folder)
}

@Test func aForkIsWhatTheSameStepsWouldHaveGiven() throws {
    let folder = try Fixtures.folder()
    let forked = try Program.run(
        ["fork", "finished.png", "--step", "1", "--seed", "3", "-o", "same.png", "-q"],
        in: folder.path)
    #expect(forked.status == 0, "\(forked.messages)")
    let (one, other) = (
        try ImageFile.open(folder.file("finished.png")),
        try ImageFile.open(folder.file("same.png"))
    )
    #expect(one.image == other.image)
    let record = try #require(try GenerationMetadata(other.contents)).record
    #expect(record.forkedAtStep == 1 && record.parentHash?.count == 64)

    let tooFar = try Program.run(["fork", "stopped.png", "--step", "2"], in: folder.path)
    #expect(tooFar.status == 2)
    #expect(
        sentence(tooFar)
            == "--step is 2; it must be from 0 to 1, the steps that stopped.png has.")
}
