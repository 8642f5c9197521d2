import Foundation
import Imaging
import Requests
import StudioCore
import StudioViews
import TerminalGraphics
import Testing

// The footer names keys by what they do now.

private struct Sitting {
    var state = StudioState(randomness: 7)

    init() {
        tell(
            .modelOpened(
                ModelFacts(
                    name: "storybook", trainedSide: 64, pixelsPerToken: 32, codebookSize: 16,
                    residualSteps: 20, sampling: SamplingSettings(steps: 4), threads: 2)))
        _ = update(&state, .promptEdited("a fox"))
        perform(.generate)
        begin(1)
        finish(1)
    }

    mutating func tell(_ news: StudioNews) { _ = update(&state, .news(news)) }

    mutating func perform(_ commands: Command...) {
        for command in commands { _ = update(&state, .command(command)) }
    }

    mutating func begin(_ run: RunID) {
        let snapshot = StepSnapshot(
            step: 1, ids: [3, nil, nil, nil], fixedAt: [1, nil, nil, nil],
            confidence: [1, 0, 0, 0])
        tell(.started(run, gridWidth: 2, gridHeight: 2, snapshot, isPromptTruncated: false))
    }

    mutating func finish(_ run: RunID) {
        let image = RGBImage(width: 64, height: 64, red: 200, green: 80, blue: 90)
        let picture = FinishedPicture(
            discrete: image, refined: image, residualLengths: [0, 0.3, 0.6, 1], seamError: nil,
            strength: 1)
        tell(.finished(run, picture, seconds: 1))
    }

    func footer(columns: Int, rows: Int = 24) -> String {
        frame(of: state, columns: columns, rows: rows, on: Scene.abilities(.xterm256)).text
            .split(separator: "\n", omittingEmptySubsequences: false).last.map(String.init) ?? ""
    }

    /// The last line, and the one before it.
    var lines: [Substring] {
        frame(of: state, columns: 100, rows: 30, on: Scene.abilities(.xterm256)).text
            .split(separator: "\n", omittingEmptySubsequences: false).suffix(2)
    }
    var footer: String { lines.last.map(String.init) ?? "" }
    var heading: String {
        frame(of: state, columns: 100, rows: 30, on: Scene.abilities(.xterm256)).text
    }
}

@Test func enterInThePromptIsNamedByWhatItDoes() {
    var sitting = Sitting()
    sitting.perform(.maskAll, .editPrompt)
    #expect(sitting.footer.contains("Enter paint the mask anew"))
    #expect(sitting.heading.contains("Prompt for the mask"))
    sitting.perform(.inpaint, .editPrompt)
    #expect(sitting.footer.contains("Enter queue"))
    #expect(!sitting.heading.contains("Prompt for the mask"))
}

@Test func aPausedJobBehindAPictureDoesNotTakeTheFooter() {
    var sitting = Sitting()
    sitting.perform(.queueAdd)
    sitting.tell(.library(.journalled(1)))
    sitting.begin(2)
    sitting.perform(.pause)
    sitting.tell(.paused(2))
    #expect(sitting.footer.contains("Space go on") && sitting.footer.contains("m mask"))
    #expect(!sitting.footer.contains("token"))
    sitting.perform(.editMask)
    #expect(sitting.footer.contains("Space brush"))
}

@Test func aSingleResultHasNoNext() {
    var sitting = Sitting()
    sitting.perform(.variation)
    sitting.begin(2)
    sitting.finish(2)
    #expect(sitting.footer.contains("A accept") && !sitting.footer.contains("next"))
    sitting.perform(.editMask)
    #expect(sitting.footer.contains("Space brush"))
}

@Test func whatIsTooLongInPartsIsNotUnderlined() {
    var sitting = Sitting()
    sitting.tell(
        .inspected(PromptFacts(prompt: "a fox", tokens: 76, limit: 64, unknownWords: [])))
    sitting.perform(.editPrompt)
    sitting.state.message = nil
    #expect(
        sitting.lines.first?.contains(
            "The longest of these prompts has 76 tokens; the model reads 64.") == true)
}

@Test func oneTokenIsNoPlural() {
    var sitting = Sitting()
    sitting.state.canvas.brushRadius = 4
    sitting.perform(.editMask, .applyTool)
    #expect(sitting.heading.contains("brush 4 px, 1 token\n"))
}

@Test func promptsInTheQueueHaveTheRoomThatOthersLeave() {
    var sitting = Sitting()
    for (id, seed) in [7, 4_294_967_295].enumerated() {
        let text = "a prompt that is longer than its column is wide"
        sitting.state.queue.jobs.append(
            QueuedJob(id: id + 1, request: GenerationRequest(prompt: text, seed: UInt64(seed))))
    }
    sitting.state.queue.isPaused = true
    sitting.perform(.viewQueue)
    let lines = frame(
        of: sitting.state, columns: 80, rows: 24, on: Scene.abilities(.xterm256)
    ).text.split(separator: "\n").filter { $0.contains("waiting") && $0.contains("steps") }
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.contains("a prompt that is longer th") })
    let places = lines.map { $0.components(separatedBy: "12 steps")[0].count }
    #expect(Set(places).count == 1)
}

