import Imaging
import Requests
import Settings
import StudioCore
import TerminalGraphics
import Testing

@Test func aThemeIsChosenFromAList() {
    var story = Story()
    story.do(.setTheme)
    #expect(story.state.popup == .choice(.themes, 0))
    story.press(Key(.down), Key(.down), Key(.enter))
    #expect(story.state.theme == .contrast && story.state.popup == nil)
}

@Test func picturesAreDrawnOtherwiseWithoutASetting() {
    var story = Story()
    story.do(.kittyGraphics)
    story.do(.bestGraphics)
    #expect(story.takeEffects() == [.setGraphics(.fixed(.kitty)), .setGraphics(.automatic)])
    story.do(.probeTerminal)
    #expect(story.takeEffects() == [.probe])
}

@Test func drawingAgainTwiceAsksTheTerminalAgain() {
    var story = Story()
    story.press(Key(.character("l"), .control))
    #expect(story.takeEffects() == [.redraw])
    story.press(Key(.character("l"), .control))
    #expect(story.takeEffects() == [.redraw, .probe])
    story.do(.help)
    story.press(Key(.escape), Key(.character("l"), .control))
    #expect(story.takeEffects() == [.redraw])
}

@Test func overlaysThatDrawNothingArePassedBy() {
    var story = Story()
    story.draw("a fox")
    func turned(_ key: Unicode.Scalar) -> [CanvasState.Overlay] {
        var story = story
        story.state.canvas.overlay = .off
        return (0..<4).map { _ in
            story.press(key)
            return story.state.canvas.overlay
        }
    }
    #expect(turned("o") == [.grid, .confidence, .order, .off])
    #expect(turned("O") == [.order, .confidence, .grid, .off])
    // A step's tokens are marked, and the mask is seen over a result where that is asked for.
    story.press(",")
    #expect(turned("o") == [.grid, .tokens, .confidence, .order])
    story.press("$", "m", " ")
    story.press(Key(.enter))
    story.start(2)
    story.finish(2)
    #expect(turned("O") == [.mask, .order, .confidence, .grid])
}

@Test func promptAndSizeOfAPictureAreRecalledAlone() {
    var story = Story()
    story.draw("a fox")
    let seed = story.state.parameters.seed
    story.do(.editPrompt)
    story.type(" and a bear")
    story.state.parameters.width = 96
    story.do(.recallSize)
    #expect(story.state.parameters.width == 64)
    #expect(story.state.prompt.positive.text == "a fox and a bear")
    story.do(.recallPrompt)
    #expect(story.state.prompt.positive.text == "a fox")
    #expect(story.state.parameters.seed == seed)
}

@Test(arguments: [(Float(0.25), true), (1, false)])
func aResidualThatChangesLittleSaysWhatWouldChangeMore(temperature: Float, isSaid: Bool) {
    var story = Story()
    story.draw("a fox")
    story.state.parameters.residual.temperature = temperature
    story.do(.rerollResidual)
    story.start(2)
    story.finish(2)
    let text = story.state.message?.text ?? ""
    #expect(text.hasPrefix("Done in "))
    #expect(text.hasSuffix("A higher res. temp. changes more.") == isSaid)
}

@Test func thePictureShownSaysHowItWasMade() {
    var story = Story()
    story.draw("a fox")
    story.state.parameters.sampling.guidanceScale = 9
    story.do(.galleryInfo)
    guard case .text(let title, let lines, _)? = story.state.popup else {
        Issue.record("no text is shown")
        return
    }
    let seed = story.state.runs[1]?.request.seed ?? 0
    #expect(title == "Picture 1" && lines.first == "a fox")
    #expect(lines.contains("residual strength 1.0, guidance 4.5, temperature 1.0"))
    #expect(lines.contains { $0.hasPrefix("64×64  seed \(seed)  4 steps  guidance ") })
}

@Test func theQueueGoesOnHoweverOftenItIsTold() {
    var story = Story()
    story.do(.queuePause)
    #expect(story.state.queue.isPaused)
    story.do(.queueResume)
    story.do(.queueResume)
    #expect(!story.state.queue.isPaused)
}

@Test func aMaskGrowsByWholeTokensWhereTheSettingsSaySo() throws {
    var story = Story()
    story.draw("a fox")
    var mask = PaintedMask(width: 64, height: 64)
    mask.stamp(x: 3, y: 40, radius: 1, true)
    story.tell(.maskLoaded(1, mask))
    #expect(story.state.grown(mask) == mask)
    story.tell(.settings(try settings("[edit]\ngrow_cells = 1\n")))
    _ = story.takeEffects()
    story.do(.inpaint)
    guard case .generate(let orders)? = story.takeEffects().first,
        case .edit(let order)? = orders.first?.origin
    else {
        Issue.record("no edit begins")
        return
    }
    #expect(order.mask == PaintedMask(Mask(width: 64, height: 64, coverage: 255)))
    #expect(story.state.mask == mask)
    // One of 96 by 96 is touched in a corner: its token and the three around it.
    var corner = PaintedMask(width: 96, height: 96)
    corner.stamp(x: 1, y: 1, radius: 0, true)
    #expect(corner.grown(byCells: 1, of: 32).count == 64 * 64)
}

@Test func aStepWithoutAPictureShowsTheOneBefore() {
    var story = Story()
    story.draw("a fox")
    let preview = StepPreview(
        image: RGBImage(width: 64, height: 64, red: 1, green: 2, blue: 3), kind: .colors)
    story.tell(.decoded(1, step: 2, preview))
    let run = story.state.runs[1]
    #expect(run?.preview(at: 1) == nil)
    #expect(run?.preview(at: 2)?.step == 2 && run?.preview(at: 3)?.step == 2)
    #expect(run?.preview(at: 3)?.preview == preview)
}

@Test func anotherModelIsOpenedByItsFolderUnlessARunIsOn() {
    var story = Story()
    story.do(.loadModel)
    story.type("/m/other")
    story.press(Key(.enter))
    #expect(story.takeEffects() == [.reopen(model: "/m/other")])
    story.type("a fox")
    story.do(.generate)
    story.do(.loadModel)
    #expect(story.state.popup == nil && story.state.message?.kind == .problem)
}

/// A step that was decoded without residual is decoded again with it, if that is how steps are shown.
@Test func aStepIsDecodedAsStepsAreShown() {
    var story = Story()
    story.draw("a fox")
    let image = RGBImage(width: 64, height: 64)
    story.do(.previousStep)
    #expect(story.takeEffects().contains(.decode(1, step: 4)))
    story.tell(.decoded(1, step: 4, StepPreview(image: image, kind: .decoded)))
    story.do(.nextPreview)
    #expect(story.state.preview == .decoded)
    #expect(story.takeEffects() == [.preview(.decoded)])
    story.do(.nextPreview)
    #expect(story.takeEffects() == [.preview(.full), .decode(1, step: 4)])
    story.tell(.decoded(1, step: 4, StepPreview(image: image, kind: .full)))
    story.do(.previousStep)
    story.do(.nextStep)
    #expect(!story.takeEffects().contains(.decode(1, step: 4)))
}

@Test func somethingMovesOnlyWhileTheModelComputes() throws {
    var story = Story()
    #expect(!story.state.isMoving)
    story.type("a fox")
    story.press(Key(.enter))
    #expect(story.state.isMoving)
    story.tell(.settings(try settings("[ui]\nanimations = false\n")))
    #expect(!story.state.isMoving)
    story.tell(.settings(ResolvedSettings()))
    story.tell(.paused(1))
    #expect(!story.state.isMoving)
}
