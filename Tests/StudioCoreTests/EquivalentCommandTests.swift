import Foundation
import Imaging
import Requests
import StudioCore
import TerminalGraphics
import Testing

private func command(_ story: Story) -> String { story.state.copyChoices.last?.text ?? "" }

@Test func theCommandOfAnEditMakesWhatItLiesOverFirst() throws {
    var story = Story()
    story.draw("a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    let lines = command(story).components(separatedBy: " | ")
    try #require(lines.count == 2)
    #expect(lines[0].hasPrefix("dcar generate --prompt 'a fox' "))
    #expect(lines[0].hasSuffix(" -q -o -"))
    #expect(lines[1].hasPrefix("dcar edit -i - --mask 'data:image/png;base64,"))
}

@Test func aMaskInACommandIsShownInWords() throws {
    var story = Story()
    story.draw("it's a fox")
    story.press("m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    let choice = try #require(story.state.copyChoices.last)
    #expect(choice.text.contains("'data:image/png;base64,"))
    #expect(choice.shown.contains(" --mask <painted mask> --feather 8 "))
    #expect(choice.shown.contains("--prompt 'it'\\''s a fox'"))
    #expect(choice.shown.count < 1_000)
}

@Test func theCommandOfAnEditTakesTheFileOfItsBase() {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "/p/it's.png"))
    story.do(.variation)
    story.start(2)
    story.finish(2)
    #expect(
        command(story).hasPrefix(
            "dcar edit -i '/p/it'\\''s.png' --strength 0.5 --content random --feather 8 "))
    // A sheet of its steps is no file of the picture.
    story.draw("a bear")
    story.tell(.saved(3, path: "/p/sheet.png", content: .steps))
    story.do(.variation)
    story.start(4)
    story.finish(4)
    #expect(command(story).hasPrefix("dcar generate --prompt 'a bear' "))
}

@Test func whatWasDoneByHandIsAForkWithThoseTokens() {
    var story = Story()
    story.draw("a fox")
    story.press(Key(.escape))
    story.press(",", ",", "t")
    story.tell(
        .started(2, gridWidth: 2, gridHeight: 2, Story.snapshot(2), isPromptTruncated: false))
    story.tell(.paused(2))
    let lines = command(story).components(separatedBy: " | ")
    #expect(lines.count == 2 && lines[0].hasSuffix(" --stop-at 3 -q -o -"))
    #expect(lines[1].hasPrefix("dcar fork - --set-token 0=mask --prompt 'a fox' "))
    #expect(lines[1].hasSuffix(" --stop-at 2"))
}

@Test(arguments: [false, true]) func anEditKnowsTheStrengthThatItsBaseHad(isFirst: Bool) {
    var story = Story()
    story.draw("a fox")
    if isFirst { story.tell(.strengthChanged(1, story.weaker)) }
    story.do(.variation)
    story.start(2)
    story.finish(2)
    story.tell(.strengthChanged(1, story.weaker))
    let base = command(story).components(separatedBy: " | ")[0]
    #expect(base.contains("--residual-strength \(isFirst ? "0.5" : "1.0")"))
}

extension Story {
    fileprivate var weaker: FinishedPicture {
        let picture = Story.picture(100)
        return FinishedPicture(
            discrete: picture.discrete, refined: picture.refined, residualLengths: [],
            seamError: nil, strength: 0.5)
    }
}

/// A mask goes through its argument unchanged, and as short as it can be.
@Test func aMaskIsItsArgument() throws {
    var box = PaintedMask(width: 96, height: 64)
    box.fill(
        from: PixelPoint(x: 3, y: 4), to: PixelPoint(x: 40, y: 50), isEllipse: false, true)
    var cells = PaintedMask(width: 96, height: 64)
    for (x, y) in [(0, 0), (32, 0), (64, 32)] {
        cells.fill(
            from: PixelPoint(x: x, y: y), to: PixelPoint(x: x + 31, y: y + 31), isEllipse: false,
            true)
    }
    var disc = PaintedMask(width: 96, height: 64)
    disc.stamp(x: 30, y: 30, radius: 17, true)
    let masks = [(box, "rect:3,4,38,47"), (cells, "tokens:0-1,5"), (disc, "data:image/png")]
    for (mask, start) in masks {
        let argument = try #require(maskArgument(of: mask))
        #expect(argument.hasPrefix(start))
        #expect(argument.utf8.count < 1_000)
        let read = try MaskSource(argument).mask(width: 96, height: 64, tokenSide: 32)
        #expect(PaintedMask(read) == mask)
    }
}