@Test func aMaskThatIsLeftTakesTheFooter() {
    var sitting = Sitting()
    sitting.perform(.maskAll)
    #expect(sitting.footer.contains("Enter paint anew   Esc drop the mask"))
    sitting.perform(.editPrompt)
    sitting.state.message = nil
    #expect(sitting.footer.contains("Enter paint the mask anew   Ctrl-G new picture"))
    #expect(sitting.lines.first?.contains("A mask is painted: Enter paints it anew") == true)
}

@Test func paintingBeginsWithItsTools() {
    var sitting = Sitting()
    sitting.perform(.editMask)
    let tools = "b brush, e eraser, u rectangle, U ellipse, l lasso, g flood"
    #expect(sitting.lines.first == " \(tools)")
    sitting.state.message = Message("Something else.")
    #expect(sitting.lines.first == " Something else.")
}

@Test func aResultBesideItsSourceNamesWhatEscapeDoes() {
    var sitting = Sitting()
    sitting.perform(.variation)
    sitting.begin(2)
    sitting.finish(2)
    #expect(sitting.footer.contains("Esc discard   Enter again   b before/after"))
    sitting.perform(.split)
    #expect(sitting.footer.contains("A accept") && sitting.footer.contains("< > divider"))
    #expect(sitting.footer.contains("| swap   Esc picture alone"))
    #expect(!sitting.footer.contains("discard"))
    sitting.perform(.split, .flipSource)
    #expect(sitting.footer.contains("b before/after") && sitting.heading.contains(" before"))
    #expect(sitting.footer.contains("Esc picture alone"))
}

@Test func savingStaysInANarrowFooter() {
    var sitting = Sitting()
    for columns in [40, 50, 60, 80] {
        #expect(sitting.footer(columns: columns).contains("w save   F1 help"), "\(columns)")
    }
    #expect(sitting.footer.contains("d flip"))
    sitting.perform(.maskAll)
    #expect(sitting.footer(columns: 40).contains("w save   F1 help"))
}

@Test func anEmptyListOffersNoKeysForItsLines() {
    var sitting = Sitting()
    sitting.perform(.viewQueue)
    #expect(sitting.footer.contains(" queue the prompt") && !sitting.footer.contains("edit"))
    sitting.tell(.library(.listed([])))
    sitting.perform(.viewGallery)
    #expect(sitting.footer.contains("F5 look for new files") && !sitting.footer.contains("open"))
    sitting.perform(.gallerySearch)
    for scalar in "boat".unicodeScalars {
        _ = update(&sitting.state, .key(Key(.character(scalar))))
    }
    _ = update(&sitting.state, .key(Key(.enter)))
    #expect(sitting.footer.contains("/ search   Esc show all"))
}

@Test func tagsAreSetNotChosen() {
    var sitting = Sitting()
    sitting.state.popup = .tags(TextField("best"), path: "/p/a.png")
    #expect(sitting.footer == " Enter set the tags   Esc close")
}

@Test func aPictureThatIsLoadedOffersWhatWorks() {
    var sitting = Sitting()
    sitting.state.runs[1]?.picture = nil
    sitting.state.message = nil
    #expect(sitting.heading.contains("Loading the picture…"))
    #expect(sitting.heading.contains("loading the picture") && !sitting.heading.contains("fixed"))
    #expect(!sitting.footer.contains("go on") && !sitting.footer.contains("mask"))
    #expect(sitting.footer.contains("other pictures"))
    sitting.state.canvas.isPainting = true
    #expect(!sitting.heading.contains("b brush"))
}

@Test(arguments: [Command.viewGallery, .viewQueue, .viewSettings])
func aRunIsSeenInEveryView(view: Command) {
    var sitting = Sitting()
    sitting.perform(.generate)
    sitting.begin(2)
    sitting.tell(.phase(2, .steps, done: 1, of: 4))
    sitting.perform(view)
    let header = sitting.heading.prefix { $0 != "\n" }
    #expect(header.contains("step 1/4"))
    #expect(sitting.heading.contains("◉ a fox") == (view == .viewQueue))
    sitting.perform(.viewStudio)
    #expect(!sitting.heading.prefix { $0 != "\n" }.contains("step 1/4"))
}

@Test func theSeedOfTheNextPictureIsNoShownOne() {
    var sitting = Sitting()
    #expect(sitting.heading.prefix { $0 != "\n" }.contains("next seed"))
    sitting.state.parameters.seed = sitting.state.shown?.request.seed ?? 0
    #expect(!sitting.heading.prefix { $0 != "\n" }.contains("next seed"))
}

@Test func theStartSaysTheKeyThatLeadsToThePrompt() {
    var sitting = Sitting()
    sitting.state.shownRun = nil
    sitting.state.message = nil
    sitting.state.focus = .canvas
    #expect(sitting.heading.contains("p, then type a prompt and press Enter."))
    #expect(sitting.lines.first?.contains("p, then type a prompt; F1 is help") == true)
    sitting.state.focus = .prompt
    #expect(sitting.lines.first?.contains("Type a prompt and press Enter;") == true)
}