/// The argument that the command of an edit with this mask has.
private func maskArgument(of mask: PaintedMask) -> String? {
    var story = Story()
    story.draw("a fox")
    story.tell(.saved(1, path: "a.png"))
    let order = EditOrder(operation: .inpaint, base: 1, mask: mask)
    var run = RunRecord(
        id: 2, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .edit(order))
    run.snapshots = [Story.snapshot(4)]
    run.picture = Story.picture(1)
    story.state.runs[2] = run
    story.state.shownRun = 2
    let words = command(story).components(separatedBy: " ")
    return words.firstIndex(of: "--mask").map { words[$0 + 1].replacing("'", with: "") }
}

@Test func hjklMoveTheCursorWhereTheyAreNoTools() {
    var story = Story()
    story.draw("a fox")
    story.press("l", "j")
    #expect(story.state.canvas.cursor == PixelPoint(x: 48, y: 48))
    story.press("h", "k")
    #expect(story.state.canvas.cursor == PixelPoint(x: 16, y: 16))
    story.press("m", "l")
    #expect(story.state.canvas.tool == .lasso)
    #expect(story.state.canvas.cursor == PixelPoint(x: 16, y: 16))
}

@Test(arguments: ["metadata", "embed_tokens"])
func withoutTokensInFilesAnEditHasNoCommand(key: String) throws {
    var story = Story()
    story.tell(.settings(try settings("[output]\n\(key) = false\n")))
    story.draw("a fox")
    #expect(command(story).hasPrefix("dcar generate "))
    story.do(.variation)
    story.start(2)
    story.finish(2)
    #expect(
        command(story) == "Files carry no tokens to go on from, as output.\(key) is off.")
}

// MARK: Files, precision and halves

extension Story {
    /// A picture opened from a file that was stopped after step 2, finished here.
    fileprivate static func resumed() -> Story {
        var story = Story()
        var record = RunRecord(
            id: 5, request: GenerationRequest(prompt: "a fox", seed: 1), origin: .file("a.png"))
        (record.gridWidth, record.gridHeight, record.status) = (2, 2, .cancelled)
        record.snapshots = (0...2).map(Story.snapshot)
        record.file = SavedFile(path: "/p/a.png", strength: 1, step: 2, isFinished: false)
        story.tell(.opened(record))
        story.press(" ")
        for step in 3...4 { story.step(5, step) }
        story.tell(.finished(5, Story.picture(9), seconds: 1))
        return story
    }
}

@Test func aFileThatWasFinishedIsStillResumedAfterItIsSaved() {
    var story = Story.resumed()
    #expect(command(story) == "dcar resume '/p/a.png'")
    story.tell(.saved(5, path: "/p/b.png"))
    let resumed = story.state.copyChoices.first { $0.title == "command" }?.text
    #expect(resumed == "dcar resume '/p/a.png'")
    story.act(.fork(step: 1, prompt: ""))
    let fork = story.state.shownRun ?? 0
    story.start(fork)
    story.step(fork, 1)
    #expect(command(story).hasPrefix("dcar fork '/p/a.png' --step 1 "))
}

@Test func aReasonIsNotCopied() throws {
    var story = Story()
    story.tell(.settings(try settings("[output]\nmetadata = false\n")))
    story.draw("a fox")
    story.do(.variation)
    story.start(2)
    story.finish(2)
    _ = story.takeEffects()
    story.press("y", "c")
    #expect(story.takeEffects().isEmpty)
    #expect(story.state.message?.text.hasPrefix("Files carry no tokens") == true)
}

@Test func theDiscreteHalfHasItsOwnCommand() {
    var story = Story()
    story.draw("a fox")
    story.press("d")
    #expect(command(story).contains(" --residual-strength 0.0"))
    story.do(.variation)
    story.start(2)
    story.finish(2)
    story.press("d")
    #expect(command(story).hasPrefix("No command makes the discrete half"))
    story.press("d")
    #expect(command(story).contains("dcar edit "))
}

@Test func anEarlierSittingsPictureHasItsPrecision() {
    func line(_ precision: String) -> String {
        var story = Story(isModelOpen: false)
        let facts = Story.facts
        story.tell(
            .modelOpened(
                ModelFacts(
                    name: facts.name, trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
                    residualSteps: 20, sampling: facts.sampling, threads: 2,
                    precision: "bfloat16")))
        story.draw("a fox")
        story.state.runs[1]?.precision = precision
        return command(story)
    }
    #expect(line("int8").hasSuffix(" --precision 'int8'"))
    #expect(!line("bfloat16").contains("--precision"))
}
